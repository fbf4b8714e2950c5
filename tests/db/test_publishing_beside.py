"""Publishing beside a publication that waits: the public never sees a state that nobody judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.changes import changes_now
from data.checking import check
from data.planning import SHOWN, Drafts
from data.prospects import rehearse
from data.publications import discard
from data.scheduling import cancel, scheduled, take_due
from data.turns import in_turn
from data.undoing import revert
from geo.errors import PublicationRefused
from geo.planning.judging import judge
from tests.db.planning import Office, come, draw_zone, later, put

Planner = psycopg.Connection[Any]
FEE = "UPDATE plan.stall_zones SET fee = %s WHERE code = %s"
SHOWN_FEE = "SELECT fee FROM city.stall_zones WHERE code = %s AND upper_inf(valid)"
DRAWN_FEE = "SELECT fee FROM plan.stall_zones WHERE code = %s"
# Three in a row, each with a border in common with the next, and all in one community.
IN_A_ROW = """
    SELECT a.code, b.code, c.code
    FROM plan.areas AS a, plan.areas AS b, plan.areas AS c
    WHERE a.kind = 'unit_grid' AND b.kind = 'unit_grid' AND c.kind = 'unit_grid'
        AND a.parent_code = b.parent_code AND b.parent_code = c.parent_code
        AND ST_Length(ST_Intersection(a.geom, b.geom)) > 0.0002
        AND ST_Length(ST_Intersection(b.geom, c.geom)) > 0.0002
        AND NOT ST_Intersects(a.geom, c.geom)
    ORDER BY a.code, b.code, c.code LIMIT 1
"""
# The strip of one grid beside another, about four metres wide, goes to that other.
STRIP = """
    WITH strip AS (
        SELECT a.geom AS whole, b.geom AS rest,
            ST_Intersection(b.geom, ST_Buffer(a.geom, 0.00004, 'join=mitre')) AS geom
        FROM plan.areas AS a JOIN plan.areas AS b USING (kind)
        WHERE kind = 'unit_grid' AND a.code = %(to)s AND b.code = %(from)s
    )
    UPDATE plan.areas AS p SET geom = ST_Multi(CASE WHEN p.code = %(to)s
        THEN ST_Union(whole, strip.geom) ELSE ST_Difference(rest, strip.geom) END)
    FROM strip WHERE p.kind = 'unit_grid' AND p.code IN (%(to)s, %(from)s)
"""


def move_strip(planner: Planner, origin: str, target: str) -> None:
    planner.execute(STRIP.encode(), {"from": origin, "to": target})


def draw_stall(planner: Planner, zone_code: str) -> None:
    planner.execute(
        b"INSERT INTO plan.stalls (zone_code, number, geom) SELECT code, 'A01', "
        b"ST_PointOnSurface(geom) FROM plan.stall_zones WHERE code = %s",
        [zone_code],
    )


def errors_of_the_public(engine: Engine) -> list[str]:
    with Session(engine) as session:
        plan = Drafts(session, datetime.now(UTC).date(), SHOWN).whole()
    return [one.key for one in judge(plan) if one.severity == "error"]


@pytest.fixture
def row(office: Office) -> tuple[str, str, str]:
    with office.watched() as session:
        found = session.execute(IN_A_ROW.encode()).fetchone()
    assert found is not None
    return found[0], found[1], found[2]


@pytest.fixture(autouse=True)
def nothing_waits_afterwards(engine: Engine, chen: Planner) -> Any:  # noqa: ARG001
    """What waits would stay when the planner's edits are discarded."""
    yield
    with Session(engine) as session:
        waiting = [one.number for one in scheduled(session) if one.state in ("waiting", "failed")]
    for number in waiting:
        cancel(engine, number)


def test_what_is_published_is_judged_as_if_it_were_drawn(engine: Engine) -> None:
    with Session(engine) as session:
        day = datetime.now(UTC).date()
        drawn, shown = Drafts(session, day).whole(), Drafts(session, day, SHOWN).whole()
    assert judge(shown) == judge(drawn) == []
    assert len(shown.zones) == len(drawn.zones) > 0
    assert [zone.schedule for zone in shown.zones] == [zone.schedule for zone in drawn.zones]


def test_a_feature_that_waits_is_not_published_another_way_before(
    engine: Engine, chen: Planner, row: tuple[str, str, str]
) -> None:
    a, b, c = row
    move_strip(chen, b, a)
    waits = later(engine)
    move_strip(chen, c, b)
    assert not in_turn(engine, check).count("error")
    told = f"areas unit_grid:{b} waits as publication {waits.number} for .*; cancel that first"
    with pytest.raises(PublicationRefused, match=told):
        put(engine)
    with pytest.raises(PublicationRefused, match=told):
        later(engine, 7200)
    assert errors_of_the_public(engine) == []

    cancel(engine, waits.number)
    assert put(engine).counts["areas"].changed == 3
    assert errors_of_the_public(engine) == []


def test_what_is_sound_only_together_with_what_waits_is_not_published_before_it(
    office: Office, engine: Engine, chen: Planner
) -> None:
    """A stall of a zone that waits: the drafts have both, the public would have the stall alone."""
    draw_zone(chen, "W-1", "431302004001013")
    waits = later(engine, 4)
    draw_stall(chen, "W-1")
    assert not in_turn(engine, check).count("error")
    beside = "what the public would see, beside what waits, has 1 errors"
    with pytest.raises(PublicationRefused, match=beside):
        put(engine)
    with pytest.raises(PublicationRefused, match=beside):
        later(engine, 1)
    assert office.one("SELECT count(*) FROM plan.publications WHERE state = 'waiting'") == 1

    after = later(engine, 5)
    for one in (waits, after):
        come(one)
        assert [done.state for done in take_due(engine)] == ["done"]
    assert errors_of_the_public(engine) == []


def test_what_would_bring_in_errors_on_its_date_fails_with_a_finding(
    office: Office, engine: Engine, chen: Planner
) -> None:
    """What it was judged with does not come before it any more: that was cancelled."""
    draw_zone(chen, "W-2", "431302004001009")
    zone = later(engine, 3)
    draw_stall(chen, "W-2")
    stall = later(engine, 4)
    cancel(engine, zone.number)
    come(stall)
    (failed,) = take_due(engine)
    assert (failed.number, failed.state) == (stall.number, "failed")
    assert failed.reason == "it would bring in errors: stall_zone_missing stall:W-2/A01"
    words = b"SELECT words_zh, words_en FROM plan.findings WHERE rule = 'publication_failed'"
    ((zh, en),) = chen.execute(words).fetchall()
    assert zh.endswith("公众看到的内容会因此出现错误：stall_zone_missing stall:W-2/A01")
    assert en.endswith(
        "it would bring errors into what the public sees: stall_zone_missing stall:W-2/A01"
    )
    assert office.one("SELECT count(*) FROM city.stalls WHERE zone_code = 'W-2'") == 0
    assert put(engine).counts.keys() == {"stall_zones", "stalls"}


def test_a_rehearsal_leaves_nothing_behind(office: Office, engine: Engine, chen: Planner) -> None:
    chen.execute(FEE.encode(), ["61", "LD-T-02"])
    waits = later(engine)
    count = "(SELECT count(*) FROM city.generations) + (SELECT sum(revision) FROM city.layers)"
    held = office.one(f"SELECT {count}")
    assert in_turn(engine, lambda session: rehearse(session, waits.number)) == []
    assert office.one(f"SELECT {count}") == held
    assert office.one(SHOWN_FEE, "LD-T-02") != "61"


def test_discarding_leaves_what_waits_and_says_so_of_what_is_named(
    office: Office, engine: Engine, chen: Planner
) -> None:
    kind = office.one("SELECT kind FROM plan.stall_zones WHERE code = 'LD-T-03'")
    chen.execute(FEE.encode(), ["62", "LD-T-03"])
    waits = later(engine, 2)
    chen.execute(FEE.encode(), ["63", "LD-T-04"])
    with pytest.raises(PublicationRefused, match=f"LD-T-03 waits as publication {waits.number}"):
        discard(engine, [("stall_zones", f"{kind}:LD-T-03")])
    assert [one.rpartition(":")[2] for one in discard(engine)] == ["LD-T-04"]
    come(waits)
    assert [one.state for one in take_due(engine)] == ["done"]
    with Session(engine) as session:
        assert changes_now(session) == []
    assert office.one(SHOWN_FEE, "LD-T-03") == office.one(DRAWN_FEE, "LD-T-03") == "62"

    # The other order: what takes effect is published, so that nothing is left to discard.
    chen.execute(FEE.encode(), ["64", "LD-T-03"])
    waits = later(engine, 1)
    come(waits)
    take_due(engine)
    assert discard(engine) == []
    assert put(engine) is None
    assert office.one(SHOWN_FEE, "LD-T-03") == "64"


def test_what_waits_is_not_undone_under_it(office: Office, engine: Engine, chen: Planner) -> None:
    was = office.one(SHOWN_FEE, "LD-T-05")
    chen.execute(FEE.encode(), ["65", "LD-T-05"])
    made = put(engine)
    chen.execute(FEE.encode(), ["66", "LD-T-05"])
    waits = later(engine)
    # Drawn as it is published, it waits nevertheless.
    for fee in ("66", "65"):
        chen.execute(FEE.encode(), [fee, "LD-T-05"])
        with pytest.raises(PublicationRefused, match="LD-T-05 is in a publication that waits"):
            revert(engine, made.number, by="bureau")
    cancel(engine, waits.number)
    assert revert(engine, made.number, by="bureau") is not None
    assert office.one(SHOWN_FEE, "LD-T-05") == was
