"""The grid staff of the hour: who has which role, who answers for what, who is on duty.

Immutable, built from one snapshot; positions in its arrays are those of `codes`, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.openings import Interval, intervals
from geo.records import Assignment, Officer, Shift
from geo.schedules import CITY_TIME, NO_HOLIDAYS, Calendar, Schedule

Mask = npt.NDArray[np.bool_]
Areas = Iterable[tuple[str, str]]
"""Areas as kind and code."""
Duty = tuple[datetime, datetime, Mask]
"""From when, until when, and who is on duty all that time."""

_CITY = ZoneInfo(CITY_TIME)
# Around the change of a shift people ask for now while fixes of just before come in.
_KEPT = 4


class Roster:
    """Who is who among the officers, as planned; where they are is not known here."""

    def __init__(
        self,
        officers: Sequence[Officer],
        assignments: Iterable[Assignment],
        shifts: Iterable[Shift],
        *,
        known_roles: Iterable[str] = (),
        calendar: Calendar = NO_HOLIDAYS,
        revision: int = 0,
    ) -> None:
        ordered = sorted(officers, key=lambda officer: officer.code)
        self.codes = tuple(officer.code for officer in ordered)
        self.names = tuple(officer.name for officer in ordered)
        self.known_roles = tuple(known_roles)
        self.revision, self._calendar = revision, calendar
        self.position = {code: n for n, code in enumerate(self.codes)}
        self._by_area: defaultdict[tuple[str, str], list[Assignment]] = defaultdict(list)
        self._by_officer: defaultdict[int, list[Assignment]] = defaultdict(list)
        for post in sorted(assignments, key=_order):
            self._by_area[post.area_kind, post.area_code].append(post)
            self._by_officer[self.position[post.officer_code]].append(post)
        self._shifts = _Shifts(shifts, self.position)
        self._duties: tuple[Duty, ...] = ()
        self._roles: dict[tuple[str, date], Mask] = {}
        self._roles_of: tuple[date, dict[int, list[str]]] = (date.min, {})

    @cached_property
    def area_kinds(self) -> frozenset[str]:
        """The kinds of areas that somebody answers for."""
        return frozenset(kind for kind, _ in self._by_area)

    def __len__(self) -> int:
        return len(self.codes)

    def responsible(self, areas: Areas, at: datetime) -> list[Assignment]:
        """Return who answers for any of the areas on that day, by role and staff number."""
        return sorted(self._posts(areas, at), key=_order)

    def staff(self, areas: Areas, at: datetime) -> frozenset[str]:
        """Return the staff numbers of those who answer for any of the areas on that day."""
        return frozenset(post.officer_code for post in self._posts(areas, at))

    def roles(self, position: int, at: datetime) -> list[str]:
        """Return the roles that an officer has on that day; do not write to it."""
        today, (day, known) = city_day(at), self._roles_of
        if day != today:
            # One day is kept, whatever days are asked for.
            self._roles_of = _, known = today, {}
        found = known.get(position)
        if found is None:
            posts = self._by_officer.get(position, ())
            found = known[position] = sorted({p.role for p in posts if _holds(p, today)})
        return found

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
        for since, until, mask in self._duties:
            if since <= at < until:
                return mask
        found = self._shifts.duty(at, len(self), self._calendar)
        self._duties = (found, *self._duties)[:_KEPT]
        return found[2]

    def _posts(self, areas: Areas, at: datetime) -> Iterator[Assignment]:
        today = city_day(at)
        for area in areas:
            yield from (p for p in self._by_area.get(area, ()) if _holds(p, today))

    def _mask(self, codes: Iterable[str]) -> Mask:
        found = np.zeros(len(self), dtype=np.bool_)
        found[[self.position[code] for code in codes]] = True
        return found


class _Shifts:
    """Shifts, judged once per schedule: thousands of officers share a few dozen."""

    def __init__(self, shifts: Iterable[Shift], position: dict[str, int]) -> None:
        sharing: defaultdict[Schedule, list[Shift]] = defaultdict(list)
        for shift in shifts:
            sharing[shift.schedule].append(shift)
        self._held = [
            (
                schedule,
                np.array([position[s.officer_code] for s in those], dtype=np.int64),
                np.array([s.since for s in those], dtype="datetime64[D]"),
                np.array([s.until or date.max for s in those], dtype="datetime64[D]"),
            )
            for schedule, those in sharing.items()
        ]

    def duty(self, at: datetime, count: int, calendar: Calendar) -> Duty:
        """Return who is on duty, and between which changes of any schedule that holds.

        A shift belongs to the day on which it starts: the last night of a rotation is worked until
        the morning after its last day.
        """
        found = np.zeros(count, dtype=np.bool_)
        edges = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
        for schedule, officers, since, until in self._held:
            today = at.astimezone(ZoneInfo(schedule.time_zone)).date()
            edges += _midnights(schedule, today)
            for day, turn in _turns(schedule, today, calendar):
                edges += [turn.start, turn.end]
                if turn.start <= at < turn.end:
                    first = np.datetime64(day)
                    found[officers[(since <= first) & (first <= until)]] = True
        return max(e for e in edges if e <= at), min(e for e in edges if e > at), found


def city_day(at: datetime) -> date:
    """Return the day in the city: assignments and shifts turn at its midnight, not at UTC's."""
    return at.astimezone(_CITY).date()


def _turns(schedule: Schedule, today: date, calendar: Calendar) -> Iterator[tuple[date, Interval]]:
    """The openings that can hold on a day, each with the day on which it starts."""
    for day in (today - timedelta(days=1), today):
        for turn in intervals(schedule, day, 1, calendar=calendar):
            yield day, turn


def _midnights(schedule: Schedule, today: date) -> list[datetime]:
    zone = ZoneInfo(schedule.time_zone)
    return [datetime.combine(today + timedelta(days=n), time(), zone) for n in (0, 1)]


def _holds(post: Assignment, today: date) -> bool:
    return post.since <= today and (post.until is None or today <= post.until)


def _order(post: Assignment) -> tuple[str, str, str, str, date]:
    return post.role, post.officer_code, post.area_kind, post.area_code, post.since
