"""The facilities of one kind as a list: for readers without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from geo.records import Facility, Kind
from geo.schedules import Calendar
from maps.hours import STATES, change_in_words, hours_in_words, instant_in_words, said, state_of
from maps.page import render
from maps.place import opening_of
from maps.site import Page, Site, place_path
from maps.stall_list import Entry
from maps.text import Language, Worded, worded, words

LISTED_MAX = 200
"""So many on a page; the rest follow on others."""


class Choice(NamedTuple):
    """A kind that can be listed."""

    slug: str
    name: Worded


def place_list(
    places: Sequence[Facility],
    kinds: Mapping[str, Kind],
    chosen: str | None,
    at: datetime,
    calendar: Calendar,
    language: Language,
    site: Site,
) -> Page:
    """Return the page that lists facilities of the chosen kind, those that are open first.

    One place more than `LISTED_MAX` says that there is another page.
    """
    text = words(language)
    shown = places[:LISTED_MAX]
    entries = [_entry(one, kinds[one.kind], at, calendar, language) for one in shown]
    html = render(
        "place_list.html",
        language,
        site,
        map_path="/maps/facilities",
        empty=text["no_places"],
        state_names={state: said(text, state, "places") for state in STATES},
        as_of=instant_in_words(at.astimezone(ZoneInfo(site.time_zone)), language),
        at=at.isoformat(timespec="minutes"),
        groups={state: [e for e in entries if e.state == state] for state in STATES},
        kinds=[Choice(slug, _name(kind, language)) for slug, kind in kinds.items()],
        kind=chosen,
        next_after=quote(shown[-1].code, safe="") if len(places) > LISTED_MAX else "",
    )
    return Page(html, ())


def _entry(
    facility: Facility, kind: Kind, at: datetime, calendar: Calendar, language: Language
) -> Entry:
    text, now = words(language), opening_of(facility, at, calendar)
    name = worded(facility.name, facility.name_en, language)
    is_fit = facility.state == "normal"
    return Entry(
        page=place_path(facility.kind, facility.code),
        state=state_of(now, at),
        name=name.text,
        name_language=name.language,
        kind=_name(kind, language).text,
        change=change_in_words(now, at, language, "places")
        if is_fit
        else text[f"condition_{facility.state}"],
        hours=hours_in_words(facility.schedule, language),
        stalls="",
        goods=(),
        address=facility.address,
        notes=(text["assumed"],) if now.assumed else (),
    )


def _name(kind: Kind, language: Language) -> Worded:
    return worded(kind.name_zh, kind.name_en, language)
