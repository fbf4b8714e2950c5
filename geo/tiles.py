"""Tiles of the web map: their numbers, their place, and which of them a box touches.

Numbers count from the west and from the north. Web Mercator is only how the map is cut here;
nothing is measured in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from geo.errors import NotFound
from geo.types import BBox

MAX_ZOOM = 17
"""The deepest tiles; maps that go deeper enlarge these."""

MAX_LAT = 85.0511287
# Numbers of the deepest tiles have six digits. Written one way only, and never in other alphabets.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the map: zoom, column, row."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.z <= MAX_ZOOM and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise NotFound(
                f"no tile {self.z}/{self.x}/{self.y}: zoom is 0 to {MAX_ZOOM}, column and row are "
                "0 to 2^zoom - 1"
            )

    @classmethod
    def parse(cls, z: str, x: str, y: str) -> Tile:
        """Read the three numbers; raises `NotFound` for what is none, or out of range."""
        if not all(_NUMBER.fullmatch(word) for word in (z, x, y)):
            raise NotFound(
                "a tile is zoom/column/row in plain whole numbers, like 14/13285/6889.mvt"
            )
        return cls(int(z), int(x), int(y))

    @property
    def box(self) -> BBox:
        """Its box in degrees."""
        side = 2**self.z
        west, east = (number / side * 360 - 180 for number in (self.x, self.x + 1))
        north, south = (
            math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * number / side))))
            for number in (self.y, self.y + 1)
        )
        return BBox(west, south, east, north)


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of tiles of one zoom, first and last columns and rows included."""

    z: int
    west: int
    north: int
    east: int
    south: int

    @classmethod
    def touching(cls, box: BBox, z: int) -> Block:
        """Return the tiles that touch a box, which must not cross the antimeridian."""
        west, north = _numbers(box.west, box.north, z)
        east, south = _numbers(box.east, box.south, z)
        return cls(z, west, north, east, south)

    @property
    def size(self) -> int:
        """How many tiles there are in it."""
        return (self.east - self.west + 1) * (self.south - self.north + 1)

    def tiles(self) -> Iterator[Tile]:
        """Every tile in it."""
        for x in range(self.west, self.east + 1):
            for y in range(self.north, self.south + 1):
                yield Tile(self.z, x, y)

    def holds(self, tile: Tile) -> bool:
        """Return whether the tile, of the same zoom, is in it."""
        return self.west <= tile.x <= self.east and self.north <= tile.y <= self.south


def _numbers(lon: float, lat: float, z: int) -> tuple[int, int]:
    side = 2**z
    phi = math.radians(min(max(lat, -MAX_LAT), MAX_LAT))
    x = math.floor((lon + 180) / 360 * side)
    y = math.floor((0.5 - math.atanh(math.sin(phi)) / (2 * math.pi)) * side)
    return min(max(x, 0), side - 1), min(max(y, 0), side - 1)
