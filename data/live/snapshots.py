"""Snapshots of what is hot, each read from one consistent view of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, Engine, text

from data.engine import translated
from data.queries.schedules import read_hours
from geo.locating import AreaIndex, Label
from geo.nearest import Fixes
from geo.openings import Calendar
from geo.records import Assignment, Officer, Shift
from geo.roster import Roster

Tokens = dict[str, tuple[str, frozenset[str], datetime]]
"""Tokens in force by digest: name, scopes, end."""

_REVISION = "SELECT coalesce(sum(revision), 0) FROM city.layers WHERE name = :layer"
# One array per column: a row of Python objects per area would hold the lock against everybody else.
# In the order of bytes, which is Python's, whatever the language of the database.
_AREAS = """
    SELECT array_agg(kind), array_agg(code), array_agg(name), array_agg(name_en), array_agg(wkb)
    FROM (SELECT kind, code, name, name_en, ST_AsBinary(geom) AS wkb FROM city.areas
        WHERE valid @> CAST(:at AS timestamptz)
        ORDER BY kind COLLATE "C", code COLLATE "C") AS ordered
"""
_CHANGES = """
    SELECT max(instant) FILTER (WHERE instant <= :at), min(instant) FILTER (WHERE instant > :at)
    FROM (SELECT lower(valid) AS instant FROM city.areas
        UNION ALL SELECT upper(valid) FROM city.areas) AS changes
"""
_KINDS = "SELECT slug, is_exclusive, is_public FROM city.kinds WHERE family = 'area'"


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Lend a connection on which every question sees the same state; raises `Unavailable`."""
    with translated(), engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


def load_areas(engine: Engine, at: datetime | None = None) -> AreaIndex:
    """Return the index of the areas valid now, or at an instant, with their revision."""
    with snapshot(engine) as connection:
        # The database's own clock: it wrote the validity.
        instant = at or connection.scalar(text("SELECT clock_timestamp()"))
        revision = int(connection.scalar(text(_REVISION), {"layer": "areas"}) or 0)
        kinds = {row[0]: (row[1], row[2]) for row in connection.execute(text(_KINDS))}
        columns = connection.execute(text(_AREAS), {"at": instant}).one()
        valid_from, valid_until = connection.execute(text(_CHANGES), {"at": instant}).one()
    names, codes, zh, en, shapes = (column or [] for column in columns)
    labels = [
        Label(kind, code, name, name_en, *kinds[kind])
        for kind, code, name, name_en in zip(names, codes, zh, en, strict=True)
    ]
    return AreaIndex(
        labels,
        shapely.from_wkb(np.array(shapes, dtype=object)),
        revision=revision,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def load_staff(engine: Engine) -> tuple[Roster, Fixes]:
    """Return who is who among the officers, and where each was last."""
    with snapshot(engine) as connection:
        roster = _roster(connection)
        fixes = _fixes(
            connection.execute(
                text(
                    "SELECT officer_code, ST_X(geom), ST_Y(geom), "
                    "extract(epoch FROM observed_at)::float8 FROM city.positions"
                )
            ).all(),
            roster,
            Fixes.none(len(roster)),
        )
    return roster, fixes


def load_batches(engine: Engine, batches: list[int], roster: Roster, fixes: Fixes) -> Fixes:
    """Return the fixes with those of some batches added."""
    with snapshot(engine) as connection:
        rows = connection.execute(
            text(
                "SELECT officer_code, ST_X(geom), ST_Y(geom), "
                "extract(epoch FROM observed_at)::float8 FROM city.fixes "
                "WHERE batch = ANY(:batches) ORDER BY observed_at"
            ),
            {"batches": batches},
        ).all()
    return _fixes(rows, roster, fixes)


def load_tokens(engine: Engine) -> Tokens:
    """Return the tokens in force."""
    asked = "SELECT digest, name, scopes, expires_at FROM city.tokens WHERE revoked_at IS NULL"
    with snapshot(engine) as connection:
        return {
            digest: (name, frozenset(scopes), expires_at)
            for digest, name, scopes, expires_at in connection.execute(text(asked))
        }


def _roster(connection: Connection) -> Roster:
    revision = int(connection.scalar(text(_REVISION), {"layer": "officers"}) or 0)
    officers = [
        Officer(*row) for row in connection.execute(text("SELECT code, name FROM city.officers"))
    ]
    assignments = [
        Assignment(*row)
        for row in connection.execute(
            text(
                "SELECT officer_code, role, area_kind, area_code, lower(during), upper(during) - 1 "
                "FROM city.assignments"
            )
        )
    ]
    shifts = [
        Shift(code, read_hours(hours, zone), since, until)
        for code, hours, zone, since, until in connection.execute(
            text(
                "SELECT s.officer_code, h.hours, h.time_zone, lower(s.during), upper(s.during) - 1 "
                "FROM city.shifts s JOIN city.schedules h ON h.id = s.schedule_id"
            )
        )
    ]
    days = connection.execute(text("SELECT day, kind FROM city.calendar_days"))
    year = connection.scalar(text("SELECT max(year) FROM city.calendar_years"))
    calendar = Calendar({row.day: row.kind for row in days}, date(year, 12, 31) if year else None)
    return Roster(officers, assignments, shifts, calendar=calendar, revision=revision)


def _fixes(rows: Any, roster: Roster, fixes: Fixes) -> Fixes:
    known = [row for row in rows if row[0] in roster.position]
    if not known:
        return fixes
    # Of several fixes of one officer the last row wins, and rows come in the order of their time.
    latest = {row[0]: row for row in known}
    at = np.array([roster.position[code] for code in latest], dtype=np.int64)
    lon, lat, seconds = (
        np.array([row[column] for row in latest.values()], dtype=np.float64) for column in (1, 2, 3)
    )
    return fixes.moved(at, lon, lat, seconds)
