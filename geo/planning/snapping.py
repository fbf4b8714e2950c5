"""Closing what is only carelessly drawn: thin gaps and overlaps, each given to one neighbour.

Nothing else moves: no corner is rounded, no border is shifted that was sound. GEOS has a cleaner
for whole coverages (`coverage_clean`); it also settles overlaps of any width, knows no areas above,
and looked at 40,000 sound unit grids for 9 s where this takes 3 s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import shapely
import shapely.affinity
from shapely import STRtree
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import Floats
from geo.planning.coverage import Cover, common_border, faults
from geo.planning.findings import Rule, Rules
from geo.planning.ground import Ground, joined, worth_telling
from geo.planning.plan import ABOVE, kinds_above
from geo.records import Area

_LEAST_M = 0.001
# Even a millimetre is closed, whatever a city tells.
_EVERYTHING: Rules = {name: Rule(name, "error", _LEAST_M, 0.0001) for name in ("gap", "overlap")}
_MOST_ROUNDS = 3
_DUST_DEG = 1e-10
_DUST_M = 1e-5
"""What an overlay leaves behind where lines are the same but for the last digit."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A border that was moved: the area before and after, and how far at most, metres."""

    kind: str
    code: str
    before: Polygon | MultiPolygon
    after: Polygon | MultiPolygon
    distance_m: float


@dataclass(frozen=True, slots=True)
class Snapped:
    """All areas in the order they came in, and those of them whose border was moved."""

    areas: tuple[Area, ...]
    moved: tuple[Moved, ...]


def snap(areas: Sequence[Area], tolerance_m: float) -> Snapped:
    """Return the areas with gaps and overlaps closed that move no border farther than that.

    From the city down, so that lower borders follow. A gap goes to the neighbour with the longest
    border in common, an overlap stays with it; those that name the area above as their own come
    first. What is wider is left to the planner.
    """
    by_kind: dict[str, list[int]] = defaultdict(list)
    for at, area in enumerate(areas):
        by_kind[area.kind].append(at)
    counts = {kind: len(held) for kind, held in by_kind.items()}
    now = list(areas)
    for kind in (kind for kind in ABOVE if kind in by_kind):
        held = kinds_above(kind, counts)
        above = [now[at] for one in held for at in by_kind[one]]
        ranked = sorted(by_kind[kind], key=lambda at: (now[at].code, now[at].geometry.bounds))
        closing = _Closing([now[at] for at in ranked], above, tolerance_m)
        for at, shape in zip(ranked, closing.shapes(), strict=True):
            if shape is not now[at].geometry:
                now[at] = replace(now[at], geometry=shape)
    moved = (
        Moved(new.kind, new.code, old.geometry, new.geometry, apart_m(old.geometry, new.geometry))
        for old, new in zip(areas, now, strict=True)
        if old is not new
    )
    return Snapped(tuple(now), tuple(moved))


class _Closing:
    """Areas of one kind while their thin faults are being closed, by position."""

    def __init__(self, areas: Sequence[Area], above: Sequence[Area], tolerance_m: float) -> None:
        self._areas, self._above, self._tolerance_m = areas, above, tolerance_m
        self._shapes = [area.geometry for area in areas]

    def shapes(self) -> list[Polygon | MultiPolygon]:
        """Return the shapes when nothing more can be closed."""
        for _ in range(_MOST_ROUNDS):
            before = list(self._shapes)
            drawn = [
                replace(area, geometry=shape)
                for area, shape in zip(self._areas, self._shapes, strict=True)
            ]
            cover = Cover(drawn[0].kind, drawn, self._above, bool(self._above))
            at = {id(area): number for number, area in enumerate(drawn)}
            found = faults(cover, _EVERYTHING, with_cracks=True)
            for one, other, _ in found.overlaps:
                self._part(at[id(one)], at[id(other)])
            for gap, around, _ in found.gaps:
                self._fill(gap, [at[id(area)] for area in around])
            if all(old is new for old, new in zip(before, self._shapes, strict=True)):
                break
        # What came back to where it was drawn is as it was drawn.
        return [
            area.geometry if apart_m(area.geometry, shape) < _DUST_M else shape
            for area, shape in zip(self._areas, self._shapes, strict=True)
        ]

    def _part(self, one: int, other: int) -> None:
        """Take each thin piece that two areas share away from one of them."""
        shared = shapely.intersection(self._shapes[one], self._shapes[other])
        for piece in worth_telling(shared, _LEAST_M, 0.0):
            for loser in reversed(self._best(piece, (one, other))):
                if self._takes(loser, shapely.difference, piece):
                    break

    def _fill(self, gap: Polygon, around: Sequence[int]) -> None:
        """Give nobody's ground to one neighbour, or cut it up among those that it passes by."""
        home = [at for at in around if self._at_home(at, gap)]
        if self._give(gap, home):
            return
        for piece in _split(gap, [self._shapes[at] for at in around]):
            self._give(piece, around)

    def _give(self, piece: Polygon, around: Iterable[int]) -> bool:
        return any(self._takes(at, shapely.union, piece) for at in self._best(piece, around))

    def _takes(self, at: int, overlay: Callable[..., BaseGeometry], piece: Polygon) -> bool:
        """Give or take a piece, if no border is then too far from where it was drawn."""
        drawn, shape = self._areas[at].geometry, self._shapes[at]
        # On a grid spikes and hairlines close that the last digit would leave.
        found = _clean(overlay(shape, piece, grid_size=_DUST_DEG), [shape, piece])
        if found.is_empty or apart_m(drawn, found) > self._tolerance_m:
            return False
        self._shapes[at] = found
        return True

    def _best(self, piece: Polygon, around: Iterable[int]) -> list[int]:
        """Who should have a piece: at home there, then the longest border, then the lower code."""
        reach = Ground.of(piece).degrees(_LEAST_M)
        common = {at: common_border(self._shapes[at], piece.boundary, reach) for at in around}
        bordering = [at for at in sorted(common) if common[at] > 0]
        return sorted(bordering, key=lambda at: (not self._at_home(at, piece), -common[at]))

    def _at_home(self, at: int, piece: Polygon) -> bool:
        spot = shapely.point_on_surface(piece)
        codes = {area.code for area in self._above if area.geometry.intersects(spot)}
        return not codes or self._areas[at].parent_code in codes


def _split(gap: Polygon, around: Sequence[BaseGeometry]) -> list[Polygon]:
    """A gap cut across wherever two neighbours meet on its rim: a strip may pass by many."""
    rim = gap.exterior
    reach = Ground.of(gap).degrees(_LEAST_M)
    shared = [shapely.intersection(rim, shape.buffer(reach)) for shape in around]
    lines: list[BaseGeometry] = [rim, *gap.interiors]
    for (i, one), (j, other) in combinations(enumerate(shared), 2):
        across = [border for n, border in enumerate(shared) if n not in (i, j)]
        for node in map(Point, shapely.get_coordinates(one & other)):
            if across:
                far = shapely.shortest_line(node, shapely.union_all(across))
                lines.append(shapely.affinity.scale(far, 1.001, 1.001))
    cut = shapely.polygonize(shapely.get_parts(shapely.union_all(lines)))
    inside = [p for p in shapely.get_parts(cut) if gap.contains(shapely.point_on_surface(p))]
    return sorted((p for p in inside if isinstance(p, Polygon)), key=lambda p: p.bounds)


def apart_m(one: BaseGeometry, other: BaseGeometry) -> float:
    """Return how far the corners of two shapes are at most from the other shape, metres."""
    ground = Ground.of(one)
    return float(shapely.hausdorff_distance(ground.flat(one), ground.flat(other)))


def _clean(shape: BaseGeometry, drawn: Sequence[BaseGeometry]) -> Polygon | MultiPolygon:
    """The shape without what are only lines to the eye; corners that were drawn are as drawn."""
    spots = shapely.get_coordinates(drawn)
    tree = STRtree([Point(spot) for spot in spots])

    def as_drawn(rows: Floats) -> Floats:
        points = [Point(row) for row in rows]
        row, spot = tree.query_nearest(points, max_distance=2 * _DUST_DEG, all_matches=False)
        rows[row] = spots[spot]
        return rows

    parts = [one for one in shapely.get_parts(shape) if isinstance(one, Polygon)]
    kept = [one for one in parts if worth_telling(one, _DUST_M, 0.0)]
    fine = shapely.transform(joined(kept), as_drawn) if kept else Polygon()
    return fine if fine.is_valid else joined(kept)
