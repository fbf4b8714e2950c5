"""What is judged again after a change is what judging everything would find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from geo.planning.coverage import WORLD
from geo.planning.findings import Change, LayerName
from geo.planning.judging import judge, rejudge
from geo.planning.plan import Plan
from geo.records import Area
from geo.types import BBox
from tests.planted import DAY, METRES_PER_DEGREE, MISTAKES, Mistake, changed, on_ground, sound_plan
from tests.unit.test_planted import planted

LISTS: tuple[tuple[LayerName, str], ...] = (
    ("areas", "drawn"),
    ("stall_zones", "zones"),
    ("stalls", "all_stalls"),
    ("facilities", "all_facilities"),
)


def changes(before: Plan, after: Plan) -> Iterator[Change]:
    """What differs between two plans, as a table of changed rows would have it."""
    for layer, name in LISTS:
        old, new = getattr(before, name), getattr(after, name)
        for record in [*(r for r in old if r not in new), *(r for r in new if r not in old)]:
            kind = "stall" if layer == "stalls" else record.kind
            code = record.zone_code if layer == "stalls" else record.code
            yield Change(layer, kind, code, BBox(*record.geometry.bounds))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_mistake_made_and_mended_is_found_and_forgotten(mistake: Mistake) -> None:
    sound = sound_plan()
    wrong = mistake.make(sound)
    found = rejudge(wrong, [], list(changes(sound, wrong))).applied_to([])
    assert found == judge(wrong)

    assert rejudge(sound, found, list(changes(wrong, sound))).applied_to(found) == []


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_judging_again_and_again_is_judging_the_whole(seed: int, rounds: int) -> None:
    rng = Random(seed)
    plan = planted()
    found = judge(plan)
    for _ in range(rounds):
        before, plan = plan, edited(plan, rng)
        found = rejudge(plan, found, list(changes(before, plan))).applied_to(found)
        assert found == judge(plan)


def test_a_change_far_away_replaces_nothing() -> None:
    plan = planted()
    found = judge(plan)
    far = Change("areas", "unit_grid", "far", BBox(10, 10, 10.1, 10.1))
    judgement = rejudge(plan, found, [far])

    assert judgement.gone == frozenset()
    assert judgement.found == ()


class Read:
    """A plan that notes the boxes that it is asked for."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.boxes = plan, list[BBox]()

    def areas(self, kind: str, box: BBox) -> Sequence[Area]:
        self.boxes.append(box)
        return self.plan.areas(kind, box)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plan, name)


def city_without(*cuts: Polygon) -> Plan:
    """Unit grids of a hundred metres without areas above, those left out whose middle is cut."""
    cells = [(x, y) for x in range(0, 5000, 100) for y in range(0, 3000, 100)]
    return Plan(
        DAY,
        tuple(
            Area("unit_grid", f"X{x}-{y}", "", on_ground(shapely.box(x, y, x + 100, y + 100)))
            for x, y in cells
            if not any(cut.contains(shapely.Point(x + 50, y + 50)) for cut in cuts)
        ),
    )


INLET = shapely.box(4000, 1000, 4100, 3000)
BENT = shapely.box(300, 1000, 4100, 1100)


@pytest.mark.parametrize(
    ("cuts", "code", "reads_all"),
    [
        ((), "X0-1500", False),
        ((), "X4900-2900", False),
        ((INLET,), "X3900-1500", False),
        ((INLET,), "X4000-900", False),
        ((INLET, BENT), "X500-900", True),
    ],
)
def test_at_the_outer_edge_all_is_read_only_in_a_bay_that_bends(
    cuts: tuple[Polygon, ...], code: str, reads_all: bool
) -> None:
    before = city_without(*cuts)
    shape = next(area.geometry for area in before.drawn if area.code == code)
    assert isinstance(shape, Polygon)
    after = changed(before, "unit_grid", code, geometry=shape.buffer(-0.00005, join_style="mitre"))
    source, known = Read(after), judge(before)
    found = rejudge(source, known, list(changes(before, after))).applied_to(known)
    assert found == judge(after)
    assert (WORLD in source.boxes) == reads_all


def test_a_bay_that_is_shut_at_its_mouth_is_a_gap_until_it_is_opened() -> None:
    without_mouth = shapely.box(4000, 1000, 4100, 2900)
    bay, shut = city_without(INLET, BENT), city_without(without_mouth, BENT)
    known = judge(bay)
    found = rejudge(shut, known, list(changes(bay, shut))).applied_to(known)
    assert found == judge(shut)
    (gap,) = (one for one in found if one.rule == "gap")
    assert gap.size_m2 == pytest.approx((19 + 37) * 100 * 100, rel=0.01)
    assert rejudge(bay, found, list(changes(shut, bay))).applied_to(found) == known


def edited(plan: Plan, rng: Random) -> Plan:
    """Do something to one to three records: move, delete, rename, or swap codes."""
    for _ in range(rng.randint(1, 3)):
        _, name = rng.choice(LISTS)
        held = list(getattr(plan, name))
        at = rng.randrange(len(held))
        made = _made(held[at], rng)
        held[at : at + 1] = [made] if made is not None else []
        after: dict[str, Any] = {name: tuple(held)}
        plan = replace(plan, **after)
    return plan


def _made(record: Any, rng: Random) -> Any:
    what = rng.choice(("delete", "move", "rename", "grow"))
    if what == "delete":
        return None
    if what == "move":
        step = rng.uniform(-60, 60) / METRES_PER_DEGREE
        moved = shapely.transform(record.geometry, lambda rows: (rows + step).round(7))
        return replace(record, geometry=moved)
    if what == "grow" and record.geometry.area:
        grown = shapely.convex_hull(record.geometry.buffer(rng.uniform(0, 3e-5)))
        return replace(record, geometry=shapely.transform(grown, lambda rows: rows.round(7)))
    if hasattr(record, "zone_code"):
        return replace(record, number=f"{rng.randint(0, 9)}")
    return replace(record, code=f"{record.code[:-1]}{rng.randint(0, 9)}")
