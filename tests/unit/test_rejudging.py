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

from geo.hours import parse_hours
from geo.planning.coverage import WORLD
from geo.planning.findings import RULES, Change, LayerName, Rules
from geo.planning.judging import judge, rejudge
from geo.planning.plan import Plan
from geo.records import Area, Facility, Stall, StallZone
from geo.types import BBox
from tests.planted import MISTAKES, Mistake
from tests.sound_plan import DAY, METRES_PER_DEGREE, changed, on_ground, sound_plan
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
        for record in [*_more(old, new), *_more(new, old)]:
            kind = "stall" if layer == "stalls" else record.kind
            code = record.zone_code if layer == "stalls" else record.code
            yield Change(layer, kind, code, BBox(*record.geometry.bounds))


def _more(here: Sequence[Any], there: Sequence[Any]) -> list[Any]:
    """The records that are here more often than there: some are twice."""
    left = list(here)
    for record in there:
        if record in left:
            left.remove(record)
    return left


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_mistake_made_and_mended_is_found_and_forgotten(mistake: Mistake) -> None:
    sound = sound_plan()
    wrong = mistake.make(sound)
    found = rejudge(wrong, [], list(changes(sound, wrong))).applied_to([])
    assert found == judge(wrong)

    assert rejudge(sound, found, list(changes(wrong, sound))).applied_to(found) == []


def rules_of(seed: int) -> Rules:
    """Some of the rules, with other measures: what a city may have set."""
    rng = Random(seed)
    return {
        name: replace(
            rule,
            distance_m=rule.distance_m and rule.distance_m * rng.choice((0.5, 1, 3)),
            area_m2=rule.area_m2 and rule.area_m2 * rng.choice((0.5, 1, 20)),
        )
        for name, rule in RULES.items()
        if rng.random() < 0.9
    }


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.none() | st.integers(0, 99))
def test_judging_again_and_again_is_judging_the_whole(
    seed: int, rounds: int, set_by_city: int | None
) -> None:
    rng = Random(seed)
    plan, rules = planted(), RULES if set_by_city is None else rules_of(set_by_city)
    found = judge(plan, rules)
    for _ in range(rounds):
        before, plan = plan, edited(plan, rng)
        found = rejudge(plan, found, list(changes(before, plan)), rules).applied_to(found)
        assert found == judge(plan, rules)


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
    """Do something to one to three records: move, delete, copy, rename, or say something else."""
    for _ in range(rng.randint(1, 3)):
        _, name = rng.choice(LISTS)
        held = list(getattr(plan, name))
        if not held:
            continue
        at = rng.randrange(len(held))
        held[at : at + 1] = _made(held[at], rng)
        after: dict[str, Any] = {name: tuple(held)}
        plan = replace(plan, **after)
    return plan


def _made(record: Any, rng: Random) -> list[Any]:
    what = rng.choice(("delete", "move", "rename", "grow", "copy", "say"))
    if what == "delete":
        return []
    if what == "move":
        step = rng.uniform(-60, 60) / METRES_PER_DEGREE
        moved = shapely.transform(record.geometry, lambda rows: (rows + step).round(7))
        return [replace(record, geometry=moved)]
    if what == "grow" and record.geometry.area:
        grown = shapely.convex_hull(record.geometry.buffer(rng.uniform(0, 3e-5)))
        return [replace(record, geometry=shapely.transform(grown, lambda rows: rows.round(7)))]
    if what == "copy":
        return [record, record] if rng.random() < 0.2 else [record, *_made(record, rng)]
    if what == "say":
        return [_saying(record, rng)]
    if isinstance(record, Stall):
        return [replace(record, number=f"{rng.randint(0, 9)}")]
    return [replace(record, code=f"{record.code[:-1]}{rng.randint(0, 9)}")]


def _saying(record: Any, rng: Random) -> Any:
    """The record with another kind, state, parent, capacity or hours."""
    if isinstance(record, Stall):
        return replace(
            record, state=rng.choice(("normal", "closed")), zone_code=f"K{rng.randint(1, 9)}"
        )
    if isinstance(record, Facility):
        kind = rng.choice(("hydrant", "school", "parking", "bin", "crossing"))
        return replace(record, kind=kind, state=rng.choice(("normal", "lost", "suspended")))
    if isinstance(record, StallZone):
        hours = rng.choice((None, "off", "24/7", "Fr 22:00-04:00"))
        return replace(
            record,
            kind=rng.choice(("night_market", "morning_market")),
            capacity=rng.choice((None, 2, 60)),
            schedule=parse_hours(hours) if hours else None,
        )
    kinds = ("unit_grid", "community", "street", "zone", "responsibility_grid", "green")
    said = {"responsibility_grid": rng.choice(("R0", "R9"))}
    return replace(record, kind=rng.choice((record.kind, *kinds)), attributes=said)
