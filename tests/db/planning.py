"""Planners at work on a copy of the demo city, each under a login of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url

from data.cluster import Cluster
from data.engine import make_engine
from data.planners import add_planner
from data.publications import publish_drafts
from data.scheduling import Waiting, schedule

Planner = psycopg.Connection[Any]

INSIDE = "112 27.73, 112.001 27.73, 112.001 27.731, 112 27.731, 112 27.73"
ADD = "INSERT INTO plan.areas (kind, code, name, geom) VALUES ('compound', %s, '小区', %s)"
RENAME = "UPDATE plan.stall_zones SET name = %s WHERE id = %s"
RENAME_FROM = "UPDATE plan.stall_zones SET name = %s, base_version = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Office:
    """A database with a plan in it, and its planners."""

    cluster: Cluster
    database: str
    passwords: dict[str, str]

    @contextmanager
    def at_work(self, name: str, application: str = "QGIS") -> Iterator[psycopg.Connection[Any]]:
        """Lend a planner's session; every statement is a save of its own."""
        with psycopg.connect(
            host=str(self.cluster.socket_dir),
            port=self.cluster.port,
            dbname=self.database,
            user=name,
            password=self.passwords[name],
            application_name=application,
            autocommit=True,
        ) as session:
            yield session

    @contextmanager
    def watched(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a session of the superuser."""
        url = make_url(self.cluster.url("postgres", self.database)).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as session:
            yield session

    def one(self, query: str, *given: object) -> Any:
        """Return the first column of the first row, as the superuser sees it."""
        with self.watched() as session:
            row = session.execute(query.encode(), given).fetchone()
            return None if row is None else row[0]


def open_office(cluster: Cluster, database: str, **languages: str) -> Office:
    """Return a database with the named planners."""
    engine = make_engine(cluster.url("postgres", database), role=None)
    with engine.begin() as connection:
        made = {name: add_planner(connection, name, lang) for name, lang in languages.items()}
    engine.dispose()
    return Office(cluster, database, made)


def close_office(office: Office) -> None:
    """Take the planners away: logins belong to the whole cluster."""
    with office.watched() as session:
        for name in office.passwords:
            session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def draw_zone(planner: psycopg.Connection[Any], code: str, grid: str) -> None:
    """Draw a night market, ten metres across, in a unit grid that has room for it."""
    planner.execute(
        b"INSERT INTO plan.stall_zones (kind, code, name, geom) SELECT 'night_market', %s, 'x', "
        b"ST_Multi(ST_Buffer(ST_PointOnSurface(geom)::geography, 5)::geometry) FROM plan.areas "
        b"WHERE kind = 'unit_grid' AND code = %s",
        [code, grid],
    )


def refusal(session: Planner, statement: str, *given: object) -> psycopg.Error:
    """What a statement is refused with: one of ours, with a remedy."""
    with pytest.raises(psycopg.Error) as caught:
        session.execute(statement.encode(), given)
    assert str(caught.value.sqlstate).startswith("TG"), caught.value
    assert caught.value.diag.message_hint
    return caught.value


def later(engine: Engine, after_s: float = 3600) -> Waiting:
    """Freeze what nobody has published, for a moment to come."""
    at = datetime.now(UTC) + timedelta(seconds=after_s)
    made = schedule(engine, at, by="bureau", note="later", accept_warnings=True)
    assert made is not None
    return made


def come(waits: Waiting) -> None:
    """Wait until its instant has come."""
    time.sleep(max(0.0, (waits.takes_effect_at - datetime.now(UTC)).total_seconds()) + 0.01)


def put(engine: Engine) -> Any:
    """Publish what planners drew, and return the generation."""
    return publish_drafts(engine, by="bureau", note="now", accept_warnings=True).generation
