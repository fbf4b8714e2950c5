"""Opening hours as text: the part of OSM `opening_hours` that our windows can say, both ways.

`Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su,PH 18:00-02:00`, `Jun 10-Aug 31 18:00-24:00`, `24/7`,
`PH off`, `off`. As in OSM, after `;` a rule replaces the earlier ones on its days, after
`,` it adds to them. What a rule says of `PH` holds on every holiday, wherever the rule stands: the
letter of OSM lets a later `Mo-Fr` undo it, which nobody means. What cannot be said in windows
(weeks, sunrise, comments) is refused, never guessed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from geo.errors import InvalidSchedule
from geo.schedules import (
    ALWAYS,
    CITY_TIME,
    DAYS,
    WEEK,
    MonthDay,
    Schedule,
    Season,
    Window,
    clock,
    minutes,
)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Of a leap year, so that 29 February is a day.
_YEAR = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
_HOLIDAY = frozenset({"PH"})
_MONTH = "|".join(MONTHS)
_DAY = "|".join(DAYS)


def _uncaptured(pattern: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", pattern)


# Written so that the regular expressions of PostgreSQL read the same into them: the plan's triggers
# judge hours by these patterns, too. So no names, no \b, and digits and blanks spelt out.
BLANK = r"[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_TIME = "[0-9]{1,2}:[0-9]{2}"
_SPAN = f"{_TIME}{BLANK}*-{BLANK}*{_TIME}"
# The 18 of `Jun-Aug 18:00-24:00` is an hour, and so is its 1.
_DATE = "[0-9]{1,2}(?![0-9]|:[0-9])"
SEASON_PATTERN = f"({_MONTH})(?: ({_DATE}))?(?:{BLANK}*-{BLANK}*({_MONTH})?(?: ?({_DATE}))?)?"
"""A season: month and day it begins with, month and day it ends with."""
RULE_PATTERN = (
    f"(?:({_uncaptured(SEASON_PATTERN)}):?{BLANK}*)?"
    f"((?:{_DAY})(?:{BLANK}*[-,]{BLANK}*(?:{_DAY}))*)?{BLANK}*"
    f"(off|closed|24/7|{_SPAN}(?:{BLANK}*,{BLANK}*{_SPAN})*)?"
)
"""One rule: its season, its days, its times; each may be missing."""
# A comma starts an additional rule only in front of a day or month, not between two times.
ADDITIONAL_PATTERN = f"(?<=[0-9]){BLANK}*,{BLANK}*(?=(?:{_DAY}|{_MONTH})(?![A-Za-z0-9_]))"
_RULE, _ADDITIONAL = re.compile(RULE_PATTERN), re.compile(ADDITIONAL_PATTERN)
_SEASON = re.compile(SEASON_PATTERN)


class _Rule(NamedTuple):
    """One rule of a text: on which days of which season it opens when; without spans it closes."""

    season: Season | None
    days: frozenset[str]
    spans: tuple[tuple[int, int], ...]

    def text(self, *, stands_first: bool) -> str:
        # Without a day in front, times behind a comma would belong to the rule before.
        needs_no_days = self.days == WEEK and (stands_first or self.season)
        times = ",".join(f"{clock(opens)}-{clock(_wall(closes))}" for opens, closes in self.spans)
        days = "" if needs_no_days else _days_text(self.days)
        return " ".join(filter(None, (_season_text(self.season), days, times)))


def parse_hours(text: str, time_zone: str = CITY_TIME) -> Schedule:
    """Return the schedule of an `opening_hours` text; raises `InvalidSchedule`."""
    if not text.strip():
        raise InvalidSchedule("opening hours are empty")
    windows: list[Window] = []
    closed_on_holidays = False
    for replacing in filter(None, (part.strip() for part in text.split(";"))):
        for position, part in enumerate(_ADDITIONAL.split(replacing)):
            rule = _rule(part, text)
            if position == 0:
                windows = _without(windows, rule)
            is_whole_week = not rule.spans and rule.days > WEEK
            if "PH" in rule.days and not is_whole_week and (closed_on_holidays or not rule.spans):
                # A season in which holidays alone are closed cannot be said in windows.
                if rule.season:
                    raise InvalidSchedule(f"PH is off in a season only, in {text[:80]!r}")
                closed_on_holidays = not rule.spans
            windows += [Window(rule.days, *span, rule.season) for span in rule.spans]
    return Schedule(tuple(windows), time_zone, closed_on_holidays)


def format_hours(schedule: Schedule) -> str:
    """Return the `opening_hours` text of a schedule; reading it gives the same openings.

    What holds on holidays is said in the last rule or behind it: other readers go by the order.
    """
    if schedule.windows == ALWAYS.windows and not schedule.closed_on_holidays:
        return "24/7"
    rules = _weekly_rules(schedule.windows)
    seen, text, joint = frozenset[str](), "", ""
    held = [] if schedule.closed_on_holidays else _holiday_rules(schedule.windows)
    for position, rule in enumerate(rules):
        joint = ", " if rule.days & seen else "; "
        seen |= rule.days
        on_holidays = _Rule(rule.season, _HOLIDAY, rule.spans)
        if position == len(rules) - 1 and held == [on_holidays] and joint == "; ":
            rule, held = rule._replace(days=rule.days | _HOLIDAY), []
        text += joint * bool(text) + rule.text(stands_first=not text)
    parts = [text, *(rule.text(stands_first=False) for rule in held)]
    parts += ["PH off"] * schedule.closed_on_holidays
    return "; ".join(filter(None, parts)) or "off"


def _weekly_rules(windows: Iterable[Window]) -> list[_Rule]:
    """What holds on weekdays: a rule for each season and set of days."""
    grouped: dict[tuple[Season | None, frozenset[str]], list[tuple[int, int]]] = {}
    for window in sorted(windows, key=_order):
        if window.days & WEEK:
            group = grouped.setdefault((window.season, window.days & WEEK), [])
            group.append((window.opens, window.closes))
    return [_Rule(*days, tuple(dict.fromkeys(spans))) for days, spans in grouped.items()]


def _holiday_rules(windows: Iterable[Window]) -> list[_Rule]:
    """What holds on holidays: rules whose seasons are apart, since each replaces the weekday's."""
    held = [window for window in windows if "PH" in window.days]
    if not any(window.season for window in held):
        spans = tuple(sorted({(window.opens, window.closes) for window in held}))
        return [_Rule(None, _HOLIDAY, spans)] if spans else []
    by_spans: dict[tuple[tuple[int, int], ...], set[int]] = {}
    for number, day in enumerate(_YEAR):
        on = {(w.opens, w.closes) for w in held if w.season is None or day in w.season}
        by_spans.setdefault(tuple(sorted(on)), set()).add(number)
    return [
        _Rule(season, _HOLIDAY, spans)
        for spans, days in by_spans.items()
        if spans
        for season in _seasons(days)
    ]


def _rule(part: str, text: str) -> _Rule:
    """One rule as it is written; one that closes without naming days closes holidays, too."""
    found = _RULE.fullmatch(part.strip())
    if found is None or not any(found.groups()):
        raise InvalidSchedule(
            f"cannot read {part.strip()[:60]!r} of {text[:80]!r}; write hours like "
            "'Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su 18:00-02:00' or 'Jun 10-Aug 31 18:00-24:00'"
        )
    season = _season(found[1]) if found[1] else None
    times = found[3] or "24/7"
    spans: tuple[tuple[int, int], ...] = ((0, 1440),)
    if times in ("off", "closed"):
        spans = ()
    elif times != "24/7":
        spans = tuple(_span(span) for span in times.split(","))
    unnamed = frozenset(DAYS) if times in ("off", "closed", "24/7") else WEEK
    return _Rule(season, _days(found[2]) if found[2] else unnamed, spans)


def _span(text: str) -> tuple[int, int]:
    opens, closes = (minutes(part) for part in text.split("-"))
    return opens, closes if closes > opens else closes + 1440


def _without(windows: Iterable[Window], rule: _Rule) -> list[Window]:
    """The windows less what a replacing rule covers: its days, within its season."""
    kept: list[Window] = []
    for window in windows:
        rest, hit = window.days - rule.days, window.days & rule.days
        if rest:
            kept.append(replace(window, days=rest))
        if hit and rule.season is not None:
            held = _days_of(window.season)
            left = held - _days_of(rule.season)
            seasons = [window.season] if left == held else _seasons(left)
            kept += [replace(window, days=hit, season=season) for season in seasons]
    return kept


def _days_of(season: Season | None) -> set[int]:
    """The days of the year that a season has, as positions in `_YEAR`."""
    return {number for number, day in enumerate(_YEAR) if season is None or day in season}


def _seasons(days: set[int]) -> list[Season | None]:
    """The seasons that have just these days of the year; None is the whole year."""
    if len(days) == len(_YEAR):
        return [None]
    firsts = sorted(day for day in days if (day - 1) % len(_YEAR) not in days)
    found: list[Season | None] = []
    for first in firsts:
        last = first
        while (last + 1) % len(_YEAR) in days:
            last += 1
        found.append(Season(_month_day(first), _month_day(last)))
    return found


def _month_day(number: int) -> MonthDay:
    day = _YEAR[number % len(_YEAR)]
    return MonthDay(day.month, day.day)


def _season(text: str) -> Season:
    found = _SEASON.fullmatch(text)
    assert found is not None  # it is a part of what `_RULE` matched
    first_month, first_day, last_month, last_day = found.groups()
    month, end_month = (MONTHS.index(name) + 1 for name in (first_month, last_month or first_month))
    length = calendar.monthrange(2024, end_month)[1]
    named = last_month or last_day
    try:
        start = date(2024, month, int(first_day or 1))
        end = date(2024, end_month, int((last_day if named else first_day) or length))
    except ValueError:
        raise InvalidSchedule(f"no such day of the year in {text!r}") from None
    return Season(MonthDay(start.month, start.day), MonthDay(end.month, end.day))


def _days(text: str) -> frozenset[str]:
    found: set[str] = set()
    for part in re.sub(BLANK, "", text).split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        if last and "PH" in (first, last):
            raise InvalidSchedule(f"PH cannot be part of a range, as in {part!r}")
        found |= (
            {DAYS[i % 7] for i in range(start, end + (7 if end < start else 0) + 1)}
            if (first != "PH")
            else {"PH"}
        )
    return frozenset(found)


def _order(window: Window) -> tuple[tuple[MonthDay, MonthDay], list[int], int]:
    year = Season(MonthDay(1, 1), MonthDay(12, 31))
    season = window.season or year
    return (season.first, season.last), sorted(map(DAYS.index, window.days)), window.opens


def _wall(minute: int) -> int:
    return minute if minute <= 1440 else minute - 1440


def _season_text(season: Season | None) -> str:
    if season is None:
        return ""
    first, last = (f"{MONTHS[day.month - 1]} {day.day:02d}" for day in (season.first, season.last))
    return f"{first}-{last}"


def _days_text(days: frozenset[str]) -> str:
    """Runs of three or more as ranges, as people write them."""
    runs: list[list[int]] = []
    for index in sorted(DAYS.index(day) for day in days - {"PH"}):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = [
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ",".join(DAYS[i] for i in run)
        for run in runs
    ]
    return ",".join(parts + (["PH"] if "PH" in days else []))
