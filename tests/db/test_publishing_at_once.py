"""Publishers, planners and readers at once: one after the other, nothing lost, nobody held up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data import turns
from data.changes import changes_now, changes_of
from data.checking import check
from data.engine import Role
from data.publications import Generation, discard, publish_drafts
from data.publishing import publish
from data.turns import in_turn
from geo.errors import Unavailable
from tests.cli.program import eventually
from tests.db.planning import Office
from tests.db.test_publishing import TOILET

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
FEE = "UPDATE plan.stall_zones SET fee = %s WHERE code = %s"
SHOWN = "SELECT fee FROM city.stall_zones WHERE code = %s AND upper_inf(valid)"


def put(engine: Engine) -> Generation | None:
    return publish_drafts(engine, by="bureau", note="a test", accept_warnings=True).generation


@contextmanager
def stopped_at(office: Office, table: str, mode: str) -> Iterator[None]:
    """Keep whoever wants the table waiting until the end of the block."""
    with office.watched() as session, session.transaction():
        session.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        yield


def wait_for(office: Office, waiting: int) -> None:
    assert eventually(lambda: bool(office.one(WAITING) >= waiting))


def test_of_two_publishers_the_second_is_told_that_nothing_is_left(
    office: Office, engine: Engine, chen: psycopg.Connection[Any]
) -> None:
    chen.execute(FEE.encode(), ["11", "LD-T-01"])
    with ThreadPoolExecutor(2) as pool:
        with stopped_at(office, "plan.checks", "SHARE ROW EXCLUSIVE"):
            asked = [pool.submit(put, engine) for _ in range(2)]
            wait_for(office, 2)
        made = [one.result(30) for one in asked]
    assert sorted(one is None for one in made) == [False, True]


def test_the_second_publisher_publishes_what_came_while_it_waited(
    office: Office, engine: Engine, chen: psycopg.Connection[Any]
) -> None:
    chen.execute(FEE.encode(), ["21", "LD-T-01"])
    with ThreadPoolExecutor(1) as pool:
        with stopped_at(office, "plan.checks", "SHARE ROW EXCLUSIVE"):
            asked = pool.submit(put, engine)
            wait_for(office, 1)
            chen.execute(FEE.encode(), ["22", "LD-T-01"])
        assert asked.result(30) is not None
    assert office.one(SHOWN, "LD-T-01") == "22"


def test_an_import_and_a_publication_wait_for_each_other(
    office: Office, engine: Engine, chen: psycopg.Connection[Any],
    engine_of: Callable[[str, Role], Engine],
) -> None:  # fmt: skip
    owner = engine_of(office.cluster.url("postgres", office.database), "tidegrid_owner")
    chen.execute(FEE.encode(), ["31", "LD-T-01"])
    with ThreadPoolExecutor(1) as pool:
        with Session(owner) as session, session.begin():
            publish(session, [TOILET], by="importer", note="import")
            asked = pool.submit(put, engine)
            wait_for(office, 1)
        made = asked.result(30)
    assert made is not None
    assert set(made.counts) == {"stall_zones"}


def test_edits_that_arrive_meanwhile_stay_drafts_and_readers_are_not_held_up(
    office: Office, engine: Engine, chen: psycopg.Connection[Any]
) -> None:
    chen.execute(FEE.encode(), ["41", "LD-T-01"])
    with ThreadPoolExecutor(1) as pool, office.at_work("wang") as wang:
        with stopped_at(office, "city.generations", "SHARE"):
            asked = pool.submit(put, engine)
            wait_for(office, 1)
            wang.execute(b"SET statement_timeout = '2s'")
            chen.execute(b"SET statement_timeout = '2s'")
            wang.execute(FEE.encode(), ["42", "LD-T-02"])
            chen.execute(FEE.encode(), ["43", "LD-T-01"])
            before = wang.execute(SHOWN.encode(), ["LD-T-01"]).fetchone()
        made = asked.result(30)
    assert before is not None
    assert before[0] != "41"
    assert made is not None
    assert office.one(SHOWN, "LD-T-01") == "41"
    with Session(engine) as session:
        (told,) = changes_of(session, made.number)
        left = {one.feature.partition(":")[2]: one.fields[0].after for one in changes_now(session)}
    assert [field.name for field in told.fields] == ["fee"]
    assert left == {"LD-T-01": "43", "LD-T-02": "42"}
    assert office.one("SELECT count(*) FROM plan.dirty") == 2


def test_a_publisher_that_is_cut_off_in_the_middle_leaves_everything_as_it_was(
    office: Office, engine: Engine, chen: psycopg.Connection[Any]
) -> None:
    chen.execute(FEE.encode(), ["51", "LD-T-03"])
    counted = "SELECT (SELECT count(*) FROM city.generations) + (SELECT count(*) FROM plan.checks)"
    before, dirty = office.one(counted), office.one("SELECT count(*) FROM plan.dirty")
    with ThreadPoolExecutor(1) as pool:
        with stopped_at(office, "city.facilities", "SHARE"):
            # Facilities are written last: the zone is written by then.
            asked: Future[Any] = pool.submit(put, engine)
            wait_for(office, 1)
            cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
            assert office.one(cut)
        with pytest.raises(Exception, match="terminating connection"):
            asked.result(30)
    assert office.one(counted) == before
    assert office.one("SELECT count(*) FROM plan.dirty") == dirty
    assert office.one(SHOWN, "LD-T-03") != "51"
    assert put(engine) is not None
    assert office.one(SHOWN, "LD-T-03") == "51"


def test_discarding_what_is_saved_in_the_same_moment_starts_anew_and_loses_nothing_unseen(
    office: Office, engine: Engine, chen: psycopg.Connection[Any]
) -> None:
    chen.execute(FEE.encode(), ["61", "LD-T-04"])
    with ThreadPoolExecutor(1) as pool, office.at_work("chen") as other:
        with other.transaction():
            other.execute(FEE.encode(), ["62", "LD-T-04"])
            asked = pool.submit(discard, engine)
            wait_for(office, 1)
        assert len(asked.result(30)) == 1
    assert office.one("SELECT fee FROM plan.stall_zones WHERE code = 'LD-T-04'") not in ("61", "62")
    assert office.one("SELECT count(*) FROM city.history WHERE after ->> 'fee' = '62'") == 1


def test_who_is_always_late_is_told_to_try_again(engine: Engine) -> None:
    calls = threading.Semaphore(0)

    def always_late(session: Session) -> None:
        calls.release()
        session.connection().exec_driver_sql(
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'late'; END $$"
        )

    with pytest.raises(Unavailable, match="saving the same features"):
        in_turn(engine, always_late)
    assert [calls.acquire(blocking=False) for _ in range(5)] == [True] * 4 + [False]


@pytest.mark.parametrize(
    "holds", ["LOCK TABLE plan.areas", "UPDATE plan.areas SET name = name WHERE kind = 'city'"]
)
def test_who_holds_the_plan_for_long_is_named_to_who_waits(
    engine: Engine,
    chen: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    holds: str,
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", text("SET LOCAL lock_timeout = '200ms'"))

    def touch(session: Session) -> None:
        check(session, full=True)
        session.execute(text("SELECT plan.discard(ARRAY['areas city:431300'])"))
        shape = "(SELECT geom FROM plan.areas WHERE kind = 'city')"
        session.execute(text(f"SELECT plan.move_border('city', code, {shape}) FROM plan.areas "
            "WHERE kind = 'city'"))  # fmt: skip

    with chen.transaction(force_rollback=True):
        chen.execute(holds.encode())
        with pytest.raises(Unavailable, match="the plan is held by chen: an edit that was not"):
            in_turn(engine, touch)
    in_turn(engine, check)
