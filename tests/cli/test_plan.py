"""`tidegrid plan`: words and codes of checking and publishing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from tests.cli.conftest import City
from tests.cli.program import Command, said

BLOCK = "ST_Multi(ST_MakeEnvelope({}, 28, {}, 28.01, 4326))"
DRAWN = (
    ("compound", "A", "甲", "112", "112.01"),
    ("unit_grid", "G1", "一", "112", "112.005"),
    ("unit_grid", "G2", "二", "{west}", "112.01"),
)
GRIDS = "INSERT INTO plan.areas (kind, code, name, geom) VALUES " + ", ".join(
    f"('{kind}', '{code}', '{name}', {BLOCK.format(west, east)})"
    for kind, code, name, west, east in DRAWN
)


@pytest.fixture
def drawn(city: City) -> City:
    with city.admin.begin() as connection:
        connection.execute(text("TRUNCATE plan.areas, city.areas, plan.findings, plan.dirty"))
    return city


def draw(city: City, west: float) -> None:
    with city.admin.begin() as connection:
        connection.execute(text(GRIDS.format(west=west)))


def test_errors_end_a_check_with_one_and_are_told_in_both_languages(
    drawn: City, at_city: Command
) -> None:
    draw(drawn, 112.004)
    zh, en = at_city("plan", "check"), at_city("plan", "check", "--lang", "en")
    assert zh.returncode == en.returncode == 1
    assert "重叠" in zh.stdout
    assert "overlap by" in en.stdout
    assert "1 errors" in en.stdout
    assert "mend them first" in said(at_city("plan", "publish", "--note", "x"))
    assert at_city("plan", "check", "--lang", "fr").returncode == 1


def test_a_strip_is_fixed_by_an_edit_and_shown_before(drawn: City, at_city: Command) -> None:
    draw(drawn, 112.004998)
    checks = drawn.scalar("SELECT count(*) FROM plan.checks")
    shown = at_city("plan", "check", "--fix", "--dry-run")
    assert "would move unit_grid:G" in shown.stdout
    assert drawn.scalar("SELECT max(row_version) FROM plan.areas") == 1
    assert drawn.scalar("SELECT count(*) FROM plan.checks") == checks
    assert drawn.scalar("SELECT count(*) FROM plan.findings") == 0
    assert drawn.scalar("SELECT count(*) FROM plan.dirty") == len(DRAWN)

    done = at_city("plan", "check", "--fix", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert [0 < one["distance_m"] < 0.5 for one in told["moved"]] == [True]
    assert {one["severity"] for one in told["findings"]} == {"notice"}
    assert drawn.scalar("SELECT max(row_version) FROM plan.areas") == 2


def test_a_publication_for_a_day_waits_is_listed_and_is_taken_back(
    drawn: City, at_city: Command
) -> None:
    draw(drawn, 112.005)
    waits = at_city("plan", "publish", "--note", "later", "--on", "2099-01-01").stdout
    number = waits.split()[0]
    assert "waiting for 2098-12-31T16:00:00+00:00" in waits
    assert f"(waits as {number})" in at_city("plan", "diff").stdout
    assert at_city("plan", "publish", "--due").stdout == "nothing to publish\n"
    assert "it takes no --on" in said(at_city("plan", "publish", "--due", "--note", "x"))
    assert waits in at_city("plan", "history").stdout
    assert "cancelled" in at_city("plan", "cancel", number).stdout
    with drawn.admin.begin() as connection:
        connection.execute(text("DELETE FROM plan.areas"))


def test_what_is_drawn_is_compared_published_listed_and_discarded(
    drawn: City, at_city: Command
) -> None:
    draw(drawn, 112.005)
    with drawn.admin.begin() as connection:
        connection.execute(text("UPDATE plan.rules SET is_on = false WHERE rule = 'near_school'"))
    milder = "rule near_school is off (set by postgres)"
    assert milder in at_city("plan", "check").stdout
    assert "added areas unit_grid:G1 一" in at_city("plan", "diff").stdout
    made = at_city("plan", "publish", "--note", "first")
    published = made.stdout
    assert milder in made.stderr
    assert "areas 3 added, 0 changed, 0 withdrawn" in published
    assert at_city("plan", "publish", "--note", "again").stdout == "nothing to publish\n"
    listed = json.loads(at_city("plan", "history", "--json").stdout)
    assert [one["note"] for one in listed["generations"]] == ["first"]
    number = str(listed["generations"][0]["number"])
    assert "3 differences" in at_city("plan", "diff", "--generation", number).stdout

    with drawn.admin.begin() as connection:
        connection.execute(text("UPDATE plan.areas SET name = '新' WHERE code = 'G1'"))
    assert "name: '一' -> '新'" in at_city("plan", "diff").stdout
    assert "areas unit_grid:G1 is edited" in said(at_city("plan", "revert", number))
    assert "LAYER KIND:CODE" in said(at_city("plan", "discard", "areas"))
    assert "everybody with --all" in said(at_city("plan", "discard"))
    assert "everybody with --all" in said(
        at_city("plan", "discard", "--all", "areas", "unit_grid:G1")
    )
    shown = at_city("plan", "discard", "--all", "--dry-run").stdout
    assert shown == "would discard areas unit_grid:G1\n1 would be discarded\n"
    assert "1 differences" in at_city("plan", "diff").stdout
    assert "1 discarded" in at_city("plan", "discard", "areas", "unit_grid:G1").stdout
    assert at_city("plan", "diff").stdout == "0 differences\n"
    undone = at_city("plan", "revert", number).stdout
    assert "areas 0 added, 0 changed, 3 withdrawn" in undone
    assert drawn.scalar("SELECT count(*) FROM plan.areas") == 0
