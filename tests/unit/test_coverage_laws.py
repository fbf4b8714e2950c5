"""Laws of judging tilings: any tiling is sound, one moved corner is found as what it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given
from hypothesis import strategies as st
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import Floats
from geo.measure import area_m2
from geo.planning.findings import RULES, Change, Finding
from geo.planning.ground import Ground, pieces, thickness_m
from geo.planning.judging import judge, rejudge
from geo.planning.plan import Plan
from geo.records import Area
from geo.types import BBox
from tests.sound_plan import DAY, METRES_PER_DEGREE, cut_out, on_ground

SIZE_M = 1000
GAPS, OVERLAPS = "gap", "overlap"
cuts = st.tuples(st.integers(0, 179), st.integers(-450, 450))
tilings = st.lists(cuts, min_size=1, max_size=7, unique=True)
steps = st.tuples(st.integers(-40, 40), st.integers(-40, 40)).map(lambda s: (s[0] / 10, s[1] / 10))


def tiling(lines: list[tuple[int, int]]) -> list[Area]:
    """Cut a square kilometre by straight lines; all corners are shared, with seven decimals."""
    square = shapely.box(0, 0, SIZE_M, SIZE_M)
    drawn: list[BaseGeometry] = [square.exterior]
    for angle, offset in lines:
        turn, middle = np.radians(angle), SIZE_M / 2
        along = np.array([np.cos(turn), np.sin(turn)])
        foot = np.array([middle, middle]) + offset * np.array([-along[1], along[0]])
        cut = LineString([foot - 2 * SIZE_M * along, foot + 2 * SIZE_M * along]) & square
        drawn.append(cut)
    noded = shapely.get_parts(shapely.union_all(drawn))
    faces = [on_ground(face) for face in shapely.get_parts(shapely.polygonize(noded))]
    assume(all(face.is_valid and _width_m(face) > 5 for face in faces))
    grids = [Area("unit_grid", f"X{n}", "", face) for n, face in enumerate(faces)]
    whole = shapely.coverage_union_all(faces)
    assert isinstance(whole, Polygon)
    return [Area("community", "990101001001", "", whole), *grids]


def _width_m(shape: BaseGeometry) -> float:
    return float(thickness_m(np.array([shape], dtype=object), Ground.of(shape))[1][0])


def coverage(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.rule in ("gap", "overlap", "sliver")]


def moved(areas: list[Area], which: int, corner: int, step: tuple[float, float]) -> list[Area]:
    """Move one corner of one grid by metres."""
    at = 1 + which % (len(areas) - 1)
    spots = shapely.get_coordinates(areas[at].geometry)[:-1]
    assume(any(step))
    spots[corner % len(spots)] += np.array(step) / METRES_PER_DEGREE
    shape = Polygon(spots.round(7))
    assume(shape.is_valid)
    return [*areas[:at], replace(areas[at], geometry=shape), *areas[at + 1 :]]


def oracle(areas: list[Area]) -> dict[str, list[tuple[float, float, float]]]:
    """What is wrong by plain overlays: how wide, the area where it is wide, and all of it.

    Neither rules nor faces are asked; a finding's area is between the two.
    """
    whole, *grids = (area.geometry for area in areas)
    gaps = [(GAPS, part) for part in pieces(whole - shapely.union_all(grids))]
    shared = [a & b for a, b in combinations(grids, 2)]
    found = gaps + [(OVERLAPS, part) for shape in shared for part in pieces(shape)]
    # What is near the least size may be told or not: that is for other tests.
    sizes = [(what, area_m2(part), _width_m(part)) for what, part in found]
    assume(not any(0.004 < width < 0.04 or 0.04 < area < 0.2 for _, area, width in sizes))
    return {
        kind: [
            (_widest_m(part), area_m2(_opened(part)), area_m2(part))
            for what, part in found
            if what == kind and _width_m(part) > 0.02 and area_m2(part) > 0.1
        ]
        for kind in (GAPS, OVERLAPS)
    }


def _widest_m(part: BaseGeometry) -> float:
    flat = _flat(part)
    assert isinstance(flat, Polygon)
    return 2 * shapely.maximum_inscribed_circle(flat, tolerance=0.002).length


def _opened(part: BaseGeometry, width_m: float = 0.02) -> BaseGeometry:
    opened = _flat(part).buffer(-width_m / 2).buffer(width_m / 2)
    return shapely.transform(opened, lambda rows: rows / METRES_PER_DEGREE)


def _flat(part: BaseGeometry) -> BaseGeometry:
    return shapely.transform(part, lambda rows: rows * METRES_PER_DEGREE)


@given(st.just([(0, 0), (114, 0)]))
def test_a_gap_that_thins_out_to_a_crack_is_a_gap(lines: list[tuple[int, int]]) -> None:
    # Pulled along its own border: on one side forty square metres are left, on the other a hair.
    areas = moved(tiling(lines), 0, 2, (-0.13, 0.29))
    (gap,) = coverage(judge(Plan(DAY, tuple(areas))))
    assert gap.size_m2 == pytest.approx(40, rel=0.02)


@given(tilings)
def test_any_tiling_is_sound(lines: list[tuple[int, int]]) -> None:
    assert coverage(judge(Plan(DAY, tuple(tiling(lines))))) == []


@given(tilings, st.integers(0, 99), st.integers(0, 99), steps)
def test_a_moved_corner_is_the_gap_and_the_overlap_that_it_leaves(
    lines: list[tuple[int, int]], which: int, corner: int, step: tuple[float, float]
) -> None:
    areas = moved(tiling(lines), which, corner, step)
    expected = oracle(areas)
    found = coverage(judge(Plan(DAY, tuple(areas))))

    for what in (GAPS, OVERLAPS):
        told = [one for one in found if ("@" in one.key) == (what == GAPS)]
        parts = sorted(area_m2(part) for one in told for part in pieces(one.shape))  # type: ignore[arg-type]
        widths, least, most = (sorted(one[i] for one in expected[what]) for i in range(3))
        assert len(parts) == len(widths)
        assert all(a * 0.999 <= b <= c * 1.001 for a, b, c in zip(least, parts, most, strict=True))
        # Of a pair the widest piece says what all are.
        assert any(one.rule == "sliver" for one in told) or min(widths, default=1) > 0.495
        assert any(one.rule != "sliver" for one in told) or max(widths, default=0) < 0.505


@given(tilings, st.integers(0, 2**32 - 1))
def test_noise_of_coordinates_is_not_told(lines: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole, *grids = tiling(lines)

    def noisy(rows: Floats) -> Floats:
        shifts = rng.uniform(-1e-9, 1e-9, rows.shape)
        shifts[-1] = shifts[0]
        return np.asarray(rows + shifts)

    shaken = [replace(g, geometry=shapely.transform(g.geometry, noisy)) for g in grids]
    # Two corners that are a hair apart may change places; such a polygon is refused when drawn.
    assume(all(grid.geometry.is_valid for grid in shaken))
    assert coverage(judge(Plan(DAY, (whole, *shaken)))) == []


edits = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 99), steps, st.booleans()), min_size=1, max_size=4
)


@given(tilings, edits, st.booleans())
@example(  # A crack that leads outside is shut at its far end: what is left of it is a gap.
    [(0, 0), (32, -160)],
    [
        (0, 0, (0.0, 0.1), False),
        (44, 3, (0.0, 0.1), False),
        (1, 0, (0.0, 0.0), True),
        (0, 14, (0.0, 0.1), False),
    ],
    False,
)
@example(  # Far from where a strip is cut off it gets longer.
    [(0, 0), (0, 6), (10, 1)],
    [
        (0, 0, (0.0, 0.0), True),
        (1, 0, (-0.1, 0.0), False),
        (3, 0, (0.0, 0.0), True),
        (0, 0, (0.0, 0.1), False),
    ],
    True,
)
def test_judged_again_after_each_change_is_as_judged_whole(
    lines: list[tuple[int, int]],
    edits: list[tuple[int, int, tuple[float, float], bool]],
    fill: bool,
) -> None:
    areas = tiling(lines)
    # With an area above, and without: then only holes between neighbours are gaps.
    plan = Plan(DAY, tuple(areas if fill else areas[1:]))
    found = judge(plan)
    for which, corner, step, delete in edits:
        before = plan.drawn
        if delete and len(before) > 3:
            gone = before[1 + which % (len(before) - 1)]
            after = tuple(area for area in before if area is not gone)
        else:
            after = tuple(moved(list(before), which, corner, step))
        plan = Plan(DAY, after)
        found = rejudge(plan, found, list(changes(before, after))).applied_to(found)
        assert found == judge(plan)


def changes(before: tuple[Area, ...], after: tuple[Area, ...]) -> list[Change]:
    """What differs, each with the box of both states."""
    old, new = ({(a.kind, a.code): a for a in areas} for areas in (before, after))
    found = []
    for kind, code in sorted(old.keys() | new.keys()):
        shapes = [held[kind, code].geometry for held in (old, new) if (kind, code) in held]
        if old.get((kind, code)) != new.get((kind, code)):
            box = BBox(*shapely.total_bounds(shapes).tolist())
            found.append(Change("areas", kind, code, box))
    return found


def test_two_strips_along_one_border_are_two_findings() -> None:
    west = Polygon([(0, 0), (100, 0), (99, 25), (100, 50), (99, 75), (100, 100), (0, 100)])
    areas = (
        Area("community", "990101001001", "", on_ground(shapely.box(0, 0, 200, 100))),
        Area("unit_grid", "W", "", on_ground(west)),
        Area("unit_grid", "E", "", on_ground(shapely.box(100, 0, 200, 100))),
    )
    found = coverage(judge(Plan(DAY, areas)))

    assert [one.features for one in found] == [("unit_grid:E", "unit_grid:W")] * 2
    assert [one.size_m2 for one in found] == pytest.approx([25, 25], rel=0.02)


def test_a_corner_on_the_neighbours_straight_border_is_no_finding() -> None:
    areas = (
        Area("unit_grid", "W", "", on_ground(shapely.box(0, 0, 100, 100))),
        Area("unit_grid", "NE", "", on_ground(shapely.box(100, 50, 200, 100))),
        Area("unit_grid", "SE", "", on_ground(shapely.box(100, 0, 200, 50))),
    )
    assert coverage(judge(Plan(DAY, areas))) == []


def test_holes_that_touch_in_a_point_are_two_gaps() -> None:
    holes = [shapely.box(100, 100, 150, 150), shapely.box(150, 150, 200, 200)]
    west = Polygon([(0, 0), (150, 0), (150, 100), (100, 100), (100, 150), (150, 150),
                    (150, 300), (0, 300)])  # fmt: skip
    east = Polygon([(150, 0), (300, 0), (300, 300), (150, 300), (150, 200), (200, 200),
                    (200, 150), (150, 150)])  # fmt: skip
    whole = Area("community", "990101001001", "", on_ground(shapely.box(0, 0, 300, 300)))
    areas = [Area("unit_grid", f"{n}", "", on_ground(part)) for n, part in enumerate((west, east))]
    found = coverage(judge(Plan(DAY, (whole, *areas))))

    assert [one.rule for one in found] == ["gap", "gap"]
    assert sum(one.size_m2 or 0 for one in found) == pytest.approx(
        sum(hole.area for hole in holes), rel=0.01
    )


def test_a_hole_filled_by_another_grid_is_no_gap_and_an_empty_one_is() -> None:
    outer, inner = on_ground(shapely.box(0, 0, 300, 300)), on_ground(shapely.box(99, 99, 199, 199))
    areas = (
        Area("community", "990101001001", "", outer),
        Area("unit_grid", "O", "", cut_out(outer, inner)),
        Area("unit_grid", "I", "", inner),
    )
    assert coverage(judge(Plan(DAY, areas))) == []
    (found,) = coverage(judge(Plan(DAY, areas[:2])))
    assert found.features == ("unit_grid:O",)


def test_words_say_between_whom_a_gap_lies_or_beside_or_within_what() -> None:
    outer, inner = on_ground(shapely.box(0, 0, 300, 300)), on_ground(shapely.box(99, 99, 199, 199))
    east = on_ground(shapely.box(290, 0, 300, 300))
    community = Area("community", "990101001001", "", outer)
    told = [
        next(one for one in coverage(judge(Plan(DAY, (community, *grids)))) if one.rule == "gap")
        for grids in (
            [Area("unit_grid", "a", "", cut_out(outer, inner))],
            [replace(community, kind="unit_grid", code="a", geometry=outer - east)],  # type: ignore[arg-type]
            [Area("unit_grid", code, "", part) for code, part in halves()],
            [Area("unit_grid", "far", "", on_ground(shapely.box(900, 0, 950, 50)))],
        )
    ]
    assert [one.text_en.partition(" are ")[0] for one in told] == [
        "Within a", "Beside a", "Between a, b", "Within 990101001001"
    ]  # fmt: skip
    assert [one.text_zh.partition("有")[0] for one in told] == [
        "a之内", "a旁边", "a、b之间", "990101001001之内"
    ]  # fmt: skip


def halves() -> list[tuple[str, Polygon]]:
    """Two grids of a community of three hundred metres, ten metres apart."""
    west, east = shapely.box(0, 0, 140, 300), shapely.box(150, 0, 300, 300)
    return [("a", on_ground(west)), ("b", on_ground(east))]


@pytest.mark.parametrize("what", [GAPS, OVERLAPS])
def test_a_thin_one_is_a_sliver_whether_or_not_a_city_tells_of_wide_ones(what: str) -> None:
    step = 0.3 if what == GAPS else -0.3
    areas = (
        Area("community", "990101001001", "", on_ground(shapely.box(0, 0, 300, 300))),
        Area("unit_grid", "W", "", on_ground(shapely.box(0, 0, 150, 300))),
        Area("unit_grid", "E", "", on_ground(shapely.box(150 + step, 0, 300, 300))),
    )
    plan = Plan(DAY, areas)
    without = {name: {k: v for k, v in RULES.items() if k != name} for name in (what, "sliver")}

    assert [one.rule for one in coverage(judge(plan))] == ["sliver"]
    assert coverage(judge(plan, without[what])) == coverage(judge(plan))
    assert [one.rule for one in coverage(judge(plan, without["sliver"]))] == [what]


def test_gaps_have_the_measures_of_their_own_rule() -> None:
    areas = (
        Area("community", "990101001001", "", on_ground(shapely.box(0, 0, 300, 300))),
        *(Area("unit_grid", code, "", part) for code, part in halves()),
    )
    wide = {**RULES, "gap": replace(RULES["gap"], distance_m=11.0)}
    large = {**RULES, "gap": replace(RULES["gap"], area_m2=3100.0)}

    assert [one.rule for one in coverage(judge(Plan(DAY, areas)))] == ["gap"]
    assert coverage(judge(Plan(DAY, areas), wide)) == []
    assert coverage(judge(Plan(DAY, areas), large)) == []


def test_a_lake_that_is_left_out_of_the_city_is_no_gap() -> None:
    outer, lake = on_ground(shapely.box(0, 0, 300, 300)), on_ground(shapely.box(99, 99, 199, 199))
    shape = cut_out(outer, lake)
    areas = [Area(kind, "990101", "", shape) for kind in ("city", "district", "zone")]

    assert coverage(judge(Plan(DAY, tuple(areas)))) == []


def test_a_duplicate_is_an_overlap_of_its_whole_area() -> None:
    shape = on_ground(shapely.box(0, 0, 100, 100))
    areas = [Area("unit_grid", code, "", shape) for code in ("A", "B")]
    (found,) = coverage(judge(Plan(DAY, tuple(areas))))

    assert found.rule == "overlap"
    assert found.shape is not None
    assert found.shape.equals(shape)


def test_kinds_that_may_overlap_are_left_alone_and_others_need_not_tile() -> None:
    shapes = [on_ground(shapely.box(x, 0, x + 100, 100)) for x in (0, 50, 400)]
    compounds = [Area("compound", f"{n}", "", shape) for n, shape in enumerate(shapes)]
    beats = [replace(area, kind="beat") for area in compounds]
    plan = Plan(DAY, (*compounds, *beats), exclusive_kinds=frozenset({"beat"}))

    assert [one.features for one in judge(plan)] == [("beat:0", "beat:1")]
