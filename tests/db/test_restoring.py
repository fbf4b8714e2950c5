"""What planners may know of history, and bringing back what one person did and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.edits import edits_of
from data.engine import Role
from data.restoring import restore, restore_all_of
from geo.errors import InvalidParameter
from tests.db.planning import Office

Planner = psycopg.Connection[Any]
ADD = (
    "INSERT INTO plan.facilities (kind, code, name, geom) "
    "VALUES ('bin', %s, %s, 'POINT(112 27.73)')"
)
DELETE = "DELETE FROM plan.facilities WHERE code LIKE %s"


@pytest.fixture
def owner(office: Office, engine_of: Callable[[str, Role], Engine]) -> Engine:
    """Who restores."""
    return engine_of(office.cluster.url("postgres", office.database), "tidegrid_owner")


def test_a_code_that_another_took_since_is_not_restored_by_guess(
    office: Office, owner: Engine, li_na: Planner, wang: Planner
) -> None:
    li_na.execute(ADD.encode(), ["R1", "old"])
    li_na.execute(DELETE.encode(), ["R1"])
    wang.execute(ADD.encode(), ["R1", "another"])
    with Session(owner) as session:
        with pytest.raises(InvalidParameter, match="say which is meant") as caught:
            restore(session, "facilities", "bin:R1")
        changes = edits_of(session, "facilities", "bin:R1")

    assert [(one.changed_by, one.action) for one in changes] == [
        ("wang", "INSERT"), ("li_na", "DELETE"), ("li_na", "INSERT")
    ]  # fmt: skip
    assert all(str(one) in str(caught.value) for one in changes)
    assert office.one("SELECT name FROM plan.facilities WHERE code = 'R1'") == "another"


def test_what_others_changed_after_a_person_is_left_to_them(
    office: Office, owner: Engine, li_na: Planner, wang: Planner
) -> None:
    for code in ("S1", "S2", "S3"):
        li_na.execute(ADD.encode(), [code, "as drawn"])
    since = datetime.fromisoformat(office.one("SELECT clock_timestamp()::text"))
    rename = "UPDATE plan.facilities SET name = %s WHERE code = %s"
    for code in ("S1", "S2"):
        wang.execute(rename.encode(), ["spoiled", code])
    wang.execute(DELETE.encode(), ["S3"])
    li_na.execute(rename.encode(), ["mended", "S2"])
    with Session(owner) as session, session.begin():
        done = {one.feature: one for one in restore_all_of(session, "wang", since)}

    assert {name: one.is_written for name, one in done.items()} == {
        "bin:S1": True, "bin:S2": False, "bin:S3": True
    }  # fmt: skip
    assert done["bin:S2"].told("en") == (
        "left bin:S2: changed since by li_na; restore it by itself"
    )
    with office.watched() as admin:
        rows = admin.execute(
            "SELECT code, name FROM plan.facilities WHERE code LIKE 'S_' ORDER BY 1"
        ).fetchall()
    assert rows == [("S1", "as drawn"), ("S2", "mended"), ("S3", "as drawn")]


def test_codes_that_a_person_passed_on_come_back_in_reverse(
    office: Office, owner: Engine, li_na: Planner, wang: Planner
) -> None:
    for code in ("T1", "T2"):
        li_na.execute(ADD.encode(), [code, code])
    since = datetime.fromisoformat(office.one("SELECT clock_timestamp()::text"))
    wang.execute(DELETE.encode(), ["T1"])
    wang.execute(b"UPDATE plan.facilities SET code = 'T1' WHERE code = 'T2'")
    with Session(owner) as session, session.begin():
        restore_all_of(session, "wang", since)

    told = "SELECT string_agg(code || name, ' ' ORDER BY code) FROM plan.facilities "
    assert office.one(f"{told} WHERE code LIKE %s", "T_") == "T1T1 T2T2"


def test_a_planner_reads_the_history_of_what_is_theirs_to_see(
    office: Office, li_na: Planner, wang: Planner
) -> None:
    li_na.execute(ADD.encode(), ["U1", "x"])
    with office.watched() as admin:
        admin.execute("UPDATE plan.facilities SET name = 'seen' WHERE kind = 'camera'")
        admin.execute("UPDATE plan.rules SET distance_m = 6 WHERE rule = 'near_hydrant'")
        admin.execute("UPDATE plan.rules SET distance_m = 5 WHERE rule = 'near_hydrant'")
        layers = {row[0] for row in wang.execute("SELECT DISTINCT layer FROM plan.history")}
    row = wang.execute(
        "SELECT changed_by, application, action FROM plan.history WHERE feature = 'bin:U1'"
    ).fetchone()
    hidden = "SELECT count(*) FROM plan.history WHERE concat(before, after) LIKE %s"

    assert row == ("li_na", "QGIS", "INSERT")
    assert layers == {"areas", "stall_zones", "stalls", "facilities", "rules"}
    assert wang.execute(hidden.encode(), ['%"kind": "camera"%']).fetchone() == (0,)
    assert office.one("SELECT count(*) FROM city.history WHERE after ->> 'kind' = 'camera'")
