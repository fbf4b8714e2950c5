"""Facilities and service plates whose unit grid becomes another one when the plan is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely import STRtree

from geo.planning.findings import Finding, Pair, Rules, finding, label, ref
from geo.planning.ground import Shapes, shapes_of
from geo.planning.words import NOWHERE
from geo.records import NOT_THERE, Area, Facility

GRID = "unit_grid"


def move_findings(
    facilities: Sequence[Facility], before: Sequence[Area], after: Sequence[Area], rules: Rules
) -> Iterator[Finding]:
    """Yield the facilities that lie in one of the published grids, and not in it as drawn.

    What is not there any more has no plate to change.
    """
    facilities = [one for one in facilities if one.state not in NOT_THERE]
    if "grid_changed" not in rules or not before or not facilities:
        return
    spots = np.array([shapely.point_on_surface(f.geometry) for f in facilities], dtype=object)
    moved = np.flatnonzero(_near(spots, _differing(before, after)))
    old, new = (_holding(spots[moved], grids) for grids in (before, after))
    for i, was, becomes in zip(moved.tolist(), old, new, strict=True):
        if was and was != becomes:
            facts = {
                "name": label(facilities[i]),
                "old": was,
                "new": becomes or Pair(*NOWHERE),
            }
            grids = [f"{GRID}:{code}" for code in (was, becomes) if code]
            named = [ref(facilities[i]), *grids]
            yield finding(rules["grid_changed"], "facilities", named, spots[i], facts)


def _differing(before: Sequence[Area], after: Sequence[Area]) -> Shapes:
    """The shapes of grids that are not the same on both sides: most of a plan is."""
    old, new = ({(g.code, g.geometry.wkb) for g in grids} for grids in (before, after))
    return shapes_of(
        [g for g in before if (g.code, g.geometry.wkb) not in new]
        + [g for g in after if (g.code, g.geometry.wkb) not in old]
    )


def _near(spots: Shapes, shapes: Shapes) -> np.typing.NDArray[np.bool_]:
    found = np.zeros(len(spots), dtype=np.bool_)
    found[STRtree(shapes).query(spots, predicate="intersects")[0]] = True
    return found


def _holding(spots: Shapes, grids: Sequence[Area]) -> list[str | None]:
    """The code of the grid of each spot: inside wins over on the border, then the lower code."""
    shapes = shapes_of(grids)
    spot, grid = STRtree(shapes).query(spots, predicate="intersects")
    inside = shapely.contains_properly(shapes[grid], spots[spot])
    codes = [grids[i].code for i in grid]
    held = sorted(zip(spot.tolist(), (~inside).tolist(), codes, strict=True), reverse=True)
    winner = {number: code for number, _, code in held}
    return [winner.get(number) for number in range(len(spots))]
