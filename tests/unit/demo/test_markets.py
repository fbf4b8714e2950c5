"""The demo city's stall zones lie where they may and are open when they should be."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from data.demo.city import DemoCity
from geo.hours import format_hours, parse_hours
from geo.measure import area_m2, distance_m, lonlat_of
from geo.openings import opening
from geo.records import StallZone
from tests.unit.demo.conftest import TZ, Areas, of_kind


def open_zones(city: DemoCity, *at: int) -> list[StallZone]:
    instant = datetime(*at, tzinfo=TZ)  # type: ignore[arg-type,misc]
    return [
        zone
        for zone in city.stall_zones
        if opening(zone.schedule, instant, overrides=zone.overrides).state == "open"
    ]


def test_a_zone_has_as_many_stalls_as_its_capacity_inside_it_and_room_for_them(
    city: DemoCity,
) -> None:
    stalls = defaultdict(list)
    for stall in city.stalls:
        stalls[stall.zone_code].append(stall)
    for zone in city.stall_zones:
        held = stalls[zone.code]
        assert zone.capacity == len(held) == len({stall.number for stall in held})
        assert held[0].number == "A01"
        assert all(zone.geometry.contains(stall.geometry) for stall in held)
        assert all(stall.goods in zone.goods for stall in held)
        assert area_m2(zone.geometry) >= 6 * len(held)
        places = [lonlat_of(stall.geometry) for stall in held[:3]]
        assert all(distance_m(a, b) > 2 for a, b in pairwise(places))


def test_stall_zones_touch_no_other_no_park_no_compound_no_water_and_no_main_street(
    city: DemoCity, areas: Areas
) -> None:
    others: list[BaseGeometry] = [zone.geometry for zone in city.stall_zones]
    others += [park.geometry for park in of_kind(city, "park")]
    others += [a.geometry for kind in ("compound", "water", "road") for a in areas[kind]]
    tree = shapely.STRtree(others)
    for index, zone in enumerate(city.stall_zones):
        assert tree.query(zone.geometry, predicate="intersects").tolist() == [index]


def test_a_stall_zone_is_told_in_full(city: DemoCity, areas: Areas) -> None:
    communities = {area.name: area.geometry for area in areas["community"]}
    phones = {zone.phone for zone in city.stall_zones} | {one.phone for one in city.officers}
    assert phones.isdisjoint(zone.duty_phone for zone in city.stall_zones)
    assert len({zone.name for zone in city.stall_zones}) == 42
    for zone in city.stall_zones:
        assert zone.name_en.isascii()
        assert zone.goods
        assert all((zone.rules, zone.fee, zone.how_to_apply, zone.manager))
        assert zone.goods_banned
        assert not {*zone.goods} & {*zone.goods_banned}
        assert zone.phone.startswith("0738-5550")
        assert zone.duty_phone.startswith("0738-5550")
        quarter = next(name for name in communities if name in zone.address)
        assert communities[quarter].covers(zone.geometry)


def test_every_schedule_survives_being_stored_as_text(city: DemoCity) -> None:
    schedules = [zone.schedule for zone in city.stall_zones]
    schedules += [facility.schedule for facility in city.facilities]
    schedules += [shift.schedule for shift in city.shifts]
    for schedule in schedules:
        if schedule is not None:
            text = format_hours(schedule)
            assert format_hours(parse_hours(text)) == text


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ((2026, 9, 16, 7, 0), "morning_market"),
        ((2026, 9, 16, 7, 0), "produce"),
        ((2026, 9, 16, 18, 0), "produce"),
        ((2026, 9, 16, 20, 0), "night_market"),
        ((2026, 9, 19, 1, 30), "night_market"),
        ((2026, 9, 19, 16, 0), "creative"),
        ((2026, 7, 15, 12, 0), "seasonal_fruit"),
    ],
)
def test_markets_of_a_kind_are_open_at_their_hours(
    city: DemoCity, at: tuple[int, ...], kind: str
) -> None:
    assert kind in {zone.kind for zone in open_zones(city, *at)}


def test_the_spring_festival_markets_open_at_new_year_and_the_melon_stalls_do_not(
    city: DemoCity,
) -> None:
    kinds = Counter(zone.kind for zone in open_zones(city, 2027, 2, 6, 15, 0))
    assert kinds["festival"] == 4
    assert "seasonal_fruit" not in kinds
    assert "festival" not in {zone.kind for zone in open_zones(city, 2026, 9, 16, 15, 0)}


def test_overrides_change_what_the_week_says(city: DemoCity) -> None:
    eve, day_before = open_zones(city, 2027, 2, 5, 20, 0), open_zones(city, 2027, 2, 4, 20, 0)
    assert len(eve) < len(day_before)
    assert all(rule.reason_zh and rule.reason_en for z in city.stall_zones for rule in z.overrides)
    ordinary, national_day = (
        {zone.code for zone in open_zones(city, 2026, month, day, 0, 45)}
        for month, day in ((9, 24), (10, 4))
    )
    assert ordinary < national_day
