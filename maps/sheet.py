"""A sheet: one place told in full, on a page that needs no script; the map shows it in a dialog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shapely.geometry.base import BaseGeometry

from geo.openings import Opening
from geo.records import Kind
from geo.schedules import Calendar, Override, Schedule
from geo.types import LonLat
from maps.days import coming_days
from maps.hours import (
    Manner,
    change_in_words,
    hours_in_words,
    instant_in_words,
    said,
    state_of,
)
from maps.navigation import DECIMALS
from maps.qr import qr_image
from maps.site import Site
from maps.text import Language, Worded, worded, words


@dataclass(frozen=True, slots=True)
class Free:
    """How many places were free when somebody last looked, and that still holds."""

    count: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a sheet is told, what is known of that time, and where others find the sheet.

    `is_now` is whether that is the day on which it is read: another day is not "today".
    """

    at: datetime
    calendar: Calendar
    free: Free | None
    share_url: str
    is_now: bool = True


def sheet(
    name: Worded,
    kind: Kind,
    now: Opening,
    occasion: Occasion,
    language: Language,
    site: Site,
    *,
    schedule: Schedule | None,
    overrides: tuple[Override, ...] = (),
    manner: Manner = "stalls",
) -> dict[str, Any]:
    """Return what `sheet.html` tells of every place; `now` is what holds there."""
    at, calendar, text = occasion.at, occasion.calendar, words(language)
    state = state_of(now, at)
    days = coming_days(schedule, at, language, overrides, calendar)
    if not occasion.is_now:
        days = tuple(replace(day, is_today=False) for day in days)
    return {
        "name": name,
        "kind": worded(kind.name_zh, kind.name_en, language),
        "at": at.isoformat(timespec="minutes"),
        "as_of": instant_in_words(at.astimezone(ZoneInfo(site.time_zone)), language),
        "opening": now,
        "state": state,
        "state_name": said(text, state, manner),
        "not_open": said(text, "not_open", manner),
        "change": change_in_words(now, at, language, manner),
        "notes": _notes(now, language),
        "usual_hours": hours_in_words(schedule, language),
        "days": days,
        "days_name": text["coming_days" if occasion.is_now else "days_from_then"],
        "share_url": occasion.share_url,
        "qr": qr_image(occasion.share_url) if occasion.share_url else None,
    }


def place_on(shape: BaseGeometry) -> LonLat:
    """Return a point on a shape, also of a bent or parted one; six decimals."""
    point = shape.representative_point()
    return LonLat(round(point.x, DECIMALS), round(point.y, DECIMALS))


def free_in_words(free: Free | None, at: datetime, counted: str, language: Language) -> str:
    """Return the free places with their age; `counted` is the key of the text for a number."""
    text = words(language)
    if free is None:
        return text["free_unknown"]
    count = text[counted].format(count=free.count)
    return text["free_when"].format(free=count, age=_age(at - free.observed_at, language))


def _notes(now: Opening, language: Language) -> tuple[Worded, ...]:
    assumed = words(language)["assumed"] if now.assumed else ""
    reason = worded(now.reason_zh, now.reason_en, language)
    return tuple(note for note in (reason, Worded(assumed, language)) if note.text)


def _age(passed: timedelta, language: Language) -> str:
    """In hours above two of them: half of "1 h ago" would be rounding."""
    minutes, text = passed // timedelta(minutes=1), words(language)
    if minutes < 1:
        return text["just_now"]
    if minutes < 120:
        return text["minutes_ago"].format(count=minutes)
    return text["hours_ago"].format(count=minutes // 60)
