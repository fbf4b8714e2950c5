"""The public map of tidal stall zones (潮汐摊位服务地图): what is open now, what opens later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import shapely

from geo.errors import InvalidInstant
from geo.openings import Opening
from geo.records import Area, Kind, StallZone
from maps.canvas import Layer, Shape, draw, extent
from maps.hours import STATES, change_in_words, hours_in_words, instant_in_words, state_of
from maps.page import compose
from maps.site import GROUND, Page, Site, zone_path
from maps.text import Language, inert, words

LABELLED = ("zone",)

GROUND_TOLERANCE_DEG = 3e-5
"""About 3 m: the backdrop is for finding one's way, and is most of the page's bytes."""


@dataclass(frozen=True, slots=True)
class ZoneOnMap:
    """A stall zone and what holds there at the page's instant."""

    zone: StallZone
    opening: Opening


@dataclass(frozen=True, slots=True)
class Entry:
    """A zone as the list and the popup tell it; `number` ties it to its shape on the map.

    `page` is the path of the page that tells the rest.
    """

    number: int
    code: str
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


def stalls_page(
    zones: Sequence[ZoneOnMap],
    backdrop: Sequence[Area],
    kinds: Mapping[str, Kind],
    at: datetime,
    language: Language,
    site: Site,
) -> Page:
    """Return the map of the zones at an instant, with a list that also works without scripts.

    `kinds` names the kinds of stall zones by slug. Areas of kinds that are not in `GROUND` are left
    out of the backdrop. Raises `InvalidInstant` when `at` has no zone.
    """
    if at.tzinfo is None:
        raise InvalidInstant(f"the instant of a page needs a time zone: {at.isoformat()}")
    ordered = sorted(zones, key=lambda shown: _order(shown, at))
    entries = [_entry(n, shown, kinds, at, language) for n, shown in enumerate(ordered)]
    layers = [_ground(backdrop, language), *_kind_layers(ordered, entries, language)]
    seen = [shown.zone.geometry for shown in ordered] or [area.geometry for area in backdrop]
    return compose(
        "stalls.html",
        draw([layer for layer in layers if layer.shapes], extent(seen), site.basemap, "stalls"),
        language,
        site,
        as_of=instant_in_words(at.astimezone(ZoneInfo(site.time_zone)), language),
        # Openings change on the minute: within it the page, and so its ETag, stays the same.
        at=at.isoformat(timespec="minutes"),
        states=[state for state in STATES if state != "unknown" or _any(entries, state)],
        groups={state: [e for e in entries if e.state == state] for state in STATES},
    )


def _order(shown: ZoneOnMap, at: datetime) -> tuple[int, datetime, str]:
    """Open first, then by what changes soonest."""
    change = shown.opening.closes_at or shown.opening.opens_at
    soonest = change or datetime.max.replace(tzinfo=UTC)
    return STATES.index(state_of(shown.opening, at)), soonest, shown.zone.code


def _entry(
    number: int, shown: ZoneOnMap, kinds: Mapping[str, Kind], at: datetime, language: Language
) -> Entry:
    zone, opening, text = shown.zone, shown.opening, words(language)
    has_english = language == "en" and zone.name_en
    reason = opening.reason_en or opening.reason_zh if language == "en" else opening.reason_zh
    notes = (reason, text["assumed"] if opening.assumed else "")
    return Entry(
        number=number,
        code=zone.code,
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


def _kind_layers(
    zones: Sequence[ZoneOnMap], entries: Sequence[Entry], language: Language
) -> Iterator[Layer]:
    """One layer for each kind, by name: a name can be switched only once."""
    for kind in sorted({entry.kind for entry in entries}):
        members = [(s, e) for s, e in zip(zones, entries, strict=True) if e.kind == kind]
        name = words(language)["layer_of_kind"].format(kind=kind, count=len(members))
        shapes = [shape for shown, entry in members for shape in _shapes(shown.zone, entry)]
        yield Layer(name, shapes)


def _shapes(zone: StallZone, entry: Entry) -> Iterator[Shape]:
    """The zone's ground, and a mark on it: seen from the whole city, a zone is a few pixels."""
    properties = {"zone": entry.number}
    yield Shape(zone.geometry, f"zone zone-{entry.state}", properties)
    yield Shape(zone.geometry.representative_point(), f"mark mark-{entry.state}", properties)


def _ground(backdrop: Sequence[Area], language: Language) -> Layer:
    shapes: list[Shape] = []
    for kind in GROUND:
        areas = sorted((area for area in backdrop if area.kind == kind), key=lambda a: a.code)
        # As a coverage, so that neighbours keep one common border.
        drawn = shapely.coverage_simplify([area.geometry for area in areas], GROUND_TOLERANCE_DEG)
        shapes += [
            Shape(geometry, f"ground ground-{kind}", _label(area, language))
            for area, geometry in zip(areas, drawn, strict=True)
        ]
    return Layer(words(language)["backdrop"], shapes, is_ground=True)


def _label(area: Area, language: Language) -> dict[str, str]:
    if area.kind not in LABELLED:
        return {}
    return {"label": inert(area.name_en or area.name if language == "en" else area.name)}


def _any(entries: Sequence[Entry], state: str) -> bool:
    return any(entry.state == state for entry in entries)
