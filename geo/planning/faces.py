"""The ground that areas cut into faces: where one covers it, none, or several.

Every border is walked once on each side, in opposite directions, and cancels out. What is left is
where the number of areas changes: the outline, gaps, overlaps. In a good plan that is next to
nothing, so only those lines are crossed with each other and made into faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geo.crs import Floats
from geo.planning.ground import Shapes
from geo.types import BBox

Numbers = npt.NDArray[np.int64]
_MOST_ROUNDS = 32


@dataclass(frozen=True, slots=True)
class Lines:
    """Straight pieces of border; on one side of each lie `jumps` areas more than on the other."""

    begin: Floats
    end: Floats
    jumps: Numbers

    def within(self, box: BBox | None) -> Lines:
        """Return the pieces whose own box touches this one."""
        if box is None:
            return self
        low, high = np.minimum(self.begin, self.end), np.maximum(self.begin, self.end)
        west, south, east, north = box.bounds
        near = (low <= (east, north)).all(axis=1) & (high >= (west, south)).all(axis=1)
        return Lines(self.begin[near], self.end[near], self.jumps[near])


def changing_lines(shapes: Shapes) -> Lines:
    """Return where the number of shapes that cover the ground changes."""
    flat = shapely.orient_polygons(shapely.force_2d(shapes))
    rings = shapely.get_rings(shapely.get_parts(flat))
    spots, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    forward = np.ones(int(same.sum()), dtype=np.int64)
    return _left(spots[:-1][same], spots[1:][same], forward)


def faces(covers: Sequence[Shapes], weld_deg: float, box: BBox | None = None) -> Shapes:
    """Return the bounded faces between the changing lines of several covers of one ground.

    Vertices that are nearer to each other than `weld_deg` count as one. With a box only what is
    inside is cut, and the box itself is a border.
    """
    layers = _welded([changing_lines(shapes).within(box) for shapes in covers], weld_deg)
    begin = np.concatenate([layer.begin for layer in layers])
    end = np.concatenate([layer.end for layer in layers])
    if not len(begin):
        return np.empty(0, dtype=object)
    # In one order, so that what is computed from them is the same to the last digit.
    pieces = np.unique(np.column_stack((begin, end)), axis=0)
    lines = list(np.asarray(shapely.linestrings(pieces.reshape(-1, 2, 2))))
    if box is None:
        return _cut(lines)
    frame = shapely.box(*box.bounds)
    # Lines go on beyond the frame: cut there they would cross others a hair beside.
    cut = _cut([*lines, frame.exterior])
    return cut[shapely.contains(frame, shapely.point_on_surface(cut))]


def _cut(lines: Sequence[BaseGeometry]) -> Shapes:
    noded = shapely.get_parts(shapely.union_all(lines))
    return np.asarray(shapely.get_parts(shapely.polygonize(noded)))


def covering(spots: Shapes, tree: STRtree, weld_deg: float) -> Numbers:
    """Return how many shapes of a tree hold each spot, or come as near as what counts as one.

    Within a face there may be cracks between shapes, no wider than that, and a spot in one of them.
    """
    spot, _ = tree.query(spots, predicate="dwithin", distance=weld_deg)
    return np.bincount(spot, minlength=len(spots))


def spots_within(shapes: Shapes, clear_deg: float) -> Shapes:
    """Return a spot in each polygon, farther from its border than `clear_deg` where it has room.

    A point on the surface may lie where a polygon thins out to a crack, beside all that is around.
    """
    spots = np.asarray(shapely.point_on_surface(shapes), dtype=object)
    tight = shapely.distance(spots, shapely.boundary(shapes)) <= clear_deg
    if tight.any():
        inner = shapely.buffer(shapes[tight], -1.01 * clear_deg)
        has_room = ~shapely.is_empty(inner)
        spots[np.flatnonzero(tight)[has_room]] = shapely.point_on_surface(inner[has_room])
    return spots


def _left(begin: Floats, end: Floats, forward: Numbers) -> Lines:
    """What is left when pieces of opposite directions have cancelled out."""
    both = np.ascontiguousarray(np.concatenate((begin, end)))
    # Two columns as one number sort several times faster than rows do.
    spots, number = np.unique(both.view(np.complex128).ravel(), return_inverse=True)
    a, b = number[: len(begin)], number[len(begin) :]
    low, high = np.minimum(a, b), np.maximum(a, b)
    jumps = np.where(a < b, forward, -forward)
    pieces = low * np.int64(len(spots)) + high
    order = np.argsort(pieces, kind="stable")
    first = np.flatnonzero(np.diff(pieces[order], prepend=-1))
    total = np.add.reduceat(jumps[order], first) if len(first) else jumps[:0]
    kept = order[first][(total != 0) & (low != high)[order[first]]]
    places = np.column_stack((spots.real, spots.imag))
    held = total[(total != 0) & (low != high)[order[first]]]
    return Lines(places[low[kept]], places[high[kept]], held)


def _welded(layers: Sequence[Lines], weld_deg: float) -> list[Lines]:
    """The lines with vertices that are next to each other made one, so that noise cancels out."""
    ends = np.concatenate([rows for layer in layers for rows in (layer.begin, layer.end)])
    spots, number = np.unique(ends, axis=0, return_inverse=True)
    spots = spots[_nearest_first(spots, weld_deg)][number.ravel()]
    found, at = [], 0
    for layer in layers:
        size = len(layer.begin)
        begin, end = spots[at : at + size], spots[at + size : at + 2 * size]
        found.append(_left(begin, end, layer.jumps) if size else layer)
        at += 2 * size
    return found


def _nearest_first(spots: Floats, weld_deg: float) -> Numbers:
    """For each spot the first of those that it is welded to."""
    root = np.arange(len(spots))
    points = np.asarray(shapely.points(spots), dtype=object)
    a, b = STRtree(points).query(points, predicate="dwithin", distance=weld_deg)
    for _ in range(_MOST_ROUNDS):
        lower = root.copy()
        np.minimum.at(lower, a, root[b])
        if np.array_equal(lower, root):
            break
        root = lower
    return root
