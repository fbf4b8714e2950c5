"""Parks, residential compounds and business districts: what unit grids are built over with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import shapely
from shapely.geometry import Polygon

from data.demo import codes, words
from data.demo.ground import degrees, to_lonlat, to_metres
from data.demo.tiling import joined
from data.demo.town import Block, Town, largest, one_per_community
from geo.hours import parse_hours
from geo.records import Area, Facility
from geo.schedules import ALWAYS

PARKS, COMPOUNDS, BUSINESS_DISTRICTS = 49, 60, 4
BUSINESS_REACH_M = 230.0
PARK_HOURS = (ALWAYS, ALWAYS, parse_hours("06:00-22:00"), parse_hours("05:30-23:00"))
PARK_WORDS: tuple[words.Named, ...] = (
    ("游园", "Garden"),
    ("公园", "Park"),
    ("广场", "Square"),
    ("口袋公园", "Pocket Park"),
)
RIVERSIDE_PARK: words.Named = ("滨河公园", "Riverside Park")
RIVERSIDE_PARK_M = 35.0
"""From the water: the road along it may lie between."""


def parks(town: Town, blocks: Sequence[Block], rng: Random) -> dict[str, Facility]:
    """Return the parks by the code of the block that they take up, one in a community."""
    chosen = one_per_community(blocks, rng)[:PARKS]
    return {
        block.area.code: _park(town, block, serial, rng)
        for serial, block in enumerate(chosen, start=1)
    }


def compounds(blocks: Sequence[Block], rng: Random) -> dict[str, Area]:
    """Return the compounds by the code of the block that they take up."""
    names = [
        (stem[0] + end[0], f"{stem[1]} {end[1]}")
        for stem in words.COMPOUND_STEMS
        for end in words.COMPOUND_ENDINGS
    ]
    chosen = zip(rng.sample(blocks, COMPOUNDS), rng.sample(names, COMPOUNDS), strict=True)
    return {
        block.area.code: _compound(block, name, number, rng)
        for number, (block, name) in enumerate(chosen, start=1)
    }


def business_districts(town: Town) -> list[Area]:
    """Return the districts around places on the main streets, where communities meet."""
    avenue, *streets = town.roads[:BUSINESS_DISTRICTS]
    middles = [(avenue, 0.62), *((street, 0.4) for street in streets)]
    found = []
    for number, (road, share) in enumerate(middles, start=1):
        around = road.line.interpolate(share, normalized=True).buffer(BUSINESS_REACH_M)
        held = [
            block.area.geometry
            for block in town.blocks
            if to_metres(block.area.geometry).intersects(around)
        ]
        zh, en = words.BUSINESS_DISTRICTS[number - 1]
        found.append(
            Area(
                "business_district",
                codes.numbered("LD-B", number),
                f"{zh}商圈",
                joined(held),
                f"{en} Business District",
                codes.DISTRICT,
            )
        )
    return found


def _compound(block: Block, name: words.Named, number: int, rng: Random) -> Area:
    buildings = rng.randint(4, 26)
    return Area(
        "compound",
        codes.numbered("LD-C", number),
        name[0],
        to_lonlat(largest(block.inner(rng.uniform(9, 16)).simplify(1.5))),
        name[1],
        block.community.code,
        {"buildings": buildings, "households": buildings * rng.randint(24, 68)},
    )


def _park(town: Town, block: Block, serial: int, rng: Random) -> Facility:
    lawn = block.inner(rng.uniform(7, 14))
    word = rng.choice(PARK_WORDS)
    if block.land.distance(town.water) < RIVERSIDE_PARK_M:
        word = RIVERSIDE_PARK
    elif word == PARK_WORDS[3]:
        lawn = _pocket(lawn, rng)
    shape = to_lonlat(largest(lawn.simplify(1.0)))
    return Facility(
        "park",
        codes.component("park", serial),
        block.stem[0] + word[0],
        shape,
        f"{block.stem[1]} {word[1]}",
        address=town.address(block, lawn.centroid),
        schedule=rng.choice(PARK_HOURS),
        attributes={"gates": _gates(shape, rng), "lit": rng.random() < 0.8},
    )


def _pocket(lawn: Polygon, rng: Random) -> Polygon:
    """A corner of a block."""
    corner = lawn.exterior.interpolate(rng.random(), normalized=True)
    return largest(lawn & corner.buffer(rng.uniform(32, 60), quad_segs=6))


def _gates(shape: Polygon, rng: Random) -> list[list[float]]:
    """Places on the edge, spread around it."""
    count = rng.randint(1, 4)
    start = rng.random()
    ring = to_metres(shape.exterior)
    spots = [
        ring.interpolate((start + gate / count) % 1.0, normalized=True) for gate in range(count)
    ]
    rows: list[list[float]] = degrees(shapely.get_coordinates(spots)).tolist()
    return rows
