"""Opening hours in the database: shared rows, dated overrides, the calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import CalendarDayRow, CalendarYearRow, OverrideRow, ScheduleRow
from data.queries.rows import AnyRow, AnySelect
from geo.hours import format_hours, parse_hours
from geo.schedules import Calendar, Override, Schedule

Overrides = dict[tuple[str, str | None], tuple[Override, ...]]
"""Overrides by kind and code; code None holds for all of the kind."""

_CALENDAR = select(CalendarDayRow.day, CalendarDayRow.kind)
_LAST_YEAR = select(func.max(CalendarYearRow.year))

# Many places share one schedule, and reading the text costs more than the question asked of it.
read_hours = lru_cache(maxsize=4096)(parse_hours)


def schedule_of(hours: str | None, time_zone: str | None) -> Schedule | None:
    """Return the schedule of a stored text, None where no hours are known."""
    return None if hours is None or time_zone is None else read_hours(hours, time_zone)


def schedule_ids(
    session: Session, schedules: Iterable[Schedule | None]
) -> dict[tuple[str, str], int]:
    """Return the row number of each schedule by text and zone; new ones are written."""
    wanted = {(format_hours(s), s.time_zone) for s in schedules if s is not None}
    if not wanted:
        return {}
    rows = [{"hours": hours, "time_zone": zone} for hours, zone in sorted(wanted)]
    session.execute(insert(ScheduleRow).on_conflict_do_nothing(), rows)
    columns = (ScheduleRow.hours, ScheduleRow.time_zone)
    found = session.execute(
        select(*columns, ScheduleRow.id).where(tuple_(*columns).in_(sorted(wanted)))
    )
    return {(hours, zone): number for hours, zone, number in found}


def overrides_of(session: Session, family: str) -> Overrides:
    """Return the dated exceptions of a family, by kind and code."""
    return _by_place(session.execute(_overrides(family)))


async def overrides_in(connection: AsyncConnection, family: str) -> Overrides:
    """Return the same, for the API."""
    return _by_place(await connection.execute(_overrides(family)))


def override_row(override: Override, family: str, kind: str, code: str | None) -> dict[str, object]:
    """Return the columns of an override of a place."""
    hours = format_hours(Schedule(override.windows)) if override.windows else None
    return {
        "family": family,
        "kind": kind,
        "code": code,
        "dates": Range(override.first, override.last + timedelta(days=1)),
        "opens": override.opens,
        "hours": hours,
        "reason_zh": override.reason_zh,
        "reason_en": override.reason_en,
    }


def calendar_of(session: Session) -> Calendar:
    """Return holidays and make-up workdays, and until when they are known."""
    return _calendar(session.execute(_CALENDAR), session.scalar(_LAST_YEAR))


async def calendar_in(connection: AsyncConnection) -> Calendar:
    """Return the same, for the API."""
    return _calendar(await connection.execute(_CALENDAR), await connection.scalar(_LAST_YEAR))


def _calendar(days: Iterable[AnyRow], last_year: int | None) -> Calendar:
    known_until = date(last_year, 12, 31) if last_year else None
    return Calendar({row.day: row.kind for row in days}, known_until)


def _overrides(family: str) -> AnySelect:
    return (
        select(
            OverrideRow.kind,
            OverrideRow.code,
            OverrideRow.dates,
            OverrideRow.opens,
            OverrideRow.hours,
            OverrideRow.reason_zh,
            OverrideRow.reason_en,
        )
        .where(OverrideRow.family == family)
        .order_by(OverrideRow.dates, OverrideRow.id)
    )


def _by_place(rows: Iterable[AnyRow]) -> Overrides:
    found: dict[tuple[str, str | None], list[Override]] = defaultdict(list)
    for kind, code, dates, opens, hours, reason_zh, reason_en in rows:
        assert dates.lower is not None
        assert dates.upper is not None
        windows = read_hours(hours).windows if hours else ()
        last = dates.upper - timedelta(days=1)
        words = (reason_zh, reason_en)
        rule = Override(dates.lower, last, opens, windows, *words, of_kind=code is None)
        found[kind, code].append(rule)
    return {place: tuple(rules) for place, rules in found.items()}
