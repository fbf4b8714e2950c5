"""The sheet of a facility: hours, what is there, how many places are free, and the way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from geo.openings import Opening, opening
from geo.records import Facility, Kind
from geo.schedules import Calendar
from geo.types import LonLat
from maps.navigation import DECIMALS, Way, ways_to
from maps.page import render
from maps.places import capacity_of, gates_of
from maps.sheet import Occasion, free_in_words, place_on, sheet
from maps.site import Page, Site
from maps.text import Language, Worded, worded, words

CLOSED = Opening("closed")


class Gate(NamedTuple):
    """One of several ways in, and the links that lead to it."""

    number: int
    lon: float
    lat: float
    ways: tuple[Way, ...]


class Fact(NamedTuple):
    """A line of what there is."""

    word: str
    value: Worded


@dataclass(frozen=True, slots=True)
class PlaceSheet:
    """A facility, and the occasion on which it is told."""

    facility: Facility
    kind: Kind
    occasion: Occasion


def opening_of(facility: Facility, at: datetime, calendar: Calendar) -> Opening:
    """Return what holds there; what is damaged, lost, suspended or closed is not open."""
    if facility.state != "normal":
        return CLOSED
    return opening(facility.schedule, at, calendar=calendar)


def place_page(told: PlaceSheet, language: Language, site: Site) -> Page:
    """Return the page of one facility; its `<article>` is what the map shows in a dialog."""
    facility, occasion, text = told.facility, told.occasion, words(language)
    name = worded(facility.name, facility.name_en, language)
    gates = tuple(_gates(facility, name.text))
    now = opening_of(facility, occasion.at, occasion.calendar)
    common = sheet(
        name, told.kind, now, occasion, language, site,
        schedule=facility.schedule, manner="places",
    )  # fmt: skip
    if facility.state != "normal":
        # Hours of what is out of order would send people there for nothing.
        common |= {"days": (), "change": text[f"condition_{facility.state}"]}
    html = render(
        "place.html",
        language,
        site,
        facility=facility,
        address=facility.address or facility.name,
        place_id=quote(f"{facility.kind}:{facility.code}", safe=":"),
        capacity=capacity_of(facility),
        free=free_in_words(occasion.free, occasion.at, "free_places", language),
        gates=gates if len(gates) > 1 else (),
        ways=gates[0].ways
        if len(gates) == 1
        else ways_to(place_on(facility.geometry), name.text, facility.address),
        facts=tuple(_facts(facility.attributes, language)),
        **common,
    )
    return Page(html, ())


def missing_place_page(place_id: str, language: Language, site: Site) -> Page:
    """Return what somebody sees who follows a link to a facility that is not there."""
    text = words(language)
    html = render(
        "sheet_missing.html", language, site,
        missing=text["place_missing_name"],
        why=text["place_missing_why"].format(code=place_id),
        back=text["all_places"],
        map_path="/maps/facilities",
    )  # fmt: skip
    return Page(html, ())


def _gates(facility: Facility, name: str) -> Iterator[Gate]:
    for number, (lon, lat) in enumerate(gates_of(facility), start=1):
        spot = LonLat(round(lon, DECIMALS), round(lat, DECIMALS))
        yield Gate(number, spot.lon, spot.lat, ways_to(spot, name, facility.address))


def _facts(attributes: Mapping[str, Any], language: Language) -> Iterator[Fact]:
    """What we have words for, in their order; other attributes are for machines."""
    text = words(language)
    for key in (word for word in text if word.startswith("fact_")):
        value = _value(attributes.get(key.removeprefix("fact_")), language)
        if value is not None:
            yield Fact(text[key], value)


def _value(value: Any, language: Language) -> Worded | None:
    text = words(language)
    if isinstance(value, bool):
        return Worded(text["yes" if value else "no"], language)
    if isinstance(value, int | float):
        return Worded(f"{value:g}", language)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return Worded(words("zh")["separator"].join(value), "zh")
    return Worded(value, "zh") if isinstance(value, str) and value.strip() else None
