"""What a planner may not do, see or say."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Engine

from data.cluster import Cluster
from data.engine import Role
from data.planners import planners, remove_planner
from data.publications import discard
from data.turns import on_behalf
from tests.db.planning import (
    ADD,
    RENAME,
    Office,
    Planner,
    open_office,
    refusal,
)

AsOwner = Callable[[str, Role], Engine]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM city.officers", "SELECT 1 FROM city.assignments",
        "SELECT 1 FROM city.positions", "SELECT 1 FROM city.fixes", "SELECT 1 FROM city.tokens",
        "SELECT 1 FROM city.history", "SELECT 1 FROM plan.dirty", "DELETE FROM plan.dirty",
        "UPDATE city.areas SET name = ''", "INSERT INTO plan.findings (key) VALUES ('x')",
        "UPDATE plan.messages SET zh = ''", "UPDATE plan.rules SET words_zh = ''",
        "CREATE TABLE plan.mine (a int)", "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA mine", "CREATE FUNCTION plan.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE plan.areas DISABLE TRIGGER ALL", "DROP TABLE plan.areas",
        "TRUNCATE plan.areas", "CREATE ROLE mine", "SET ROLE tidegrid_owner",
        "SET ROLE tidegrid_service", "SET session_replication_role = replica",
        "SELECT plan.tell_overwritten('overwritten', 'areas', 1, NULL)",
        "SELECT plan.changed_since(0, 'areas', 1)", "SELECT city.raise_clock('areas', NULL)",
        "SELECT pg_read_file('/etc/passwd')", "COPY plan.areas TO '/tmp/x'",
    ],
)  # fmt: skip
def test_a_planner_can_do_nothing_but_plan(li_na: Planner, statement: str) -> None:
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName),
    ):
        li_na.execute(statement.encode())


def test_what_a_planner_forgets_ends_by_itself(li_na: Planner) -> None:
    limits = ("idle_in_transaction_session_timeout", "lock_timeout")
    found = [li_na.execute(f"SHOW {limit}".encode()).fetchone() for limit in limits]
    assert found == [("5min",), ("15s",)]


def test_a_planner_sees_no_camera_anywhere(li_na: Planner) -> None:
    for table in ("city.facilities", "plan.facilities"):
        row = li_na.execute(
            f"SELECT count(*) FROM {table} WHERE kind = 'camera'".encode()
        ).fetchone()
        assert row == (0,)


def test_only_the_service_says_for_whom_it_works(
    office: Office, engine: Engine, li_na: Planner, zone: int
) -> None:
    def who() -> list[str]:
        asked = "SELECT {} FROM {} WHERE {} = %s ORDER BY id DESC LIMIT 1"
        return [
            office.one(asked.format("edited_by", "plan.stall_zones", "id"), zone),
            office.one(asked.format("changed_by", "city.history", "row_id"), zone),
        ]

    li_na.execute("SET tidegrid.token = 'boss'")
    li_na.execute(RENAME.encode(), ["新", zone])
    assert who() == ["li_na", "li_na"]

    # What the service said for one does not hold for the next on its connection.
    for service, told in ((on_behalf(engine, "boss"), "token boss"), (engine, "tidegrid_service")):
        discard(service)
        assert who() == [told, told]
        li_na.execute(RENAME.encode(), ["新", zone])


def test_a_planner_cannot_pass_for_a_publication(li_na: Planner) -> None:
    li_na.execute("SET tidegrid.publishing = 'on'")

    assert refusal(li_na, ADD, "X6", "POLYGON((0 0, 1 0, 1 1, 0 0))").sqlstate == "TG105"


def test_who_is_removed_is_out_at_once_and_stays_in_history(
    office: Office, engine_of: AsOwner, cluster: Cluster, zone: int
) -> None:
    leaving = open_office(cluster, office.database, zhao="zh")
    engine = engine_of(cluster.url("postgres", office.database), None)  # type: ignore[arg-type]
    with leaving.at_work("zhao") as session:
        session.execute(RENAME.encode(), ["赵的", zone])
        with engine.connect() as connection:
            assert [p.sessions for p in planners(connection) if p.name == "zhao"] == [1]
            connection.rollback()
            assert remove_planner(connection, "zhao") == 1
            assert "zhao" not in [p.name for p in planners(connection)]
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError), leaving.at_work("zhao"):
        pass

    assert office.one("SELECT edited_by FROM plan.stall_zones WHERE id = %s", zone) == "zhao"
    assert office.one("SELECT count(*) FROM city.history WHERE changed_by = 'zhao'") == 1
