"""The coming days of a place: hours, the bars that show them, and why a day is unlike others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from geo.openings import Hours, Interval
from geo.schedules import DAYS, NO_HOLIDAYS, Calendar, Override, Schedule
from maps.hours import day_in_words, span_in_words
from maps.text import Language, Worded, worded, words

DAYS_SHOWN = 7
DAY = 1440
"""Minutes."""


class Bar(NamedTuple):
    """A part of a day on which the place is open, minutes after midnight."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Day:
    """One of the coming days: the openings that start on it, and when the place is open on it."""

    name: str
    iso: str
    is_today: bool
    hours: tuple[str, ...]
    bars: tuple[Bar, ...]
    notes: tuple[Worded, ...]


def coming_days(
    schedule: Schedule | None,
    at: datetime,
    language: Language,
    overrides: tuple[Override, ...] = (),
    calendar: Calendar = NO_HOLIDAYS,
) -> tuple[Day, ...]:
    """Return the coming seven days, today first; none where nothing is known of the hours."""
    if schedule is None and not overrides:
        return ()
    plan = schedule or Schedule(())
    hours = Hours(plan, overrides, calendar)
    today = at.astimezone(hours.zone).date()
    # From yesterday on: what opened then may still be open past midnight.
    spans = list(hours.walk(today - timedelta(days=1), today + timedelta(days=DAYS_SHOWN - 1)))
    return tuple(
        Day(
            name=day_in_words(day, language),
            iso=day.isoformat(),
            is_today=day == today,
            hours=tuple(_own_hours(hours, day, language)),
            bars=tuple(_bars(spans, _midnight(hours, day))),
            notes=tuple(_notes(hours, plan, calendar, day, language)),
        )
        for day in (today + timedelta(days=n) for n in range(DAYS_SHOWN))
    )


def _own_hours(hours: Hours, day: date, language: Language) -> Iterator[str]:
    """Of this day alone, so that a night belongs to the evening on which it starts."""
    for span in hours.walk(day, day):
        yield span_in_words(*_minutes(span, _midnight(hours, day)), language)


def _bars(spans: list[Interval], midnight: datetime) -> Iterator[Bar]:
    for span in spans:
        opens, closes = _minutes(span, midnight)
        start, end = max(0, opens), min(DAY, closes)
        if start < end:
            yield Bar(start, end - start)


def _notes(
    hours: Hours, plan: Schedule, calendar: Calendar, day: date, language: Language
) -> Iterator[Worded]:
    """Why a day is unlike others: a dated exception, a holiday, a workday made up for."""
    text = words(language)
    rule = hours.rule_of(day)
    reason = worded(rule.reason_zh, rule.reason_en, language)
    if reason.text:
        yield reason
    kind = calendar.day_kind(day)
    if kind == "PH":
        yield Worded(text["public_holiday"], language)
    elif kind != DAYS[day.weekday()] and plan.minds_holidays:
        yield Worded(text["workday_for"].format(day=text[kind]), language)
    if hours.assumes(day):
        yield Worded(text["not_announced"], language)


def _midnight(hours: Hours, day: date) -> datetime:
    return datetime.combine(day, time(), hours.zone)


def _minutes(span: Interval, midnight: datetime) -> tuple[int, int]:
    """On the wall clock, which subtraction within one zone is."""
    minute = timedelta(minutes=1)
    return (span.start - midnight) // minute, (span.end - midnight) // minute
