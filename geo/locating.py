"""Which areas hold a point: an immutable index over all published areas, as PostGIS would answer.

One rule picks the winner where areas of an exclusive kind meet or overlap: an area that has the
point inside wins over one that has it on its border; then the lower code wins. It depends on
nothing but the data, so every worker and every rebuild answers alike.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geo.errors import InvalidCoordinate, UnknownKind
from geo.raster import UNSURE, Raster
from geo.trees import ShapeTree, tree_over
from geo.types import LonLat

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
"""Positions in the index; -1 where no area holds the point."""

# Preparing a shape speeds up the predicates on long borders and costs memory on all of them.
_PREPARE_FROM_VERTICES = 64
# Points of a batch that are looked at together: bounds the memory, and fits the caches.
_CHUNK = 65_536
# A raster takes as long to make as settling so many points for each area without it, measured with
# 40,000 grids: it is made when a kind was asked about so many, and is lost with the index.
_POINTS_BEFORE_RASTER = 4
_LEAST_AREAS = 1_000


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of an area in an answer."""

    kind: str
    code: str
    name: str
    name_en: str
    exclusive: bool
    public: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An area that holds a point; `position` is its place in the index."""

    position: int
    on_border: bool


class AreaIndex:
    """The areas that hold between two instants, by place. Never edited: build a new one and swap.

    Labels and shapes must be in the order of kind and code. `valid_from` is when the last change
    before took effect, `valid_until` when the next known one will. `before` is an index of which
    most is taken over, and where its areas are in this one, -1 if they are gone.
    """

    def __init__(
        self,
        labels: Sequence[Label],
        shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_],
        *,
        revision: int = 0,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        before: tuple[AreaIndex, Positions] | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self.revision, self.valid_from, self.valid_until = revision, valid_from, valid_until
        self.shapes = np.asarray(shapes, dtype=object)
        _prepare(self.shapes[shapely.get_num_coordinates(self.shapes) > _PREPARE_FROM_VERTICES])
        if before is None:
            self._tree = ShapeTree.over(self.shapes)
        else:
            known, moved = before
            self._tree = known._tree.after(moved, self.shapes)
        self._trees: dict[str, STRtree] = {}
        self._rasters: dict[str, Raster] = {}
        self._asked: Counter[str] = Counter()
        # Making one takes a while: whoever needs a tree must not wait for it.
        self._raster_lock = Lock()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def kinds(self) -> dict[str, slice]:
        """The kinds that there are, and where their areas stand."""
        # Searched, not gone through: this runs while requests wait.
        found: dict[str, slice] = {}
        start = 0
        while start < len(self.labels):
            kind = self.labels[start].kind
            end = bisect_right(self.labels, kind, lo=start, key=lambda label: label.kind)
            found[kind] = slice(start, end)
            start = end
        return found

    @cached_property
    def public_kinds(self) -> tuple[str, ...]:
        """The kinds that everybody may see."""
        return tuple(k for k, part in self.kinds.items() if self.labels[part.start].public)

    @property
    def is_all_public(self) -> bool:
        """Whether there is nothing here that not everybody may see."""
        return len(self.public_kinds) == len(self.kinds)

    def answers_for(self, at: datetime) -> bool:
        """Return whether the areas of this index are those that were valid at the instant."""
        begun = self.valid_from is None or at >= self.valid_from
        return begun and (self.valid_until is None or at < self.valid_until)

    def shape(self, hit: Hit) -> BaseGeometry:
        """Return the geometry of an area that was hit."""
        found: BaseGeometry = self.shapes[hit.position]
        return found

    def holding(self, point: LonLat, kinds: Iterable[str] | None = None) -> list[Hit]:
        """Return the areas that hold the point, by kind and code; of an exclusive kind one."""
        near = self._tree.near(shapely.points(point.lon, point.lat))
        if kinds is not None:
            parts = [self.kinds[kind] for kind in sorted(set(kinds)) if kind in self.kinds]
            asked = [near[(near >= part.start) & (near < part.stop)] for part in parts]
            near = np.concatenate([near[:0], *asked])
        return list(self._winners(self._hits(near, point)))

    def _tree_of(self, kind: str) -> STRtree:
        """The tree of one kind, made when many points are first asked about at once."""
        found = self._trees.get(kind)
        if found is None:
            with self._lock:
                found = self._trees.get(kind) or tree_over(self.shapes[self.kinds[kind]])
                self._trees[kind] = found
        return found

    def _hits(self, near: Positions, point: LonLat) -> Iterator[Hit]:
        if near.size == 0:
            return
        lon, lat = point.lon, point.lat
        shapes = self.shapes[near]
        touched = shapely.intersects_xy(shapes, lon, lat)
        inside = shapely.contains_xy(shapes, lon, lat)
        for position, hit, within in zip(
            near.tolist(), touched.tolist(), inside.tolist(), strict=True
        ):
            if hit:
                yield Hit(position, not within)

    def _winners(self, held: Iterable[Hit]) -> Iterator[Hit]:
        """Of exclusive kinds the first that has the point inside, else the first on the border."""
        waiting: Hit | None = None
        settled = ""
        for hit in held:
            label = self.labels[hit.position]
            if waiting is not None and self.labels[waiting.position].kind != label.kind:
                yield waiting
                waiting = None
            if not label.exclusive:
                yield hit
            elif label.kind == settled:
                continue
            elif hit.on_border:
                waiting = waiting or hit
            else:
                waiting, settled = None, label.kind
                yield hit
        if waiting is not None:
            yield waiting

    def winners(self, kind: str, lon: Floats, lat: Floats) -> Positions:
        """Return for each point the area of the kind that holds it, by the same rule for any kind.

        lon and lat are arrays of one length, WGS 84. Raises `InvalidCoordinate` naming the first
        bad point by its position, from 0, and `UnknownKind`.
        """
        if kind not in self.kinds:
            raise UnknownKind(f"no areas of kind {kind[:40]!r}; there are {', '.join(self.kinds)}")
        check_points(lon, lat)
        found = np.full(len(lon), -1, dtype=np.int64)
        for start in range(0, len(lon), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._settle(kind, lon[part], lat[part], found[part])
        return found

    def _settle(self, kind: str, lon: Floats, lat: Floats, found: Positions) -> None:
        """Write the winners of some points into `found`: by their cells, else one by one."""
        raster = self._raster_of(kind, len(lon))
        if raster is None:
            self._settle_each(kind, lon, lat, found)
            return
        cells = raster.cells(lon, lat)
        found[:] = raster.labels(cells)
        unsure = np.flatnonzero(found == UNSURE)
        # Neighbours one after another find the same shapes in the processor's cache.
        unsure = unsure[np.argsort(cells[unsure])]
        settled = np.full(len(unsure), -1, dtype=np.int64)
        self._settle_each(kind, lon[unsure], lat[unsure], settled)
        found[unsure] = settled

    def _raster_of(self, kind: str, many: int) -> Raster | None:
        """The raster of a kind, made as soon as enough points were asked about to pay for it."""
        found = self._rasters.get(kind)
        part = self.kinds[kind]
        if found is None:
            with self._raster_lock:
                self._asked[kind] += many
                found = self._rasters.get(kind)
                enough = _POINTS_BEFORE_RASTER * max(part.stop - part.start, _LEAST_AREAS)
                if found is None and self._asked[kind] > enough:
                    found = self._rasters[kind] = self._rastered(kind)
        return found

    def _rastered(self, kind: str) -> Raster:
        def settle(lon: Floats, lat: Floats) -> Positions:
            found = np.full(len(lon), -1, dtype=np.int64)
            self._settle_each(kind, lon, lat, found)
            return found

        return Raster(self.shapes[self.kinds[kind]], settle)

    def _settle_each(self, kind: str, lon: Floats, lat: Floats, found: Positions) -> None:
        """Write the winners of some points into `found`."""
        point, area = self._tree_of(kind).query(shapely.points(lon, lat))
        area += self.kinds[kind].start
        touched = shapely.intersects_xy(self.shapes[area], lon[point], lat[point])
        point, area = point[touched], area[touched]
        found[point] = area
        shared = np.bincount(point, minlength=len(lon))[point] > 1
        if not shared.any():
            return
        point, area = point[shared], area[shared]
        inside = shapely.contains_xy(self.shapes[area], lon[point], lat[point])
        # Backwards, so that the best one is written last and stays.
        order = np.lexsort((area, ~inside))[::-1]
        found[point[order]] = area[order]


# As with trees: GEOS finishes a prepared shape at its first question, and two threads that ask it
# together crash the process. So each is asked once before anybody has it.


def _prepare(shapes: npt.NDArray[np.object_]) -> None:
    shapely.prepare(shapes)
    west, south, east, north = shapely.bounds(shapes).T
    for predicate in (shapely.intersects_xy, shapely.contains_xy):
        predicate(shapes, (west + east) / 2, (south + north) / 2)


def check_points(lon: Floats, lat: Floats) -> None:
    """Raise `InvalidCoordinate` naming the first point that is none, by its position from 0."""
    if lon.shape != lat.shape or lon.ndim != 1:
        raise InvalidCoordinate(f"lon has {lon.size} numbers and lat {lat.size}: give as many")
    # Phrased positively so that NaN fails.
    good = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not good.all():
        first = int(np.argmin(good))
        raise InvalidCoordinate(
            f"point {first} (counted from 0) is no place: lon {lon[first]}, lat {lat[first]}; "
            f"{int((~good).sum())} of {good.size} points are not"
        )
