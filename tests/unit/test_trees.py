"""A tree that was taken over again and again finds what a new one finds."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.trees import Shapes, ShapeTree


def boxes(rng: np.random.Generator, many: int) -> Shapes:
    x, y = rng.uniform(0, 1, (2, many))
    return np.asarray(shapely.box(x, y, x + 0.1, y + 0.1), dtype=object)


@pytest.mark.parametrize("seed", range(20))
def test_shapes_that_go_and_come_are_found_where_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = boxes(rng, int(rng.integers(0, 40)))
    tree = ShapeTree.over(shapes)
    for _ in range(12):
        kept = rng.random(len(shapes)) > 0.1
        come = boxes(rng, int(rng.integers(0, 12)))
        at = np.sort(rng.integers(0, kept.sum() + 1, len(come)))
        moved = np.cumsum(kept) - 1
        moved += np.searchsorted(at, moved, side="right")
        moved[~kept] = -1
        shapes = np.insert(shapes[kept], at, come)

        tree = tree.after(moved, shapes)

        for x, y in rng.uniform(0, 1.1, (30, 2)):
            point = shapely.points(x, y)
            held = np.flatnonzero(shapely.intersects(shapes, point))
            assert tree.near(point).tolist() == held.tolist()


def test_a_city_that_changed_much_gets_a_tree_of_its_own() -> None:
    shapes = boxes(np.random.default_rng(1), 1_000)
    tree = ShapeTree.over(shapes)
    nothing_stayed = np.full(1_000, -1)

    assert tree.after(np.arange(1_000), shapes).tree is tree.tree
    assert tree.after(nothing_stayed, shapes).tree is not tree.tree
