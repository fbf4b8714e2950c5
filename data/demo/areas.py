"""The tiling areas: city, district, zones, streets, communities, responsibility and unit grids.

Parents: unit grid -> community -> street -> district -> city, and responsibility grid -> zone ->
city. A unit grid names its responsibility grid in its attributes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from random import Random
from typing import TypeVar

from shapely.geometry import Polygon

from data.demo import codes, words
from data.demo.cuts import Leaf
from data.demo.tiling import joined
from geo.records import Area

SYNTHETIC = {
    "synthetic": True,
    "note": (
        "虚构演示数据：除市、区、街道名称和公开的总数外均为编造 · "
        "synthetic demo data: all but the names of city, district and streets "
        "and the published totals is made up"
    ),
}

Key = TypeVar("Key", bound=Hashable)
Tiles = Mapping[int, Polygon]
"""Polygons by number."""


def tiling_areas(leaves: Sequence[Leaf], tiles: Sequence[Polygon], rng: Random) -> list[Area]:
    """Return the areas of every tiling level, from the city down to the unit grids."""

    def level(key: Callable[[Leaf], Key]) -> dict[Key, Polygon]:
        groups = defaultdict(list)
        for leaf, tile in zip(leaves, tiles, strict=True):
            groups[key(leaf)].append(tile)
        return {name: joined(parts) for name, parts in groups.items()}

    zones, streets = level(lambda leaf: leaf.zone), level(lambda leaf: leaf.street)
    grids, communities = level(lambda leaf: leaf.grid), level(lambda leaf: leaf.community)
    outline = joined(list(zones.values()))
    zone_of = {leaf.grid: leaf.zone for leaf in leaves}
    street_of = {leaf.community: leaf.street for leaf in leaves}

    grid_areas = _responsibility_grids(grids, zone_of)
    community_areas = _communities(communities, street_of, rng)
    return [
        Area("city", codes.CITY, words.CITY[0], outline, words.CITY[1], None, SYNTHETIC),
        Area("district", codes.DISTRICT, words.DISTRICT[0], outline, words.DISTRICT[1], codes.CITY),
        *(_zone(letter, zones[letter]) for letter in words.ZONES),
        *(_street(number, shape) for number, shape in streets.items()),
        *grid_areas.values(),
        *community_areas.values(),
        *_unit_grids(leaves, tiles, community_areas, grid_areas),
    ]


def _zone(letter: str, shape: Polygon) -> Area:
    zh, en = words.ZONES[letter]
    return Area("zone", codes.zone(letter), zh, shape, en, codes.CITY)


def _street(number: int, shape: Polygon) -> Area:
    zh, en = words.STREETS[number]
    code = codes.street(number + 1)
    return Area("street", code, f"{zh}街道", shape, f"{en} Sub-district", codes.DISTRICT)


def _responsibility_grids(grids: Tiles, zone_of: Mapping[int, str]) -> dict[int, Area]:
    found = {}
    for letter, (zh, en) in words.ZONES.items():
        held = [grid for grid in grids if zone_of[grid] == letter]
        for number, grid in _in_order(held, grids, codes.RESPONSIBILITY_GRID_BAND_DEG):
            found[grid] = Area(
                "responsibility_grid",
                codes.numbered(codes.zone(letter), number),
                f"{zh}第{number:02d}网格",
                grids[grid],
                f"{en} Grid {number:02d}",
                codes.zone(letter),
            )
    return found


def _communities(communities: Tiles, street_of: Mapping[int, int], rng: Random) -> dict[int, Area]:
    names = iter(rng.sample(words.COMMUNITIES, len(communities)))
    found = {}
    for street in range(len(words.STREETS)):
        held = [community for community in communities if street_of[community] == street]
        street_code = codes.street(street + 1)
        for number, community in _in_order(held, communities, codes.COMMUNITY_BAND_DEG):
            zh, en = next(names)
            found[community] = Area(
                "community",
                codes.community(street_code, number),
                f"{zh}社区",
                communities[community],
                f"{en} Community",
                street_code,
            )
    return found


def _unit_grids(
    leaves: Sequence[Leaf],
    tiles: Sequence[Polygon],
    communities: Mapping[int, Area],
    grids: Mapping[int, Area],
) -> list[Area]:
    by_number = dict(enumerate(tiles))
    found = []
    for number, community in communities.items():
        held = [index for index, leaf in enumerate(leaves) if leaf.community == number]
        for order, index in _in_order(held, by_number, codes.UNIT_GRID_BAND_DEG):
            found.append(
                Area(
                    "unit_grid",
                    codes.unit_grid(community.code, order),
                    f"{community.name}第{order:03d}单元网格",
                    tiles[index],
                    f"{community.name_en} Unit Grid {order:03d}",
                    community.code,
                    {"responsibility_grid": grids[leaves[index].grid].code},
                )
            )
    return found


def _in_order(held: Sequence[int], tiles: Tiles, band_deg: float) -> list[tuple[int, int]]:
    """Numbers from 1 in reading order, each with the tile that it is for."""
    order = codes.reading_order([tiles[number] for number in held], band_deg)
    return [(place, held[index]) for place, index in enumerate(order, start=1)]
