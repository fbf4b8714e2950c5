"""The sheet of a stall zone: what residents and stall keepers have to know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from geo.openings import Opening, opening
from geo.records import Kind, StallZone
from maps.navigation import ways_to
from maps.page import render
from maps.sheet import Occasion, free_in_words, place_on, sheet
from maps.site import Page, Site, calendar_path
from maps.text import Language, worded, words

_PHONE = re.compile(r"\+?[0-9][0-9 -]*")


@dataclass(frozen=True, slots=True)
class ZoneSheet:
    """A zone, and the occasion on which it is told."""

    zone: StallZone
    kind: Kind
    occasion: Occasion

    @property
    def opening(self) -> Opening:
        """What holds at the instant."""
        zone, occasion = self.zone, self.occasion
        return opening(
            zone.schedule, occasion.at, overrides=zone.overrides, calendar=occasion.calendar
        )


def zone_page(told: ZoneSheet, language: Language, site: Site) -> Page:
    """Return the page of one stall zone; its `<article>` is what the map shows in a dialog."""
    return Page(render("zone.html", language, site, **_content(told, language, site)), ())


def zone_alone(told: ZoneSheet, language: Language, site: Site) -> str:
    """Return the `<article>` alone, for a file that is opened on any day and knows no server.

    It says nothing that depends on the clock, and no QR code: whoever reads it has it in hand.
    """
    content = _content(told, language, site) | {"frame": "bare.html", "qr": None}
    return render("zone_alone.html", language, site, **content)


def _content(told: ZoneSheet, language: Language, site: Site) -> dict[str, Any]:
    zone, occasion = told.zone, told.occasion
    name = worded(zone.name, zone.name_en, language)
    own = {
        "zone": zone,
        "code": quote(zone.code, safe=""),
        "stalls": _stalls(zone.capacity, language),
        "free": free_in_words(occasion.free, occasion.at, "free_stalls", language),
        "ways": ways_to(place_on(zone.geometry), name.text, zone.address),
        "tel": tel_of(zone.duty_phone),
        "calendar": calendar_path(zone.code, language),
    }
    return own | sheet(
        name, told.kind, told.opening, occasion, language, site,
        schedule=zone.schedule, overrides=zone.overrides,
    )  # fmt: skip


def missing_page(code: str, language: Language, site: Site) -> Page:
    """Return what somebody sees who follows a link to a zone that is not there."""
    text = words(language)
    html = render(
        "sheet_missing.html", language, site,
        missing=text["zone_missing"],
        why=text["zone_missing_why"].format(code=code),
        back=text["all_zones"],
        map_path="/maps/stalls",
    )  # fmt: skip
    return Page(html, ())


def tel_of(phone: str) -> str | None:
    """Return the `tel:` link of a phone number, None for a text that is not one."""
    return f"tel:{re.sub('[ -]', '', phone)}" if _PHONE.fullmatch(phone) else None


def _stalls(capacity: int | None, language: Language) -> str:
    text = words(language)
    return (
        text["stalls_untold"] if capacity is None else text["stalls_in_all"].format(count=capacity)
    )
