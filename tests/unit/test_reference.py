"""The shipped lists: complete, and the calendar as the notices say."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]
import pytest

from data.reference import read_list

DESIGNED = {
    "area": "city district zone street community unit_grid responsibility_grid compound "
    "business_district",
    "stall_zone": "night_market morning_market produce seasonal_fruit festival creative",
    "facility": "bin camera toilet park parking ebike_charging station notice_board sensor",
    "officer_role": "enforcement sanitation landscaping lighting street",
}


@pytest.mark.parametrize(("family", "slugs"), DESIGNED.items())
def test_the_kinds_that_doors_rely_on_are_there(family: str, slugs: str) -> None:
    there = {row["slug"] for row in read_list("kinds") if row["family"] == family}
    assert set(slugs.split()) <= there


def test_cameras_sensors_and_people_are_not_public() -> None:
    closed = {row["slug"] for row in read_list("kinds") if not row["is_public"]}
    assert {"camera", "sensor", *DESIGNED["officer_role"].split()} <= closed | {"street"}


def test_0136_means_two_things_in_two_lists() -> None:
    names = {
        row["version"]: row["name_zh"] for row in read_list("code_lists") if row["code"] == "0136"
    }
    assert names == {"shenzhen": "监控电子眼", "beijing": "供水器"}


@pytest.mark.parametrize("year", [int(row["year"]) for row in read_list("calendar_years")])
def test_the_calendar_agrees_with_the_library(year: int) -> None:
    kinds = {date.fromisoformat(row["day"]): row["kind"] for row in read_list("calendar_days")}
    day = date(year, 1, 1)
    while day.year == year:
        holiday, name = chinese_calendar.get_holiday_detail(day)
        if holiday and name:
            assert kinds[day] == "PH", day
        elif not holiday and day.weekday() >= 5:
            assert kinds[day] in ("Mo", "Tu", "We", "Th", "Fr"), day
        else:
            assert day not in kinds, day
        day += timedelta(days=1)
