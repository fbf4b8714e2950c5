"""Stall zones: straight strips and squares of numbered stalls along the kerbs of their blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import shapely
from shapely.geometry import Point, Polygon

from data.demo import codes
from data.demo.ground import to_lonlat
from data.demo.markets import MARKETS, STALLS, Market
from data.demo.town import Block, Town
from geo.errors import InvalidGeometry
from geo.hours import parse_hours
from geo.records import Stall, StallZone

PITCH_M, ROW_M = 2.6, 4.2
"""A stall's front, and its depth with its half of the aisle: 10.9 square metres."""
MARGIN_M = 1.0
LONGEST_ROW = 36
SETBACK_M = 4.0
MAIN_STREET_M = 28.0
"""A block this near to the middle of a main street lies on it."""
TRIES = 60


@dataclass(frozen=True, slots=True)
class Strip:
    """A rectangle of stalls on the ground: from a corner along a street, and away from it."""

    corner: Point
    along: tuple[float, float]
    away: tuple[float, float]
    columns: int
    rows: int

    @property
    def outline(self) -> Polygon:
        """The zone's border, metres."""
        length = self.columns * PITCH_M + 2 * MARGIN_M
        depth = self.rows * ROW_M + 2 * MARGIN_M
        return Polygon(
            [self._at(x, y) for x, y in ((0, 0), (length, 0), (length, depth), (0, depth))]
        )

    def place(self, index: int) -> Point:
        """Return the middle of a stall, counted row by row."""
        row, column = divmod(index, self.columns)
        return Point(self._at(MARGIN_M + (column + 0.5) * PITCH_M, MARGIN_M + (row + 0.5) * ROW_M))

    def number(self, index: int) -> str:
        """Return what is painted on the ground: the row's letter and the place in it."""
        row, column = divmod(index, self.columns)
        return f"{chr(ord('A') + row)}{column + 1:02d}"

    def _at(self, along_m: float, away_m: float) -> tuple[float, float]:
        return (
            self.corner.x + along_m * self.along[0] + away_m * self.away[0],
            self.corner.y + along_m * self.along[1] + away_m * self.away[1],
        )


def stall_zones(
    town: Town, blocks: Sequence[Block], rng: Random
) -> tuple[list[StallZone], list[Stall]]:
    """Return the zones and all their stalls; no two zones lie in one community."""
    places = rng.sample(blocks, len(blocks))
    zones: list[StallZone] = []
    stalls: list[Stall] = []
    for market, turn, capacity in _wanted(rng):
        block, strip = _settle(town, places, market, capacity, rng)
        places = [place for place in places if place.community.code != block.community.code]
        zone = _zone(town, block, strip, market, turn, capacity, len(zones) + 1)
        zones.append(zone)
        stalls += [
            Stall(zone.code, strip.number(i), to_lonlat(strip.place(i)), rng.choice(market.goods))
            for i in range(capacity)
        ]
    return zones, stalls


def _wanted(rng: Random) -> list[tuple[Market, int, int]]:
    """Every zone's market, its turn among those of the kind, and its number of stalls."""
    wanted = [(market, turn) for market in MARKETS for turn in range(market.count)]
    sizes = [rng.randint(market.least, market.most) for market, _ in wanted]
    while (missing := STALLS - sum(sizes)) != 0:
        step = 1 if missing > 0 else -1
        room = [
            index
            for index, (market, _) in enumerate(wanted)
            if market.least <= sizes[index] + step <= market.most
        ]
        for index in rng.sample(room, min(abs(missing), len(room))):
            sizes[index] += step
    return [(*each, size) for each, size in zip(wanted, sizes, strict=True)]


def _settle(
    town: Town, places: Sequence[Block], market: Market, capacity: int, rng: Random
) -> tuple[Block, Strip]:
    """The first block where the strip fits, on a main street if it must be."""
    for block in places:
        if market.on_main_street and town.road_at(block.land, MAIN_STREET_M) is None:
            continue
        allowed, kerb = block.inner(SETBACK_M - 1.0), block.inner(SETBACK_M)
        for _ in range(TRIES if not kerb.is_empty else 0):
            strip = _strip(kerb, capacity, rng)
            if market.on_main_street and town.road_at(strip.corner, MAIN_STREET_M) is None:
                continue
            if allowed.contains(strip.outline):
                return block, strip
    raise InvalidGeometry(f"no block has room for {capacity} stalls; take another seed")


def _strip(kerb: Polygon, capacity: int, rng: Random) -> Strip:
    """Somewhere along the edge of a block, turned towards its inside."""
    rows = math.ceil(capacity / LONGEST_ROW)
    columns = math.ceil(capacity / rows)
    ring = shapely.orient_polygons(kerb).exterior
    start = rng.uniform(0, ring.length)
    here = ring.interpolate(start)
    there = ring.interpolate((start + columns * PITCH_M) % ring.length)
    width = math.hypot(there.x - here.x, there.y - here.y) or 1.0
    along = (there.x - here.x) / width, (there.y - here.y) / width
    # The ring runs anticlockwise, so the inside is on the left.
    return Strip(here, along, (-along[1], along[0]), columns, rows)


def _zone(
    town: Town, block: Block, strip: Strip, market: Market, turn: int, capacity: int, number: int
) -> StallZone:
    outline = strip.outline
    return StallZone(
        market.kind,
        codes.numbered("LD-T", number),
        block.stem[0] + market.word[0],
        to_lonlat(outline),
        capacity,
        f"{block.stem[1]} {market.word[1]}",
        goods=market.goods,
        goods_banned=market.goods_banned,
        address=town.address(block, outline.centroid),
        rules=market.rules,
        fee=market.fees[turn % len(market.fees)],
        how_to_apply=market.how_to_apply,
        manager=f"{block.street.name}市容管理站",
        # One desk for all zones of a station.
        duty_phone=f"0738-5550{950 + int(block.street.code[-3:])}",
        phone=f"0738-5550{900 + number}",
        schedule=parse_hours(market.hours[turn % len(market.hours)]),
        overrides=market.overrides[turn % len(market.overrides)],
        attributes={"allocation": market.allocation},
    )
