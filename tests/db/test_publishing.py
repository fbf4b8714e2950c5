"""Publishing: what changes, what stays, what old dates answer."""

from dataclasses import replace
from datetime import date

import pytest
from shapely.geometry import Point, box
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from data.layers import Record
from data.models import AreaDraft, AreaRow, HistoryRow
from data.publishing import Changes, publish
from data.queries.areas import areas_now
from data.queries.facilities import facilities_now
from data.queries.stall_zones import stalls_now, zones_now
from geo.hours import parse_hours
from geo.records import Area, Facility, Stall, StallZone
from geo.schedules import Override

GRID = Area("unit_grid", "431302001001001", "一号网格", box(111.99, 27.7, 112.0, 27.71))
ZONE = StallZone(
    "night_market",
    "YS-01",
    "一号夜市",
    box(111.99, 27.7, 111.991, 27.701),
    capacity=40,
    goods=("小吃", "饮品"),
    goods_banned=("活禽", "烟花爆竹"),
    how_to_apply="到测试街道登记",
    duty_phone="0738-5550999",
    phone="0738-5550000",
    schedule=parse_hours("Mo-Fr 18:00-24:00; Sa,Su 17:00-02:00"),
    overrides=(Override(date(2027, 2, 6), date(2027, 2, 12), True, (), "春节", "Spring Festival"),),
)
STALL = Stall("YS-01", "A01", Point(111.9905, 27.7005), goods="小吃")
TOILET = Facility(
    "toilet",
    "T1",
    "一号公厕",
    Point(111.995, 27.705),
    attributes={"barrier_free": True, "seats": 4},
)


def put(session: Session, *records: Record) -> Changes:
    return publish(session, records, by="tester", note="test")


@pytest.mark.parametrize(
    ("record", "now"),
    [(GRID, areas_now), (ZONE, zones_now), (STALL, stalls_now), (TOILET, facilities_now)],
)
def test_a_record_comes_back_as_it_was_and_is_unchanged_the_second_time(session, record, now):  # type: ignore[no-untyped-def]
    assert put(session, record) == Changes(added=1)
    assert put(session, record) == Changes(unchanged=1)

    (found,) = now(session)
    assert replace(found, geometry=record.geometry) == record
    assert found.geometry.equals(record.geometry)


def test_a_changed_row_still_answers_for_its_time(session: Session) -> None:
    put(session, GRID)
    renamed = replace(GRID, name="新一号网格")

    assert put(session, renamed) == Changes(changed=1)

    rows = session.execute(select(AreaRow.name, AreaRow.valid).order_by(AreaRow.id)).all()
    assert [row.name for row in rows] == ["一号网格", "新一号网格"]
    assert rows[0].valid.upper == rows[1].valid.lower
    assert rows[1].valid.upper is None
    assert session.scalars(select(AreaDraft.name)).all() == ["新一号网格"]


def test_every_row_change_is_in_history_with_before_and_after(session: Session) -> None:
    put(session, GRID)
    put(session, replace(GRID, name="新一号网格"))

    kept = session.execute(
        select(HistoryRow.action, HistoryRow.before, HistoryRow.after)
        .where(HistoryRow.table_name == "city.areas")
        .order_by(HistoryRow.id)
    ).all()
    assert [row.action for row in kept] == ["INSERT", "UPDATE", "INSERT"]
    assert kept[1].before["name"] == kept[1].after["name"] == "一号网格"
    assert kept[1].before["valid"] != kept[1].after["valid"]
    assert kept[2].after["geom"]["type"] == "MultiPolygon"


def test_one_code_cannot_be_valid_twice_at_once(session: Session) -> None:
    put(session, GRID)
    copy = (
        "INSERT INTO city.areas (kind, code, name, geom, generation) "
        "SELECT kind, code, name, geom, generation FROM city.areas"
    )

    with pytest.raises(IntegrityError, match="ex_areas_code"):
        session.execute(text(copy))


def test_the_clock_ticks_once_for_each_statement_that_changes_a_layer(session: Session) -> None:
    def revision() -> int:
        asked = text("SELECT coalesce(max(revision), 0) FROM city.layers WHERE name = 'areas'")
        return int(session.scalar(asked) or 0)

    before = revision()
    neighbours = [replace(GRID, code=f"43130200100100{n}") for n in (2, 3)]
    put(session, GRID, *neighbours)
    assert revision() == before + 1
    put(session, GRID)
    assert revision() == before + 1


def test_an_unknown_kind_is_refused_by_the_database(session: Session) -> None:
    with pytest.raises(IntegrityError, match="fk_kind"):
        put(session, replace(GRID, kind="kingdom"))


def test_a_bow_tie_is_refused_by_the_database(session: Session) -> None:
    bow_tie = "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"
    with pytest.raises(DatabaseError, match="边界与自身相交"):
        session.execute(
            text(
                "INSERT INTO plan.areas (kind, code, name, geom) VALUES "
                "('zone', 'Z', 'Z', ST_Multi(ST_GeomFromText(:wkt, 4326)))"
            ),
            {"wkt": bow_tie},
        )


def test_publishing_nothing_makes_no_generation(session: Session) -> None:
    assert publish(session, [], by="tester", note="") == Changes()
    assert session.scalar(select(func.count()).select_from(AreaRow)) == 0
