"""What planners drew becomes what the city shows: judged, whole or not at all, in turn."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.changes import changes_now, changes_of
from data.checking import check
from data.publications import discard, history, publish_drafts
from data.turns import in_turn
from data.undoing import revert
from geo.errors import InvalidParameter, NotFound, PublicationRefused
from tests.db.planning import Office, draw_zone

Planner = psycopg.Connection[Any]
UNPUBLISHED = "SELECT count(*) FROM plan.differences"
GROWN = (
    "UPDATE plan.areas SET geom = ST_Multi(ST_Buffer(geom, 0.00005, 'quad_segs=1')) "
    "WHERE code = '431302004001013'"
)

TOILET = (
    "INSERT INTO plan.facilities (kind, code, name, geom) SELECT 'toilet', %s, '公厕', "
    "ST_PointOnSurface(geom) FROM plan.areas WHERE kind = 'community' LIMIT 1"
)
HOURS = (
    "SELECT hours FROM city.stall_zones AS z JOIN city.schedules AS s ON s.id = schedule_id "
    "WHERE z.code = 'LD-T-01' AND upper_inf(valid)"
)


def put(engine: Engine, **more: Any) -> Any:
    return publish_drafts(engine, by="bureau", note="a test", **more).generation


def now(engine: Engine) -> list[Any]:
    with Session(engine) as session:
        return changes_now(session)


# --- check ----------------------------------------------------------------------------------------


def test_the_first_check_judges_all_and_the_next_only_what_changed(
    engine: Engine, chen: Planner, office: Office
) -> None:
    assert in_turn(engine, lambda session: check(session, full=True)).findings == ()
    assert not in_turn(engine, check).is_full

    chen.execute(GROWN.encode())
    found = in_turn(engine, check)
    assert not found.is_full
    assert {one.rule for one in found.findings} >= {"overlap"}
    assert found.count("error") == office.one("SELECT count(*) FROM plan.findings")
    numbers = {one.key: (one.id, one.found_at) for one in found.findings}

    whole = in_turn(engine, lambda session: check(session, full=True))
    assert {one.key: (one.id, one.found_at) for one in whole.findings} == numbers
    discard(engine)
    assert in_turn(engine, check).findings == ()
    assert office.one("SELECT count(*) FROM plan.dirty") == 0


def test_rules_that_a_city_sets_are_judged_by_and_judge_all_again(
    engine: Engine, chen: Planner
) -> None:
    in_turn(engine, check)
    chen.execute(GROWN.encode())
    chen.execute(b"UPDATE plan.rules SET is_on = false WHERE rule = 'overlap'")
    chen.execute(b"UPDATE plan.rules SET is_on = false WHERE rule = 'nesting'")

    found = in_turn(engine, check)
    assert found.is_full
    assert not {"overlap", "nesting"} & {one.rule for one in found.findings}

    chen.execute(b"UPDATE plan.rules SET is_on = true")
    assert "overlap" in {one.rule for one in in_turn(engine, check).findings}


# --- publish --------------------------------------------------------------------------------------


def test_what_was_added_changed_and_deleted_is_one_generation(
    engine: Engine, chen: Planner, office: Office
) -> None:
    clock = office.one("SELECT sum(revision) FROM city.layers")
    chen.execute(b"UPDATE plan.stall_zones SET name = '\xe6\x96\xb0\xe5\x90\x8d', "
                 b"hours = 'Mo-Fr 18:00-23:30' WHERE code = 'LD-T-01'")  # fmt: skip
    chen.execute(b"DELETE FROM plan.facilities WHERE id = "
                 b"(SELECT min(id) FROM plan.facilities WHERE kind = 'bin')")  # fmt: skip
    chen.execute(TOILET.encode(), ["T-NEW"])
    told = now(engine)
    assert [(one.layer, one.change) for one in told] == [
        ("stall_zones", "changed"), ("facilities", "withdrawn"), ("facilities", "added"),
    ]  # fmt: skip
    assert [field.name for field in told[0].fields] == ["hours", "name"]
    assert told[0].edited_by == "chen"

    made = put(engine, accept_warnings=True)
    assert {layer: str(counts) for layer, counts in made.counts.items()} == {
        "stall_zones": "0 added, 1 changed, 0 withdrawn",
        "facilities": "1 added, 0 changed, 1 withdrawn",
    }
    assert made.published_by == "bureau"
    assert now(engine) == []
    with Session(engine) as session:
        assert history(session)[0] == made
        kept = changes_of(session, made.number)
    assert [(one.feature, one.fields) for one in kept] == [(o.feature, o.fields) for o in told]
    assert office.one(HOURS) == "Mo-Fr 18:00-23:30"
    assert office.one("SELECT sum(revision) FROM city.layers") > clock
    assert put(engine) is None


def test_errors_refuse_and_warnings_have_to_be_accepted(
    engine: Engine, chen: Planner, office: Office
) -> None:
    chen.execute(b"UPDATE plan.stall_zones SET capacity = capacity + 1 WHERE code = 'LD-T-02'")
    with pytest.raises(PublicationRefused, match="the plan has 1 warnings; mend or accept them"):
        put(engine)
    assert office.one("SELECT count(*) FROM plan.findings") == 1

    chen.execute(GROWN.encode())
    with pytest.raises(PublicationRefused, match=r"the plan has \d+ errors; mend them first"):
        put(engine, accept_warnings=True)
    assert len(now(engine)) == 2
    with pytest.raises(InvalidParameter, match="needs a note"):
        publish_drafts(engine, by="bureau", note=" ")


def test_cameras_are_neither_published_nor_withdrawn_by_planners(
    engine: Engine, chen: Planner, office: Office
) -> None:
    held = "SELECT count(*) FROM city.facilities WHERE kind = 'camera' AND upper_inf(valid)"
    cameras = office.one(held)
    assert cameras > 0
    with office.watched() as session:
        session.execute(b"DELETE FROM plan.facilities WHERE kind = 'camera'")
    chen.execute(b"UPDATE plan.stall_zones SET fee = '5' WHERE code = 'LD-T-03'")

    assert set(put(engine, accept_warnings=True).counts) == {"stall_zones"}
    assert office.one(held) == cameras


def test_overrides_and_time_zones_of_zones_stay(
    engine: Engine, chen: Planner, office: Office
) -> None:
    held = office.one("SELECT count(*) FROM city.overrides")
    with office.watched() as session:
        session.execute(b"INSERT INTO city.schedules (hours, time_zone) SELECT hours, "
                        b"'Asia/Urumqi' FROM city.schedules s "
                        b"JOIN city.stall_zones z ON z.schedule_id = s.id "
                        b"WHERE z.code = 'LD-T-05' AND upper_inf(z.valid)")  # fmt: skip
        session.execute(b"UPDATE city.stall_zones SET schedule_id = (SELECT max(id) FROM "
                        b"city.schedules) WHERE code = 'LD-T-05' AND upper_inf(valid)")  # fmt: skip
    chen.execute(b"UPDATE plan.stall_zones SET fee = '6' WHERE code = 'LD-T-05'")
    put(engine, accept_warnings=True)

    zone = ("SELECT time_zone FROM city.stall_zones z JOIN city.schedules s ON s.id = schedule_id "
            "WHERE z.code = 'LD-T-05' AND fee = '6' AND upper_inf(valid)")  # fmt: skip
    assert office.one(zone) == "Asia/Urumqi"
    assert office.one("SELECT count(*) FROM city.overrides") == held


EXCEPTIONS = (
    "SELECT string_agg(concat_ws(' ', kind, code, reason_en), ', ' ORDER BY reason_en) "
    "FROM city.overrides WHERE reason_en ~ '^of '"
)


def except_one_day(office: Office, *codes: str) -> None:
    """Give each zone a dated exception; of those of the tests no other is left."""
    with office.watched() as session:
        session.execute(b"DELETE FROM city.overrides WHERE reason_en ~ '^of '")
        for code in codes:
            session.execute(
                b"INSERT INTO city.overrides (family, kind, code, dates, opens, reason_en) "
                b"SELECT family, kind, code, '[2027-01-01,2027-01-02)', false, 'of ' || code "
                b"FROM city.stall_zones WHERE code = %s AND upper_inf(valid)",
                [code],
            )


def kind_of(office: Office, code: str) -> str:
    return str(office.one("SELECT kind FROM plan.stall_zones WHERE code = %s", code))


def rename(planner: Planner, code: str, becomes: str) -> None:
    """Stalls go with their zone."""
    planner.execute(b"UPDATE plan.stall_zones SET code = %s WHERE code = %s", [becomes, code])
    planner.execute(b"UPDATE plan.stalls SET zone_code = %s WHERE zone_code = %s", [becomes, code])


def test_overrides_follow_a_zone_that_gets_another_code_and_kind_and_its_undoing(
    engine: Engine, chen: Planner, office: Office
) -> None:
    except_one_day(office, "LD-T-03")
    kind, was = kind_of(office, "LD-T-03"), office.one(EXCEPTIONS)
    other = "creative" if kind != "creative" else "night_market"
    rename(chen, "LD-T-03", "LD-T-97")
    drawn = [one for one in now(engine) if one.layer == "stall_zones"]
    assert [(one.change, one.former) for one in drawn] == [
        ("withdrawn", None),
        ("added", "LD-T-03"),
    ]
    assert "(was LD-T-03)" in str(drawn[1])
    made = put(engine, accept_warnings=True)
    assert office.one(EXCEPTIONS) == f"{kind} LD-T-97 of LD-T-03"
    with Session(engine) as session:
        told = [one for one in changes_of(session, made.number) if one.layer == "stall_zones"]
    assert [(one.feature, one.change, one.former) for one in told] == [
        (one.feature, one.change, one.former) for one in drawn
    ]
    revert(engine, made.number, by="bureau")
    assert office.one(EXCEPTIONS) == was

    chen.execute(b"UPDATE plan.stall_zones SET kind = %s WHERE code = 'LD-T-03'", [other])
    made = put(engine, accept_warnings=True)
    assert office.one(EXCEPTIONS) == f"{other} LD-T-03 of LD-T-03"
    revert(engine, made.number, by="bureau")
    assert office.one(EXCEPTIONS) == was


def test_overrides_of_two_zones_that_change_codes_change_with_them(
    engine: Engine, chen: Planner, office: Office
) -> None:
    except_one_day(office, "LD-T-06", "LD-T-07")
    kinds = kind_of(office, "LD-T-06"), kind_of(office, "LD-T-07")
    rename(chen, "LD-T-06", "LD-T-96")
    rename(chen, "LD-T-07", "LD-T-06")
    rename(chen, "LD-T-96", "LD-T-07")
    swapped = put(engine, accept_warnings=True)
    told = f"{kinds[0]} LD-T-07 of LD-T-06, {kinds[1]} LD-T-06 of LD-T-07"
    assert office.one(EXCEPTIONS) == told
    revert(engine, swapped.number, by="bureau")
    told = f"{kinds[0]} LD-T-06 of LD-T-06, {kinds[1]} LD-T-07 of LD-T-07"
    assert office.one(EXCEPTIONS) == told


def test_a_new_zone_that_takes_an_old_code_does_not_inherit_overrides(
    engine: Engine, chen: Planner, office: Office
) -> None:
    except_one_day(office, "LD-T-08")
    kind = kind_of(office, "LD-T-08")
    # In one publication: the zone goes on under another code, a new one stands under its own.
    rename(chen, "LD-T-08", "LD-T-95")
    draw_zone(chen, "LD-T-08", "431302004001013")
    put(engine, accept_warnings=True)
    assert office.one(EXCEPTIONS) == f"{kind} LD-T-95 of LD-T-08"

    # One after the other: what is withdrawn has its own again when it comes back by undoing only.
    chen.execute(b"DELETE FROM plan.stalls WHERE zone_code = 'LD-T-95'")
    chen.execute(b"DELETE FROM plan.stall_zones WHERE code = 'LD-T-95'")
    gone = put(engine, accept_warnings=True)
    back = revert(engine, gone.number, by="bureau")
    assert office.one(EXCEPTIONS) == f"{kind} LD-T-95 of LD-T-08"
    assert back is not None
    revert(engine, back.number, by="bureau")
    draw_zone(chen, "LD-T-95", "431302004001009")
    chen.execute(b"UPDATE plan.stall_zones SET kind = %s WHERE code = 'LD-T-95'", [kind])
    put(engine, accept_warnings=True)
    assert office.one(EXCEPTIONS) is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT plan.freeze('chen', 'mine', NULL)",
        "SELECT plan.take_effect(1)",
        "SELECT plan.freeze_undoing(1, 'chen', 'mine')",
        "SELECT plan.discard(NULL)",
        "SELECT plan.move_border('unit_grid', '431302004001013', NULL)",
        "SELECT * FROM plan.publications",
        "SELECT * FROM plan.changes",
        "DELETE FROM plan.checks",
        "LOCK TABLE plan.checks IN SHARE ROW EXCLUSIVE MODE",
        "SELECT * FROM city.lineage",
    ],
)
def test_a_planner_can_publish_nothing_alone(chen: Planner, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), chen.transaction():
        chen.execute(statement.encode())


# --- discard --------------------------------------------------------------------------------------


def test_discarding_brings_back_what_is_published_and_tells_nobody(
    engine: Engine, chen: Planner, office: Office
) -> None:
    chen.execute(b"UPDATE plan.stall_zones SET hours = '24/7' WHERE code = 'LD-T-04'")
    chen.execute(b"DELETE FROM plan.stalls WHERE zone_code = 'LD-T-04' AND number = 'A01'")
    chen.execute(TOILET.encode(), ["T-DROP"])
    kind = office.one("SELECT kind FROM plan.stall_zones WHERE code = 'LD-T-04'")

    with pytest.raises(NotFound, match="stalls stall:no/1 is not edited"):
        discard(engine, [("stalls", "stall:no/1"), ("facilities", "toilet:T-DROP")])
    assert office.one(UNPUBLISHED) == 3
    assert discard(engine, [("stall_zones", f"{kind}:LD-T-04")]) == [f"stall_zones {kind}:LD-T-04"]
    assert office.one(UNPUBLISHED) == 2
    assert len(discard(engine)) == 2
    assert office.one(UNPUBLISHED) == 0
    assert office.one("SELECT count(*) FROM plan.findings WHERE rule = 'overwritten'") == 0
