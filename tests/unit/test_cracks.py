"""Holes that cracks lead to or join: each is told for what it is, however long the crack."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.planning.findings import Finding
from geo.planning.judging import judge, rejudge
from geo.planning.plan import Plan
from geo.records import Area
from tests.sound_plan import DAY, METRES_PER_DEGREE, ORIGIN
from tests.unit.test_coverage_laws import changes, coverage, tiling, tilings

HAIR_M = 0.01


def exactly(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape drawn in metres in lon/lat, with all decimals: a hair keeps its width."""
    return shapely.transform(shape, lambda rows: rows / METRES_PER_DEGREE + ORIGIN)


def city(*missing: BaseGeometry, grids: int = 2) -> Plan:
    """Two kilometres of grids side by side; nobody has what is missing, drawn in metres."""
    gone = exactly(shapely.union_all(missing))
    width = 200 / grids
    drawn = [exactly(shapely.box(n * width, 0, (n + 1) * width, 2100)) - gone for n in range(grids)]
    community = _area("community", "990101001001", exactly(shapely.box(0, 0, 200, 2100)))
    grids_left = (_area("unit_grid", f"G{n}", shape) for n, shape in enumerate(drawn))
    return Plan(DAY, (community, *grids_left))


def _area(kind: str, code: str, shape: BaseGeometry) -> Area:
    assert isinstance(shape, Polygon | MultiPolygon)
    return Area(kind, code, "", shape)


def crack(width_m: float) -> BaseGeometry:
    """A strip along the border of the two grids, two kilometres long."""
    return shapely.box(100 - width_m / 2, 20, 100 + width_m / 2, 2020)


def test_a_hole_is_found_whatever_crack_leads_to_it() -> None:
    (alone,) = coverage(judge(city(shapely.box(98, 18, 101, 21))))
    (found,) = coverage(judge(city(shapely.box(98, 18, 101, 21), crack(HAIR_M))))

    assert (found.rule, found.severity, found.features) == ("gap", "error", alone.features)
    assert found.size_m2 == pytest.approx(9, abs=0.1)
    assert "9.0 m²" in found.text_en


def test_a_hole_with_a_thin_tail_is_a_gap_with_its_whole_area_and_the_place_is_the_hole() -> None:
    (found,) = coverage(judge(city(shapely.box(96, 1000, 104, 1100), crack(0.05))))

    assert found.rule == "gap"
    assert found.size_m2 == pytest.approx(8 * 100 + 1900 * 0.05, rel=0.01)
    assert found.place.lat == pytest.approx(27.7 + 1050 / METRES_PER_DEGREE[1], abs=5e-4)


def test_two_holes_that_only_a_hair_joins_are_two() -> None:
    holes = (shapely.box(98, 500, 101, 503), shapely.box(98, 900, 101, 903))
    found = coverage(judge(city(*holes, crack(HAIR_M))))

    assert [one.size_m2 for one in found] == pytest.approx([9, 9], abs=0.1)
    assert {one.rule for one in found} == {"gap"}


def test_a_hole_from_which_a_hair_leads_outside_is_a_hole_also_without_an_area_above() -> None:
    hole = shapely.box(98, 500, 101, 503)
    shut, cracked = (city(hole, *more).drawn[1:] for more in ((), (crack(HAIR_M), leading_out())))
    found = judge(Plan(DAY, shut))
    again = rejudge(Plan(DAY, cracked), found, changes(shut, cracked)).applied_to(found)

    assert [one.rule for one in coverage(again)] == ["gap"]
    assert again == judge(Plan(DAY, cracked))


def leading_out() -> BaseGeometry:
    return shapely.box(100 - HAIR_M / 2, 2000, 100 + HAIR_M / 2, 2200)


def test_a_strip_is_as_wide_as_where_it_is_widest() -> None:
    (found,) = coverage(judge(city(crack(0.05), shapely.box(99.9, 700, 100.3, 720))))

    assert found.rule == "sliver"
    assert "up to 0.40 m wide" in found.text_en
    assert "最宽约 0.40 米" in found.text_zh


def test_an_overlap_is_found_whatever_crack_leads_to_it() -> None:
    community, west, east = city().drawn
    more = exactly(shapely.union_all([shapely.box(98, 18, 101, 21), crack(HAIR_M)]))
    west, east = (replace(one, geometry=one.geometry | more) for one in (west, east))  # type: ignore[arg-type]
    (found,) = coverage(judge(Plan(DAY, (community, west, east))))

    assert (found.rule, found.severity) == ("overlap", "error")
    assert found.size_m2 == pytest.approx(9, abs=0.1)


def test_what_stands_out_of_the_community_is_found_whatever_crack_leads_to_it() -> None:
    community, west, east = city().drawn
    more = [shapely.box(200, 18, 203, 21), shapely.box(200, 20, 200.2, 2020)]
    wider = replace(east, geometry=exactly(shapely.union_all(more)) | east.geometry)  # type: ignore[arg-type]
    (found,) = judge(Plan(DAY, (community, west, wider)))[:1]

    assert found.rule == "nesting"
    assert found.size_m2 == pytest.approx(9, abs=2.1)


gouges = st.lists(
    st.tuples(
        *[st.integers(0, 1000)] * 2, *[st.integers(-600, 600)] * 2,
        st.sampled_from([HAIR_M, 0.05, 0.3, 3.0]),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
Gouge = tuple[int, int, int, int, float]


def _strip(gouge: Gouge) -> Polygon:
    x, y, along, up, width_m = gouge
    assume(abs(along) + abs(up) > 5)
    return LineString([(x, y), (x + along, y + up)]).buffer(width_m / 2, cap_style="flat")


@given(tilings, gouges)
def test_holes_are_told_as_plain_overlays_have_them_and_cracks_are_not(
    lines: list[tuple[int, int]], gouges: list[Gouge]
) -> None:
    whole, *grids = tiling(lines)
    inside = shapely.box(0, 0, 1000, 1000)
    strips = [(_strip(one) & inside, one[-1]) for one in gouges]
    wide = shapely.union_all([strip for strip, width_m in strips if width_m > HAIR_M])
    holes = [part for part in shapely.get_parts(wide) if part.area > 0]
    # What only nearly touches may be one or two.
    assume(all(a.distance(b) > 2 for i, a in enumerate(holes) for b in holes[:i]))
    assume(not any(part.area < 1 for part in holes))
    gone = exactly(shapely.union_all([strip for strip, _ in strips]))
    found = coverage(judge(Plan(DAY, (whole, *_left(grids, gone)))))

    sizes = sorted(one.size_m2 or 0.0 for one in found)
    # Of cracks a metre at most is told at each end, and of tips that are thin nothing.
    assert sizes == pytest.approx(sorted(part.area for part in holes), rel=0.02, abs=0.3)


def _left(grids: list[Area], gone: BaseGeometry) -> list[Area]:
    left = [replace(grid, geometry=grid.geometry - gone) for grid in grids]  # type: ignore[arg-type]
    return [grid for grid in left if not grid.geometry.is_empty]


@given(tilings, st.lists(gouges, min_size=2, max_size=3), st.booleans())
def test_cracks_come_and_go_and_judging_again_is_judging_the_whole(
    lines: list[tuple[int, int]], rounds: list[list[Gouge]], fill: bool
) -> None:
    whole, *grids = tiling(lines)
    found: list[Finding] = []
    before: tuple[Area, ...] = (whole, *grids) if fill else tuple(grids)
    # A second of those that were there before is mended each time, another one is made.
    for gouge in rounds:
        gone = exactly(shapely.union_all([_strip(one) for one in gouge]))
        after = (*before[:fill], *_left(grids, gone))
        plan = Plan(DAY, after)
        found = rejudge(plan, found, changes(before, after)).applied_to(found)
        assert found == judge(plan)
        before = after
