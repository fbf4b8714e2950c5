"""The demo city has the published numbers, tiles, is open when it should be, and never varies."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo import DEFAULT_SEED
from data.demo.city import DemoCity, build_city, fingerprint
from data.demo.codes import (
    CLASSES,
    COMMUNITY_BAND_DEG,
    RESPONSIBILITY_GRID_BAND_DEG,
    UNIT_GRID_BAND_DEG,
    reading_order,
)
from geo.hours import format_hours, parse_hours
from geo.measure import area_m2, distance_m, lonlat_of
from geo.openings import opening
from geo.records import Area, Facility, StallZone

ROOT = Path(__file__).parents[2]
TZ = ZoneInfo("Asia/Shanghai")
TILING = ("zone", "street", "community", "responsibility_grid", "unit_grid")
Areas = dict[str, list[Area]]


@cache
def built(seed: int) -> DemoCity:
    return build_city(seed)


@pytest.fixture(params=[DEFAULT_SEED, 7])
def city(request: pytest.FixtureRequest) -> DemoCity:
    return built(request.param)


@pytest.fixture
def areas(city: DemoCity) -> Areas:
    found: Areas = defaultdict(list)
    for area in city.areas:
        found[area.kind].append(area)
    return found


def of_kind(city: DemoCity, kind: str) -> list[Facility]:
    return [facility for facility in city.facilities if facility.kind == kind]


def shapes_of(city: DemoCity) -> list[BaseGeometry]:
    """All that stays where it is."""
    return [
        *(area.geometry for area in city.areas),
        *(zone.geometry for zone in city.stall_zones),
        *(stall.geometry for stall in city.stalls),
        *(facility.geometry for facility in city.facilities),
    ]


def open_zones(city: DemoCity, *at: int) -> list[StallZone]:
    instant = datetime(*at, tzinfo=TZ)  # type: ignore[arg-type,misc]
    return [
        zone
        for zone in city.stall_zones
        if opening(zone.schedule, instant, overrides=zone.overrides).state == "open"
    ]


def test_the_published_numbers_hold(city: DemoCity, areas: Areas) -> None:
    counts = {kind: len(held) for kind, held in areas.items()}
    unit_grids, communities = counts.pop("unit_grid"), counts.pop("community")
    assert counts == {
        "city": 1, "district": 1, "zone": 4, "street": 7, "responsibility_grid": 63,
        "compound": 60, "business_district": 4, "water": 1, "road": 10,
    }  # fmt: skip
    assert 1560 <= unit_grids <= 1640
    assert 90 <= communities <= 100
    assert Counter(facility.kind for facility in city.facilities) == {
        "toilet": 124, "park": 49, "station": 7, "notice_board": 288, "parking": 43,
        "bin": 900, "ebike_charging": 60, "camera": 68, "sensor": 5,
    }  # fmt: skip
    assert (len(city.stall_zones), len(city.stalls)) == (42, 2624)
    assert len({zone.kind for zone in city.stall_zones}) == 6
    assert (len(city.officers), len(city.assignments), len(city.positions)) == (315, 315, 290)


@pytest.mark.parametrize("kind", TILING)
def test_every_level_tiles_the_city_without_gap_or_overlap(areas: Areas, kind: str) -> None:
    tiles = np.array([area.geometry for area in areas[kind]])
    outline = areas["city"][0].geometry
    assert all(isinstance(tile, Polygon) and not tile.interiors for tile in tiles)
    assert shapely.coverage_is_valid(tiles)
    assert shapely.coverage_union_all(tiles).equals(outline)
    assert sum(map(area_m2, tiles)) == pytest.approx(area_m2(outline), rel=1e-9)


def test_the_levels_nest_as_the_parent_codes_say(areas: Areas) -> None:
    above = {"unit_grid": "community", "community": "street", "responsibility_grid": "zone"}
    for kind, parent_kind in above.items():
        parts = defaultdict(list)
        for area in areas[kind]:
            parts[area.parent_code].append(area.geometry)
        parents = {area.code: area.geometry for area in areas[parent_kind]}
        assert parts.keys() == parents.keys()
        for code, held in parts.items():
            assert code is not None
            assert shapely.coverage_union_all(np.array(held)).equals(parents[code])


def test_unit_grids_make_up_the_responsibility_grid_that_they_name(areas: Areas) -> None:
    held = defaultdict(list)
    for area in areas["unit_grid"]:
        held[area.attributes["responsibility_grid"]].append(area.geometry)
    for grid in areas["responsibility_grid"]:
        assert shapely.coverage_union_all(np.array(held[grid.code])).equals(grid.geometry)


def test_areas_above_exist_and_codes_are_unique(areas: Areas) -> None:
    codes = {area.code for held in areas.values() for area in held}
    for kind, held in areas.items():
        assert len({area.code for area in held}) == len({area.name for area in held}) == len(held)
        assert all(area.name_en.isascii() and area.name_en for area in held)
        assert all((area.parent_code in codes) == (kind != "city") for area in held)


def test_the_zones_lie_on_the_sides_that_they_are_named_after(areas: Areas) -> None:
    middle = {zone.code[-1]: zone.geometry.centroid for zone in areas["zone"]}
    assert max(middle, key=lambda letter: middle[letter].y) == "N"
    assert max(middle, key=lambda letter: middle[letter].x) == "E"
    assert min(middle, key=lambda letter: middle[letter].y) == "S"
    assert min(middle, key=lambda letter: middle[letter].x) == "W"


def test_codes_extend_the_code_of_the_area_above(areas: Areas) -> None:
    assert [area.code for area in areas["street"]] == [f"431302{n:03d}" for n in range(1, 8)]
    for kind, digits in (("community", 12), ("unit_grid", 15)):
        for area in areas[kind]:
            assert area.code.isdecimal()
            assert (len(area.code), area.code[:-3]) == (digits, area.parent_code)


@pytest.mark.parametrize(
    ("kind", "band_deg"),
    [
        ("unit_grid", UNIT_GRID_BAND_DEG),
        ("community", COMMUNITY_BAND_DEG),
        ("responsibility_grid", RESPONSIBILITY_GRID_BAND_DEG),
    ],
)
def test_numbers_run_west_to_east_in_rows_from_north_to_south(
    areas: Areas, kind: str, band_deg: float
) -> None:
    siblings = defaultdict(list)
    for area in sorted(areas[kind], key=lambda area: area.code):
        siblings[area.parent_code].append(area)
    for held in siblings.values():
        digits = 2 if kind == "responsibility_grid" else 3
        assert [int(a.code[-digits:]) for a in held] == list(range(1, len(held) + 1))
        top = max(area.geometry.bounds[3] for area in held)
        places = [
            (int((top - middle.y) / band_deg), middle.x)
            for middle in (area.geometry.centroid for area in held)
        ]
        assert places == sorted(places)


def test_reading_order_takes_a_row_from_the_west_before_the_next_row_south() -> None:
    south, east, west = (shapely.box(x, y, x + 1, y + 1) for x, y in ((0, 0), (1, 2), (0, 2)))
    assert reading_order([south, east, west], 1.0) == [2, 1, 0]


def test_unit_grids_are_a_few_hectares_and_no_needles(areas: Areas) -> None:
    squash = np.array([math.cos(math.radians(27.728)), 1.0])
    sizes = [area_m2(area.geometry) for area in areas["unit_grid"]]
    assert 28_000 < sum(sizes) / len(sizes) < 36_000
    assert min(sizes) > 6_000
    assert max(sizes) < 150_000
    for area in areas["unit_grid"]:
        shape = shapely.transform(area.geometry, lambda rows: rows * squash)
        assert 4 * math.pi * shape.area / shape.length**2 > 0.25, area.code


def test_borders_are_wiggly(areas: Areas) -> None:
    for grid in areas["responsibility_grid"]:
        assert shapely.get_num_coordinates(shapely.simplify(grid.geometry, 1e-5)) > 12


def test_every_geometry_is_valid_and_on_the_grid_of_seven_decimals(city: DemoCity) -> None:
    shapes = np.array(shapes_of(city) + [position.geometry for position in city.positions])
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    rows = shapely.get_coordinates(shapes)
    assert np.array_equal(rows, np.round(rows, 7))


def test_what_may_overlap_lies_in_the_city(city: DemoCity, areas: Areas) -> None:
    outline = areas["city"][0].geometry.buffer(1e-6)
    shapely.prepare(outline)
    for shape in shapes_of(city):
        assert outline.covers(shape), shape.wkt


def test_a_business_district_spans_communities_and_a_compound_lies_in_its_own(
    areas: Areas,
) -> None:
    communities = {area.code: area.geometry for area in areas["community"]}
    for district in areas["business_district"]:
        shares = [
            area_m2(district.geometry & shape)
            for shape in communities.values()
            if district.geometry.intersects(shape)
        ]
        assert sum(share > 10_000 for share in shares) >= 2, district.name
    for compound in areas["compound"]:
        assert compound.parent_code is not None
        assert communities[compound.parent_code].covers(compound.geometry)


def test_the_river_runs_along_unit_grid_borders_right_across_the_city(areas: Areas) -> None:
    river = areas["water"][0].geometry
    south_and_west = [z.geometry for z in areas["zone"] if z.code[-1] in "SW"]
    north_and_east = [z.geometry for z in areas["zone"] if z.code[-1] in "NE"]
    bank = shapely.coverage_union_all(np.array(south_and_west)) & shapely.coverage_union_all(
        np.array(north_and_east)
    )
    assert river.buffer(1e-6).covers(bank)


def test_the_city_says_that_it_is_synthetic(areas: Areas) -> None:
    attributes = areas["city"][0].attributes
    assert attributes["synthetic"] is True
    assert "虚构演示数据" in attributes["note"]
    assert "虚构" in areas["city"][0].name


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


def test_facility_names_and_codes_are_unique_and_the_codes_well_formed(city: DemoCity) -> None:
    assert len({facility.name for facility in city.facilities}) == len(city.facilities)
    assert len({facility.code for facility in city.facilities}) == len(city.facilities)
    for facility in city.facilities:
        assert facility.name_en.isascii()
        assert len(facility.code) == 16
        assert facility.code.isdecimal()
        assert facility.code[:10] == f"431302{CLASSES[facility.kind]}"


def test_facilities_carry_what_their_kind_needs(city: DemoCity) -> None:
    for camera in of_kind(city, "camera"):
        assert 0 <= camera.attributes["direction_deg"] < 360
        assert 0 < camera.attributes["view_deg"] <= 360
        assert camera.attributes["range_m"] > 0
    for shed in of_kind(city, "ebike_charging"):
        assert 0 < shed.attributes["chargers"] <= shed.attributes["bays"]
    for park in of_kind(city, "park"):
        assert isinstance(park.geometry, Polygon)
        for gate in park.attributes["gates"]:
            assert park.geometry.exterior.distance(Point(gate)) < 1e-6
    assert all(toilet.schedule for toilet in of_kind(city, "toilet"))
    assert all(lot.attributes["spaces"] > 0 for lot in of_kind(city, "parking"))
    assert sum(s.attributes["permit_window"] for s in of_kind(city, "station")) == 2
    zones = {zone.code: zone.geometry for zone in city.stall_zones}
    for sensor in of_kind(city, "sensor"):
        assert zones[sensor.attributes["stall_zone"]].contains(sensor.geometry)


def test_points_stand_in_no_river_and_on_no_carriageway(city: DemoCity, areas: Areas) -> None:
    wet = shapely.union_all([a.geometry for kind in ("water", "road") for a in areas[kind]])
    shapely.prepare(wet)
    assert not any(wet.intersects(facility.geometry) for facility in city.facilities)


def test_every_responsibility_grid_has_one_officer_in_each_role(
    city: DemoCity, areas: Areas
) -> None:
    roles = Counter((each.area_code, each.role) for each in city.assignments)
    grids = {grid.code for grid in areas["responsibility_grid"]}
    kinds = ("enforcement", "sanitation", "landscaping", "lighting", "street")
    assert roles == Counter((grid, role) for grid in grids for role in kinds)
    assert len({officer.name for officer in city.officers}) == 315
    assert len({officer.phone for officer in city.officers}) == 315


def test_somebody_is_on_duty_at_any_time_of_the_week(city: DemoCity) -> None:
    for monday in (date(2026, 9, 14), date(2026, 11, 16)):
        start = datetime.combine(monday, datetime.min.time(), TZ)
        shifts = {
            format_hours(shift.schedule): shift.schedule
            for shift in city.shifts
            if shift.since <= monday and (shift.until is None or monday <= shift.until)
        }
        for hours in range(7 * 24):
            at = start + timedelta(hours=hours, minutes=10)
            assert any(opening(s, at).state == "open" for s in shifts.values()), at


def test_an_officer_has_one_shift_plan_at_a_time_from_the_day_of_the_assignment(
    city: DemoCity,
) -> None:
    plans = defaultdict(list)
    for shift in city.shifts:
        plans[shift.officer_code].append((shift.since, shift.until or date.max))
    for assignment in city.assignments:
        held = sorted(plans[assignment.officer_code])
        assert held[0][0] == assignment.since
        assert all(a[1] < b[0] for a, b in pairwise(held))


def test_enforcement_in_night_market_grids_works_past_midnight(
    city: DemoCity, areas: Areas
) -> None:
    markets = [zone.geometry for zone in city.stall_zones if zone.kind == "night_market"]
    nights = {
        grid.code
        for grid in areas["responsibility_grid"]
        if any(grid.geometry.contains(market) for market in markets)
    }
    assert nights
    schedules = {shift.officer_code: shift.schedule for shift in city.shifts}
    for assignment in city.assignments:
        if assignment.role == "enforcement" and assignment.area_code in nights:
            windows = schedules[assignment.officer_code].windows
            assert any(window.closes > 1440 for window in windows)


def test_positions_are_in_or_near_the_officers_own_grid(city: DemoCity, areas: Areas) -> None:
    grids = {grid.code: grid.geometry for grid in areas["responsibility_grid"]}
    grid_of = {each.officer_code: grids[each.area_code] for each in city.assignments}
    assert len({position.officer_code for position in city.positions}) == 290
    for position in city.positions:
        assert grid_of[position.officer_code].distance(position.geometry) < 0.001
        assert position.observed_at.tzinfo is not None


def test_the_same_seed_is_the_same_city_in_another_process_with_another_hash_seed() -> None:
    script = "from data.demo.city import build_city, fingerprint; print(fingerprint(build_city()))"
    prints = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert prints == [fingerprint(built(DEFAULT_SEED))] * 2


def test_another_seed_is_another_city() -> None:
    assert fingerprint(built(7)) != fingerprint(built(DEFAULT_SEED))


def test_another_instant_moves_nothing_but_the_time_of_the_positions() -> None:
    later, told = datetime(2026, 10, 1, 12, 0, tzinfo=TZ), list[str]()
    moved = build_city(observed_at=later, progress=told.append)
    assert max(position.observed_at for position in moved.positions) <= later
    assert fingerprint(replace(moved, positions=())) == fingerprint(
        replace(built(DEFAULT_SEED), positions=())
    )
    assert len(told) >= 4, "progress is told in short words"
    assert all(0 < len(word) < 30 for word in told)
