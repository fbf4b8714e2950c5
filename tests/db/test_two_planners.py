"""Two planners on one row: versions, conflicts, what is overwritten, and history."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from shapely.geometry import box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.engine import Role
from data.publishing import publish
from geo.records import StallZone
from tests.cli.program import eventually
from tests.db.planning import (
    ADD,
    INSIDE,
    RENAME,
    RENAME_FROM,
    Office,
    Planner,
    refusal,
)

AsOwner = Callable[[str, Role], Engine]


NEW_CODES = {
    "areas": "(kind, code, name, geom) VALUES ('compound', 'N1', 'new', %s)",
    "stall_zones": "(kind, code, name, geom) VALUES ('creative', 'N1', 'new', %s)",
    "stalls": "(zone_code, number, geom) VALUES ('LD-T-01', 'N1', %s)",
    "facilities": "(kind, code, name, geom) VALUES ('toilet', 'N1', 'new', %s)",
}


@pytest.mark.parametrize("layer", NEW_CODES)
@pytest.mark.parametrize("is_kept", [True, False])
def test_who_takes_a_code_in_the_same_moment_as_another_is_told_like_anybody_else(
    office: Office, li_na: Planner, wang: Planner, layer: str, is_kept: bool
) -> None:
    add = f"INSERT INTO plan.{layer} {NEW_CODES[layer]}".encode()
    shape = "POINT(112 27.73)" if layer in ("stalls", "facilities") else f"POLYGON(({INSIDE}))"
    with ThreadPoolExecutor(1) as pool:
        with wang.transaction(force_rollback=not is_kept):
            wang.execute(add, [shape])
            saving = pool.submit(li_na.execute, add, [shape])
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            assert eventually(lambda: bool(office.one(waiting)))
        if is_kept:
            with pytest.raises(psycopg.Error, match=r"编号“N1”已被“.+”占用") as caught:
                saving.result(10)
            assert caught.value.sqlstate == "TG108"
        else:
            saving.result(10)
    column = "number" if layer == "stalls" else "code"
    deleted = f"DELETE FROM plan.{layer} WHERE {column} = 'N1'"
    assert li_na.execute(deleted.encode()).rowcount == 1


def test_many_new_codes_in_one_transaction_take_few_locks(office: Office, wang: Planner) -> None:
    many = (
        "INSERT INTO plan.facilities (kind, code, name, geom) "
        "SELECT 'bin', 'M' || n, '', 'POINT(112 27.73)' FROM generate_series(1, 500) AS n"
    )
    with wang.transaction(force_rollback=True):
        wang.execute(many.encode())
        held = office.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    assert held == 64


def test_an_edit_on_top_of_somebody_elses_is_refused_and_says_whose(
    li_na: Planner, wang: Planner, zone: int
) -> None:
    li_na.execute(RENAME_FROM.encode(), ["李的名字", 1, zone])
    error = refusal(wang, RENAME_FROM, "Wang's name", 1, zone)

    assert error.sqlstate == "TG201"
    assert "li_na changed it on 20" in str(error.diag.message_primary)
    assert li_na.execute("SELECT name, row_version, base_version, edited_by FROM plan.stall_zones "
        "WHERE id = %s", [zone]).fetchone() == ("李的名字", 2, None, "li_na")  # fmt: skip


def test_follow_up_saves_of_one_person_go_through(
    office: Office, li_na: Planner, wang: Planner, zone: int
) -> None:
    for name in ("一", "二", "三"):
        li_na.execute(RENAME_FROM.encode(), [name, 1, zone])
    refusal(wang, RENAME_FROM, "four", 2, zone)
    wang.execute(RENAME_FROM.encode(), ["four", 4, zone])
    refusal(li_na, RENAME_FROM, "五", 4, zone)

    assert office.one("SELECT name FROM plan.stall_zones WHERE id = %s", zone) == "four"


def test_a_program_without_versions_gets_through_but_what_it_overwrote_is_told(
    office: Office, li_na: Planner, wang: Planner, zone: int
) -> None:
    li_na.execute(RENAME.encode(), ["李的名字", zone])
    li_na.execute(RENAME.encode(), ["李的新名字", zone])
    wang.execute(RENAME.encode(), ["Wang's name", zone])
    found = li_na.execute(
        "SELECT words_zh, words_en, hint_en, severity, ST_IsEmpty(place), ST_GeometryType(shape) "
        "FROM plan.findings WHERE rule = 'overwritten' AND key LIKE %s",
        [f"overwritten:stall_zones:{zone}:%"],
    ).fetchall()

    ((zh, en, hint, *rest),) = found
    assert "“李的新名字”：li_na 于 20" in zh
    assert zh.endswith("且尚未发布的修改被 wang 覆盖")
    assert en.endswith("was overwritten by wang")
    assert rest == ["warning", False, "ST_MultiPolygon"]
    change = int(hint.partition("--change ")[2].partition(";")[0])
    kept = office.one("SELECT after ->> 'name' FROM city.history WHERE id = %s", change)
    assert kept == "李的新名字"


def test_to_overwrite_what_is_published_or_ones_own_is_no_finding(
    office: Office, li_na: Planner, zone: int
) -> None:
    for name in ("一", "二"):
        li_na.execute(RENAME.encode(), [name, zone])

    told = office.one("SELECT count(*) FROM plan.findings WHERE key LIKE %s", f"%:{zone}:%")
    assert told == 0


def test_a_deletion_goes_through_and_somebody_elses_unpublished_edit_is_told(
    office: Office, li_na: Planner, wang: Planner, zone: int
) -> None:
    li_na.execute(RENAME.encode(), ["李的名字", zone])
    wang.execute("DELETE FROM plan.stall_zones WHERE id = %s", [zone])
    told = office.one("SELECT words_zh FROM plan.findings WHERE key LIKE %s", f"%:{zone}:%")

    assert "“李的名字”：li_na 于" in told
    assert told.endswith("被 wang 删除")


def test_a_finding_of_that_kind_is_settled_by_hand_and_no_other(
    office: Office, wang: Planner
) -> None:
    with office.watched() as admin:
        admin.execute("DELETE FROM plan.findings")
        for rule, kind in (("overwritten", "bin"), ("gap", "bin"), ("gap", "camera")):
            admin.execute(
                "INSERT INTO plan.findings (key, rule, severity, layer, features, words_zh, "
                "words_en) VALUES (%s, %s, 'error', 'facilities', %s, '', '')",
                [rule + kind, rule, [f"{kind}:1"]],
            )
    seen = wang.execute("SELECT key FROM plan.findings ORDER BY 1").fetchall()
    with pytest.raises(psycopg.Error, match="what a check found is not deleted") as refused:
        wang.execute("DELETE FROM plan.findings")
    wang.execute("DELETE FROM plan.findings WHERE rule = 'overwritten'")

    assert refused.value.sqlstate == "TG204"
    assert "mend the plan and check again" in str(refused.value.diag.message_hint)
    assert seen == [("gapbin",), ("overwrittenbin",)]
    with office.watched() as admin:
        left = admin.execute("SELECT key FROM plan.findings ORDER BY 1").fetchall()
    assert left == [("gapbin",), ("gapcamera",)]


def test_rows_are_numbered_by_the_database_whatever_number_a_planner_gives(
    office: Office, li_na: Planner
) -> None:
    add = (
        "INSERT INTO plan.facilities (id, kind, code, name, geom) OVERRIDING SYSTEM VALUE "
        "VALUES (%s, 'bin', %s, '', 'POINT(112 27.73)') RETURNING id"
    )
    last = office.one("SELECT max(id) FROM plan.facilities")
    given = [li_na.execute(add.encode(), [n, f"N{n}"]).fetchone() for n in (last + 5, 1, -7)]
    numbers = [row[0] for row in given if row]

    assert numbers == sorted(set(numbers))
    assert numbers[0] > last
    assert numbers[0] not in (last + 5, 1, -7)
    with li_na.transaction(force_rollback=True):
        for n in range(8):
            li_na.execute("INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
                "('bin', %s, '', 'POINT(112 27.73)')", [f"NN{n}"])  # fmt: skip


def test_history_names_the_planner_the_time_and_the_program(
    office: Office, li_na: Planner, zone: int
) -> None:
    li_na.execute(RENAME.encode(), ["新", zone])
    with office.watched() as admin:
        row = admin.execute(
            "SELECT h.changed_by, h.application, now() - h.changed_at < '1 min', "
            "h.after ->> 'name', (h.before ->> 'geom')::geometry = z.geom FROM city.history h "
            "JOIN plan.stall_zones z ON z.id = h.row_id WHERE h.table_name = 'plan.stall_zones' "
            "AND h.row_id = %s ORDER BY h.id DESC LIMIT 1", [zone],
        ).fetchone()  # fmt: skip

    assert row == ("li_na", "QGIS", True, "新", True)


def test_every_change_is_left_for_the_check_and_history_has_both_shapes(
    office: Office, li_na: Planner
) -> None:
    with office.watched() as admin:
        admin.execute("DELETE FROM plan.dirty")
    li_na.execute(ADD.encode(), ["D1", f"POLYGON(({INSIDE}))"])
    li_na.execute("UPDATE plan.areas SET geom = ST_Translate(geom, 0.0001, 0) WHERE code = 'D1'")
    li_na.execute("DELETE FROM plan.areas WHERE code = 'D1'")
    with office.watched() as admin:
        found = admin.execute(
            "SELECT table_name, ST_XMin((before ->> 'geom')::geometry), "
            "ST_XMin((after ->> 'geom')::geometry), action, "
            "plan.id_of('areas', coalesce(after, before)) "
            "FROM plan.dirty JOIN city.history h ON h.id = change ORDER BY change"
        ).fetchall()
        taken = admin.execute("DELETE FROM plan.dirty RETURNING change").fetchall()

    assert found == [
        ("plan.areas", None, 112, "INSERT", "compound:D1"),
        ("plan.areas", 112, 112.0001, "UPDATE", "compound:D1"),
        ("plan.areas", 112.0001, None, "DELETE", "compound:D1"),
    ]
    assert len(taken) == 3


def test_publishing_goes_on_in_the_same_row_and_judges_nothing_again(
    office: Office, engine_of: AsOwner
) -> None:
    code = "LD-T-40"
    before = office.one("SELECT id FROM plan.stall_zones WHERE code = %s", code)
    far = StallZone("produce", code, "城外", box(10, 10, 10.01, 10.01))
    url = office.cluster.url("postgres", office.database)
    with Session(engine_of(url, "tidegrid_owner")) as session, session.begin():
        publish(session, [far], by="test", note="")

    assert office.one("SELECT id FROM plan.stall_zones WHERE code = %s", code) == before
    assert office.one("SELECT name FROM plan.stall_zones WHERE code = %s", code) == "城外"
