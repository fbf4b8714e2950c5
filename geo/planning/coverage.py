"""Gaps, overlaps and slivers between areas of a kind that tile the city."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.planning.faces import Numbers, covering, faces, spots_within
from geo.planning.findings import RULES, Finding, Pair, Rule, Rules, finding, listed, ref
from geo.planning.ground import (
    TIP,
    Flags,
    Ground,
    Shapes,
    are_wide,
    joined,
    pieces,
    shapes_of,
    thickness_m,
    wide_parts,
    widest,
)
from geo.planning.outside import is_outside
from geo.planning.plan import ABOVE, Source, kinds_above
from geo.planning.words import BESIDE, BETWEEN, KINDS, WITHIN
from geo.records import Area
from geo.types import BBox

COVERAGE_RULES = ("gap", "overlap", "sliver")
WORLD = BBox(-180, -90, 180, 90)
_REACHES_M = (20.0, 200.0, 2_000.0)
_LEAST_CLEAR_M = 0.01
_WELD_SHARE = 0.25
"""Vertices nearer than this share of the least width are one."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Areas of a kind around a place, and those above them."""

    kind: str
    areas: Sequence[Area]
    above: Sequence[Area]
    is_filled: bool
    """Whether areas above are drawn, which these have to fill."""

    @classmethod
    def read(cls, source: Source, kind: str, box: BBox) -> Cover:
        """Return the areas whose box touches this one."""
        kinds = kinds_above(kind, source.counts())
        above = [area for held in kinds for area in source.areas(held, box)]
        return cls(kind, source.areas(kind, box), above, bool(kinds))


@dataclass(frozen=True, slots=True)
class Faults:
    """Where a cover is no tiling: gaps, each with its neighbours, and pairs that overlap.

    `open_gaps` reach the border of the box that was looked at: how they go on was not seen.
    """

    gaps: Sequence[tuple[Polygon, Sequence[Area], Sequence[Area]]]
    overlaps: Sequence[tuple[Area, Area, Sequence[Polygon]]]
    open_gaps: Shapes


def coverage_findings(
    source: Source, kind: str, rules: Rules, boxes: Sequence[BBox] | None = None
) -> Iterator[Finding]:
    """Yield what is wrong between the areas of a kind; with boxes only what touches them.

    Each box must hold the whole of the findings known so far that touch it.
    """
    # A kind of which nothing is drawn yet leaves no gaps.
    if not rules.keys() & set(COVERAGE_RULES) or not source.counts().get(kind):
        return
    if boxes is None:
        yield from told(faults(Cover.read(source, kind, WORLD), rules), kind, rules)
    for box in boxes or ():
        yield from told(_closed_faults(source, kind, rules, box), kind, rules)


def _closed_faults(source: Source, kind: str, rules: Rules, box: BBox) -> Faults:
    """The faults in a box, which is made larger until it holds all of every gap that it touches.

    Where no areas above say what has to be filled, the outside looks like a gap that never ends,
    and a change can shut a crack far from here. So what is open has to prove that it is outside;
    where it cannot, all of the city is looked at.
    """
    ground, frame = Ground.at((box.south + box.north) / 2), shapely.box(*box.bounds)
    # Farther from every border than what is welded, so that no weld can shut the way out.
    clear_deg = ground.degrees(max(narrowest_m(rules), _LEAST_CLEAR_M))
    for reach_m in _REACHES_M:
        # Where a hole thins out its tip is seen to the end, or else reaches the border.
        wider = ground.around(box, reach_m + 2 * TIP * narrowest_m(rules))
        cover = Cover.read(source, kind, wider)
        found = faults(cover, rules, wider)
        touched = found.open_gaps[shapely.intersects(found.open_gaps, frame)]
        if not len(touched) or (
            not cover.is_filled
            and all(is_outside(hole, wider, kind, source, clear_deg) for hole in touched)
        ):
            return found
    return faults(Cover.read(source, kind, WORLD), rules)


def faults(
    cover: Cover, rules: Rules, box: BBox | None = None, *, with_cracks: bool = False
) -> Faults:
    """Return the faults of a cover, those too small or too thin to tell left out.

    So are cracks that lead away from a gap, unless they are asked for.
    """
    shapes, above = shapes_of(cover.areas), shapes_of(cover.above)
    if not len(shapes) and not len(above):
        return Faults((), (), shapes)
    ground = Ground.of(np.concatenate((shapes, above)))
    if box is None and not cover.is_filled and not with_cracks:
        # Where only a crack leads outside is a hole all the same: so the outside is a face, too.
        around = BBox(*shapely.total_bounds(shapes).tolist())
        box = ground.around(around, 3 * TIP * narrowest_m(rules))
    weld_deg = _WELD_SHARE * narrowest_m(rules) / max(ground.lon_m, ground.lat_m)
    cut = faces(_covers(cover, shapes), weld_deg, box)
    cut = cut[_may_be_told(cut, ground, rules, box)]
    spots = spots_within(cut, weld_deg)
    tree = STRtree(shapes)
    many = covering(spots, tree, weld_deg)
    is_hole = many == 0
    if cover.is_filled:
        is_hole &= covering(spots, STRtree(above), weld_deg) > 0
    holes, is_open = cut[is_hole], _near_frame(cut[is_hole], box)
    if not with_cracks:
        holes, is_open = _opened(holes, is_open, ground, rules, box)
    gaps = _gaps(cover, holes[~is_open], tree, weld_deg) if cover.kind in ABOVE else ()
    overlaps = _overlaps(cover.areas, cut[many > 1], tree, noise("overlap", rules))
    # Of kinds that need not tile nothing is missing, however far it goes on.
    open_gaps = holes[is_open] if cover.kind in ABOVE else holes[:0]
    return Faults(tuple(gaps), tuple(overlaps), open_gaps)


def _opened(
    holes: Shapes, is_open: Flags, ground: Ground, rules: Rules, box: BBox | None
) -> tuple[Shapes, Flags]:
    """What of holes is wide and large enough to tell, and of what the frame may hide a part."""
    rule, reach = noise("gap", rules), ground.degrees(TIP * noise("gap", rules).width_m)
    found: list[Polygon] = []
    for hole, is_cut in zip(holes, is_open.tolist(), strict=True):
        found += wide_parts(hole, rule.width_m, 0.0 if is_cut else rule.least_m2)
    parts = np.array(found, dtype=object)
    is_near = _near_frame(parts, box, 1.01 * reach)
    is_told = is_near | (thickness_m(parts, ground)[0] >= rule.least_m2)
    return parts[is_told], is_near[is_told]


def _covers(cover: Cover, shapes: Shapes) -> list[Shapes]:
    """The shapes by kind: lines cancel out within a kind only."""
    by_kind = defaultdict(list)
    for area in cover.above:
        by_kind[area.kind].append(area)
    return [shapes, *(shapes_of(areas) for areas in by_kind.values())]


def _overlaps(
    areas: Sequence[Area], crowded: Shapes, tree: STRtree, rule: Rule
) -> Iterator[tuple[Area, Area, Sequence[Polygon]]]:
    """The pairs that have ground in common where a face is covered more than once.

    One face may have several pairs: where one area takes the place of another beside a third, the
    number of areas does not change.
    """
    near = np.unique(tree.query(crowded, predicate="intersects")[1])
    shapes = tree.geometries[near]
    first, second = tree.query(shapes, predicate="intersects")
    first = near[first]
    each = np.unique(np.column_stack((first, second))[first < second], axis=0)
    shared = shapely.intersection(tree.geometries[each[:, 0]], tree.geometries[each[:, 1]])
    for (a, b), shape in zip(each.tolist(), shared, strict=True):
        parts = wide_parts(shape, rule.width_m, rule.least_m2)
        if parts:
            yield areas[a], areas[b], parts


def _gaps(
    cover: Cover, holes: Shapes, tree: STRtree, weld_deg: float
) -> Iterator[tuple[Polygon, Sequence[Area], Sequence[Area]]]:
    for hole in holes:
        around = _neighbours(hole, cover.areas, tree, weld_deg)
        # A hole that somebody drew into the only city is a lake or another city's land.
        if not ABOVE[cover.kind] and len(around) < 2:
            continue
        (spot,) = spots_within(np.array([hole], dtype=object), weld_deg)
        above = [area for area in cover.above if area.geometry.intersects(spot)]
        yield pieces(hole)[0], around, above


def _neighbours(
    hole: BaseGeometry, areas: Sequence[Area], tree: STRtree, weld_deg: float
) -> list[Area]:
    """The areas that have a piece of border in common with a hole, not only a corner."""
    reach = 2 * weld_deg
    near = np.sort(tree.query(hole, predicate="dwithin", distance=reach))
    return [areas[i] for i in near if common_border(areas[i].geometry, hole.boundary, reach) > 0]


def common_border(shape: BaseGeometry, rim: BaseGeometry, reach: float) -> float:
    """Return how long a shape runs along a rim, in degrees; 0 where it only touches a corner."""
    length = float(shapely.intersection(rim, shape.buffer(reach)).length)
    return length if length > 8 * reach else 0.0


def _near_frame(holes: Shapes, box: BBox | None, reach: float = 0.0) -> Flags:
    if box is None:
        return np.zeros(len(holes), dtype=np.bool_)
    frame = shapely.box(*box.bounds).exterior
    return np.asarray(shapely.dwithin(holes, frame, reach), dtype=np.bool_)


# --- what is told of them ---------------------------------------------------------------------


def told(found: Faults, kind: str, rules: Rules) -> Iterator[Finding]:
    """Yield the faults as findings: what is thin where it is widest is a sliver."""
    for hole, around, above in found.gaps:
        where = BETWEEN if len(around) > 1 else BESIDE
        if not around or (len(around) == 1 and _surrounds(around[0], hole)):
            where = WITHIN
        yield from _told("gap", hole, around or above, where, kind, rules)
    for a, b, parts in found.overlaps:
        yield from _told("overlap", joined(parts), (a, b), BETWEEN, kind, rules)


def _surrounds(area: Area, hole: Polygon) -> bool:
    filled = [Polygon(part.exterior) for part in pieces(area.geometry)]
    return bool(shapely.contains(filled, shapely.point_on_surface(hole)).any())


def _told(
    what: str,
    shape: Polygon | MultiPolygon,
    areas: Sequence[Area],
    where: tuple[str, str],
    kind: str,
    rules: Rules,
) -> Iterator[Finding]:
    least_m = rules["sliver"].width_m if "sliver" in rules else 0.0
    width_m, place = widest(shape, least_m or noise(what, rules).width_m)
    is_sliver = width_m < least_m
    if what not in rules and not is_sliver:
        return
    names = listed(areas)
    facts: dict[str, object] = {
        "names": names,
        "where": Pair(where[0].format(names=names.zh), where[1].format(names=names.en)),
        "kind": Pair(*KINDS.get(kind, (kind, kind))),
        "width": f"{width_m:.2f}",
    }
    yield finding(
        rules["sliver" if is_sliver else what],
        "areas",
        map(ref, areas),
        place,
        facts,
        words=f"sliver.{what}" if is_sliver else what,
        kind=kind,
        shape=shape,
        tag="@" if what == "gap" else "",
    )


def noise(what: str, rules: Rules) -> Rule:
    """Return the measures below which a gap or an overlap is noise.

    Of a rule that is off, those that are shipped: slivers are told all the same.
    """
    return rules.get(what, RULES[what])


def narrowest_m(rules: Rules) -> float:
    """Return the least width that is told, by any of the rules of coverage."""
    return min(noise(what, rules).width_m for what in ("gap", "overlap"))


def _may_be_told(cut: Shapes, ground: Ground, rules: Rules, box: BBox | None) -> Numbers:
    """Those that are wide and large enough for any rule, as far as is seen of them."""
    least_m2 = min(noise(what, rules).least_m2 for what in ("gap", "overlap"))
    areas, _ = thickness_m(cut, ground)
    large = np.flatnonzero((areas >= least_m2) | _near_frame(cut, box))
    return large[are_wide(cut[large], narrowest_m(rules), ground)]
