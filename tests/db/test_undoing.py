"""Undoing publications, which areas became which, and what old dates answer."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.changes import changes_now
from data.publications import Generation, discard, history, publish_drafts
from data.undoing import revert
from geo.errors import NotFound, PublicationRefused
from tests.db.planning import Office

Planner = psycopg.Connection[Any]
FEE = "UPDATE plan.stall_zones SET fee = %s WHERE code = %s"
TOILET = (
    "INSERT INTO plan.facilities (kind, code, name, hours, geom) "
    "SELECT 'toilet', 'U1', 'x', '24/7', "
    "ST_PointOnSurface(geom) FROM plan.areas WHERE code = '431302'"
)
SHOWN = "SELECT fee FROM city.stall_zones WHERE code = %s AND upper_inf(valid)"
DRAWN = "SELECT fee FROM plan.stall_zones WHERE code = %s"
HALF = """
    SELECT ST_Multi(ST_Intersection(geom, ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326)))
    FROM city.areas, LATERAL (SELECT (ST_XMin(geom) + ST_XMax(geom)) / 2 AS middle) AS m
    WHERE kind = 'unit_grid' AND code = %s AND upper_inf(valid)
"""
LEFT = HALF.format(west=0, south=0, east="middle", north=80)
RIGHT = HALF.format(west="middle", south=0, east=179, north=80)
GRID, NEW = "431302004001013", "431302004001999"


def put(engine: Engine) -> Generation:
    made = publish_drafts(engine, by="bureau", note="a test", accept_warnings=True).generation
    assert made is not None
    return made


def test_a_revert_is_a_new_generation_and_drafts_follow(
    office: Office, engine: Engine, chen: Planner
) -> None:
    was = office.one(SHOWN, "LD-T-01")
    chen.execute(b"DELETE FROM plan.stalls WHERE zone_code = 'LD-T-01' AND number = 'A01'")
    chen.execute(FEE.encode(), ["71", "LD-T-01"])
    chen.execute(TOILET.encode())
    made = put(engine)

    undone = revert(engine, made.number, by="bureau")
    assert undone is not None
    assert undone.number == made.number + 1
    assert undone.note == f"revert of {made.number}"
    assert {layer: str(counts) for layer, counts in undone.counts.items()} == {
        "stall_zones": "0 added, 1 changed, 0 withdrawn",
        "stalls": "1 added, 0 changed, 0 withdrawn",
        "facilities": "0 added, 0 changed, 1 withdrawn",
    }
    assert office.one(SHOWN, "LD-T-01") == office.one(DRAWN, "LD-T-01") == was
    assert office.one("SELECT count(*) FROM plan.differences") == 0
    assert office.one("SELECT count(*) FROM plan.findings WHERE rule = 'overwritten'") == 0

    again = revert(engine, undone.number, by="bureau", note="the other way")
    assert again is not None
    assert office.one(SHOWN, "LD-T-01") == "71"
    assert office.one("SELECT hours FROM city.facilities f JOIN city.schedules s ON s.id = "
                      "schedule_id WHERE f.code = 'U1' AND upper_inf(valid)") == "24/7"  # fmt: skip


def test_what_is_newer_refuses_or_is_kept(office: Office, engine: Engine, chen: Planner) -> None:
    for code in ("LD-T-02", "LD-T-03"):
        chen.execute(FEE.encode(), ["81", code])
    first = put(engine)
    chen.execute(FEE.encode(), ["82", "LD-T-02"])
    put(engine)
    with pytest.raises(PublicationRefused, match="LD-T-02 is changed by a later publication"):
        revert(engine, first.number, by="bureau")
    assert revert(engine, first.number, by="bureau", keep_newer=True) is not None
    assert office.one(SHOWN, "LD-T-02") == "82"
    assert office.one(SHOWN, "LD-T-03") != "81"
    assert revert(engine, first.number, by="bureau", keep_newer=True) is None
    with pytest.raises(NotFound, match="there is no generation 9999"):
        revert(engine, 9999, by="bureau")


def test_an_unpublished_edit_there_refuses(office: Office, engine: Engine, chen: Planner) -> None:
    chen.execute(FEE.encode(), ["91", "LD-T-04"])
    made = put(engine)
    chen.execute(FEE.encode(), ["92", "LD-T-04"])
    with pytest.raises(PublicationRefused, match="LD-T-04 is edited and not published"):
        revert(engine, made.number, by="bureau")
    assert office.one(SHOWN, "LD-T-04") == "91"
    discard(engine)
    assert revert(engine, made.number, by="bureau") is not None


def test_a_split_and_the_merge_after_it_are_told_with_shares(
    office: Office, engine: Engine, chen: Planner
) -> None:
    lineage = (
        "SELECT from_code, to_code, share FROM city.lineage WHERE generation = %s ORDER BY 1, 2"
    )
    chen.execute(f"INSERT INTO plan.areas (kind, code, name, parent_code, attributes, geom) "
               f"SELECT kind, '{NEW}', 'new', parent_code, attributes, ({RIGHT}) FROM plan.areas "
               f"WHERE code = '{GRID}'".encode(), [GRID])  # fmt: skip
    chen.execute(f"UPDATE plan.areas SET geom = ({LEFT}) WHERE code = '{GRID}'".encode(), [GRID])
    made = put(engine)
    with office.watched() as session:
        rows = session.execute(lineage.encode(), [made.number]).fetchall()
    assert [row[:2] for row in rows] == [(GRID, GRID), (GRID, NEW)]
    assert sum(row[2] for row in rows) == pytest.approx(1, abs=1e-6)
    assert min(row[2] for row in rows) > 0.2

    undone = revert(engine, made.number, by="bureau")
    assert undone is not None
    with office.watched() as session:
        rows = session.execute(lineage.encode(), [undone.number]).fetchall()
    assert rows == [(GRID, GRID, 1.0), (NEW, GRID, 1.0)]


def test_a_revert_that_brings_in_errors_is_refused_or_accepted(
    office: Office, engine: Engine, chen: Planner
) -> None:
    chen.execute(f"INSERT INTO plan.areas (kind, code, name, parent_code, attributes, geom) "
               f"SELECT kind, '{NEW}', 'new', parent_code, attributes, ({RIGHT}) FROM plan.areas "
               f"WHERE code = '{GRID}'".encode(), [GRID])  # fmt: skip
    chen.execute(f"UPDATE plan.areas SET geom = ({LEFT}) WHERE code = '{GRID}'".encode(), [GRID])
    split = put(engine)
    # The left half is newer and stays: to take the right one away alone leaves a gap.
    chen.execute(f"UPDATE plan.areas SET name = 'left' WHERE code = '{GRID}'".encode())
    put(engine)
    with pytest.raises(PublicationRefused, match="the city has 1 errors; accept them or mend"):
        revert(engine, split.number, by="bureau", keep_newer=True)
    assert office.one("SELECT count(*) FROM plan.findings WHERE severity = 'error'") == 0
    done = revert(engine, split.number, by="bureau", keep_newer=True, accept_errors=True)
    assert done is not None
    assert office.one("SELECT count(*) FROM plan.findings WHERE severity = 'error'") == 1
    assert revert(engine, done.number, by="bureau") is not None


# --- laws -----------------------------------------------------------------------------------------

CODES = ("LD-T-06", "LD-T-07", "LD-T-08")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(CODES), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.sampled_from(CODES), st.just(0)),
        st.tuples(st.just("publish"), st.just(""), st.just(0)),
        st.tuples(st.just("discard"), st.just(""), st.just(0)),
        st.tuples(st.just("revert"), st.just(""), st.integers(0, 2)),
    ),
    min_size=3,
    max_size=12,
)
STATE = (
    "SELECT json_object_agg(code || '/' || number, goods) FROM city.stalls "
    "WHERE zone_code = 'LD-T-09' AND valid @> coalesce(%s, clock_timestamp())"
)
PLAN = (
    "SELECT json_object_agg(code || '/' || number, goods) FROM plan.stalls "
    "WHERE zone_code = 'LD-T-09'"
)
STATE, PLAN = (one.replace("code || '/' || number", "number") for one in (STATE, PLAN))
NUMBERS = ("A01", "A02", "A03")


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, seed=st.integers(0, 99))
def test_whatever_is_done_now_is_what_was_published_last_and_old_answers_stay(
    office: Office, engine: Engine, steps: list[tuple[str, str, int]], seed: int
) -> None:
    known: list[tuple[datetime, Any]] = []
    with office.at_work("wang") as wang:
        for step, code, value in steps:
            number = NUMBERS[CODES.index(code)] if code else random.Random(seed).choice(NUMBERS)
            before, drawn = office.one(STATE, None), office.one(PLAN)
            if step == "edit":
                wang.execute(b"INSERT INTO plan.stalls (zone_code, number, goods, geom) SELECT "
                            b"'LD-T-09', %s, %s, ST_PointOnSurface(geom) FROM city.stall_zones "
                            b"WHERE code = 'LD-T-09' AND upper_inf(valid) AND NOT EXISTS (SELECT "
                            b"FROM plan.stalls WHERE zone_code = 'LD-T-09' AND number = %s)",
                            [number, str(value), number])  # fmt: skip
                wang.execute(b"UPDATE plan.stalls SET goods = %s WHERE zone_code = 'LD-T-09' AND "
                            b"number = %s", [str(value), number])  # fmt: skip
                assert office.one(STATE, None) == before
            elif step == "delete":
                wang.execute(b"DELETE FROM plan.stalls WHERE zone_code = 'LD-T-09' AND number = %s",
                            [number])  # fmt: skip
                assert office.one(STATE, None) == before
            elif step == "publish":
                publish_drafts(engine, by="law", note="law", accept_warnings=True)
                assert office.one(STATE, None) == drawn
            elif step == "discard":
                discard(engine)
                assert office.one(PLAN) == office.one(STATE, None) == before
            else:
                with Session(engine) as session:
                    latest = history(session, 1)[0]
                    edited = bool(changes_now(session))
                if latest.published_by == "law" and not edited:
                    then = office.one("SELECT published_at - interval '1 microsecond' FROM "
                                      "city.generations WHERE id = %s", latest.number)  # fmt: skip
                    revert(engine, latest.number, by="law", accept_errors=True)
                    assert office.one(STATE, None) == office.one(PLAN) == office.one(STATE, then)
            for instant, state in known:
                assert office.one(STATE, instant) == state
            known.append((office.one("SELECT clock_timestamp()"), office.one(STATE, None)))
    discard(engine)
