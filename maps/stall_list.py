"""The stall zones as a list: for readers without scripts, and for those who would rather read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from geo.errors import InvalidInstant
from geo.openings import Opening
from geo.records import Kind, StallZone
from maps.hours import STATES, change_in_words, hours_in_words, instant_in_words, state_of
from maps.page import render
from maps.site import Page, Site, zone_path
from maps.text import Language, words


@dataclass(frozen=True, slots=True)
class ZoneInList:
    """A stall zone and what holds there at the page's instant."""

    zone: StallZone
    opening: Opening


@dataclass(frozen=True, slots=True)
class Entry:
    """A zone as the list tells it; `page` is the path of the page that tells the rest."""

    page: str
    state: str
    name: str
    name_language: Language
    kind: str
    change: str
    hours: tuple[str, ...]
    stalls: str
    goods: tuple[str, ...]
    address: str
    notes: tuple[str, ...]


def stall_list(
    zones: Sequence[ZoneInList],
    kinds: Mapping[str, Kind],
    at: datetime,
    language: Language,
    site: Site,
) -> Page:
    """Return the page that lists the zones by their state at an instant, soonest change first.

    `kinds` names the kinds of stall zones by slug. Raises `InvalidInstant` when `at` has no zone.
    """
    if at.tzinfo is None:
        raise InvalidInstant(f"the instant of a page needs a time zone: {at.isoformat()}")
    ordered = sorted(zones, key=lambda shown: _order(shown, at))
    entries = [_entry(shown, kinds, at, language) for shown in ordered]
    text = words(language)
    html = render(
        "stall_list.html",
        language,
        site,
        map_path="/maps/stalls",
        empty=text["no_zones"],
        state_names={state: text[state] for state in STATES},
        as_of=instant_in_words(at.astimezone(ZoneInfo(site.time_zone)), language),
        # Openings change on the minute: within it the page, and so its ETag, stays the same.
        at=at.isoformat(timespec="minutes"),
        groups={state: [e for e in entries if e.state == state] for state in STATES},
    )
    return Page(html, ())


def _order(shown: ZoneInList, at: datetime) -> tuple[int, datetime, str]:
    """Open first, then by what changes soonest."""
    change = shown.opening.closes_at or shown.opening.opens_at
    soonest = change or datetime.max.replace(tzinfo=UTC)
    return STATES.index(state_of(shown.opening, at)), soonest, shown.zone.code


def _entry(shown: ZoneInList, kinds: Mapping[str, Kind], at: datetime, language: Language) -> Entry:
    zone, opening, text = shown.zone, shown.opening, words(language)
    has_english = language == "en" and zone.name_en
    reason = opening.reason_en or opening.reason_zh if language == "en" else opening.reason_zh
    notes = (reason, text["assumed"] if opening.assumed else "")
    return Entry(
        page=zone_path(zone.code),
        state=state_of(opening, at),
        name=zone.name_en if has_english else zone.name,
        name_language="en" if has_english else "zh",
        kind=_kind_name(zone.kind, kinds, language),
        change=change_in_words(opening, at, language),
        hours=hours_in_words(zone.schedule, language),
        stalls="" if zone.capacity is None else text["stall_count"].format(count=zone.capacity),
        goods=zone.goods,
        address=zone.address,
        notes=tuple(filter(None, notes)),
    )


def _kind_name(slug: str, kinds: Mapping[str, Kind], language: Language) -> str:
    kind = kinds.get(slug)
    if kind is None:
        return slug
    return kind.name_en if language == "en" else kind.name_zh
