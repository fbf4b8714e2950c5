"""Saving one edited polygon in the plan, all triggers on, beside a bare table of the same rows."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import psycopg
import shapely
from psycopg.pq import ExecStatus
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import make_url, text

from bench.database import make_empty
from bench.stage import Ground, Pace
from bench.table import Row
from data.cluster import Cluster
from data.demo.city import build_city
from data.models import SRID
from geo.records import Area

LIMIT = 1.5
_SAVES = 300
_NUDGE_DEG = 1e-7  # a centimetre
_BARE = """
    CREATE TABLE public.bare AS SELECT * FROM plan.areas;
    ALTER TABLE public.bare ADD PRIMARY KEY (id), ADD UNIQUE (kind, code);
    CREATE INDEX ON public.bare USING gist (geom);
    GRANT SELECT, UPDATE ON public.bare TO tidegrid_planner;
"""
# As QGIS 3.22 sends it: the shape, and the version that the edit started from.
_SAVE = (
    'UPDATE {table} SET "base_version"={version},'
    '"geom"=st_multi(st_geomfromwkb($1::bytea,4326)) WHERE "id"={row_id}'
)
_PREPARED = b"updatefeature"
_TABLES = {"ours": "plan.areas", "bare": "public.bare"}

Planner = psycopg.Connection[tuple[object, ...]]
Save = Callable[[Planner, str, int, bytes], float]


def planning(ground: Ground, pace: Pace) -> list[Row]:
    """Return the row of one save: a transaction of its own, on the disk when it ends."""
    grids = _prepare(ground.cluster, "planning", build_city().areas)
    url = make_url(ground.cluster.url("tidegrid_planner", "planning"))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as planner:
        by_qgis = _saves(planner, grids, pace.rounds * _SAVES, _as_qgis)
        alone = _saves(planner, grids, pace.rounds * _SAVES, _alone)
    save = "saving one polygon of the demo city's plan: judged, versioned, kept in history"
    return [
        _row(f"{save}; all that QGIS sends", by_qgis, LIMIT),
        _row(f"{save}; one statement, prepared before", alone),
    ]


def _row(measure: str, taken: Mapping[str, Sequence[float]], most: float | None = None) -> Row:
    ours, bare = (median(taken[name]) for name in _TABLES)
    return Row(
        measure,
        _told(taken["ours"]),
        f"the same on a bare table with the same indexes: {_told(taken['bare'])}",
        f"{ours / bare:.2f} times",
        "" if most is None else f"≤ {most} times",
        None if most is None else ours / bare <= most,
        {name: [round(one * 1e6) for one in each] for name, each in taken.items()},
    )


def _prepare(cluster: Cluster, name: str, areas: Sequence[Area]) -> list[tuple[int, BaseGeometry]]:
    """The areas as drafts, and the same in a bare table; returns the unit grids."""
    owner = make_empty(cluster, name)
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        raw = connection.connection.cursor()
        with raw.copy(
            "COPY plan.areas (kind, code, name, name_en, attributes, geom) FROM STDIN"
        ) as copy:
            for area in areas:
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
    planner: Planner, grids: Sequence[tuple[int, BaseGeometry]], count: int, save: Save
) -> dict[str, list[float]]:
    """Seconds of each save, ours and the bare one in turn, in an order by chance."""
    chance = random.Random(7)
    taken: dict[str, list[float]] = {name: [] for name in _TABLES}
    for number in range(-_SAVES // 4, count):
        row_id, shape = chance.choice(grids)
        edited = shapely.to_wkb(_nudged(shape, chance.uniform(-_NUDGE_DEG, _NUDGE_DEG)))
        for name in chance.sample(list(_TABLES), 2):
            seconds = save(planner, _TABLES[name], row_id, edited)
            if number >= 0:
                taken[name].append(seconds)
    return taken


def _as_qgis(planner: Planner, table: str, row_id: int, edited: bytes) -> float:
    """Save by what QGIS 3.22 sends, one answer after another: it prepares anew for every save."""
    (version,) = planner.execute(
        f"SELECT row_version FROM {table} WHERE id = %s".encode(), [row_id]
    ).fetchone() or (1,)
    update = _SAVE.format(table=table, version=version, row_id=row_id).encode()
    link = planner.pgconn
    start = time.perf_counter()
    answers = [
        link.exec_(b"BEGIN"),
        link.prepare(_PREPARED, update),
        link.exec_prepared(_PREPARED, [edited], [1]),
        link.exec_(b"DEALLOCATE " + _PREPARED),
        link.exec_(b"COMMIT"),
    ]
    seconds = time.perf_counter() - start
    assert {one.status for one in answers} == {ExecStatus.COMMAND_OK}, answers
    return seconds


def _alone(planner: Planner, table: str, row_id: int, edited: bytes) -> float:
    """Save by one statement of a program that has prepared it before."""
    update = _SAVE.format(table=table, version="row_version", row_id="%s").replace("$1", "%s")
    start = time.perf_counter()
    planner.execute(update.encode(), (edited, row_id), prepare=True)
    return time.perf_counter() - start


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
