"""Opening hours as text: the part of OSM `opening_hours` that our windows can say, both ways.

`Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su,PH 18:00-02:00`, `Jun 10-Aug 31 18:00-24:00`, `24/7`,
`PH off`, `off`. As in OSM, after `;` a rule replaces the earlier ones on its days, after
`,` it adds to them. What cannot be said in windows (weeks, sunrise, comments) is refused, never
guessed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, timedelta

from geo.errors import InvalidSchedule
from geo.openings import (
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
_MONTH = "|".join(MONTHS)
_DAY = "|".join(DAYS)
_RULE = re.compile(
    rf"(?:(?P<season>(?:{_MONTH})(?: \d{{1,2}})?(?:\s*-\s*(?:{_MONTH})?(?: ?\d{{1,2}})?)?):?\s*)?"
    rf"(?P<days>(?:{_DAY})(?:\s*[-,]\s*(?:{_DAY}))*)?\s*"
    r"(?P<times>off|closed|24/7|\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
    r"(?:\s*,\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2})*)?"
)
# A comma starts an additional rule only in front of a day or month, not between two times.
_ADDITIONAL = re.compile(rf"(?<=[0-9])\s*,\s*(?=(?:{_DAY}|{_MONTH})\b)")


def parse_hours(text: str, time_zone: str = CITY_TIME) -> Schedule:
    """Return the schedule of an `opening_hours` text; raises `InvalidSchedule`."""
    windows: list[Window] = []
    closed_on_holidays = False
    for replacing in filter(None, (part.strip() for part in text.split(";"))):
        for position, rule in enumerate(_ADDITIONAL.split(replacing)):
            season, days, times = _parts(rule, text)
            if position == 0:
                windows = _without(windows, days, season, text)
            if not times and days == {"PH"} and season is None:
                closed_on_holidays = True
            windows += [Window(days, opens, closes, season) for opens, closes in times]
    if not text.strip():
        raise InvalidSchedule("opening hours are empty")
    return Schedule(tuple(windows), time_zone, closed_on_holidays)


def format_hours(schedule: Schedule) -> str:
    """Return the `opening_hours` text of a schedule; reading it gives the same openings."""
    if schedule.windows == ALWAYS.windows and not schedule.closed_on_holidays:
        return "24/7"
    grouped: dict[tuple[Season | None, frozenset[str]], list[Window]] = {}
    for window in sorted(schedule.windows, key=_order):
        grouped.setdefault((window.season, window.days), []).append(window)
    text, seen = "", frozenset[str]()
    for (season, days), windows in grouped.items():
        spans = ",".join(f"{clock(w.opens)}-{clock(_wall(w.closes))}" for w in windows)
        words = (_season_text(season), "" if days == WEEK else _days_text(days), spans)
        joint = "" if not text else (", " if days & seen else "; ")
        text += joint + " ".join(filter(None, words))
        seen |= days
    if schedule.closed_on_holidays:
        text += "; PH off" if text else "PH off"
    return text or "off"


def _parts(rule: str, text: str) -> tuple[Season | None, frozenset[str], list[tuple[int, int]]]:
    """The season, days and minutes of one rule."""
    found = _RULE.fullmatch(rule.strip())
    if found is None or not any(found.groups()):
        raise InvalidSchedule(
            f"cannot read {rule.strip()[:60]!r} of {text[:80]!r}; write hours like "
            "'Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su 18:00-02:00' or 'Jun 10-Aug 31 18:00-24:00'"
        )
    season = _season(found["season"]) if found["season"] else None
    days = _days(found["days"]) if found["days"] else WEEK
    times = found["times"] or "24/7"
    if times in ("off", "closed"):
        return season, days, []
    if times == "24/7":
        return season, days if found["days"] else frozenset(DAYS), [(0, 1440)]
    return season, days, [_span(span) for span in times.split(",")]


def _span(text: str) -> tuple[int, int]:
    opens, closes = (minutes(part) for part in text.split("-"))
    return opens, closes if closes > opens else closes + 1440


def _without(
    windows: Iterable[Window], days: frozenset[str], season: Season | None, text: str
) -> list[Window]:
    """The windows less what a replacing rule covers: its days, within its season."""
    kept: list[Window] = []
    for window in windows:
        rest, hit = window.days - days, window.days & days
        if rest:
            kept.append(Window(rest, window.opens, window.closes, window.season))
        if not hit or season is None or window.season == season:
            continue
        if window.season is not None:
            raise InvalidSchedule(f"two different seasons on the same days in {text[:80]!r}")
        kept.append(Window(hit, window.opens, window.closes, _rest_of_year(season)))
    return kept


def _rest_of_year(season: Season) -> Season:
    def shifted(day: MonthDay, by: int) -> MonthDay:
        moved = date(2024, *day) + timedelta(days=by)
        return MonthDay(moved.month, moved.day)

    return Season(shifted(season.last, 1), shifted(season.first, -1))


def _season(text: str) -> Season:
    first, _, last = (part.strip() for part in text.partition("-"))
    start_month = first[:3]
    if last and not last[0].isalpha():
        last = f"{start_month} {last}"
    last = last or first
    last_month = MONTHS.index(last[:3]) + 1
    last_day = int(last[3:]) if last[3:].strip() else calendar.monthrange(2024, last_month)[1]
    try:
        start = date(2024, MONTHS.index(start_month) + 1, int(first[3:] or 1))
        end = date(2024, last_month, last_day)
    except ValueError:
        raise InvalidSchedule(f"no such day of the year in {text!r}") from None
    return Season(MonthDay(start.month, start.day), MonthDay(end.month, end.day))


def _days(text: str) -> frozenset[str]:
    found: set[str] = set()
    for part in text.replace(" ", "").split(","):
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
