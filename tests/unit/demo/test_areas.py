"""The demo city's areas tile, nest and are numbered as real ones are."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon

from data.demo.codes import (
    COMMUNITY_BAND_DEG,
    RESPONSIBILITY_GRID_BAND_DEG,
    UNIT_GRID_BAND_DEG,
    reading_order,
)
from geo.measure import area_m2
from tests.unit.demo.conftest import Areas

TILING = ("zone", "street", "community", "responsibility_grid", "unit_grid")


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
