"""The history of positions: kept in days that are dropped whole, out of reach of the public."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from data.cluster import Cluster
from data.engine import Role, make_engine


@pytest.fixture
def undone(engine_as: Callable[[Role], Engine]) -> Iterator[Connection]:
    """A connection whose every write is undone."""
    with engine_as("tidegrid_owner").connect() as connection:
        outer = connection.begin()
        yield connection
        outer.rollback()


def days(connection: Connection) -> list[str]:
    asked = (
        "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
        "WHERE inhparent = 'city.fixes'::regclass ORDER BY relname"
    )
    return list(connection.scalars(text(asked)))


def day(connection: Connection, ahead: int) -> str:
    asked = "SELECT to_char((now() AT TIME ZONE 'UTC')::date + :ahead, 'YYYYMMDD')"
    return f"fixes_{connection.scalar(text(asked), {'ahead': ahead})}"


def add_day(connection: Connection, ahead: int) -> str:
    """A day of which a fix was kept."""
    name = day(connection, ahead)
    asked = "SELECT (now() AT TIME ZONE 'UTC')::date"
    first = connection.scalars(text(asked)).one() + timedelta(days=ahead)
    made = "CREATE TABLE city.{} PARTITION OF city.fixes FOR VALUES FROM ('{}Z') TO ('{}Z')"
    connection.execute(text(made.format(name, first, first + timedelta(days=1))))
    connection.execute(
        text(
            "INSERT INTO city.fixes (batch, officer_code, received_at, geom, observed_at) "
            "VALUES (1, 'CG00', CAST(:at AS timestamptz), "
            "ST_SetSRID(ST_MakePoint(112, 27), 4326), now())"
        ),
        {"at": f"{first} 12:00Z"},
    )
    return name


def as_service(connection: Connection, statement: str) -> None:
    connection.execute(text("SET LOCAL ROLE tidegrid_service"))
    connection.execute(text(statement))
    connection.execute(text("SET LOCAL ROLE tidegrid_owner"))


def test_today_and_two_days_are_made_ahead(undone: Connection) -> None:
    for name in days(undone):
        undone.execute(text(f"DROP TABLE city.{name}"))

    as_service(undone, "SELECT city.keep_fixes(7)")
    as_service(undone, "SELECT city.keep_fixes(7)")

    assert days(undone) == [day(undone, ahead) for ahead in (0, 1, 2)]


def test_days_older_than_the_retention_are_dropped_whole(undone: Connection) -> None:
    old = [add_day(undone, ahead) for ahead in (-900, -40, -8)]
    kept = [add_day(undone, ahead) for ahead in (-7, -1)]

    as_service(undone, "SELECT city.keep_fixes(7)")

    assert days(undone) == [*kept, *(day(undone, ahead) for ahead in (0, 1, 2))]
    for name in old:
        assert undone.scalar(text("SELECT to_regclass(:name)"), {"name": f"city.{name}"}) is None
    assert undone.scalar(text("SELECT count(*) FROM city.fixes")) == len(kept)
    body = undone.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'keep_fixes'"))
    assert "DELETE" not in str(body).upper()


@pytest.mark.parametrize("kept", [0, -1])
def test_keeping_less_than_a_day_is_refused(undone: Connection, kept: int) -> None:
    with pytest.raises(DBAPIError, match="one day at least"):
        undone.execute(text(f"SELECT city.keep_fixes({kept})"))


# --- who may ------------------------------------------------------------------------------------


def refused(cluster: Cluster, database: str, role: Role, statement: str) -> bool:
    """Whether a login may not do it; what it may do is undone."""
    engine = make_engine(cluster.url(role, database), role=None)
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        return isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
    finally:
        engine.dispose()
    return False


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE city.mine (n int)",
        "CREATE TABLE city.mine PARTITION OF city.fixes DEFAULT",
        "DROP TABLE city.fixes",
        "DROP TABLE city.{today}",
        "ALTER TABLE city.fixes DETACH PARTITION city.{today}",
        "TRUNCATE city.fixes",
        "DELETE FROM city.fixes",
        "UPDATE city.fixes SET batch = 0",
        "SELECT setval('city.fix_batches', 1)",
    ],
)
def test_the_service_may_add_fixes_and_nothing_else(
    cluster: Cluster, migrated: str, undone: Connection, statement: str
) -> None:
    assert refused(cluster, migrated, "tidegrid_service", statement.format(today=day(undone, 0)))
    assert not refused(cluster, migrated, "tidegrid_service", "SELECT city.keep_fixes(7)")


@pytest.mark.parametrize("role", ["tidegrid_public", "tidegrid_planner"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM city.positions",
        "SELECT count(*) FROM city.fixes",
        "SELECT count(*) FROM city.{today}",
        "INSERT INTO city.fixes (batch, officer_code, observed_at) VALUES (1, 'CG00', now())",
        "SELECT city.keep_fixes(1)",
        "SELECT nextval('city.fix_batches')",
        "SELECT last_value FROM city.fix_batches",
    ],
)
def test_the_public_and_planners_reach_no_position_old_or_new(
    cluster: Cluster, migrated: str, undone: Connection, role: Role, statement: str
) -> None:
    assert refused(cluster, migrated, role, statement.format(today=day(undone, 0)))
