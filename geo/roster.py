"""The grid staff of the hour: who has which role, who answers for what, who is on duty.

Immutable, built from one snapshot; positions in its arrays are those of `codes`, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.openings import CITY_TIME, NO_HOLIDAYS, Calendar, Schedule, opening
from geo.records import Assignment, Officer, Shift

Mask = npt.NDArray[np.bool_]
Areas = Iterable[tuple[str, str]]
"""Areas as kind and code."""


class Roster:
    """Who is who among the officers, as planned; where they are is not known here."""

    def __init__(
        self,
        officers: Sequence[Officer],
        assignments: Iterable[Assignment],
        shifts: Iterable[Shift],
        *,
        calendar: Calendar = NO_HOLIDAYS,
        revision: int = 0,
    ) -> None:
        ordered = sorted(officers, key=lambda officer: officer.code)
        self.codes = tuple(officer.code for officer in ordered)
        self.names = tuple(officer.name for officer in ordered)
        self.revision, self._calendar = revision, calendar
        self.position = {code: n for n, code in enumerate(self.codes)}
        self._by_area: defaultdict[tuple[str, str], list[Assignment]] = defaultdict(list)
        self._by_officer: defaultdict[int, list[Assignment]] = defaultdict(list)
        for post in sorted(assignments, key=_order):
            self._by_area[post.area_kind, post.area_code].append(post)
            self._by_officer[self.position[post.officer_code]].append(post)
        self._shifts = _Shifts(
            [s for s in shifts if s.officer_code in self.position], self.position
        )
        self._duty: tuple[datetime, datetime, Mask] | None = None
        self._roles: dict[tuple[str, date], Mask] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def responsible(self, areas: Areas, at: datetime) -> list[Assignment]:
        """Return who answers for any of the areas on that day, by role and staff number."""
        today = city_day(at)
        posts = (post for area in areas for post in self._by_area.get(area, ()))
        return sorted((post for post in posts if _holds(post, today)), key=_order)

    def roles(self, position: int, at: datetime) -> list[str]:
        """Return the roles that an officer has on that day."""
        today = city_day(at)
        found = (post.role for post in self._by_officer.get(position, ()) if _holds(post, today))
        return sorted(set(found))

    def with_role(self, role: str, at: datetime) -> Mask:
        """Return which officers have the role on that day; do not write to it."""
        today = city_day(at)
        found = self._roles.get((role, today))
        if found is None:
            posts = [p for held in self._by_officer.values() for p in held if p.role == role]
            found = self._mask(p.officer_code for p in posts if _holds(p, today))
            self._roles = {(role, today): found} | {
                key: mask for key, mask in self._roles.items() if key[1] == today
            }
        return found

    def on_duty(self, at: datetime) -> Mask:
        """Return which officers are on duty, shifts past midnight too; do not write to it."""
        if self._duty is None or not self._duty[0] <= at < self._duty[1]:
            self._duty = self._shifts.duty(at, len(self), self._calendar)
        return self._duty[2]

    def _mask(self, codes: Iterable[str]) -> Mask:
        found = np.zeros(len(self), dtype=np.bool_)
        found[[self.position[code] for code in codes]] = True
        return found


class _Shifts:
    """Shifts, judged once per schedule: thousands of officers share a few dozen."""

    def __init__(self, shifts: Sequence[Shift], position: dict[str, int]) -> None:
        self._schedules = list({shift.schedule: None for shift in shifts})
        number = {schedule: n for n, schedule in enumerate(self._schedules)}
        self._schedule = np.array([number[s.schedule] for s in shifts], dtype=np.int64)
        self._officer = np.array([position[s.officer_code] for s in shifts], dtype=np.int64)
        self._since = np.array([s.since for s in shifts], dtype="datetime64[D]")
        last = date.max
        self._until = np.array([s.until or last for s in shifts], dtype="datetime64[D]")

    def duty(self, at: datetime, count: int, calendar: Calendar) -> tuple[datetime, datetime, Mask]:
        """Return from when, until when, and who is on duty; until the first schedule changes."""
        found = np.zeros(count, dtype=np.bool_)
        today = city_day(at)
        judged = [_judged(schedule, at, calendar) for schedule in self._schedules]
        is_on = np.array([on for on, _ in judged], dtype=np.bool_)
        if len(self._schedule):
            day = np.datetime64(today)
            held = (self._since <= day) & (day <= self._until)
            found[self._officer[held & is_on[self._schedule]]] = True
        until = min([change for _, change in judged] + [_midnight_after(at)])
        return at, until, found


def city_day(at: datetime) -> date:
    """Return the day in the city: assignments and shifts turn at its midnight, not at UTC's."""
    return at.astimezone(ZoneInfo(CITY_TIME)).date()


def _judged(schedule: Schedule, at: datetime, calendar: Calendar) -> tuple[bool, datetime]:
    now = opening(schedule, at, calendar=calendar)
    return now.state == "open", now.closes_at or now.opens_at or _midnight_after(at)


def _midnight_after(at: datetime) -> datetime:
    local = at.astimezone(ZoneInfo(CITY_TIME))
    return datetime.combine(
        date.fromordinal(local.toordinal() + 1), datetime.min.time(), local.tzinfo
    )


def _holds(post: Assignment, today: date) -> bool:
    return post.since <= today and (post.until is None or today <= post.until)


def _order(post: Assignment) -> tuple[str, str, str, str, date]:
    return post.role, post.officer_code, post.area_kind, post.area_code, post.since
