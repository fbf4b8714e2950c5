"""Storing the grid staff: who they are, what they answer for, when on duty, where last seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import Insert, Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from data.models import AssignmentRow, OfficerRow, PositionRow, ScheduleRow, ShiftRow
from data.publishing import Changes
from data.queries.schedules import schedule_ids, schedule_of
from geo.hours import format_hours
from geo.records import Assignment, Officer, Position, Shift

Member = tuple[Officer, frozenset[Assignment], frozenset[Shift]]
"""An officer with everything that is said of them."""

Post = TypeVar("Post", Assignment, Shift)


def store_officers(
    session: Session,
    officers: Sequence[Officer],
    assignments: Sequence[Assignment],
    shifts: Sequence[Shift],
) -> Changes:
    """Store officers with their assignments and shifts and return what that changed.

    What was known of an officer that is given is replaced; officers that are not given stay. The
    caller commits.
    """
    wanted = _members(officers, assignments, map(_normal, shifts))
    held = staff_now(session)
    added = [code for code in wanted if code not in held]
    changed = [code for code in wanted if code in held and held[code] != wanted[code]]
    _replace(session, [wanted[code] for code in added + changed])
    return Changes(len(added), len(changed), len(wanted) - len(added) - len(changed))


def staff_now(session: Session) -> dict[str, Member]:
    """Return all officers with their assignments and shifts, by staff number."""
    officers = [
        Officer(*row)
        for row in session.execute(select(OfficerRow.code, OfficerRow.name, OfficerRow.phone))
    ]
    assignments = [
        Assignment(row.officer_code, row.role, row.area_kind, row.area_code, *_days(row.during))
        for row in session.scalars(select(AssignmentRow))
    ]
    rows = session.execute(
        select(ShiftRow.officer_code, ScheduleRow.hours, ScheduleRow.time_zone, ShiftRow.during)
        .join(ScheduleRow, ScheduleRow.id == ShiftRow.schedule_id)
    )  # fmt: skip
    shifts = []
    for code, hours, zone, during in rows:
        schedule = schedule_of(hours, zone)
        assert schedule is not None
        shifts.append(Shift(code, schedule, *_days(during)))
    return _members(officers, assignments, shifts)


def _members(
    officers: Iterable[Officer], assignments: Iterable[Assignment], shifts: Iterable[Shift]
) -> dict[str, Member]:
    posts, duties = _by_officer(assignments), _by_officer(shifts)
    return {o.code: (o, posts[o.code], duties[o.code]) for o in officers}


def _by_officer(posts: Iterable[Post]) -> defaultdict[str, frozenset[Post]]:
    found: defaultdict[str, frozenset[Post]] = defaultdict(frozenset)
    for post in posts:
        found[post.officer_code] |= {post}
    return found


def _replace(session: Session, members: Sequence[Member]) -> None:
    if not members:
        return
    codes = [officer.code for officer, _, _ in members]
    for row in (AssignmentRow, ShiftRow):
        session.execute(
            delete(row)
            .where(row.officer_code.in_(codes))
            .execution_options(synchronize_session=False)
        )
    fresh = upsert(OfficerRow)
    updated = {"name": fresh.excluded.name, "phone": fresh.excluded.phone}
    session.execute(
        fresh.on_conflict_do_update(index_elements=["code"], set_=updated),
        [{"code": o.code, "name": o.name, "phone": o.phone} for o, _, _ in members],
    )
    assignments = [_assignment_row(post) for _, posts, _ in members for post in posts]
    if assignments:
        session.execute(insert(AssignmentRow), assignments)
    shifts = [shift for _, _, duties in members for shift in duties]
    numbers = schedule_ids(session, [shift.schedule for shift in shifts])
    if shifts:
        session.execute(insert(ShiftRow), [_shift_row(shift, numbers) for shift in shifts])


def _assignment_row(post: Assignment) -> dict[str, object]:
    return {
        "officer_code": post.officer_code,
        "role": post.role,
        "area_kind": post.area_kind,
        "area_code": post.area_code,
        "during": _range(post),
    }


def _shift_row(shift: Shift, numbers: dict[tuple[str, str], int]) -> dict[str, object]:
    key = format_hours(shift.schedule), shift.schedule.time_zone
    return {
        "officer_code": shift.officer_code,
        "schedule_id": numbers[key],
        "during": _range(shift),
    }


def _normal(shift: Shift) -> Shift:
    stored = schedule_of(format_hours(shift.schedule), shift.schedule.time_zone)
    assert stored is not None
    return replace(shift, schedule=stored)


def _range(post: Assignment | Shift) -> Range[date]:
    """The last day counts; a range of dates ends before its upper bound."""
    return Range(post.since, post.until + timedelta(days=1) if post.until else None)


def _days(during: Range[date]) -> tuple[date, date | None]:
    assert during.lower is not None
    return during.lower, during.upper - timedelta(days=1) if during.upper else None


def store_positions(session: Session, positions: Sequence[Position]) -> None:
    """Store last known places; one older than what is stored is left out. The caller commits."""
    if positions:
        session.execute(_newer_position(), [_position_row(position) for position in positions])


def _newer_position() -> Insert:
    fresh = upsert(PositionRow)
    columns = ("geom", "observed_at", "accuracy_m")
    return fresh.on_conflict_do_update(
        index_elements=["officer_code"],
        set_={name: fresh.excluded[name] for name in columns},
        where=PositionRow.observed_at < fresh.excluded.observed_at,
    )


def _position_row(position: Position) -> dict[str, object]:
    return {
        "officer_code": position.officer_code,
        "geom": f"SRID=4326;{position.geometry.wkt}",
        "observed_at": position.observed_at,
        "accuracy_m": position.accuracy_m,
    }
