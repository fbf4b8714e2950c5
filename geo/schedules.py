"""Opening hours: weekly windows, seasons, holidays, dated overrides; the rules as values.

A window belongs to the day on which it starts: Friday 22:00-04:00 is still open at 01:30 on
Saturday. Seasons are inclusive and may pass the new year. On a public holiday the windows that
name `PH` hold, if any do in the season; else those of the weekday. A make-up workday (a Saturday or
Sunday worked in exchange for a holiday) has the hours of the weekday that it stands for.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from geo.errors import InvalidSchedule

CITY_TIME = "Asia/Shanghai"
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
WEEK = frozenset(DAYS[:7])


class MonthDay(NamedTuple):
    """A day of every year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """Return its date in a year, 28 February for the 29th in a year without it."""
        leap = self != (2, 29) or isleap(year)
        return date(year, self.month, self.day if leap else 28)


@dataclass(frozen=True, slots=True)
class Season:
    """From one day of the year to another, both included; may pass the new year."""

    first: MonthDay
    last: MonthDay

    def __contains__(self, day: date) -> bool:
        here = MonthDay(day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class Window:
    """One opening on certain days, minutes after their midnight; above 1440 is the next day."""

    days: frozenset[str]
    opens: int
    closes: int
    season: Season | None = None

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(DAYS):
            raise InvalidSchedule(f"days must be of {', '.join(DAYS)}, not {sorted(self.days)}")
        if not (0 <= self.opens < 1440 and self.opens < self.closes <= self.opens + 1440):
            raise InvalidSchedule(
                "a window must open between 00:00 and 23:59 and last at most 24 hours, not "
                f"{clock(self.opens)}-{clock(self.closes)}"
            )

    @classmethod
    def of(cls, days: str, opens: str, closes: str, season: str | None = None) -> Window:
        """Build one from texts: ``Window.of("Fr,Sa", "22:00", "04:00", "06-10/08-31")``."""
        start, end = minutes(opens), minutes(closes)
        first, _, last = (season or "").partition("/")
        return cls(
            frozenset(days.split(",")),
            start,
            end if end > start else end + 1440,
            Season(month_day(first), month_day(last)) if season else None,
        )


@dataclass(frozen=True, slots=True)
class Schedule:
    """The weekly windows of one place, in its own time zone. No windows: never open."""

    windows: tuple[Window, ...]
    time_zone: str = CITY_TIME
    closed_on_holidays: bool = False

    @property
    def minds_holidays(self) -> bool:
        """Whether a holiday or a make-up workday can change the hours."""
        return self.closed_on_holidays or any(not window.days >= WEEK for window in self.windows)


ALWAYS = Schedule((Window(frozenset(DAYS), 0, 1440),))


@dataclass(frozen=True, slots=True)
class Override:
    """A dated exception, both days included: a festival opens what is closed, a notice closes.

    With `windows` those are the hours of the days; without, `opens` says whole days open or
    closed. `of_kind` says that it was given for all places of a kind.
    """

    first: date
    last: date
    opens: bool
    windows: tuple[Window, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""
    of_kind: bool = False

    @property
    def length_days(self) -> int:
        """How many days it covers: the shorter one is the more specific one and wins."""
        return (self.last - self.first).days + 1

    @property
    def hours(self) -> tuple[Window, ...]:
        """The windows that hold on its days, none where it closes."""
        return (self.windows or ALWAYS.windows) if self.opens else ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Public holidays and make-up workdays, as far as they are known.

    `days` maps a date to `"PH"`, or to the weekday (`"Mo"`...) whose hours a make-up workday has.
    """

    days: Mapping[date, str] = field(default_factory=dict)
    known_until: date | None = None

    def day_kind(self, day: date) -> str:
        """Return `PH` or the weekday whose windows hold on this date."""
        return self.days.get(day) or DAYS[day.weekday()]

    def knows(self, day: date) -> bool:
        """Whether the holidays of this date have been announced."""
        return self.known_until is not None and day <= self.known_until


NO_HOLIDAYS = Calendar()


def minutes(text: str) -> int:
    """Return the minutes of ``HH:MM``, up to 48:00; raises `InvalidSchedule`."""
    hour, _, minute = text.strip().partition(":")
    if hour.isdecimal() and minute.isdecimal() and len(minute) == 2:
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= 2880:
            return found
    raise InvalidSchedule(f"a time must be HH:MM, not {text[:20]!r}")


def clock(minute: int) -> str:
    """Return ``HH:MM``; above 24 hours it counts on, as OSM opening hours do."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def month_day(text: str) -> MonthDay:
    """Return the day of ``MM-DD``; raises `InvalidSchedule`."""
    try:
        # A leap year, so that 02-29 is a day.
        found = date.fromisoformat(f"2024-{text.strip()}")
    except ValueError:
        raise InvalidSchedule(f"a day of the year must be MM-DD, not {text[:20]!r}") from None
    return MonthDay(found.month, found.day)
