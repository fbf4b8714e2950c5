"""A zone's sheet: one stall zone told in full, on a page that needs no script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import shapely

from geo.openings import Opening, opening
from geo.records import Kind, StallZone
from geo.schedules import Calendar
from geo.types import LonLat
from maps.days import coming_days
from maps.hours import change_in_words, hours_in_words, instant_in_words, state_of
from maps.navigation import DECIMALS, ways_to
from maps.page import render
from maps.qr import qr_image
from maps.site import Page, Site, calendar_path
from maps.text import Language, Worded, worded, words

_PHONE = re.compile(r"\+?[0-9][0-9 -]*")


@dataclass(frozen=True, slots=True)
class Free:
    """How many stalls were free when somebody last looked, and that still holds."""

    count: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet tells: a zone, what holds at the instant, and where the sheet is found."""

    zone: StallZone
    kind: Kind
    at: datetime
    calendar: Calendar
    free: Free | None
    share_url: str

    @property
    def opening(self) -> Opening:
        """What holds at the instant."""
        zone = self.zone
        return opening(zone.schedule, self.at, overrides=zone.overrides, calendar=self.calendar)


def zone_page(sheet: Sheet, language: Language, site: Site) -> Page:
    """Return the page of one stall zone; its `<article>` is what the map shows in a dialog."""
    zone, now = sheet.zone, sheet.opening
    name = worded(zone.name, zone.name_en, language)
    html = render(
        "zone.html",
        language,
        site,
        zone=zone,
        code=quote(zone.code, safe=""),
        name=name,
        kind=worded(sheet.kind.name_zh, sheet.kind.name_en, language),
        at=sheet.at.isoformat(timespec="minutes"),
        as_of=instant_in_words(sheet.at.astimezone(ZoneInfo(site.time_zone)), language),
        opening=now,
        state=state_of(now, sheet.at),
        change=change_in_words(now, sheet.at, language),
        notes=_notes(now, language),
        usual_hours=hours_in_words(zone.schedule, language),
        days=coming_days(zone.schedule, sheet.at, language, zone.overrides, sheet.calendar),
        stalls=_stalls(zone.capacity, language),
        free=_free(sheet.free, sheet.at, language),
        ways=ways_to(place_on(zone), name.text, zone.address),
        tel=tel_of(zone.duty_phone),
        calendar=calendar_path(zone.code, language),
        share_url=sheet.share_url,
        qr=qr_image(sheet.share_url),
    )
    return Page(html, ())


def missing_page(code: str, language: Language, site: Site) -> Page:
    """Return what somebody sees who follows a link to a zone that is not there."""
    return Page(render("zone_missing.html", language, site, code=code), ())


def place_on(zone: StallZone) -> LonLat:
    """Return a point on the zone's ground, also of a bent or parted one; six decimals."""
    point = shapely.Point(zone.geometry.representative_point())
    return LonLat(round(point.x, DECIMALS), round(point.y, DECIMALS))


def tel_of(phone: str) -> str | None:
    """Return the `tel:` link of a phone number, None for a text that is not one."""
    return f"tel:{re.sub('[ -]', '', phone)}" if _PHONE.fullmatch(phone) else None


def _notes(now: Opening, language: Language) -> tuple[Worded, ...]:
    assumed = words(language)["assumed"] if now.assumed else ""
    reason = worded(now.reason_zh, now.reason_en, language)
    return tuple(note for note in (reason, Worded(assumed, language)) if note.text)


def _stalls(capacity: int | None, language: Language) -> str:
    text = words(language)
    return (
        text["stalls_untold"] if capacity is None else text["stalls_in_all"].format(count=capacity)
    )


def _free(free: Free | None, at: datetime, language: Language) -> str:
    text = words(language)
    if free is None:
        return text["free_unknown"]
    count = text["free_stalls"].format(count=free.count)
    return text["free_when"].format(free=count, age=_age(at - free.observed_at, language))


def _age(passed: timedelta, language: Language) -> str:
    """In hours above two of them: half of "1 h ago" would be rounding."""
    minutes, text = passed // timedelta(minutes=1), words(language)
    if minutes < 1:
        return text["just_now"]
    if minutes < 120:
        return text["minutes_ago"].format(count=minutes)
    return text["hours_ago"].format(count=minutes // 60)
