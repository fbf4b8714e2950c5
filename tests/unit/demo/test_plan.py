"""The demo city as built is a sound plan."""

from __future__ import annotations

from datetime import date

from data.demo.city import DemoCity
from geo.planning.judging import judge
from geo.planning.plan import Plan


def test_the_demo_city_has_no_finding(city: DemoCity) -> None:
    lists = (city.areas, city.stall_zones, city.stalls, city.facilities, city.areas)

    assert judge(Plan(date(2026, 9, 18), *lists)) == []
