"""Trees over shapes, and how the tree of a city serves the same city with a few shapes changed.

GEOS takes in a shape at a time and lets no other thread run meanwhile: 15 ms for 40,000 of them,
which every request would feel after every publish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

Positions = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

# A share of changed shapes from which a new tree is worth its making.
_MANY = 0.02
_FEW = 64


@dataclass(frozen=True, slots=True)
class ShapeTree:
    """Which shapes may hold a point. `now` has where the shapes of the tree are, -1 if gone."""

    tree: STRtree
    now: Positions
    late: STRtree
    late_at: Positions

    @classmethod
    def over(cls, shapes: Shapes) -> ShapeTree:
        """Return a new tree over shapes."""
        none = np.empty(0, dtype=np.int64)
        return cls(tree_over(shapes), np.arange(len(shapes)), tree_over(shapes[:0]), none)

    def after(self, moved: Positions, shapes: Shapes) -> ShapeTree:
        """Return the tree over other shapes; `moved` has where ours are among them, -1 if gone."""
        now = np.where(self.now >= 0, moved[self.now], -1) if len(moved) else self.now
        is_late = np.ones(len(shapes), dtype=np.bool_)
        is_late[now[now >= 0]] = False
        late_at = np.flatnonzero(is_late)
        if len(late_at) > max(_FEW, _MANY * len(shapes)):
            return ShapeTree.over(shapes)
        return ShapeTree(self.tree, now, tree_over(shapes[late_at]), late_at)

    def near(self, point: BaseGeometry) -> Positions:
        """Return the positions of the shapes whose box holds the point, in order."""
        found = self.now[self.tree.query(point)]
        if len(self.late_at):
            late = self.late_at[self.late.query(point)]
            found = np.concatenate((found[found >= 0], late))
        found.sort()
        # Those that are gone come first.
        return found[np.searchsorted(found, 0) :]


def tree_over(shapes: Shapes) -> STRtree:
    """Return a tree that several threads may ask.

    GEOS finishes it at its first question, and two that ask that together crash the process.
    """
    tree = STRtree(shapes)
    tree.query(shapely.points(0.0, 0.0))
    return tree
