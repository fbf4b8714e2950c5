"""Saves of planners: judged row by row in their language, versioned, kept, and closed to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import Role
from data.planners import planners, remove_planner
from data.publications import discard
from data.publishing import publish
from data.reference import read_list
from data.turns import on_behalf
from geo.errors import InvalidSchedule
from geo.hours import MONTHS, parse_hours
from geo.records import StallZone
from geo.schedules import DAYS
from tests.cli.program import eventually
from tests.db.planning import Office, open_office

AsOwner = Callable[[str, Role], Engine]
Planner = psycopg.Connection[Any]

INSIDE = "112 27.73, 112.001 27.73, 112.001 27.731, 112 27.731, 112 27.73"
ADD = "INSERT INTO plan.areas (kind, code, name, geom) VALUES ('compound', %s, '小区', %s)"
RENAME = "UPDATE plan.stall_zones SET name = %s WHERE id = %s"
RENAME_FROM = "UPDATE plan.stall_zones SET name = %s, base_version = %s WHERE id = %s"


@pytest.fixture(scope="module")
def zones(office: Office) -> Iterator[int]:
    """Numbers of stall zones as they are published."""
    with office.watched() as session:
        found = session.execute("SELECT id FROM plan.stall_zones ORDER BY code").fetchall()
    return iter([row[0] for row in found])


@pytest.fixture
def zone(zones: Iterator[int]) -> int:
    """A stall zone that no other test has touched."""
    return next(zones)


def refusal(session: Planner, statement: str, *given: object) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        session.execute(statement.encode(), given)
    assert str(caught.value.sqlstate).startswith("TG"), caught.value
    assert caught.value.diag.message_hint
    return caught.value


# --- what one row is judged on --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "state", "said"),
    [
        ("POLYGON((112 27.73, 112.001 27.731, 112.001 27.73, 112 27.731, 112 27.73))", "TG104",
         "小区 X1 “小区”：边界与自身相交（位置 112.000500, 27.730500）"),
        (f"POLYGON(({INSIDE}), (112.1 27.73, 112.11 27.73, 112.11 27.74, 112.1 27.73))", "TG104",
         "小区 X1 “小区”：内洞在外边界之外（位置 112.100000, 27.730000）"),
        ("POLYGON((113 27.73, 113.001 27.73, 113.001 27.731, 113 27.73))", "TG105",
         "小区 X1 “小区”：有一部分在城市范围之外（位置 113.000750, 27.730500）"),
        ("POLYGON((500000 3000000, 500100 3000000, 500100 3000100, 500000 3000000))", "TG103",
         "小区 X1 “小区”：坐标不是经纬度（位置 500066.666667, 3000033.333333）"),
        ("POLYGON EMPTY", "TG101", "小区 X1 “小区”：没有图形"),
        (None, "TG101", "小区 X1 “小区”：没有图形"),
        (f"SRID=999999;POLYGON(({INSIDE}))", "TG103",
         "小区 X1 “小区”：坐标系 999999 未知，或其坐标无法换算为经纬度"),
        (f"SRID=12345;POLYGON(({INSIDE}))", "TG103",
         "小区 X1 “小区”：坐标系 12345 未知，或其坐标无法换算为经纬度"),
        ("POLYGON((1e308 1, 2 1, 2 2, 1e308 1))", "TG103", "小区 X1 “小区”：坐标不是经纬度"),
        ("POINT(112 27.73)", "TG102", "小区 X1 “小区”：图形是 POINT，这里只能是 MULTIPOLYGON"),
    ],
)  # fmt: skip
def test_a_bad_shape_is_refused_with_its_place(
    li_na: Planner, shape: str | None, state: str, said: str
) -> None:
    error = refusal(li_na, ADD, "X1", shape)

    assert (error.sqlstate, error.diag.message_primary) == (state, said)


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        ("capacity = 100000", "TG109", "its 100000 stalls are more than the"),
        ("""attributes = '{"stall_m2": 500}'""", "TG109", "square metres at 500 each"),
        ("""attributes = '{"stall_m2": 1e-400}'""", "TG109", "stall_m2 in its attributes"),
        ("""attributes = '{"stall_m2": 1e6}'""", "TG109", "stall_m2 in its attributes"),
        ("""attributes = '{"stall_m2": 1e400}'""", "TG113", "a number that is too large"),
        ("""attributes = '{"stall_m2": "big"}'""", "TG109", "stall_m2 in its attributes"),
        ("capacity = 0", "TG109", "its number of stalls is 0"),
        ("hours = 'ab 18 Uhr'", "TG110", "the opening hours 'ab 18 Uhr' cannot be read"),
        ("hours = 'Feb 30 18:00-20:00'", "TG110", "cannot be read"),
        ("code = ' LD'", "TG107", "the code ' LD' is not well-formed"),
        ("code = E'L\\nD'", "TG107", "is not well-formed"),
        ("code = NULL", "TG107", "the code '' is not well-formed"),
        ("code = 'LD-T-01'", "TG108", "the code 'LD-T-01' is taken by '鱼塘夜市'"),
        ("kind = 'camera'", "TG106", "there is no kind 'camera'"),
    ],
)
def test_what_is_wrong_in_a_row_is_said_in_the_planners_language(
    wang: Planner, change: str, state: str, said: str
) -> None:
    error = refusal(wang, f"UPDATE plan.stall_zones SET {change} WHERE code = 'LD-T-20'")

    assert error.sqlstate == state
    assert said in str(error.diag.message_primary)
    assert "stall_zones" not in str(error.diag.message_primary)


@pytest.mark.parametrize(
    ("layer", "change", "state", "said"),
    [
        ("stall_zones", "goods = ARRAY[NULL, 'x']", "TG112", "the goods allowed is no list"),
        ("stall_zones", "goods = ARRAY[ARRAY['x']]", "TG112", "the goods allowed is no list"),
        ("stall_zones", "goods_banned = ARRAY[repeat('x', 101)]", "TG112", "goods not allowed"),
        ("stall_zones", "hours = repeat('x', 100000)", "TG112",
         f"the opening hours is longer than 1000 characters: '{'x' * 60}…'"),
        ("areas", "name = repeat('名', 201)", "TG112", "the name is longer than 200 characters"),
        ("areas", "parent_code = repeat('1', 201)", "TG112", "the code of the area above is"),
        ("stalls", "goods = repeat('x', 100000)", "TG112", "the goods is longer than 200"),
        ("facilities", "address = repeat('x', 501)", "TG112", "is longer than 500"),
        ("areas", "code = repeat('x', 100000)", "TG107", f"the code '{'x' * 60}…' is not"),
        *((layer, f"attributes = '{odd}'", "TG113", "its attributes are no JSON object")
          for layer in ("areas", "stall_zones", "facilities") for odd in ("[1]", "5", "null")),
        ("areas", """attributes = ('{"a":' || repeat('[', 30) || repeat(']', 30) || '}')::jsonb""",
         "TG113", "too deep"),
        ("areas", "attributes = jsonb_build_object('a', repeat('x', 20000))", "TG113", "too many"),
        ("facilities", """attributes = '{"spaces": [1, {"a": -1e400}]}'""", "TG113", "too large"),
    ],
)  # fmt: skip
def test_values_that_nobody_could_show_or_judge_are_refused(
    wang: Planner, layer: str, change: str, state: str, said: str
) -> None:
    one = f"(SELECT min(id) FROM plan.{layer})"
    error = refusal(wang, f"UPDATE plan.{layer} SET {change} WHERE id = {one}")

    assert error.sqlstate == state
    assert said in str(error.diag.message_primary)
    assert len(str(error.diag.message_primary)) < 250


def test_odd_values_of_a_new_row_are_refused_and_in_chinese(li_na: Planner) -> None:
    add = "INSERT INTO plan.facilities (kind, code, name, attributes, geom) VALUES " \
        "('bin', 'O1', %s, %s, 'POINT(112 27.73)')"  # fmt: skip

    assert "其他属性不是 JSON 对象" in str(refusal(li_na, add, "桶", "[1]"))
    assert "名称长于 200 个字符：“桶桶" in str(refusal(li_na, add, "桶" * 201, "{}"))


def test_a_long_name_that_was_imported_is_left_until_somebody_edits_it(
    office: Office, li_na: Planner
) -> None:
    with office.watched() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "INSERT INTO plan.facilities (kind, code, name, geom) "
            "VALUES ('bin', 'O2', repeat('x', 300), 'SRID=4326;POINT(112 27.73)')"
        )
    li_na.execute("UPDATE plan.facilities SET address = '路' WHERE code = 'O2'")

    error = refusal(li_na, "UPDATE plan.facilities SET name = name || 'y' WHERE code = 'O2'")
    assert error.sqlstate == "TG112"


@pytest.mark.parametrize("schema", ["city", "plan"])
@pytest.mark.parametrize(
    ("table", "change"),
    [
        *((table, f"attributes = '{odd}'") for table in ("areas", "stall_zones", "facilities")
          for odd in ("[1]", "5")),
        ("stall_zones", "goods = ARRAY[NULL, 'x']"),
        ("stall_zones", "goods_banned = ARRAY['x', NULL]"),
        ("stall_zones", "goods = ARRAY[ARRAY['x']]"),
    ],
)  # fmt: skip
def test_nor_do_they_come_in_past_the_triggers(
    office: Office, schema: str, table: str, change: str
) -> None:
    with office.watched() as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.FeatureNotSupported)):
            admin.execute(f"UPDATE {schema}.{table} SET {change}".encode())


def test_stalls_and_facilities_are_judged_as_well(wang: Planner) -> None:
    found = wang.execute("SELECT zone_code, number FROM plan.stalls LIMIT 1").fetchone()
    assert found is not None
    taken = refusal(wang, "INSERT INTO plan.stalls (zone_code, number, geom) VALUES (%s, %s, "
        "'POINT(112 27.73)')", *found)  # fmt: skip
    state = refusal(wang, "UPDATE plan.stalls SET state = 'gone' WHERE number = 'A01'")
    far = refusal(wang, "INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
        "('bin', 'B', '', 'POINT(0 0)')")  # fmt: skip
    line = refusal(wang, "INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
        "('bin', 'B', '', 'LINESTRING(112 27.73, 112 27.74)')")  # fmt: skip
    hidden = refusal(wang, "INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
        "('camera', 'C', '', 'POINT(112 27.73)')")  # fmt: skip

    assert [e.sqlstate for e in (taken, state, far, line, hidden)] == [
        "TG108", "TG111", "TG105", "TG102", "TG106"
    ]  # fmt: skip
    assert "camera" not in str(hidden.diag.message_hint)


@pytest.mark.parametrize(
    ("place", "state", "said"),
    [
        ("POINT(NaN NaN)", "TG104", "垃圾箱 P1：有坐标不是数字"),
        ("POINT(112 NaN)", "TG104", "垃圾箱 P1：有坐标不是数字"),
        ("POINT(1e308 0)", "TG103", "垃圾箱 P1：坐标不是经纬度"),
        ("POINT(1e400 0)", "TG104", "垃圾箱 P1：有坐标不是数字"),
        ("SRID=32649;POINT(1e308 1e308)", "TG103", "垃圾箱 P1：坐标系 32649 未知，"),
    ],
)
def test_a_place_that_is_nowhere_is_refused_in_words(
    li_na: Planner, place: str, state: str, said: str
) -> None:
    add = "INSERT INTO plan.facilities (kind, code, name, geom) VALUES ('bin', 'P1', '', %s)"
    error = refusal(li_na, add, place)

    assert (error.sqlstate, str(error.diag.message_primary)[: len(said)]) == (state, said)
    assert len(str(error.diag.message_primary)) < 60


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        (f"SRID=4326;POLYGON(({INSIDE}))", 5),
        (f"SRID=4326;MULTIPOLYGON((({INSIDE})))", 5),
        ("POLYGON ZM((112 27.73 1 2, 112.001 27.73 1 2, 112.001 27.731 1 2, 112 27.73 1 2))", 4),
        ("SRID=4490;POLYGON Z((112 27.73 5, 112.001 27.73 5, 112.001 27.731 5, 112 27.73 5))", 4),
        ("SRID=4326;CURVEPOLYGON(CIRCULARSTRING(112 27.73, 112.001 27.73, 112 27.73))", None),
        (f"SRID=4326;GEOMETRYCOLLECTION(POLYGON(({INSIDE})))", 5),
    ],
)  # fmt: skip
def test_single_parts_heights_curves_and_other_systems_are_brought_to_the_columns_type(
    li_na: Planner, shape: str, kept: int | None
) -> None:
    with li_na.transaction(force_rollback=True):
        li_na.execute(ADD.encode(), ["X2", shape])
        found = li_na.execute(
            "SELECT GeometryType(geom), ST_NDims(geom), ST_SRID(geom), ST_NPoints(geom), name_en, "
            "attributes FROM plan.areas WHERE code = 'X2'"
        ).fetchone()

    assert found is not None
    assert found[:3] == ("MULTIPOLYGON", 2, 4326)
    assert found[3] == kept or (kept is None and found[3] > 32)
    assert found[4:] == ("", {})


def test_what_a_paste_leaves_empty_gets_the_columns_default(li_na: Planner) -> None:
    with li_na.transaction(force_rollback=True):
        row = li_na.execute(
            "INSERT INTO plan.stall_zones (kind, code, name, name_en, goods, attributes, geom) "
            "VALUES ('creative', 'X3', NULL, NULL, NULL, NULL, %s) "
            "RETURNING name, name_en, goods, attributes, row_version, edited_by",
            [f"POLYGON(({INSIDE}))"],
        ).fetchone()

    assert row == ("", "", [], {}, 1, "li_na")


def test_geometry_columns_tell_programs_the_types(li_na: Planner) -> None:
    found = li_na.execute(
        "SELECT f_table_schema, f_table_name, type, srid, coord_dimension FROM geometry_columns "
        "WHERE f_table_name IN ('areas', 'stall_zones', 'stalls', 'facilities')"
    ).fetchall()
    types = {
        "areas": "MULTIPOLYGON",
        "stall_zones": "MULTIPOLYGON",
        "stalls": "POINT",
        "facilities": "GEOMETRY",
    }

    assert sorted(found) == sorted(
        (schema, name, kind, 4326, 2) for schema in ("city", "plan") for name, kind in types.items()
    )


def test_only_what_changed_is_judged(office: Office, li_na: Planner) -> None:
    with office.watched() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "INSERT INTO plan.areas (kind, code, name, geom) VALUES ('compound', 'OLD', '', "
            "'SRID=4326;MULTIPOLYGON(((0 0, 1 1, 1 0, 0 1, 0 0)))')"
        )
    li_na.execute("UPDATE plan.areas SET name = '旧' WHERE code = 'OLD'")

    assert office.one("SELECT name FROM plan.areas WHERE code = 'OLD'") == "旧"


def test_a_planner_sets_what_a_rule_allows_and_it_says_who(office: Office, wang: Planner) -> None:
    wang.execute("UPDATE plan.rules SET is_on = false WHERE rule = 'outside_city'")
    with wang.transaction(force_rollback=True):
        wang.execute(ADD.encode(), ["X4", "POLYGON((0 0, 1 0, 1 1, 0 0))"])
    wang.execute("UPDATE plan.rules SET is_on = true WHERE rule = 'outside_city'")

    assert refusal(wang, ADD, "X4", "POLYGON((0 0, 1 0, 1 1, 0 0))").sqlstate == "TG105"
    assert office.one("SELECT edited_by FROM plan.rules WHERE rule = 'outside_city'") == "wang"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        wang.execute("INSERT INTO plan.rules VALUES ('mine', 'error', true, 1, 1, '', '')")


@pytest.mark.parametrize("value", ["distance_m = 1001", "area_m2 = 1e7", "distance_m = 'NaN'",
    "distance_m = 1e308", "area_m2 = -1"])  # fmt: skip
def test_a_rule_allows_nothing_beyond_measure(office: Office, wang: Planner, value: str) -> None:
    error = refusal(wang, f"UPDATE plan.rules SET {value} WHERE rule = 'outside_city'")

    assert error.sqlstate == "TG114"
    with office.watched() as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.CheckViolation):
            admin.execute(f"UPDATE plan.rules SET {value} WHERE rule = 'outside_city'".encode())


def test_a_second_city_area_lies_in_the_first_which_alone_is_free(li_na: Planner) -> None:
    add = "INSERT INTO plan.areas (kind, code, name, geom) VALUES ('city', 'C2', '二', %s)"
    world = "POLYGON((-170 -80, 170 -80, 170 80, -170 80, -170 -80))"
    assert refusal(li_na, add, world).sqlstate == "TG105"
    with li_na.transaction(force_rollback=True):
        li_na.execute(add.encode(), [f"POLYGON(({INSIDE}))"])
        grown = "UPDATE plan.areas SET geom = ST_Expand(geom, 0.01) WHERE kind = 'city' AND code "
        with pytest.raises(psycopg.Error, match="城市范围之外"), li_na.transaction():
            li_na.execute("UPDATE plan.areas SET geom = %s WHERE code = 'C2'", [world])
        li_na.execute((grown + "<> 'C2'").encode())


def test_of_two_city_areas_edited_at_once_both_count(
    office: Office, li_na: Planner, wang: Planner
) -> None:
    li_na.execute(
        "INSERT INTO plan.areas (kind, code, name, geom) VALUES ('city', 'C3', '三', %s)",
        [f"POLYGON(({INSIDE}))"],
    )
    kept = "SELECT count(*) FROM plan.city_pieces"
    before = office.one(kept)
    edit = "UPDATE plan.areas SET geom = ST_Translate(geom, 1e-7, 0) WHERE kind = 'city' AND code "
    with ThreadPoolExecutor(1) as pool:
        with wang.transaction():
            wang.execute((edit + "<> 'C3'").encode())
            saving = pool.submit(li_na.execute, (edit + "= 'C3'").encode())
            assert eventually(lambda: bool(office.one("SELECT count(*) FROM pg_locks "
                "WHERE NOT granted")))  # fmt: skip
        saving.result(10)
    assert abs(office.one(kept) - before) < before / 10
    assert office.one("SELECT count(*) FROM plan.city_pieces AS p WHERE NOT is_square "
        "AND EXISTS (SELECT FROM plan.city_pieces AS q WHERE q.id < p.id AND NOT q.is_square "
        "AND q.geom = p.geom)") == 0  # fmt: skip
    li_na.execute("DELETE FROM plan.areas WHERE code = 'C3'")


def test_where_no_city_is_drawn_nothing_is_outside(office: Office) -> None:
    far = ["X5", "POLYGON((0 0, 1 0, 1 1, 0 0))"]
    with office.watched() as admin, admin.transaction(force_rollback=True):
        admin.execute("DELETE FROM plan.areas WHERE kind = 'city'")
        with pytest.raises(psycopg.Error, match="城市范围之外"), admin.transaction():
            admin.execute(ADD.encode(), far)  # the published one holds
        admin.execute("UPDATE city.areas SET valid = tstzrange(lower(valid), now() + '1 s') "
            "WHERE kind = 'city'")  # fmt: skip
        admin.execute(ADD.encode(), far)


# --- hours: one grammar in two places -------------------------------------------------------------

_time = st.builds("{}:{:02d}".format, st.integers(0, 50), st.one_of(st.integers(0, 61), st.just(0)))
_span = st.builds("{}{}{}".format, _time, st.sampled_from(["-", " - ", "-", "–"]), _time)
_times = st.one_of(
    st.sampled_from(["off", "closed", "24/7", ""]),
    st.lists(_span, min_size=1, max_size=3).map(",".join),
)
_day = st.sampled_from(DAYS)
_days = st.one_of(
    st.just(""),
    st.sampled_from(["Mo-Su,PH", "PH", "Mo-Fr,Sa,Su,PH", "Sa-Fr,PH", "Mo-Su"]),
    st.lists(st.one_of(_day, st.builds("{}-{}".format, _day, _day)), min_size=1, max_size=4).map(
        ",".join
    ),
)
_date = st.builds(
    "{}{}".format,
    st.sampled_from(MONTHS),
    st.one_of(st.just(""), st.integers(0, 32).map(" {}".format)),
)
_season = st.one_of(
    st.just(""),
    st.just(""),
    _date,
    st.builds("{}-{}".format, _date, st.one_of(_date, st.integers(0, 32))),
)
_rule = st.builds(
    "{}{}{}{}{}".format, _season, st.sampled_from([" ", ": ", "", "\u3000"]), _days,
    st.sampled_from([" ", "", "\t"]), _times,
)  # fmt: skip
_hours = st.one_of(
    st.lists(_rule, min_size=1, max_size=4).flatmap(
        lambda rules: st.sampled_from(["; ", ", ", ";", " ;; "]).map(
            lambda joint: joint.join(rules)
        )
    ),
    st.text(alphabet="MoTuPH JanFeb0123456789:-,;/off24\u3000\n１", max_size=24),
)


def test_the_database_reads_the_same_hours_as_the_code(office: Office) -> None:
    with office.watched() as admin:

        @settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
        @given(_hours)
        @example("Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su,PH 18:00-02:00")
        @example("Jun-Aug 18:00-24:00; PH off")
        @example("PH off; Jun 1-Aug 31 PH 10:00-12:00")
        @example("Jun 1-Aug 31 PH off")
        @example("Jun 1-Aug 31 Mo-Su,PH off")
        @example("Jun 1-Aug 31 off; PH off, Dec PH 10:00-11:00")
        @example("Su-Sa,PH off")
        @example("PH-Mo 10:00-12:00")
        @example("; ;")
        @example("\u3000")
        @example("Jan  off")
        @example("24/7")
        def same(hours: str) -> None:
            try:
                parse_hours(hours)
                readable = True
            except InvalidSchedule:
                readable = False
            row = admin.execute("SELECT plan.reads_hours(%s)", [hours]).fetchone()
            assert row == (readable,), hours

        same()


def test_every_message_is_in_both_languages_and_names_no_part_that_is_never_filled() -> None:
    for row in read_list("plan_messages"):
        for chinese, english in (("zh", "en"), ("hint_zh", "hint_en")):
            assert any("一" <= letter <= "鿿" for letter in row[chinese]), row
            assert row[english].isascii(), row


# --- two planners ---------------------------------------------------------------------------------


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


# --- rights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM city.officers", "SELECT 1 FROM city.assignments",
        "SELECT 1 FROM city.positions", "SELECT 1 FROM city.fixes", "SELECT 1 FROM city.tokens",
        "SELECT 1 FROM city.history", "SELECT 1 FROM plan.dirty", "DELETE FROM plan.dirty",
        "UPDATE city.areas SET name = ''", "INSERT INTO plan.findings (key) VALUES ('x')",
        "UPDATE plan.messages SET zh = ''", "UPDATE plan.rules SET words_zh = ''",
        "CREATE TABLE plan.mine (a int)", "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA mine", "CREATE FUNCTION plan.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE plan.areas DISABLE TRIGGER ALL", "DROP TABLE plan.areas",
        "TRUNCATE plan.areas", "CREATE ROLE mine", "SET ROLE tidegrid_owner",
        "SET ROLE tidegrid_service", "SET session_replication_role = replica",
        "SELECT plan.tell_overwritten('overwritten', 'areas', 1, NULL)",
        "SELECT plan.changed_since(0, 'areas', 1)", "SELECT city.raise_clock('areas', NULL)",
        "SELECT pg_read_file('/etc/passwd')", "COPY plan.areas TO '/tmp/x'",
    ],
)  # fmt: skip
def test_a_planner_can_do_nothing_but_plan(li_na: Planner, statement: str) -> None:
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName),
    ):
        li_na.execute(statement.encode())


def test_what_a_planner_forgets_ends_by_itself(li_na: Planner) -> None:
    limits = ("idle_in_transaction_session_timeout", "lock_timeout")
    found = [li_na.execute(f"SHOW {limit}".encode()).fetchone() for limit in limits]
    assert found == [("5min",), ("15s",)]


def test_a_planner_sees_no_camera_anywhere(li_na: Planner) -> None:
    for table in ("city.facilities", "plan.facilities"):
        row = li_na.execute(
            f"SELECT count(*) FROM {table} WHERE kind = 'camera'".encode()
        ).fetchone()
        assert row == (0,)


def test_only_the_service_says_for_whom_it_works(
    office: Office, engine: Engine, li_na: Planner, zone: int
) -> None:
    def who() -> list[str]:
        asked = "SELECT {} FROM {} WHERE {} = %s ORDER BY id DESC LIMIT 1"
        return [
            office.one(asked.format("edited_by", "plan.stall_zones", "id"), zone),
            office.one(asked.format("changed_by", "city.history", "row_id"), zone),
        ]

    li_na.execute("SET tidegrid.token = 'boss'")
    li_na.execute(RENAME.encode(), ["新", zone])
    assert who() == ["li_na", "li_na"]

    # What the service said for one does not hold for the next on its connection.
    for service, told in ((on_behalf(engine, "boss"), "token boss"), (engine, "tidegrid_service")):
        discard(service)
        assert who() == [told, told]
        li_na.execute(RENAME.encode(), ["新", zone])


def test_a_planner_cannot_pass_for_a_publication(li_na: Planner) -> None:
    li_na.execute("SET tidegrid.publishing = 'on'")

    assert refusal(li_na, ADD, "X6", "POLYGON((0 0, 1 0, 1 1, 0 0))").sqlstate == "TG105"


def test_who_is_removed_is_out_at_once_and_stays_in_history(
    office: Office, engine_of: AsOwner, cluster: Cluster, zone: int
) -> None:
    leaving = open_office(cluster, office.database, zhao="zh")
    engine = engine_of(cluster.url("postgres", office.database), None)  # type: ignore[arg-type]
    with leaving.at_work("zhao") as session:
        session.execute(RENAME.encode(), ["赵的", zone])
        with engine.connect() as connection:
            assert [p.sessions for p in planners(connection) if p.name == "zhao"] == [1]
            connection.rollback()
            assert remove_planner(connection, "zhao") == 1
            assert "zhao" not in [p.name for p in planners(connection)]
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError), leaving.at_work("zhao"):
        pass

    assert office.one("SELECT edited_by FROM plan.stall_zones WHERE id = %s", zone) == "zhao"
    assert office.one("SELECT count(*) FROM city.history WHERE changed_by = 'zhao'") == 1
