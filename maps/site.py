"""What all pages share: the site that they belong to, what they stand on, what they become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from geo.schedules import CITY_TIME
from maps.basemap import Basemap
from maps.files import address
from maps.text import Language

NO_BASEMAP = Basemap()

GROUND = ("city", "zone", "responsibility_grid", "water", "road")
"""The kinds of areas that make the backdrop, from the bottom up."""

STALL_MAP = "/maps/stalls"
ZONE_PAGE = "/maps/stalls/zones/{code}"
ZONE_CALENDAR = "/v1/stall-zones/{code}/calendar.ics"

PLACE_PAGE = "/maps/facilities/places/{place_id}"


def place_path(kind: str, code: str) -> str:
    """Return the path of a facility's page."""
    return PLACE_PAGE.format(place_id=quote(f"{kind}:{code}", safe=":"))


def zone_path(code: str) -> str:
    """Return the path of a stall zone's page; codes are people's and may hold any character."""
    return ZONE_PAGE.format(code=quote(code, safe=""))


def calendar_path(code: str, language: Language) -> str:
    """Return the path of a stall zone's calendar in the language."""
    return f"{ZONE_CALENDAR.format(code=quote(code, safe=''))}?lang={language}"


@dataclass(frozen=True, slots=True)
class Site:
    """The city and the server that all pages belong to."""

    city_zh: str
    city_en: str
    synthetic: bool
    basemap: Basemap = NO_BASEMAP
    static_url: str = "/static"
    data_date: date | None = None
    time_zone: str = CITY_TIME

    def city(self, language: Language) -> str:
        """Return the city's name in the language."""
        return self.city_en if language == "en" else self.city_zh

    def static(self, name: str) -> str:
        """Return the address of a file that pages load; it changes with the file's content."""
        return address(self.static_url, name)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page, and what its Content-Security-Policy has to allow.

    `script_hashes` are the sources of every inline script, `image_origins` where tiles come from.
    """

    html: str
    script_hashes: tuple[str, ...]
    image_origins: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        """The Content-Security-Policy header under which the page works, and no more."""
        return "; ".join(
            (
                "default-src 'self'",
                " ".join(("script-src 'self'", *self.script_hashes)),
                "style-src 'self'",
                " ".join(("img-src 'self' data:", *self.image_origins)),
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )
