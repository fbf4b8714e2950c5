"""The numbers that the manual tells of the demo city are those of the demo city."""

from __future__ import annotations

from collections import Counter

from data.demo import DEFAULT_SEED
from data.demo.city import DemoCity
from tests.docs.pages import read, rows, section

PAGE = read("docs/demo-city.md")


def test_the_page_tells_the_numbers_of_the_city(demo_city: DemoCity) -> None:
    areas = Counter(area.kind for area in demo_city.areas)
    facilities = Counter(one.kind for one in demo_city.facilities)
    zones = Counter(zone.kind for zone in demo_city.stall_zones)
    kinds = ("night_market", "produce", "morning_market", "seasonal_fruit", "festival", "creative")
    told = {cells[0]: cells[1] for cells in rows(PAGE)}
    real = {
        "zones (片区)": areas["zone"],
        "responsibility grids": areas["responsibility_grid"],
        "grid staff": len(demo_city.officers),
        "tidal stall zones": len(demo_city.stall_zones),
        "stalls in them": len(demo_city.stalls),
        "public toilets": facilities["toilet"],
        "parks and squares": facilities["park"],
        "service stations": facilities["station"],
        "notice boards": facilities["notice_board"],
        "temporary car parks": facilities["parking"],
        "unit grids": areas["unit_grid"],
        "communities": areas["community"],
        "litter bins": facilities["bin"],
        "e-bike sheds": facilities["ebike_charging"],
        "cameras": facilities["camera"],
        "people counters": facilities["sensor"],
        "officers with": len(demo_city.positions),
    }
    lists = {
        "compounds": [areas[k] for k in ("compound", "business_district", "road", "water")],
        "stall zones by kind": [zones[kind] for kind in kinds],
    }

    assert len(told) == len(real) + len(lists)
    for what, number in told.items():
        beginning = next(word for word in (*real, *lists) if what.startswith(word))
        if beginning in real:
            assert int(number.replace(",", "")) == real[beginning], what
        else:
            assert [int(one) for one in number.split(", ")] == lists[beginning], what


def test_the_page_names_the_default_seed() -> None:
    assert str(DEFAULT_SEED) in section(PAGE, "The same every time")
