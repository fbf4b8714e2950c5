"""What the makers of stall zones and facilities need to know of the ground, in metres."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo import words
from geo.records import Area

LEAST_LAND_M2 = 8000.0


@dataclass(frozen=True, slots=True)
class Road:
    """A main street: its middle line and the ground between its kerbs."""

    name: words.Named
    line: LineString
    ribbon: Polygon


@dataclass(frozen=True, slots=True)
class Block:
    """A unit grid as a piece of ground; `land` is what river and main streets leave of it."""

    area: Area
    community: Area
    street: Area
    land: Polygon

    @property
    def stem(self) -> words.Named:
        """What places of the community are named after: its name without the word for it."""
        name, name_en = self.community.name, self.community.name_en
        return name.removesuffix("社区"), name_en.removesuffix(" Community")

    def inner(self, inset_m: float) -> Polygon:
        """Return the land that is farther from its edge than the inset; may be empty."""
        return largest(self.land.buffer(-inset_m))

    def kerb(self, rng: Random, inset_m: float) -> Point:
        """Return a place at the side of one of the streets around."""
        return self.inner(inset_m).exterior.interpolate(rng.random(), normalized=True)


@dataclass(frozen=True, slots=True)
class Town:
    """The whole ground."""

    blocks: Sequence[Block]
    roads: Sequence[Road]
    water: Polygon

    def road_at(self, place: BaseGeometry, within_m: float) -> Road | None:
        """Return the main street nearest to a place, if it is near."""
        road = min(self.roads, key=lambda road: road.line.distance(place))
        return road if road.line.distance(place) <= within_m else None

    def address(self, block: Block, place: Point) -> str:
        """Return where a place is, in words: street, community, and the side of a main street."""
        where = f"{words.DISTRICT[0]}{block.street.name}{block.community.name}"
        road = self.road_at(place, 80.0)
        if road is None:
            return where
        foot = road.line.interpolate(road.line.project(place))
        return f"{where}{road.name[0]}{_side(place.x - foot.x, place.y - foot.y)}侧"


def largest(shape: BaseGeometry) -> Polygon:
    """Return the largest part of a shape; an empty one for an empty shape."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def roomy(blocks: Sequence[Block]) -> list[Block]:
    """Return those with enough land to build on."""
    return [
        block
        for block in blocks
        if block.land.area > LEAST_LAND_M2 and block.inner(20.0).area > LEAST_LAND_M2 / 8
    ]


def without(blocks: Sequence[Block], taken: Collection[str]) -> list[Block]:
    """Return the blocks whose codes are not among the taken ones."""
    return [block for block in blocks if block.area.code not in taken]


def one_per_community(blocks: Sequence[Block], rng: Random) -> list[Block]:
    """Return a block of every community, in a drawn order."""
    deck = list(blocks)
    rng.shuffle(deck)
    return list({block.community.code: block for block in deck}.values())


def _side(east: float, north: float) -> str:
    if abs(east) > abs(north):
        return "东" if east > 0 else "西"
    return "北" if north > 0 else "南"
