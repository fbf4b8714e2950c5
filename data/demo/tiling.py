"""From the flat plan to polygons in lon/lat that tile the city exactly.

All borders are noded once, bent, and rounded; polygons are then read off the lines. Two neighbours
therefore have the very same vertices, and so has every union of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.cuts import Cut, Leaf, Plan
from data.demo.ground import Floats, degrees
from data.demo.terrain import Terrain
from geo.errors import InvalidGeometry

NODE_GRID_M = 0.01
STEP_M = 28.0
"""The longest straight piece of a border."""


def tile(plan: Plan, terrain: Terrain) -> list[Polygon]:
    """Return the unit grids in the order of the plan's leaves, in lon/lat.

    Raises `InvalidGeometry` if the faces are not as many as the leaves.
    """

    def place(flat: Floats) -> Floats:
        return degrees(terrain.bend(flat))

    borders = [LineString(cut.ends) for cut in plan.cuts] + [LineString(_closed(plan.outline))]
    # Noded while straight: a junction on a line already bent would hang beside its chord.
    noded = shapely.union_all(np.array(borders), grid_size=NODE_GRID_M)
    bent = shapely.transform(shapely.segmentize(noded, STEP_M), place)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(bent)))
    middles = place(np.array([_middle(leaf) for leaf in plan.leaves]))
    leaf_of, face_of = STRtree(faces).query(shapely.points(middles), predicate="within")
    if not (np.array_equal(leaf_of, np.arange(len(middles))) and len(faces) == len(middles)):
        raise InvalidGeometry(
            f"{len(middles)} unit grids became {len(faces)} faces; take another seed"
        )
    return [shapely.orient_polygons(faces[face]) for face in face_of]


def joined(parts: Sequence[BaseGeometry]) -> Polygon:
    """Return the union of neighbouring tiles, with no vertices but theirs."""
    union = shapely.coverage_union_all(np.array(parts))
    if not isinstance(union, Polygon):
        raise InvalidGeometry(f"tiles that should touch make a {union.geom_type}")
    return shapely.orient_polygons(union)


def bent_line(cut: Cut, terrain: Terrain) -> LineString:
    """Return a cut as it runs on the ground, metres."""
    dense = shapely.segmentize(LineString(cut.ends), STEP_M)
    return shapely.transform(dense, terrain.bend)


def _closed(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [*ring, ring[0]]


def _middle(leaf: Leaf) -> tuple[float, float]:
    """A point inside: the mean corner of a convex piece."""
    xs, ys = zip(*leaf.ring, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
