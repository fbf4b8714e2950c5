"""Nothing is silently lost: whoever loses an unpublished edit is told, and nobody without cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from shapely.geometry import box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.engine import Role
from data.publications import discard
from data.publishing import publish
from data.restoring import restore
from geo.records import StallZone
from tests.db.planning import Office

Planner = psycopg.Connection[Any]
AsOwner = Callable[[str, Role], Engine]

SQUARE = box(112, 27.73, 112.001, 27.731)
DRAWN = f"SRID=4326;{SQUARE.wkt}"
CODES = iter(f"LOST-{number:02d}" for number in range(100))


@pytest.fixture
def owner(office: Office, engine_of: AsOwner) -> Engine:
    """Who imports and restores."""
    return engine_of(office.cluster.url("postgres", office.database), "tidegrid_owner")


@pytest.fixture
def code(owner: Engine) -> str:
    """A published stall zone of the test's own."""
    code = next(CODES)
    imported(owner, code, "原名")
    return code


@pytest.fixture
def zone(office: Office, code: str) -> int:
    """The number of its draft."""
    return int(office.one("SELECT id FROM plan.stall_zones WHERE code = %s", code))


def imported(owner: Engine, code: str, name: str) -> None:
    with Session(owner) as session, session.begin():
        publish(session, [StallZone("produce", code, name, SQUARE)], by="test", note="")


def save(planner: Planner, zone: int, change: str, base: int | None = None) -> None:
    planner.execute(
        f"UPDATE plan.stall_zones SET {change}, base_version = %s WHERE id = %s".encode(),
        [base, zone],
    )


def version(office: Office, zone: int) -> int:
    return int(office.one("SELECT row_version FROM plan.stall_zones WHERE id = %s", zone))


def told(office: Office, zone: int) -> list[str]:
    with office.watched() as admin:
        rows = admin.execute(
            "SELECT words_en FROM plan.findings WHERE key LIKE %s ORDER BY id",
            [f"overwritten:stall_zones:{zone}:%"],
        ).fetchall()
    return [row[0] for row in rows]


# --- versions -------------------------------------------------------------------------------------


def test_a_row_that_comes_back_goes_on_counting_so_that_an_edit_from_before_is_a_conflict(
    office: Office, owner: Engine, li_na: Planner, wang: Planner, code: str, zone: int
) -> None:
    for fee in "123":
        save(li_na, zone, f"fee = '{fee}'")
    opened = version(office, zone)
    wang.execute("DELETE FROM plan.stall_zones WHERE id = %s", [zone])
    with Session(owner) as session, session.begin():
        restore(session, "stall_zones", f"produce:{code}")
    while version(office, zone) < opened + 2:
        save(wang, zone, "fee = 'wang'", version(office, zone))

    assert version(office, zone) == opened + 2
    with pytest.raises(psycopg.Error, match="您打开之后，wang 已于") as caught:
        save(li_na, zone, "name = '旧'", opened)
    assert caught.value.sqlstate == "TG201"
    again = "INSERT INTO plan.stall_zones (id, kind, code, name, geom) VALUES (%s, %s, %s, %s, %s)"
    wang.execute("DELETE FROM plan.stall_zones WHERE id = %s", [zone])
    with office.watched() as admin:
        admin.execute(again.encode(), [zone, "produce", code, "again", DRAWN])
    assert version(office, zone) == opened + 3


@pytest.mark.parametrize("base", [999_999_999, 0, -1])
def test_a_version_that_never_was_is_a_conflict(
    li_na: Planner, wang: Planner, zone: int, base: int
) -> None:
    save(li_na, zone, "name = '李'")
    with pytest.raises(psycopg.Error, match=f"no version {base} that this edit started") as caught:
        save(wang, zone, "name = 'W'", base)

    assert caught.value.sqlstate == "TG201"
    assert "redo it on what is there now" in str(caught.value.diag.message_hint)
    with pytest.raises(psycopg.Error, match="没有这次修改所依据的版本"):
        save(li_na, zone, "name = '李'", base)


# --- whose edit it was ----------------------------------------------------------------------------


def test_who_edited_beside_another_and_then_overwrites_the_others_column_is_told(
    office: Office, li_na: Planner, wang: Planner, zone: int
) -> None:
    save(li_na, zone, "name = '李的名字'")
    save(wang, zone, "fee = '3'", version(office, zone))
    save(wang, zone, "fee = '4'")
    assert told(office, zone) == []

    save(wang, zone, "name = 'mine'")
    save(wang, zone, "name = 'still mine'")
    (words,) = told(office, zone)
    assert '"李的名字": the unpublished edit of li_na on' in words
    assert words.endswith("was overwritten by wang")


def test_who_edited_beside_others_and_then_deletes_is_told_of_each(
    office: Office, li_na: Planner, wang: Planner, chen: Planner, zone: int
) -> None:
    save(li_na, zone, "name = '李'")
    save(chen, zone, "goods = '{瓜}'", version(office, zone))
    save(wang, zone, "fee = '3'", version(office, zone))
    wang.execute("DELETE FROM plan.stall_zones WHERE id = %s", [zone])

    chens, lis = told(office, zone)
    assert "what chen had edited on" in chens
    assert "what li_na had edited on" in lis


def test_a_moved_border_is_somebodys_and_the_same_border_written_again_is_no_loss(
    office: Office, li_na: Planner, wang: Planner, zone: int
) -> None:
    save(li_na, zone, "geom = ST_Translate(geom, 0.0001, 0)")
    save(wang, zone, "fee = '3', geom = ST_GeometryN(geom, 1)")
    assert told(office, zone) == []
    save(wang, zone, "geom = ST_Translate(geom, 0.0001, 0)")
    assert len(told(office, zone)) == 1


def test_what_another_replaced_knowingly_is_not_lost_again(
    office: Office, li_na: Planner, wang: Planner, chen: Planner, zone: int
) -> None:
    save(li_na, zone, "name = '李'")
    save(chen, zone, "name = '陈'", version(office, zone))
    save(wang, zone, "name = 'W'")

    (words,) = told(office, zone)
    assert "the unpublished edit of chen" in words


def test_an_edit_that_was_published_is_not_lost_by_an_import(
    office: Office, owner: Engine, li_na: Planner, zone: int, code: str
) -> None:
    save(li_na, zone, "name = '李的名字'")
    imported(owner, code, "李的名字")
    imported(owner, code, "新名")
    assert told(office, zone) == []

    save(li_na, zone, "name = '未发布'")
    imported(owner, code, "更新的名字")
    (words,) = told(office, zone)
    assert '"未发布": the unpublished edit of li_na' in words


# --- what is taken back on purpose ----------------------------------------------------------------


def test_to_restore_what_is_published_is_no_overwriting(
    office: Office, owner: Engine, li_na: Planner, zone: int, code: str
) -> None:
    save(li_na, zone, "name = '手误'")
    with Session(owner) as session, session.begin():
        restore(session, "stall_zones", f"produce:{code}")

    assert office.one("SELECT name FROM plan.stall_zones WHERE id = %s", zone) == "原名"
    assert told(office, zone) == []


def test_to_discard_is_no_overwriting(
    office: Office, engine: Engine, li_na: Planner, wang: Planner, zone: int, code: str
) -> None:
    save(li_na, zone, "name = '李', geom = ST_Translate(geom, 0.0001, 0), hours = '24/7'")
    save(wang, zone, "fee = '3'", version(office, zone))
    drawn = "INSERT INTO plan.stall_zones (kind, code, name, geom) VALUES (%s, %s, '', %s)"
    li_na.execute(drawn.encode(), ["produce", f"{code}-N", DRAWN])
    discard(engine)

    shown = "SELECT concat_ws('/', name, fee, hours, ST_XMin(geom)) FROM plan.stall_zones "
    assert office.one(f"{shown} WHERE id = %s", zone) == "原名//112"
    assert office.one("SELECT count(*) FROM plan.differences") == 0
    of_code = "SELECT count(*) FROM plan.findings WHERE features[1] LIKE %s"
    assert office.one(of_code, f"%{code}%") == 0


@pytest.mark.parametrize("side", ["", "-B", None])
def test_a_row_that_got_another_code_goes_back_as_one(
    office: Office, engine: Engine, li_na: Planner, zone: int, code: str, side: str | None
) -> None:
    save(li_na, zone, f"code = '{code}-A'")
    save(li_na, zone, f"code = '{code}-B', name = '改名'")
    named = None if side is None else [("stall_zones", f"produce:{code}{side}")]
    both = [f"stall_zones produce:{code}", f"stall_zones produce:{code}-B"]

    assert discard(engine, named, is_dry=True) == both
    assert office.one("SELECT code FROM plan.stall_zones WHERE id = %s", zone) == f"{code}-B"
    assert discard(engine, named) == both
    assert office.one("SELECT code || name FROM plan.stall_zones WHERE id = %s", zone) == (
        f"{code}原名"
    )
    assert office.one("SELECT count(*) FROM plan.differences") == 0
    assert told(office, zone) == []
