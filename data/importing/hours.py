"""Opening hours of rows: a text, or one row per opening."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from data.importing.cells import Row, code, is_blank, text
from data.importing.findings import RowRefused
from data.importing.mapping import ScheduleColumns
from geo.chinese_hours import parse_chinese_days, parse_chinese_hours
from geo.errors import InvalidSchedule
from geo.hours import parse_hours
from geo.schedules import DAYS, Override, Schedule, Window, minutes

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_hours(words: str, form: str, time_zone: str) -> tuple[Schedule, str]:
    """Return the schedule of a text in the form `osm` or `zh`, and what of it is no hours.

    Raises `InvalidSchedule`.
    """
    if form == "zh":
        found = parse_chinese_hours(words, time_zone)
        return found.schedule, found.note
    return parse_hours(words, time_zone), ""


def read_opening(row: Row, columns: ScheduleColumns) -> Window:
    """Return the opening of a row; it may pass midnight. Raises `RowRefused`.

    Closing at the minute of opening is refused: nobody can tell whether it means all day or never.
    """
    opens, closes = (_clock(row[column], column) for column in (columns.opens, columns.closes))
    if opens == closes:
        raise RowRefused(
            "unreadable_hours",
            f"opens and closes at {text(row[columns.opens])}; write 00:00 and 24:00 for all day",
            columns.closes,
        )
    days = _days(row[columns.day], columns.day)
    try:
        return Window(days, opens, closes if closes > opens else closes + 1440)
    except InvalidSchedule as error:
        raise RowRefused("unreadable_hours", str(error), columns.opens) from None


def weekly(windows: Iterable[Window], time_zone: str) -> Schedule:
    """Return the schedule of single openings: days with the same hours become one window."""
    days: dict[tuple[int, int], frozenset[str]] = {}
    for window in windows:
        hours = (window.opens, window.closes)
        days[hours] = days.get(hours, frozenset()) | window.days
    merged = sorted((opens, closes) for opens, closes in days)
    return Schedule(tuple(Window(days[hours], *hours) for hours in merged), time_zone)


def read_overrides(value: Any, field: str) -> tuple[Override, ...]:
    """Return the dated exceptions that an export wrote as JSON; raises `RowRefused`."""
    if is_blank(value):
        return ()
    try:
        rules = json.loads(value) if isinstance(value, str) else value
        return tuple(_override(rule) for rule in rules)
    except (ValueError, TypeError, KeyError, AttributeError, InvalidSchedule) as error:
        reason = f"overrides must be the JSON that an export writes: {error}"
        raise RowRefused("unreadable_hours", reason, field) from None


def _override(rule: Mapping[str, Any]) -> Override:
    return Override(
        date.fromisoformat(rule["first"]),
        date.fromisoformat(rule["last"]),
        bool(rule["opens"]),
        parse_hours(rule["hours"]).windows if rule.get("hours") else (),
        rule.get("reason_zh", ""),
        rule.get("reason_en", ""),
    )


def _clock(value: Any, column: str) -> int:
    # A workbook holds times as such, 24:00 as text, and adds seconds when saved as CSV.
    word = value.strftime("%H:%M") if isinstance(value, time) else code(value)
    if word.count(":") == 2:
        word = word.removesuffix(":00")
    try:
        return minutes(word)
    except InvalidSchedule as error:
        raise RowRefused("unreadable_hours", str(error), column) from None


def _days(value: Any, column: str) -> frozenset[str]:
    """`Sunday`, `SUN`, `Su` or `周三、日`; a number is refused: weeks begin here or there."""
    word = code(value).lower().rstrip(".")
    if len(word) >= 2 and word.isascii():
        for day, name in zip(DAYS, _WEEKDAYS, strict=False):
            if name.startswith(word):
                return frozenset({day})
    try:
        return parse_chinese_days(text(value))
    except InvalidSchedule:
        reason = f"{text(value)!r} is no day of the week; write Monday, Mo or 周一"
        raise RowRefused("unreadable_hours", reason, column) from None
