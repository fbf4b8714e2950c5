"""Findings in QGIS: what was overwritten is settled by people, the rest goes when it is mended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.db.planning import Office
from tests.qgis.conftest import Qgis

Desk = Callable[[str], Qgis]
PLACE = "ST_SetSRID(ST_MakePoint(112, 27.73), 4326)"


@pytest.fixture
def findings(office: Office) -> None:
    """What green lost to a program that sends no version, and a gap."""
    with office.watched() as admin:
        admin.execute("DELETE FROM plan.findings")
        admin.execute(
            "INSERT INTO plan.findings (key, rule, severity, layer, features, place, words_zh, "
            f"words_en) VALUES ('g', 'gap', 'error', 'areas', '{{unit_grid:1}}', {PLACE}, "
            "'甲、乙之间有 5 平方米的空白。', 'Between A and B are 5 m² that belong to no grid.')"
        )
    with office.at_work("green") as session:
        session.execute("UPDATE plan.stall_zones SET fee = '7' WHERE code = 'LD-T-07'")
    with office.at_work("hong", application="psql") as session:
        session.execute("UPDATE plan.stall_zones SET fee = '8' WHERE code = 'LD-T-07'")


@pytest.mark.usefixtures("findings")
def test_what_was_overwritten_is_settled_by_whose_it_was_and_no_other_finding_is_deleted(
    office: Office, desk: Desk
) -> None:
    gone = {"do": "delete", "key": "rule", "code": "overwritten"}
    refused = desk("hong").edit("finding_places", gone)
    settled = desk("green").edit("finding_places", gone)
    kept = desk("hong").edit("finding_places", gone | {"code": "gap"})
    kept_en = desk("green").edit("finding_places", gone | {"code": "gap"})

    assert not refused["saved"]
    assert "这一条由 green 或管理员删除" in "\n".join(refused["errors"])
    assert settled["saved"], settled["errors"]
    assert (kept["saved"], kept_en["saved"]) == (False, False)
    told, told_en = ("\n".join(one["errors"]) for one in (kept, kept_en))
    assert "甲、乙之间有 5 平方米的空白：检查得出的结果不能删除" in told
    assert "HINT:  改正规划后再检查" in told
    assert "Between A and B are 5 m² that belong to no grid: what a check found is not" in told_en
    assert office.one("SELECT string_agg(rule, ' ') FROM plan.findings") == "gap"


@pytest.mark.usefixtures("findings")
def test_nothing_of_a_finding_can_be_written(office: Office, desk: Desk) -> None:
    change = {"do": "rename", "key": "rule", "code": "gap", "column": "severity", "to": "notice"}
    desk("hong").edit("finding_places", change)

    assert office.one("SELECT severity FROM plan.findings WHERE rule = 'gap'") == "error"
