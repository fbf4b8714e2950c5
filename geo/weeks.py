"""A week of one place, or any run of days: when it is open, why, and how sure that is.

All times are minutes from the first midnight in the city's time zone, also of a place whose hours
are told in another zone, so that many places can be drawn over one axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from geo.openings import HORIZON_DAYS, Hours
from geo.schedules import CITY_TIME, NO_HOLIDAYS, Calendar, Override, Schedule

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


class Span(NamedTuple):
    """Open from one minute up to, not including, another."""

    opens: int
    closes: int


class Note(NamedTuple):
    """From one minute up to another a dated exception decides."""

    first: int
    last: int
    override: Override


@dataclass(frozen=True, slots=True)
class Week:
    """The openings of some days, in minutes from `midnight`, the first day's in the city.

    `spans` are in order, apart, and within the days; None where no hours are known. One that is
    still open when the days end is cut there. `opens_next` is when a place that is closed then
    opens, None when it does not or is open. `notes` are in order and apart. From `assumed_from` on
    holidays matter and are not announced; None when that is not within the days.
    """

    midnight: datetime
    minutes: int
    spans: tuple[Span, ...] | None
    opens_next: int | None = None
    notes: tuple[Note, ...] = ()
    assumed_from: int | None = None


def week_of(
    schedule: Schedule | None,
    overrides: tuple[Override, ...],
    calendar: Calendar = NO_HOLIDAYS,
    *,
    first: date,
    days: int = 7,
    time_zone: str = CITY_TIME,
) -> Week:
    """Return the openings of the days from the first; equal arguments give equal weeks."""
    city = ZoneInfo(time_zone)
    midnight, end = (
        datetime.combine(day, time(), city).astimezone(UTC) for day in (first, first + days * _DAY)
    )
    length = _minutes(end, midnight)
    if schedule is None and not overrides:
        return Week(midnight, length, None)
    hours = Hours(schedule or Schedule(()), overrides, calendar)
    spans, opens_next = _spans(hours, midnight, end)
    return Week(
        midnight,
        length,
        spans,
        opens_next,
        tuple(_notes(hours, overrides, midnight, end)),
        _assumed_from(hours, midnight, end),
    )


def _spans(hours: Hours, midnight: datetime, end: datetime) -> tuple[tuple[Span, ...], int | None]:
    """The openings between two instants, and the next one behind them."""
    found: list[Span] = []
    first, last = _dates(hours, midnight, end)
    for span in hours.walk(first, last + HORIZON_DAYS * _DAY):
        if span.start >= end:
            return tuple(found), _minutes(span.start, midnight)
        if span.end > midnight:
            opens, closes = max(span.start, midnight), min(span.end, end)
            found.append(Span(_minutes(opens, midnight), _minutes(closes, midnight)))
        if span.end > end:
            break
    return tuple(found), None


def _notes(
    hours: Hours, overrides: tuple[Override, ...], midnight: datetime, end: datetime
) -> Iterator[Note]:
    """What the exceptions decide, also of the nights before and after their dates."""
    first, last = _dates(hours, midnight, end)
    turns = {midnight, end}
    for n in range((last - first).days + 1):
        day = first + n * _DAY
        # The nights before and after, which go by the rule of the day that they began on.
        if any(rule.first - _DAY <= day <= rule.last + _DAY for rule in overrides):
            turns |= {turn for turn in hours.turns(day) if midnight < turn < end}
    held = (
        (start, until, hours.rule_at(start).override) for start, until in pairwise(sorted(turns))
    )
    for override, pieces in groupby(held, key=lambda piece: piece[2]):
        if override is not None:
            parts = list(pieces)
            start, until = parts[0][0], parts[-1][1]
            yield Note(_minutes(start, midnight), _minutes(until, midnight), override)


def _assumed_from(hours: Hours, midnight: datetime, end: datetime) -> int | None:
    first, last = _dates(hours, midnight, end)
    days = (first + n * _DAY for n in range((last - first).days + 1))
    unknown = next((day for day in days if hours.assumes(day)), None)
    since = hours.turns(unknown)[0] if unknown else end
    return _minutes(max(since, midnight), midnight) if since < end else None


def _dates(hours: Hours, midnight: datetime, end: datetime) -> tuple[date, date]:
    """The dates, in the place's own zone, whose windows can be open between two instants."""
    return midnight.astimezone(hours.zone).date() - _DAY, end.astimezone(hours.zone).date()


def _minutes(instant: datetime, midnight: datetime) -> int:
    return (instant - midnight) // _MINUTE
