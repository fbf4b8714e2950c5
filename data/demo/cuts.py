"""The flat plan: a convex city cut by straight lines into zones, streets, ... , unit grids.

Each piece is cut across its longer axis until it has its number of parts, so that every part is
convex, and a border of a higher level is a border of all lower ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import shapely
from shapely.geometry import Polygon

from data.demo.terrain import HALF_LENGTH_M, HALF_WIDTH_M, RIVER_Y_M

Spot = tuple[float, float]
Ring = list[Spot]

ZONES = {"N": 1, "E": 2, "S": 2, "W": 2}
"""Streets of each zone, seven in all."""
GRIDS_PER_STREET = 9
TWINS = (4, 5)
"""So many responsibility grids of a street hold two communities, by turns; the others hold one."""
SINGLE_SIZES, TWIN_SIZES = (18, 19, 20, 21, 24), (13, 14, 15, 16, 18)
"""Unit grids of a community that has its responsibility grid alone, or shares it."""
AVENUE_X, AVENUE_SLANT = -0.156 * HALF_LENGTH_M, -0.318 * HALF_LENGTH_M / HALF_WIDTH_M
"""Where the avenue crosses the river, and how it slants: every zone gets its share."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A straight border of the flat plan; `level` is the kind of area that it was made for."""

    level: str
    ends: tuple[Spot, Spot]

    @property
    def length_m(self) -> float:
        """From end to end."""
        return math.dist(*self.ends)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A unit grid of the flat plan, and the numbers of the areas that hold it."""

    ring: Ring
    zone: str
    street: int
    grid: int
    community: int


@dataclass(slots=True)
class Plan:
    """The flat city as it is being cut."""

    rng: Random
    outline: Ring
    cuts: list[Cut] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def split(self, ring: Ring, weights: Sequence[float], level: str) -> list[Ring]:
        """Return parts of a piece, in the order of the weights that their areas follow."""
        if len(weights) == 1:
            return [ring]
        middle = len(weights) // 2
        share = sum(weights[:middle]) / sum(weights)
        wobble = math.radians(3 if level == "unit_grid" else 9)
        normal = _long_axis(ring) + self.rng.uniform(-wobble, wobble)
        first, second, ends = _part(ring, normal, share)
        self.cuts.append(Cut(level, ends))
        return self.split(first, weights[:middle], level) + self.split(
            second, weights[middle:], level
        )


def draw_plan(rng: Random) -> Plan:
    """Return the whole flat city: every cut, and every unit grid in its place."""
    plan = Plan(rng, _ellipse())
    sizes = _community_sizes(rng)
    grid = community = street = 0
    for zone, ring in _zones(plan).items():
        for street_ring in plan.split(ring, [1.0] * ZONES[zone], "street"):
            counts = sizes[street]
            weights = [float(sum(parts)) for parts in counts]
            street_grids = plan.split(street_ring, weights, "responsibility_grid")
            for grid_ring, parts in zip(street_grids, counts, strict=True):
                for part, size in zip(
                    plan.split(grid_ring, parts, "community"), parts, strict=True
                ):
                    blocks = [rng.uniform(0.7, 1.45) for _ in range(size)]
                    for leaf in plan.split(part, blocks, "unit_grid"):
                        plan.leaves.append(Leaf(leaf, zone, street, grid, community))
                    community += 1
                grid += 1
            street += 1
    return plan


def _zones(plan: Plan) -> dict[str, Ring]:
    """The river parts north and east from south and west; the avenue crosses it."""
    river = math.pi / 2, RIVER_Y_M
    slant = math.atan(-AVENUE_SLANT)
    avenue = slant, AVENUE_X * math.cos(slant) + RIVER_Y_M * math.sin(slant)
    below, above, ends = _cut(plan.outline, *river)
    plan.cuts.append(Cut("river", ends))
    south_west, north_east = _cut(below, *avenue), _cut(above, *avenue)
    _, _, ends = _cut(plan.outline, *avenue)
    plan.cuts.append(Cut("zone", ends))
    return {"N": north_east[0], "E": north_east[1], "S": south_west[1], "W": south_west[0]}


def _community_sizes(rng: Random) -> list[list[list[int]]]:
    """By street, by responsibility grid: how many unit grids each community has."""
    streets = sum(ZONES.values())
    twins = [TWINS[street % 2] for street in range(streets)]
    paired = _deck(TWIN_SIZES, 2 * sum(twins), rng)
    alone = _deck(SINGLE_SIZES, streets * GRIDS_PER_STREET - sum(twins), rng)
    found = []
    for count in twins:
        grids = [[next(paired), next(paired)] for _ in range(count)]
        grids += [[next(alone)] for _ in range(GRIDS_PER_STREET - count)]
        rng.shuffle(grids)
        found.append(grids)
    return found


def _deck(sizes: Sequence[int], count: int, rng: Random) -> Iterator[int]:
    """Sizes in a drawn order; their sum is the same for every seed."""
    deck = [sizes[i % len(sizes)] for i in range(count)]
    rng.shuffle(deck)
    return iter(deck)


def _ellipse(corners: int = 240) -> Ring:
    turns = [2 * math.pi * i / corners for i in range(corners)]
    return [(HALF_LENGTH_M * math.cos(turn), HALF_WIDTH_M * math.sin(turn)) for turn in turns]


def _long_axis(ring: Ring) -> float:
    """Direction of the longer side of the tightest box around a piece, radians."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(Polygon(ring))).tolist()
    (ax, ay), (bx, by) = max(pairwise(box), key=lambda side: math.dist(*side))
    # Half a turn is the same axis: take the one to the right, whatever corner the box starts at.
    return math.atan((by - ay) / (bx - ax)) if bx != ax else math.pi / 2


def _part(ring: Ring, normal: float, share: float) -> tuple[Ring, Ring, tuple[Spot, Spot]]:
    """Cut a share of the area off, on the lower side along the normal."""
    cos, sin = math.cos(normal), math.sin(normal)
    heights = [x * cos + y * sin for x, y in ring]
    low, high, wanted = min(heights), max(heights), share * _area(ring)
    for _ in range(30):
        middle = (low + high) / 2
        if _area(_below(ring, normal, middle)[0]) < wanted:
            low = middle
        else:
            high = middle
    return _cut(ring, normal, high)


def _cut(ring: Ring, normal: float, offset: float) -> tuple[Ring, Ring, tuple[Spot, Spot]]:
    below, (a, b) = _below(ring, normal, offset)
    # The same two ends for both parts: computed twice they could differ in the last bit.
    above = [spot for spot in ring if _height(spot, normal) > offset]
    rest = shapely.convex_hull(shapely.multipoints([*above, a, b]))
    return below, [(x, y) for x, y in shapely.get_coordinates(rest)[:-1].tolist()], (a, b)


def _below(ring: Ring, normal: float, offset: float) -> tuple[Ring, list[Spot]]:
    """The part of a convex piece under a line, and the two ends of the cut."""
    kept: Ring = []
    ends: list[Spot] = []
    for here, after in zip(ring, ring[1:] + ring[:1], strict=True):
        low, high = _height(here, normal) - offset, _height(after, normal) - offset
        if low <= 0:
            kept.append(here)
        if (low <= 0) != (high <= 0):
            t = low / (low - high)
            crossing = (here[0] + t * (after[0] - here[0]), here[1] + t * (after[1] - here[1]))
            ends.append(crossing)
            kept.append(crossing)
    return kept, ends


def _height(spot: Spot, normal: float) -> float:
    return spot[0] * math.cos(normal) + spot[1] * math.sin(normal)


def _area(ring: Ring) -> float:
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
