"""Opening hours in words: the week of a schedule, and the next change seen from an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal

from geo.openings import Opening
from geo.schedules import ALWAYS, DAYS, WEEK, MonthDay, Schedule, Season, Window, clock
from maps.text import Language, words

STATES = ("open", "later", "closed", "unknown")
"""In the order of legends and lists."""

Manner = Literal["stalls", "places"]
"""Stalls are set up and packed in; doors are opened and shut."""


def state_of(opening: Opening, at: datetime) -> str:
    """Return which of `STATES` an opening is: closed is `later` when it opens on the same day."""
    if opening.state == "closed" and opening.opens_at is not None:
        today = at.astimezone(opening.opens_at.tzinfo).date()
        return "later" if opening.opens_at.date() == today else "closed"
    return opening.state


def said(text: Mapping[str, str], key: str, manner: Manner) -> str:
    """Return the text of a key, as it is said of stalls or of places where people go in."""
    return text.get(f"{manner}_{key}", text[key])


def hours_in_words(schedule: Schedule | None, language: Language) -> tuple[str, ...]:
    """Return a line per season and days, such as `周五、周六 18:00–次日02:00；6月10日–8月31日`."""
    text = words(language)
    if schedule is None:
        return (text["hours_unknown"],)
    lines = [text["always"]] if schedule.windows == ALWAYS.windows else _lines(schedule, language)
    if schedule.closed_on_holidays and lines:
        lines.append(text["closed_on_holidays"])
    return tuple(lines) or (text["never"],)


def change_in_words(
    opening: Opening, at: datetime, language: Language, manner: Manner = "stalls"
) -> str:
    """Return the next change, such as `明日02:00收摊` or `opens 18:00`; empty when unknown."""
    text = words(language)
    if opening.state == "unknown":
        return ""
    if opening.closes_at:
        return said(text, "closes", manner).format(
            moment=_moment(opening.closes_at, at, text, ends=True)
        )
    if opening.opens_at:
        return said(text, "opens", manner).format(moment=_moment(opening.opens_at, at, text))
    return said(text, "never_closes" if opening.state == "open" else "never_opens", manner)


def day_in_words(day: date, language: Language) -> str:
    """Return a weekday with its date, such as `周五 6月12日` or `Fri Jun 12`."""
    text = words(language)
    return f"{text[DAYS[day.weekday()]]} {_date(MonthDay(day.month, day.day), text)}"


def span_in_words(opens: int, closes: int, language: Language) -> str:
    """Return an opening by its minutes after midnight, such as `18:00–次日02:00` or `all day`."""
    text = words(language)
    if opens == 0 and closes == 1440:
        return text["all_day"]
    past_midnight = closes > 1440
    pattern = text["span_past_midnight" if past_midnight else "span"]
    return pattern.format(
        opens=clock(opens), closes=clock(closes - 1440 if past_midnight else closes)
    )


def date_in_words(day: date, language: Language) -> str:
    """Return a date with its year."""
    text = words(language)
    return text["full_date"].format(year=day.year, month=text[f"month_{day.month}"], day=day.day)


def instant_in_words(at: datetime, language: Language) -> str:
    """Return the page's instant, such as `6月12日 周五 19:30 开放情况`, on the clock it carries."""
    text = words(language)
    return text["as_of"].format(
        date=_date(MonthDay(at.month, at.day), text),
        day=text[DAYS[at.weekday()]],
        time=f"{at:%H:%M}",
    )


def _lines(schedule: Schedule, language: Language) -> list[str]:
    text = words(language)
    names_holidays = any("PH" in window.days for window in schedule.windows)
    grouped: dict[tuple[Season | None, frozenset[str]], list[Window]] = {}
    for window in sorted(schedule.windows, key=_order):
        grouped.setdefault((window.season, window.days), []).append(window)
    lines = []
    for (season, days), windows in grouped.items():
        spans = text["separator"].join(span_in_words(w.opens, w.closes, language) for w in windows)
        line = f"{_days(days, names_holidays, text)} {spans}"
        if season:
            first, last = (_date(day, text) for day in (season.first, season.last))
            line = text["in_season"].format(hours=line, first=first, last=last)
        lines.append(line)
    return lines


def _order(window: Window) -> tuple[tuple[MonthDay, ...], list[int], int]:
    """All the year first, then by the day on which the season starts, days and hours."""
    season = (window.season.first, window.season.last) if window.season else ()
    return season, sorted(map(DAYS.index, window.days)), window.opens


def _days(days: frozenset[str], names_holidays: bool, text: Mapping[str, str]) -> str:
    # Where some window names holidays, one that does not name them is shut then: not "daily".
    if days >= WEEK and ("PH" in days or not names_holidays):
        return text["every_day"]
    parts = []
    for run in _runs(DAYS.index(day) for day in days - {"PH"}):
        names = [text[DAYS[index]] for index in run]
        if len(names) > 2:
            names = [text["days_from_to"].format(first=names[0], last=names[-1])]
        parts += names
    return text["separator"].join(parts + ([text["PH"]] if "PH" in days else []))


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _date(day: MonthDay, text: Mapping[str, str]) -> str:
    return text["date"].format(month=text[f"month_{day.month}"], day=day.day)


def _moment(when: datetime, at: datetime, text: Mapping[str, str], *, ends: bool = False) -> str:
    """The time alone today, then with tomorrow, the weekday, the date."""
    day, at_time = when.date(), f"{when:%H:%M}"
    if ends and when.time() == time(0):
        # People close at 24:00 tonight, not at 00:00 tomorrow.
        day, at_time = day - timedelta(days=1), "24:00"
    away = (day - at.astimezone(when.tzinfo).date()).days
    if away <= 0:
        return at_time
    if away == 1:
        return text["tomorrow"].format(time=at_time)
    if away < 7:
        return text["on_weekday"].format(day=text[DAYS[day.weekday()]], time=at_time)
    return text["on_date"].format(date=_date(MonthDay(day.month, day.day), text), time=at_time)
