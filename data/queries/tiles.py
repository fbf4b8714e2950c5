"""Vector tiles as PostGIS writes them, with the rights of whoever asks.

Straight through the driver with prepared statements: a session of the ORM costs more than the tile.
A feature belongs to the one tile that its place falls in and is not cut at the border, so nothing
is drawn twice and what is counted is there once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, cast

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import translated
from data.models import LEVELS
from geo.errors import Unavailable
from geo.tiles import Tile
from geo.types import BBox

TileLayer = Literal["stalls", "facilities"]
Driver = psycopg.AsyncConnection[tuple[Any, ...]]
Told = dict[str, Any]

MOST_BYTES = 200_000
"""No tile is larger, uncompressed."""

MOST_SINGLE = 1_000
"""Of more facilities than that a tile tells how many are where, not each one."""

ZONES_FROM, STALLS_FROM = 14, 17
"""Zooms from which zones and stalls are drawn one by one."""

# Clusters are 16 * 16 in a tile, or half as many each way until they fit.
_CLUSTERS = (4, 3, 2, 1, 0)
# Squares end at zoom 18. Finer clusters are added up from the facilities themselves, unless that
# would be too many.
_MOST_ADDED_UP = 4_000
# Zones that are too much for a tile lose vertices first; in dots of a tile.
_TOLERANCES = (0, 4, 16, 64)
# Where stalls must fit into the tile as well, zones leave them room.
_MOST_BYTES_ZONES = 120_000
_DOTS, _WORLD_M = 4096, 40_075_016.685_578_488
# The box only finds candidates; whole numbers decide, and rounding must not lose one on a border.
_SLACK_DEG = 1e-7

_COUNT = """
    SELECT coalesce(sum(n), 0)::bigint AS n FROM city.facility_cells
    WHERE level = %(level)s AND x = ANY(%(columns)s) AND y BETWEEN %(first_row)s AND %(last_row)s
"""
_COLUMNS = {
    "facilities": "id, kind, code, name, name_en, schedule_id, state",
    "stall_zones": "id, kind, code, geom",
    "stalls": "id, zone_code, number, goods, state",
}
# OFFSET 0 keeps the place from being worked out again for each use.
_PLACED = {
    table: f"""(
    SELECT *, city.map_x(place) AS x, city.map_y(place) AS y FROM (
        SELECT {columns}, city.place_of(geom) AS place FROM city.{table}
        WHERE geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
            AND upper_inf(valid)
        OFFSET 0
    ) AS near OFFSET 0
) AS placed"""
    for table, columns in _COLUMNS.items()
}
_IN_TILE = "x >> %(to_tile)s = %(x)s AND y >> %(to_tile)s = %(y)s"
_DOT = "ST_MakePoint(({x} >> %(to_dot)s) & 4095, ({y} >> %(to_dot)s) & 4095)"

_FACILITIES = f"""
    SELECT ST_AsMVT(told, 'facilities', {_DOTS}, 'dot') FROM (
        SELECT kind || ':' || code AS id, kind, name, name_en,
            coalesce(schedule_id, 0) AS schedule, state, {_DOT.format(x="x", y="y")} AS dot
        FROM {_PLACED["facilities"]} WHERE {_IN_TILE} ORDER BY placed.id
    ) AS told
"""
# Counted first, from the fewest squares: that tells which way to draw the tile. Most are drawn in
# the same question.
_COUNTED_FACILITIES = f"""
    WITH counted AS MATERIALIZED ({_COUNT})
    SELECT n, CASE WHEN n BETWEEN 1 AND {MOST_SINGLE} THEN ({_FACILITIES}) END FROM counted
"""
_STALLS = f"""
    SELECT ST_AsMVT(told, 'stalls', {_DOTS}, 'dot') FROM (
        SELECT zone_code AS zone, number, goods, state, {_DOT.format(x="x", y="y")} AS dot
        FROM {_PLACED["stalls"]} WHERE {_IN_TILE} ORDER BY placed.id
    ) AS told
"""
# What is smaller than a dot is a square dot, not nothing; a ring the other way round were a hole.
_ZONES = f"""
    SELECT ST_AsMVT(told, 'zones', {_DOTS}, 'shape') FROM (
        SELECT code AS id, kind, coalesce(
            ST_AsMVTGeom(
                ST_Simplify(ST_Transform(geom, 3857), %(tolerance)s, true),
                ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {_DOTS}, 0, false),
            ST_Reverse(ST_Expand({_DOT.format(x="x", y="y")}, 0.5))) AS shape
        FROM {_PLACED["stall_zones"]} WHERE {_IN_TILE} ORDER BY placed.id
    ) AS told
"""
_CLUSTERED = """
    WITH of_kind AS (
        SELECT x >> %(to_cluster)s AS x, y >> %(to_cluster)s AS y, kind,
            sum(n)::bigint AS n, sum(sum_x)::bigint AS sum_x, sum(sum_y)::bigint AS sum_y
        FROM ({summands}) AS summands GROUP BY 1, 2, 3
    )
    SELECT ST_AsMVT(told, %(name)s, 4096, 'dot') FROM (
        SELECT jsonb_object_agg(kind, n) || jsonb_build_object('n', sum(n)) AS counts, {dot} AS dot
        FROM of_kind GROUP BY x, y ORDER BY x, y
    ) AS told
""".replace("{dot}", _DOT.format(x="(sum(sum_x) / sum(n))::int", y="(sum(sum_y) / sum(n))::int"))
_OF_SQUARES = _CLUSTERED.format(
    summands="""
        SELECT x, y, kind, n, sum_x, sum_y FROM city.facility_cells
        WHERE level = %(level)s AND x = ANY(%(columns)s)
            AND y BETWEEN %(first_row)s AND %(last_row)s AND n > 0"""
)
_OF_FEATURES = {
    table: _CLUSTERED.format(
        summands=f"""
            SELECT x, y, {kind} AS kind, 1 AS n, x::bigint AS sum_x, y::bigint AS sum_y
            FROM {_PLACED[table]} WHERE {_IN_TILE}"""
    )
    for table, kind in (("facilities", "kind"), ("stall_zones", "kind"), ("stalls", "'stall'"))
}

_EXTENTS: dict[TileLayer, str] = {
    "facilities": """
        SELECT min(x), min(y), max(x), max(y) FROM city.facility_cells WHERE level = 12 AND n > 0
    """,
    "stalls": """
        SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (
            SELECT ST_Extent(geom) AS b FROM (
                SELECT geom FROM city.stall_zones WHERE upper_inf(valid)
                UNION ALL SELECT geom FROM city.stalls WHERE upper_inf(valid)
            ) AS shapes
        ) AS extent
    """,
}


@asynccontextmanager
async def lent_driver(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Lend a connection of the pool without SQLAlchemy around it; raises `Unavailable`.

    Every statement is a transaction of its own.
    """
    by_itself = engine.execution_options(isolation_level="AUTOCOMMIT")
    with translated():
        async with by_itself.connect() as connection:
            raw = await connection.get_raw_connection()
            try:
                yield cast(Driver, raw.driver_connection)
            except psycopg.OperationalError as error:
                raise Unavailable(
                    "the database does not answer in time; try again shortly"
                ) from error


async def tile_of(driver: Driver, layer: TileLayer, tile: Tile) -> bytes:
    """Return the tile, empty when nothing is in it; never longer than `MOST_BYTES`."""
    return await (_facilities if layer == "facilities" else _stalls)(driver, tile)


async def extent_of(driver: Driver, layer: TileLayer) -> BBox | None:
    """Return a box in degrees that holds all of a layer, None when there is nothing."""
    row = await (await driver.execute(_EXTENTS[layer], prepare=True)).fetchone()
    if row is None or row[0] is None:
        return None
    if layer == "stalls":
        return BBox(*row)
    northwest, southeast = Tile(12, row[0], row[1]).box, Tile(12, row[2], row[3]).box
    return BBox(northwest.west, southeast.south, southeast.east, northwest.north)


async def _facilities(driver: Driver, tile: Tile) -> bytes:
    told = _told(tile)
    count, body = await _row(driver, _COUNTED_FACILITIES, told | _squares(tile, tile.z))
    if count == 0 or (body is not None and len(body) <= MOST_BYTES):
        return bytes(body or b"")
    deepest = max(LEVELS)
    if tile.z + _CLUSTERS[0] > deepest and count <= _MOST_ADDED_UP:
        return await _clusters(driver, _OF_FEATURES["facilities"], told, "clusters", 30)
    squares = _squares(tile, min(tile.z + _CLUSTERS[0], deepest))
    return await _clusters(driver, _OF_SQUARES, told | squares, "clusters", squares["level"])


async def _stalls(driver: Driver, tile: Tile) -> bytes:
    if tile.z < ZONES_FROM:
        return b""
    with_stalls = tile.z >= STALLS_FROM
    zones = await _zones(driver, tile, _MOST_BYTES_ZONES if with_stalls else MOST_BYTES)
    if not with_stalls:
        return zones
    room, told = MOST_BYTES - len(zones), _told(tile)
    stalls = bytes(await _value(driver, _STALLS, told))
    if len(stalls) > room:
        stalls = await _clusters(driver, _OF_FEATURES["stalls"], told, "stall_clusters", 30, room)
    return zones + stalls


async def _zones(driver: Driver, tile: Tile, room: int) -> bytes:
    told = _told(tile)
    dot_m = _WORLD_M / 2**tile.z / _DOTS
    for dots in _TOLERANCES:
        body = bytes(await _value(driver, _ZONES, told | {"tolerance": dots * dot_m}))
        if len(body) <= room:
            return body
    return await _clusters(driver, _OF_FEATURES["stall_zones"], told, "zone_clusters", 30, room)


async def _clusters(
    driver: Driver, statement: str, told: Told, name: str, zoom: int, room: int = MOST_BYTES
) -> bytes:
    """As fine as fits; `zoom` is that of the numbers which are added up."""
    body = b""
    for depth in _CLUSTERS:
        to_cluster = max(zoom - told["z"] - depth, 0)
        asked = told | {"name": name, "to_cluster": to_cluster}
        body = bytes(await _value(driver, statement, asked))
        if len(body) <= room:
            break
    return body


async def _value(driver: Driver, statement: str, told: Told) -> Any:
    return (await _row(driver, statement, told))[0]


async def _row(driver: Driver, statement: str, told: Told) -> tuple[Any, ...]:
    found = await driver.execute(statement, told, prepare=True, binary=True)
    return await found.fetchone() or (None, None)


def _told(tile: Tile) -> Told:
    box = tile.box
    return {
        "z": tile.z,
        "x": tile.x,
        "y": tile.y,
        "to_tile": 30 - tile.z,
        "to_dot": 18 - tile.z,
        "west": box.west - _SLACK_DEG,
        "south": box.south - _SLACK_DEG if tile.y < 2**tile.z - 1 else -90.0,
        "east": box.east + _SLACK_DEG,
        "north": box.north + _SLACK_DEG if tile.y > 0 else 90.0,
    }


def _squares(tile: Tile, zoom: int) -> Told:
    """The squares of a tile, of the largest size that is not larger than tiles of a zoom."""
    level = min(level for level in LEVELS if level >= zoom)
    deeper = level - tile.z
    return {
        "level": level,
        "columns": list(range(tile.x << deeper, (tile.x + 1) << deeper)),
        "first_row": tile.y << deeper,
        "last_row": ((tile.y + 1) << deeper) - 1,
    }
