"""Thin faults are closed, nothing else moves, and the judge has nothing left to say of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.planning.findings import Finding
from geo.planning.judging import judge
from geo.planning.plan import Plan
from geo.planning.snapping import Snapped, snap
from tests.planted import MISTAKES, Mistake
from tests.sound_plan import DAY, grid_code, sound_plan
from tests.unit.test_coverage_laws import coverage, moved, tiling, tilings

TOLERANCE_M = 0.5
STRIPS = [one for one in MISTAKES if one.expected and one.expected[0][0] == "sliver"]
small = st.tuples(st.integers(-30, 30), st.integers(-30, 30)).map(
    lambda s: (s[0] / 100, s[1] / 100)
)


def judged(plan: Plan, snapped: Snapped) -> list[Finding]:
    return judge(replace(plan, drawn=snapped.areas))


def test_a_sound_plan_stays_as_it_is() -> None:
    plan = sound_plan()
    snapped = snap(plan.drawn, TOLERANCE_M)

    assert snapped.areas == plan.drawn
    assert snapped.moved == ()


@pytest.mark.parametrize("mistake", STRIPS, ids=lambda m: m.name)
def test_a_strip_is_closed_and_only_one_border_moves(mistake: Mistake) -> None:
    plan = mistake.make(sound_plan())
    snapped = snap(plan.drawn, TOLERANCE_M)
    (one,) = snapped.moved

    assert judged(plan, snapped) == []
    assert 0 < one.distance_m <= TOLERANCE_M
    assert one.after == next(a.geometry for a in snapped.areas if a.code == one.code)
    assert one.before == next(a.geometry for a in plan.drawn if a.code == one.code)


@pytest.mark.parametrize("name", ["a gap between grids", "an overlap of grids"])
def test_what_is_wider_is_left_to_the_planner(name: str) -> None:
    plan = next(one for one in MISTAKES if one.name == name).make(sound_plan())
    snapped = snap(plan.drawn, TOLERANCE_M)

    assert snapped.moved == ()
    assert judged(plan, snapped) == judge(plan)


def test_a_strip_along_a_community_goes_to_a_grid_of_that_community() -> None:
    plan = sound_plan()
    # The border of two communities: the eastern grids stop thirty centimetres short of it.
    east = {grid_code(0, 2), grid_code(1, 2)}
    west_end = plan.by_kind["unit_grid"]
    border = next(r.geometry.bounds[0] for r in west_end.records if r.code == grid_code(0, 2))
    drawn = tuple(
        replace(area, geometry=_shortened(area.geometry, border)) if area.code in east else area
        for area in plan.drawn
    )
    snapped = snap(drawn, TOLERANCE_M)

    assert {one.code for one in snapped.moved} <= east
    assert judged(plan, snapped) == []


def _shortened(shape: shapely.Polygon | shapely.MultiPolygon, west: float) -> shapely.Polygon:
    found = shapely.transform(
        shape, lambda rows: rows + [[3e-6 * (lon == west), 0.0] for lon in rows[:, 0]]
    )
    assert isinstance(found, shapely.Polygon)
    return found


@given(tilings, st.integers(0, 99), st.integers(0, 99), small)
def test_small_faults_anywhere_are_closed_and_the_sum_of_areas_is_kept(
    lines: list[tuple[int, int]], which: int, corner: int, step: tuple[float, float]
) -> None:
    sound = tiling(lines)
    careless = moved(sound, which, corner, step)
    # A corner that is pulled out of the city is no gap and no overlap.
    assume(careless[0].geometry.covers(shapely.union_all([a.geometry for a in careless])))
    snapped = snap(careless, TOLERANCE_M)

    assert coverage(judge(Plan(DAY, snapped.areas))) == []
    assert all(area.geometry.is_valid for area in snapped.areas)
    assert all(one.distance_m <= TOLERANCE_M + 1e-6 for one in snapped.moved)
    # Strips below a millimetre are noise and stay.
    grids = [area.geometry.area for area in snapped.areas[1:]]
    assert sum(grids) == pytest.approx(snapped.areas[0].geometry.area, rel=5e-6)
    assert snap(snapped.areas, TOLERANCE_M).moved == ()
