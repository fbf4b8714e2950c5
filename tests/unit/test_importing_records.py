"""Rows as records: fields, kinds, hours, attributes, and the rows that cannot be one."""

from datetime import date, time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from data.importing.mapping import parse_mapping
from data.importing.reading import Reading, read_records
from geo.errors import ImportRefused
from geo.hours import format_hours
from geo.records import Assignment, Facility, Officer, Shift, StallZone
from tests.unit.importing_support import FIELDS, KINDS, only, problems, read

XY: dict[str, Any] = {"geometry": {"lon": "x", "lat": "y"}, "crs": "wgs84"}
PLACE: dict[str, Any] = {"name": "n", "x": 111.994, "y": 27.7}


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    frame = pd.DataFrame([PLACE | row for row in rows])
    path = folder / "a.csv"
    frame.to_csv(path, index=False)
    return path


def fields(**more: Any) -> dict[str, Any]:
    return {"fields": FIELDS | more}


def facilities(reading: Reading) -> list[Facility]:
    return [record for record in reading.records if isinstance(record, Facility)]


def zones(reading: Reading) -> list[StallZone]:
    return [record for record in reading.records if isinstance(record, StallZone)]


def test_a_code_that_stands_twice_is_refused_the_second_time(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"code": "A"}, {"code": "B"}, {"code": " Ａ "}), **XY)

    assert [record.code for record in facilities(reading)] == ["A", "B"]
    assert problems(reading) == [(3, "refused", "duplicate_code")]
    assert "row 1" in only(reading).reason


def test_the_same_code_may_stand_for_two_kinds_of_facility(tmp_path: Path) -> None:
    path = table(tmp_path, {"code": "A", "kind": "bin"}, {"code": "A", "kind": "toilet"})

    assert len(read(path, kind_field="kind", **XY).records) == 2


def test_kinds_are_translated_and_unknown_ones_refused(tmp_path: Path) -> None:
    rows = [{"code": str(i), "kind": kind} for i, kind in enumerate(["公厕", "bin", "toilett", ""])]

    reading = read(table(tmp_path, *rows), kind_field="kind", kinds={"公厕": "toilet"}, **XY)

    assert [record.kind for record in facilities(reading)] == ["toilet", "bin"]
    assert problems(reading) == [(3, "refused", "unknown_kind"), (4, "refused", "unknown_kind")]
    assert "did you mean 'toilet'" in reading.findings[0].reason


def test_a_kind_in_the_mapping_that_the_city_lacks_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="'bim' is not in the city; did you mean 'bin'"):
        read(table(tmp_path, {"code": "A"}), kind="bim", **XY)


@pytest.mark.parametrize("capacity", ["约20", "12.5", "0", "-3", "1_0", "NaN"])
def test_a_word_where_a_number_belongs_refuses_the_row(tmp_path: Path, capacity: str) -> None:
    zone = {"layer": "stall-zones", "kind": "night_market", **fields(capacity="capacity")}
    rules = {"crs": "wgs84", "geometry": XY["geometry"] | {"point_radius_m": 5}}
    rows = [{"code": "A", "capacity": "１，２００"}, {"code": "B", "capacity": capacity}]

    reading = read(table(tmp_path, *rows), **zone, **rules)

    assert [record.capacity for record in zones(reading)] == [1200]
    assert problems(reading) == [(2, "refused", "not_a_number")]
    assert only(reading).field == "capacity"


def test_blank_codes_and_names_refuse_the_row(tmp_path: Path) -> None:
    path = table(tmp_path, {"code": ""}, {"code": "A", "name": ""})
    circle = {"lon": "x", "lat": "y", "point_radius_m": 5}

    reading = read(path, layer="stall-zones", kind="night_market", crs="wgs84", geometry=circle)

    assert problems(reading) == [(1, "refused", "missing_field"), (2, "refused", "missing_field")]


def test_templates_and_alternatives_fill_a_field(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"code": "A", "full": "", "street": "长青街", "no": 5},
        {"code": "B", "full": "乐坪\n公厕", "street": "", "no": ""},
        {"code": "C", "full": "", "street": "", "no": ""},
    ]

    found = facilities(
        read(table(tmp_path, *rows), **fields(name=["full", "{street}{no}号"]), **XY)
    )

    assert [record.name for record in found] == ["长青街5号", "乐坪 公厕", ""]


def test_attributes_have_the_types_that_the_mapping_says(tmp_path: Path) -> None:
    rows = [{"code": "A", "seats": "５", "free": "是", "zip": "0738", "note": ""}]
    wanted = {
        "seats": {"field": "seats", "type": "integer"},
        "barrier_free": {"field": "free", "type": "boolean"},
        "zip": "zip",
        "note": "note",
    }

    (found,) = facilities(read(table(tmp_path, *rows), attributes=wanted, **XY))

    assert found.attributes == {"seats": 5, "barrier_free": True, "zip": "0738"}


@pytest.mark.parametrize("content", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', "[1]", "{"])
def test_attributes_that_the_database_cannot_hold_refuse_the_row(
    tmp_path: Path, content: str
) -> None:
    path = table(tmp_path, {"code": "A", "a": '{"a": 1}'}, {"code": "B", "a": content})

    reading = read(path, **fields(attributes="a"), **XY)

    assert facilities(reading)[0].attributes == {"a": 1}
    assert problems(reading) == [(2, "refused", "unreadable_attributes")]


def test_hours_in_either_form_become_schedules(tmp_path: Path) -> None:
    osm = read(table(tmp_path, {"code": "A", "h": "Mo-Fr 08:00-17:00"}), **fields(hours="h"), **XY)
    zh = read(
        table(tmp_path, {"code": "A", "h": "周一至周五8点到17点"}),
        **fields(hours="h"),
        **XY,
        hours_format="zh",
    )

    assert [f.schedule for f in facilities(osm)] == [f.schedule for f in facilities(zh)]
    assert facilities(osm)[0].schedule is not None


def test_hours_that_cannot_be_read_are_left_unknown_and_reported(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"code": "A", "h": "dawn till dusk"}), **fields(hours="h"), **XY)

    assert facilities(reading)[0].schedule is None
    assert problems(reading) == [(1, "warning", "unreadable_hours")]
    assert reading.refused == 0


def test_words_beside_the_hours_are_kept_as_a_note(tmp_path: Path) -> None:
    path = table(tmp_path, {"code": "A", "h": "06：00~16：30加油站旁"})

    reading = read(path, **fields(hours="h"), **XY, hours_format="zh")

    assert facilities(reading)[0].attributes == {"hours_note": "加油站旁"}
    assert problems(reading) == [(1, "warning", "hours_note")]


OPENINGS: dict[str, Any] = {
    "layer": "stall-zones",
    "kind": "night_market",
    "crs": "wgs84",
    "geometry": {"lon": "x", "lat": "y", "point_radius_m": 5},
    "schedule": {"day": "day", "opens": "from", "closes": "to"},
}


def opening(day: str, opens: Any, closes: Any, **more: Any) -> dict[str, Any]:
    return {"code": "A", "day": day, "from": opens, "to": closes, **more}


def test_rows_of_one_code_become_one_zone_with_weekly_hours(tmp_path: Path) -> None:
    rows = [
        opening("Friday", "20:00", "02:00"),
        opening("SAT", "20:00", "02:00"),
        opening("周日", "8:00", "24:00"),
        opening("Mon.", "06:30", "08:00"),
    ]

    (zone,) = zones(read(table(tmp_path, *rows), **OPENINGS))

    assert zone.schedule is not None
    assert format_hours(zone.schedule) == "Mo 06:30-08:00; Fr,Sa 20:00-02:00; Su 08:00-24:00"


def test_times_of_a_workbook_are_times(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["code", "name", "x", "y", "day", "from", "to"])
    book.active.append(["A", "n", 111.994, 27.7, "Mo", time(6, 30), "8:00:00"])
    path = tmp_path / "a.xlsx"
    book.save(path)

    (zone,) = zones(read(path, **OPENINGS))

    assert zone.schedule is not None
    assert format_hours(zone.schedule) == "Mo 06:30-08:00"


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("Mo", "08:00", "08:00"),
        ("1", "08:00", "09:00"),
        ("Mo", "8AM", "09:00"),
        ("", "8:00", "9:00"),
    ],
)
def test_an_opening_that_cannot_be_read_refuses_its_row_only(
    tmp_path: Path, day: str, opens: str, closes: str
) -> None:
    reading = read(
        table(tmp_path, opening("Tu", "08:00", "09:00"), opening(day, opens, closes)), **OPENINGS
    )

    assert len(reading.records) == 1
    assert problems(reading) == [(2, "refused", "unreadable_hours")]


def test_rows_of_one_zone_that_differ_are_reported(tmp_path: Path) -> None:
    rows = [opening("Mo", "08:00", "09:00"), opening("Tu", "08:00", "09:00", name="another")]

    reading = read(table(tmp_path, *rows), **OPENINGS)

    assert problems(reading) == [(2, "warning", "differing_rows")]


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = table(tmp_path, *({"code": str(i)} for i in range(1201)))
    mapping = parse_mapping({"layer": "facilities", "kind": "bin", **fields(), **XY})

    read_records(path, mapping, KINDS, progress=lambda done, total: told.append((done, total)))

    assert told == [(500, 1201), (1000, 1201), (1201, 1201)]


STAFF: dict[str, Any] = {
    "layer": "officers",
    "kind": "enforcement",
    "area_kind": "responsibility_grid",
    "hours_format": "zh",
    "fields": {
        "code": "code",
        "name": "name",
        "phone": "phone",
        "area_code": "grid",
        "since": "since",
        "hours": "hours",
    },
}


def staff(folder: Path, *rows: dict[str, Any], **more: Any) -> Reading:
    base = {"phone": "", "grid": "W1", "since": "2026-03-01", "hours": ""}
    path = table(folder, *({"name": "测试员", **base, **row} for row in rows))
    mapping = parse_mapping(STAFF | more)
    return read_records(path, mapping, KINDS, areas={"W1", "W2"})


def test_an_officer_may_have_several_grids_and_one_shift(tmp_path: Path) -> None:
    rows = [
        {"code": "1", "hours": "周一至周五8:00-17:00"},
        {"code": "1", "grid": "W2", "hours": "周一至周五8:00-17:00"},
    ]

    found = staff(tmp_path, *rows).records

    assert found[:3] == (
        Officer("1", "测试员"),
        Assignment("1", "enforcement", "responsibility_grid", "W1", date(2026, 3, 1)),
        Assignment("1", "enforcement", "responsibility_grid", "W2", date(2026, 3, 1)),
    )
    assert isinstance(found[3], Shift)
    assert format_hours(found[3].schedule) == "Mo-Fr 08:00-17:00"
    assert len(found) == 4


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"grid": "W9"}, "unknown_area"),
        ({"since": ""}, "missing_field"),
        ({"since": "March"}, "not_a_date"),
        ({"hours": "有空就来"}, "unreadable_hours"),
        ({"hours": "8:00-17:00，雨天休息"}, "unreadable_hours"),
        ({"code": "1", "name": "另一人"}, "duplicate_code"),
        ({"code": "1"}, "duplicate_code"),
    ],
)
def test_a_row_of_staff_that_cannot_hold_is_refused(
    tmp_path: Path, row: dict[str, str], problem: str
) -> None:
    reading = staff(tmp_path, {"code": "1"}, {"code": "2"} | row)

    assert problems(reading) == [(2, "refused", problem)]
    assert len(reading.records) == 2


def test_the_mapping_may_say_since_when_all_serve(tmp_path: Path) -> None:
    found = staff(tmp_path, {"code": "1", "since": ""}, since=date(2026, 1, 1)).records

    assert isinstance(found[1], Assignment)
    assert found[1].since == date(2026, 1, 1)
