"""Who overwrites an edit cannot take away the trace of it, and settings leave one."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.checking import check
from data.softening import softened
from data.turns import in_turn
from tests.db.planning import Office

Planner = psycopg.Connection[Any]
SET = "UPDATE plan.rules SET {} WHERE rule = '{}'"


def refused(planner: Planner, statement: str) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        planner.execute(statement.encode())
    return caught.value


@pytest.mark.parametrize("rule", ["overwritten", "publication_failed"])
@pytest.mark.parametrize("milder", ["is_on = false", "severity = 'notice'"])
def test_what_tells_of_lost_work_is_not_switched_off_and_not_softened(
    li_na: Planner, wang: Planner, rule: str, milder: str
) -> None:
    zh, en = (refused(planner, SET.format(milder, rule)) for planner in (li_na, wang))
    assert (zh.sqlstate, en.sqlstate) == ("TG206", "TG206")
    assert "不能关闭或降为提示" in str(zh.diag.message_primary)
    assert "it may be made an error" in str(en.diag.message_hint)
    wang.execute(SET.format("severity = 'error'", rule).encode())
    wang.execute(SET.format("severity = 'warning'", rule).encode())


def test_who_set_a_rule_and_how_it_was_is_in_history(office: Office, wang: Planner) -> None:
    wang.execute(SET.format("is_on = false, distance_m = 3", "near_hydrant").encode())
    wang.execute(SET.format("is_on = true, distance_m = 5", "near_hydrant").encode())
    with office.watched() as admin:
        rows = admin.execute(
            "SELECT changed_by, before ->> 'distance_m', after ->> 'distance_m', "
            "after ->> 'is_on' FROM city.history WHERE table_name = 'plan.rules' "
            "AND after ->> 'rule' = 'near_hydrant' ORDER BY id"
        ).fetchall()
    assert rows == [("wang", "5", "3", "false"), ("wang", "3", "5", "true")]


def test_a_lost_edit_is_settled_by_whose_it_was_and_that_is_kept(
    office: Office, li_na: Planner, wang: Planner
) -> None:
    zone = office.one("SELECT id FROM plan.stall_zones ORDER BY code LIMIT 1")
    save = "UPDATE plan.stall_zones SET name = %s WHERE id = %s"
    li_na.execute(save.encode(), ["李的名字", zone])
    wang.execute(save.encode(), ["mine", zone])
    mine = f"DELETE FROM plan.findings WHERE key LIKE 'overwritten:stall_zones:{zone}:%'"

    error = refused(wang, mine)
    assert error.sqlstate == "TG205"
    assert "this one is for li_na or an administrator" in str(error.diag.message_primary)
    assert "ask li_na" in str(error.diag.message_hint)
    assert li_na.execute(mine.encode()).rowcount == 1
    with office.watched() as admin:
        kept = admin.execute(
            "SELECT changed_by, action, before ->> 'lost_by', before ->> 'words_en' "
            "FROM city.history WHERE table_name = 'plan.findings' ORDER BY id DESC"
        ).fetchone()
    assert kept is not None
    assert kept[:3] == ("li_na", "DELETE", "li_na")
    assert "was overwritten by wang" in kept[3]


def test_an_administrator_settles_for_who_has_left(office: Office, li_na: Planner) -> None:
    with office.watched() as admin:
        admin.execute(
            "INSERT INTO plan.findings (key, rule, severity, layer, words_zh, words_en, lost_by) "
            "VALUES ('gone', 'overwritten', 'warning', 'areas', '', '', 'zhao')"
        )
        assert refused(li_na, "DELETE FROM plan.findings WHERE key = 'gone'").sqlstate == "TG205"
        assert admin.execute("DELETE FROM plan.findings WHERE key = 'gone'").rowcount == 1


def test_a_check_tells_which_rules_are_milder_than_shipped_and_who_set_them(
    office: Office, engine: Engine, wang: Planner
) -> None:
    changes = {
        "near_school": "distance_m = 50", "near_hydrant": "distance_m = 9",
        "gap": "area_m2 = 7, severity = 'warning'", "on_green": "is_on = false",
        "sliver": "severity = 'error', distance_m = 0.1",
    }  # fmt: skip
    for rule, change in changes.items():
        wang.execute(SET.format(change, rule).encode())
    told = [str(one) for one in in_turn(engine, check).softened]
    with office.watched() as admin:
        admin.execute("DELETE FROM plan.rules")
    assert told == [
        "rule gap has the severity warning, shipped: error (set by wang)",
        "rule gap has the area_m2 7.0, shipped: 0.1 (set by wang)",
        "rule on_green is off (set by wang)",
        "rule near_school has the distance_m 50.0, shipped: 100.0 (set by wang)",
    ]
    with Session(engine) as session:
        assert softened(session) == ()
