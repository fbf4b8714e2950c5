"""Publications for a date: frozen as judged, in effect from exactly then, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.changes import changes_now, changes_of
from data.checking import check
from data.engine import Role
from data.publications import discard
from data.publishing import publish
from data.queries.stall_zones import zones_now
from data.scheduling import cancel, effect_of, schedule, scheduled, take_due
from data.turns import in_turn
from data.undoing import revert
from geo.errors import InvalidInstant, NotFound, PublicationRefused
from tests.db.planning import Office, come, later, put

Planner = psycopg.Connection[Any]
FEE = "UPDATE plan.stall_zones SET fee = %s WHERE code = %s"
SHOWN = "SELECT fee FROM city.stall_zones WHERE code = %s AND upper_inf(valid)"
SINCE = "SELECT lower(valid) FROM city.stall_zones WHERE code = %s AND upper_inf(valid)"


def test_a_day_begins_at_midnight_of_the_city_and_lies_in_the_future(engine: Engine) -> None:
    assert effect_of("2026-12-01").astimezone(UTC).isoformat() == "2026-11-30T16:00:00+00:00"
    assert effect_of("2026-12-01T08:00:00+08:00").astimezone(UTC).hour == 0
    with pytest.raises(InvalidInstant):
        effect_of("tomorrow")
    with pytest.raises(InvalidInstant, match="lies in the future"):
        schedule(engine, effect_of("2026-01-01"), by="bureau", note="late")


def test_it_takes_effect_once_from_exactly_its_instant_as_it_was_frozen(
    office: Office, engine: Engine, chen: Planner
) -> None:
    chen.execute(FEE.encode(), ["11", "LD-T-01"])
    waits = later(engine, 4)
    assert (waits.state, waits.features) == ("waiting", 1)
    with Session(engine) as session:
        assert [one.publication for one in changes_now(session)] == [waits.number]
    assert put(engine) is None
    assert take_due(engine) == []
    chen.execute(FEE.encode(), ["12", "LD-T-01"])
    with Session(engine) as session:
        assert [one.publication for one in changes_now(session)] == [None]

    come(waits)
    with ThreadPoolExecutor(3) as pool:
        done = [one for taken in pool.map(take_due, [engine] * 3) for one in taken]
    assert [(one.number, one.state) for one in done] == [(waits.number, "done")]
    assert office.one(SHOWN, "LD-T-01") == "11"
    assert office.one(SINCE, "LD-T-01") == waits.takes_effect_at
    with Session(engine) as session:
        (left,) = changes_now(session)
        assert scheduled(session)[0] == done[0]
        assert [one.fields[0].after for one in changes_of(session, done[0].generation or 0)] == [
            "11"
        ]
    assert left.fields[0].after == "12"
    discard(engine)
    assert revert(engine, done[0].generation or 0, by="bureau") is not None


def test_two_for_one_instant_take_effect_in_their_order(
    office: Office, engine: Engine, chen: Planner
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=2)
    for code in ("LD-T-02", "LD-T-03"):
        chen.execute(FEE.encode(), ["21", code])
        schedule(engine, at, by="bureau", note=code, accept_warnings=True)
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()) + 0.01)
    first, second = take_due(engine)
    with Session(engine) as session:
        for one, code in ((first, "LD-T-02"), (second, "LD-T-03")):
            (change,) = changes_of(session, one.generation or 0)
            assert change.feature.endswith(code)
    assert office.one("SELECT count(*) FROM plan.differences") == 0


def test_what_does_not_fit_any_more_fails_whole_with_a_reason(
    office: Office, engine: Engine, chen: Planner, engine_of: Callable[[str, Role], Engine]
) -> None:
    for code in ("LD-T-04", "LD-T-05"):
        chen.execute(FEE.encode(), ["31", code])
    waits = later(engine, 3)
    owner = engine_of(office.cluster.url("postgres", office.database), "tidegrid_owner")
    with Session(owner) as session, session.begin():
        (zone,) = [one for one in zones_now(session) if one.code == "LD-T-04"]
        publish(session, [replace(zone, fee="32")], by="import", note="from a file")
    chen.execute(b"DELETE FROM plan.findings WHERE rule = 'overwritten'")
    chen.execute(b"UPDATE plan.areas SET name = 'new' WHERE code = '431302004001013'")
    assert put(engine) is not None
    assert in_turn(engine, check).is_full
    come(waits)
    (failed,) = take_due(engine)
    assert failed.state == "failed"
    assert failed.reason.endswith(":LD-T-04")
    assert "failed for" in str(failed)
    assert office.one(SHOWN, "LD-T-04") == "32"
    assert office.one(SHOWN, "LD-T-05") != "31"
    with Session(engine) as session:
        assert [one.publication for one in changes_now(session)] == [None]
    settled = cancel(engine, failed.number)
    assert (settled.state, settled.reason) == ("cancelled", failed.reason)


def test_what_failed_is_a_finding_for_planners_until_somebody_settles_it(
    office: Office, engine: Engine, chen: Planner
) -> None:
    told = (
        b"SELECT words_zh, words_en, hint_en, severity, layer, features "
        b"FROM plan.findings WHERE rule = 'publication_failed'"
    )
    place = "SELECT geom FROM city.facilities WHERE kind = 'bin' AND upper_inf(valid) ORDER BY id"
    bin_at, code = office.one(place), office.one(place.replace("geom", "code", 1))
    chen.execute(b"DELETE FROM plan.facilities WHERE kind = 'bin' AND code = %s", [code])
    waits = later(engine, 2)
    with office.watched() as session:
        # Somebody closes the row by another way: no draft is left that could be published.
        session.execute(
            b"UPDATE city.facilities SET valid = tstzrange(lower(valid), now()) "
            b"WHERE kind = 'bin' AND code = %s AND upper_inf(valid)",
            [code],
        )
    come(waits)
    assert [one.state for one in take_due(engine)] == ["failed"]

    ((zh, en, hint, *rest),) = chen.execute(told).fetchall()
    assert zh.startswith(f"定时发布 {waits.number}（later）未能于 20")
    assert zh.endswith(f"生效：bin:{code} 已被其他发布改动")
    assert en.endswith(f"changed since by other publications: bin:{code}")
    assert f"tidegrid plan cancel {waits.number}" in hint
    assert rest == ["warning", "facilities", [f"bin:{code}"]]
    at = "SELECT ST_Equals(place, %s) FROM plan.findings WHERE rule = 'publication_failed'"
    assert office.one(at, bin_at)

    checked = in_turn(engine, lambda session: check(session, full=True))
    assert [one.rule for one in checked.findings] == ["publication_failed"]
    assert cancel(engine, waits.number).state == "cancelled"
    assert chen.execute(told).fetchall() == []


def test_what_the_database_refuses_when_due_is_told_and_settled_by_deleting_its_finding(
    office: Office, engine: Engine, chen: Planner
) -> None:
    chen.execute(FEE.encode(), ["51", "LD-T-07"])
    waits = later(engine, 2)
    rule = "ALTER TABLE city.stall_zones {} CONSTRAINT cheap{}"
    with office.watched() as session:
        session.execute(rule.format("ADD", " CHECK (fee <> '51')").encode())
        come(waits)
        (failed,) = take_due(engine)
        session.execute(rule.format("DROP", "").encode())
    found = chen.execute(b"DELETE FROM plan.findings RETURNING words_zh, features").fetchall()

    assert "cheap" in failed.reason
    ((words, (named,)),) = found
    assert words.endswith(f"生效：{failed.reason}")
    assert named.endswith(":LD-T-07")
    assert in_turn(engine, check).findings == ()


def test_it_can_be_cancelled_before_and_is_judged_like_any(
    office: Office, engine: Engine, chen: Planner
) -> None:
    chen.execute(FEE.encode(), ["41", "LD-T-06"])
    waits = later(engine, 3600)
    assert cancel(engine, waits.number).state == "cancelled"
    with pytest.raises(NotFound, match="waits for its date"):
        cancel(engine, waits.number)
    with Session(engine) as session:
        assert [one.publication for one in changes_now(session)] == [None]
    chen.execute(b"UPDATE plan.stall_zones SET capacity = capacity + 1 WHERE code = 'LD-T-06'")
    with pytest.raises(PublicationRefused, match="1 warnings"):
        schedule(engine, datetime.now(UTC) + timedelta(days=1), by="bureau", note="x")
    assert office.one("SELECT count(*) FROM plan.publication_features") == 0
