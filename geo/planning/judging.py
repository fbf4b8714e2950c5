"""The judgement of a plan: all of it, or again what a change can have touched.

A finding hangs on a place (gaps, overlaps), on an area, on a stall zone with its stalls, on a
facility or on a code. Judging again drops all that hangs on what was touched and finds it anew,
with the same functions, so that both ways give the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.planning.codes import code_findings, twice_findings
from geo.planning.coverage import COVERAGE_RULES, WORLD, coverage_findings
from geo.planning.findings import RULES, Change, Finding, LayerName, Rules, ref
from geo.planning.ground import Ground, box_of, merged, shapes_of
from geo.planning.hours import hours_findings
from geo.planning.moves import GRID, move_findings
from geo.planning.nesting import nested, nesting_findings
from geo.planning.plan import ABOVE, Plan, Source, kinds_above
from geo.planning.siting import KEPT_FREE, siting_findings
from geo.planning.stalls import homeless_findings, stall_findings
from geo.records import StallZone
from geo.types import BBox

AREA_RULES = ("nesting", "parent", "code_prefix", "code_unknown")
ZONE_RULES = (
    *("zone_overlap", *KEPT_FREE, "capacity_stalls", "capacity_room"),
    *("stall_outside", "stall_zone_missing", "stall_twice"),
)
_GRAVITY = ("error", "warning", "notice")
_TOUCH_M = 0.1
"""What is nearer than this to a changed box may have been touched."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What judging again brings: the keys of findings that are gone, and those that hold now."""

    gone: frozenset[str]
    found: tuple[Finding, ...]

    def applied_to(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return all findings of the plan as they are now, in the order of `judge`."""
        kept = [one for one in findings if one.key not in self.gone]
        return in_order([*kept, *self.found])


NOTHING = Judgement(frozenset(), ())


def judge(plan: Plan, rules: Rules = RULES) -> list[Finding]:
    """Return everything that the rules find in a plan, errors first, then by rule and key.

    Whatever the order of the plan's records, the findings and their order are the same.
    """
    found: list[Finding] = []
    for kind in _kinds(plan):
        if kind in plan.exclusive():
            found += coverage_findings(plan, kind, rules)
        found += _area_findings(plan, kind, WORLD, rules)
    for zone in plan.zone_tree.records:
        found += _zone_findings(zone, plan, rules)
    for code in plan.stalls_by_zone.keys() - {zone.code for zone in plan.zones}:
        found += homeless_findings(code, plan.stalls([code]), rules)
    found += twice_findings("areas", plan.drawn, rules)
    found += twice_findings("stall_zones", plan.zones, rules)
    found += twice_findings("facilities", plan.all_facilities, rules)
    found += hours_findings(plan.unread(), rules)
    grids = plan.published(GRID, WORLD), plan.areas(GRID, WORLD)
    found += move_findings(plan.facilities(WORLD), *grids, rules)
    return in_order(found)


def rejudge(
    source: Source,
    findings: Iterable[Finding],
    changes: Collection[Change],
    rules: Rules = RULES,
) -> Judgement:
    """Return what replaces the findings that a change can touch; `source` has the plan after it.

    `findings` are all that were found before, with the same rules; the changes are all since then.
    """
    known = list(findings)
    parts = [_area_part(source, known, kind, changes, rules) for kind in _kinds(source)]
    parts += [
        _zone_part(source, known, changes, rules),
        _code_part(source, known, changes, rules),
        _hours_part(source, known, changes, rules),
        _move_part(source, known, changes, rules),
    ]
    gone = frozenset(key for part in parts for key in part.gone)
    return Judgement(gone, tuple(in_order(one for part in parts for one in part.found)))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, each key once, the gravest first, then by rule and key."""
    by_key = {one.key: one for one in findings}
    return sorted(by_key.values(), key=lambda f: (_GRAVITY.index(f.severity), f.rule, f.key))


def _kinds(source: Source) -> list[str]:
    return sorted({*ABOVE, *source.exclusive()})


# --- areas ------------------------------------------------------------------------------------


def _area_part(
    source: Source, known: Sequence[Finding], kind: str, changes: Collection[Change], rules: Rules
) -> Judgement:
    boxes, whole = _boxes_of(source, kind, changes)
    if not boxes:
        return NOTHING
    mine = [one for one in known if one.layer == "areas" and one.kind == kind]
    frames = shapely.union_all([shapely.box(*box.bounds) for box in boxes])
    covers = [f for f in mine if f.rule in COVERAGE_RULES and frames.intersects(f.shape)]
    found: list[Finding] = []
    if kind in source.exclusive():
        # What was told of a place before has to be seen as a whole, to know what is left of it.
        held = [box_of(f.shape) for f in covers if f.shape is not None]
        windows = None if whole else merged([*boxes, *held])
        found += coverage_findings(source, kind, rules, windows)
    refs = {ref(area) for box in boxes for area in source.areas(kind, box)}
    refs |= {f"{kind}:{one.code}" for one in changes if one.layer == "areas" and one.kind == kind}
    for box in boxes:
        found += _area_findings(source, kind, box, rules)
    gone = [f for f in mine if f.rule in AREA_RULES and f.features[0] in refs]
    return Judgement(frozenset(f.key for f in [*covers, *gone]), tuple(found))


def _boxes_of(source: Source, kind: str, changes: Iterable[Change]) -> tuple[list[BBox], bool]:
    """Where areas of a kind have to be judged again, and whether that is everywhere.

    It is when a kind came or went that says what has to be filled: as far as can be seen from
    here, when nothing is left of it that did not change.
    """
    counts, changed, boxes = source.counts(), defaultdict(set), []
    for change in changes:
        is_above = change.kind in kinds_above(kind, {**counts, change.kind: 1})
        if change.layer == "areas" and (change.kind == kind or is_above):
            changed[change.kind].add(change.code)
            boxes.append(_touched(change.box))
    whole = any(len(codes) >= counts.get(one, 0) for one, codes in changed.items())
    return ([WORLD], True) if whole else (merged(boxes), False)


def _area_findings(source: Source, kind: str, box: BBox, rules: Rules) -> Iterator[Finding]:
    if kind not in ABOVE or not rules.keys() & set(AREA_RULES):
        return
    areas = source.areas(kind, box)
    if areas:
        around = BBox(*shapely.total_bounds(shapes_of(areas)).tolist())
        kinds = kinds_above(kind, source.counts())
        nests = nested(areas, {above: source.areas(above, around) for above in kinds}, rules)
        yield from nesting_findings(nests, rules)
        yield from code_findings(nests, rules)


# --- stall zones with their stalls ------------------------------------------------------------


def _zone_part(
    source: Source, known: Sequence[Finding], changes: Collection[Change], rules: Rules
) -> Judgement:
    boxes = [box for change in changes for box in _reach(change, rules)]
    codes = {one.code for one in changes if one.layer in ("stall_zones", "stalls")}
    codes |= {zone.code for box in merged(boxes) for zone in source.stall_zones(box)}
    if not codes:
        return NOTHING
    found: list[Finding] = []
    zones = [z for z in source.coded("stall_zones", "", codes) if isinstance(z, StallZone)]
    for zone in zones:
        found += _zone_findings(zone, source, rules)
    for code in codes - {zone.code for zone in zones}:
        found += homeless_findings(code, source.stalls([code]), rules)
    gone = (one.key for one in known if one.rule in ZONE_RULES and _zones_of(one) & codes)
    return Judgement(frozenset(gone), tuple(found))


def _reach(change: Change, rules: Rules) -> Iterator[BBox]:
    """How far a change is felt by stall zones."""
    if change.layer == "stall_zones":
        yield _touched(change.box)
    for name, kind in KEPT_FREE.items():
        if change.layer in ("areas", "facilities") and change.kind == kind and name in rules:
            yield _touched(change.box, rules[name].width_m)


def _zone_findings(zone: StallZone, source: Source, rules: Rules) -> Iterator[Finding]:
    yield from siting_findings(zone, source, rules)
    yield from stall_findings(zone, source.stalls([zone.code]), rules)


def _zones_of(found: Finding) -> set[str]:
    """The codes of the zones that a finding hangs on."""
    if found.rule == "zone_overlap":
        return {_code(feature) for feature in found.features}
    if found.layer == "stall_zones":
        return {_code(found.features[0])}
    # Of a stall the zone comes behind it, unless there is none: then it is in the stall's name.
    last = found.features[-1]
    return {_code(last).rpartition("/")[0] if len(found.features) == 1 else _code(last)}


# --- codes, hours, and what lies in another grid ------------------------------------------------


def _code_part(
    source: Source, known: Sequence[Finding], changes: Iterable[Change], rules: Rules
) -> Judgement:
    asked: defaultdict[tuple[LayerName, str], set[str]] = defaultdict(set)
    for one in changes:
        if one.layer != "stalls":
            asked[one.layer, "" if one.layer == "stall_zones" else one.kind].add(one.code)
    found: list[Finding] = []
    for (layer, kind), codes in asked.items():
        found += twice_findings(layer, source.coded(layer, kind, codes), rules)
    gone = (
        one.key
        for one in known
        if one.rule == "code_twice"
        and _code(one.features[0])
        in asked.get((one.layer, "" if one.layer == "stall_zones" else one.kind), ())
    )
    return Judgement(frozenset(gone), tuple(found))


def _hours_part(
    source: Source, known: Iterable[Finding], changes: Iterable[Change], rules: Rules
) -> Judgement:
    if all(one.layer not in ("stall_zones", "facilities") for one in changes):
        return NOTHING
    # They are few, if any: all are found anew.
    gone = frozenset(one.key for one in known if one.rule == "hours_unreadable")
    return Judgement(gone, tuple(hours_findings(source.unread(), rules)))


def _move_part(
    source: Source, known: Sequence[Finding], changes: Collection[Change], rules: Rules
) -> Judgement:
    of_grids = [c for c in changes if c.layer == "areas" and c.kind == GRID]
    of_facilities = [c for c in changes if c.layer == "facilities"]
    boxes = merged(_touched(change.box) for change in [*of_grids, *of_facilities])
    if not boxes or "grid_changed" not in rules:
        return NOTHING
    moved = {f"{change.kind}:{change.code}" for change in of_facilities}
    frames = shapely.union_all([shapely.box(*box.bounds) for box in boxes])
    found: list[Finding] = []
    for box in boxes:
        facilities = source.facilities(box)
        moved |= {ref(facility) for facility in facilities}
        if facilities:
            shapes = np.array([f.geometry for f in facilities], dtype=object)
            around = BBox(*shapely.total_bounds(shapes).tolist())
            grids = source.published(GRID, around), source.areas(GRID, around)
            found += move_findings(facilities, *grids, rules)
    gone = (
        one.key
        for one in known
        if one.rule == "grid_changed"
        and (
            one.features[0] in moved or shapely.intersects_xy(frames, one.place.lon, one.place.lat)
        )
    )
    return Judgement(frozenset(gone), tuple(found))


def _code(feature: str) -> str:
    return feature.partition(":")[2]


def _touched(box: BBox, more_m: float = 0.0) -> BBox:
    return Ground.at((box.south + box.north) / 2).around(box, _TOUCH_M + more_m)
