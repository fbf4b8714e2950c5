"""Saving one edited polygon in the plan, all triggers on, beside a bare table of the same rows."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from statistics import median

import psycopg
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import make_url, text

from bench.city import City
from bench.database import make_empty
from bench.stage import Pace, Stage
from bench.table import Row
from data.cluster import Cluster
from data.models import SRID

LIMIT = 1.5
_SAVES = 300
_NUDGE_DEG = 1e-7  # a centimetre
_BARE = """
    CREATE TABLE public.bare AS SELECT * FROM plan.areas;
    ALTER TABLE public.bare ADD PRIMARY KEY (id);
    CREATE INDEX ON public.bare USING gist (geom);
    GRANT SELECT, UPDATE ON public.bare TO tidegrid_planner;
"""
# As QGIS saves it: the shape, and the version that the edit started from.
_SAVE = (
    "UPDATE {table} SET geom = ST_GeomFromWKB(%s, 4326), base_version = row_version WHERE id = %s"
)
_TABLES = {"ours": "plan.areas", "bare": "public.bare"}


def planning(big: Stage, pace: Pace) -> list[Row]:
    """Return the row of one save: a transaction of its own, on the disk when it ends."""
    grids = _prepare(big.base.cluster, "planning", big.city)
    url = make_url(big.base.cluster.url("tidegrid_planner", "planning"))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as planner:
        taken = _saves(planner, grids, pace.rounds * _SAVES)
    ours, bare = (median(taken[name]) for name in _TABLES)
    return [
        Row(
            "saving one polygon of the plan: judged, versioned, kept in history",
            _told(taken["ours"]),
            f"the same update of a bare table with the same index: {_told(taken['bare'])}",
            f"{ours / bare:.2f} times",
            f"≤ {LIMIT} times",
            ours / bare <= LIMIT,
            {name: [round(one * 1e6) for one in each] for name, each in taken.items()},
        )
    ]


def _prepare(cluster: Cluster, name: str, city: City) -> list[tuple[int, BaseGeometry]]:
    """The areas of the city as drafts, and the same in a bare table; returns its unit grids."""
    owner = make_empty(cluster, name)
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        raw = connection.connection.cursor()
        with raw.copy(
            "COPY plan.areas (kind, code, name, name_en, attributes, geom) FROM STDIN"
        ) as copy:
            for area in city.areas:
                shape = shapely.set_srid(shapely.multipolygons([area.geometry]), SRID)
                shown = (
                    json.dumps(dict(area.attributes)),
                    shapely.to_wkb(shape, hex=True, include_srid=True),
                )
                copy.write_row((area.kind, area.code, area.name, area.name_en, *shown))
    with owner.begin() as connection:
        # The triggers were off: the city is cut into pieces by the first save of its outline.
        connection.execute(text("UPDATE plan.areas SET name = name WHERE kind = 'city'"))
        connection.exec_driver_sql(_BARE)
        grids = connection.execute(
            text("SELECT id, ST_AsBinary(geom) AS shape FROM plan.areas WHERE kind = 'unit_grid'")
        )
        found = [(row.id, shapely.from_wkb(bytes(row.shape))) for row in grids]
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    return found


def _saves(
    planner: psycopg.Connection[tuple[object, ...]],
    grids: Sequence[tuple[int, BaseGeometry]],
    count: int,
) -> dict[str, list[float]]:
    """Seconds of each save, ours and the bare one in turn, in an order by chance."""
    chance = random.Random(7)
    taken: dict[str, list[float]] = {name: [] for name in _TABLES}
    for number in range(-_SAVES // 4, count):
        row_id, shape = chance.choice(grids)
        edited = shapely.to_wkb(_nudged(shape, chance.uniform(-_NUDGE_DEG, _NUDGE_DEG)))
        for name in chance.sample(list(_TABLES), 2):
            start = time.perf_counter()
            planner.execute(
                _SAVE.format(table=_TABLES[name]).encode(), (edited, row_id), prepare=True
            )
            if number >= 0:
                taken[name].append(time.perf_counter() - start)
    return taken


def _nudged(shape: BaseGeometry, dx_deg: float) -> BaseGeometry:
    """The shape with its first vertex moved, as with the vertex tool."""
    (polygon,) = shapely.get_parts(shape)
    ring = shapely.get_coordinates(polygon.exterior)
    ring[[0, -1], 0] += dx_deg
    return MultiPolygon([Polygon(ring)])


def _told(taken: Sequence[float]) -> str:
    ordered = sorted(taken)
    low, high = (ordered[len(ordered) * part // 100] * 1000 for part in (10, 90))
    return f"median {median(ordered) * 1000:.2f} ms ({low:.2f} to {high:.2f})"
