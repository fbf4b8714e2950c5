"""Snapshots of what is hot, each read from one consistent view of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, text

from data.engine import translated
from data.queries.schedules import read_hours
from geo.nearest import Fixes
from geo.records import Assignment, Officer, Shift
from geo.roster import Roster
from geo.schedules import Calendar

Tokens = dict[str, tuple[str, frozenset[str], datetime]]
"""Tokens in force by digest: name, scopes, end."""


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Lend a connection on which every question sees the same state; raises `Unavailable`."""
    with translated(), engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


def revision_in(connection: Connection, layer: str) -> int:
    """Return the revision of a layer in the snapshot."""
    asked = text("SELECT coalesce(sum(revision), 0) FROM city.layers WHERE name = :layer")
    return int(connection.scalar(asked, {"layer": layer}) or 0)


def load_revisions(engine: Engine) -> dict[str, int]:
    """Return the revision of each layer that ever changed."""
    with snapshot(engine) as connection:
        rows = connection.execute(text("SELECT name, revision FROM city.layers"))
        return {row.name: row.revision for row in rows}


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
    revision = revision_in(connection, "officers")
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
    roles = "SELECT slug FROM city.kinds WHERE family = 'officer_role' ORDER BY slug"
    return Roster(
        officers,
        assignments,
        shifts,
        known_roles=connection.scalars(text(roles)),
        calendar=calendar,
        revision=revision,
    )


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
