"""What one row is judged on at its save: in the planner's language, and only what changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.cli.program import eventually
from tests.db.planning import (
    ADD,
    INSIDE,
    Office,
    Planner,
    refusal,
)


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
