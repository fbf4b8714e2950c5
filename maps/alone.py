"""Maps as files of their own (单文件): all that a page loads is written into it.

Such a file is opened on any day, without a server or a network. So it says until when its hours
hold, and nothing in it that depends on the clock is written beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import shapely
from markupsafe import Markup

from geo.errors import InvalidParameter
from geo.schedules import Calendar
from geo.types import BBox
from maps.canvas import draw
from maps.columns import written
from maps.files import FOLDER, content, data_uri
from maps.ground import ground
from maps.hours import date_in_words, day_in_words
from maps.names import names
from maps.page import hash_source, render
from maps.poster import City, PaperSize, poster_content
from maps.shapes import shapes
from maps.sheet import Occasion
from maps.site import NO_BASEMAP, STALL_MAP, Site, zone_path
from maps.stalls import shell
from maps.text import Language
from maps.week import DAYS, Frame, week
from maps.zone import ZoneSheet, zone_alone

STYLES = ("vendor/leaflet/leaflet.css", "page.css", "map.css", "sheet.css")
LEAFLET, PAGE = "vendor/leaflet/leaflet.js", "built/stalls.js"


@dataclass(frozen=True, slots=True)
class Saving:
    """When a file is made, the instant that it opens on (None: it follows the clock), and the
    address of the living pages (empty: not known).
    """

    made: datetime
    at: datetime | None = None
    public_url: str = ""


def stalls_file(
    city: City, calendar: Calendar, saving: Saving, language: Language, site: Site
) -> str:
    """Return the stall map as one file; raises `InvalidParameter` when it cannot show `saving.at`.

    It has no live readings and no tiles of a basemap, and knows as many days as the page does.
    """
    site = _without_tiles(site)
    frame = Frame.around(saving.made, site.time_zone)
    drawing = draw(_extent(city), site.basemap, "stalls")
    styles = [content(name) for name in STYLES]
    scripts = [content(LEAFLET), drawing.script, content(PAGE)]
    return render(
        "stalls_alone.html",
        language,
        site,
        **shell(language),
        canvas=Markup(drawing.html),
        styles=[Markup(style) for style in styles],
        scripts=[Markup(script) for script in scripts[:-1]],
        module=Markup(scripts[-1]),
        policy=_policy(styles, scripts),
        icon=data_uri(FOLDER / "icon.svg"),
        licence=(FOLDER / "vendor/leaflet/LICENSE").read_text("utf-8"),
        answers=[
            (path, Markup(written(told).decode()))
            for path, told in _answers(city, calendar, frame, _minute(saving, frame)).items()
        ],
        sheets=list(_sheets(city, calendar, saving, language, site)),
        made=day_in_words(saving.made.astimezone(ZoneInfo(site.time_zone)).date(), language),
        until=date_in_words(_last_day(frame), language),
        live_url=_address(saving, STALL_MAP, language),
    )


def poster_file(
    city: City, language: Language, site: Site, size: PaperSize, live_url: str = ""
) -> str:
    """Return the poster as one file, to be printed."""
    content_of = poster_content(city, language, size, live_url)
    style = Markup(content("poster.css"))
    return render("poster_alone.html", language, site, style=style, **content_of)


def _without_tiles(site: Site) -> Site:
    """The approval number of tiles is theirs; without tiles it is that of the city's own map."""
    return replace(site, basemap=NO_BASEMAP) if site.basemap.urls else site


def _policy(styles: list[str], scripts: list[str]) -> str:
    """Only what was written here runs, and nothing is loaded from anywhere."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(hash_source, scripts))}",
            f"style-src {' '.join(map(hash_source, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _extent(city: City) -> BBox | None:
    found = [one.geometry for one in city.zones] or [one.geometry for one in city.areas]
    return BBox(*map(float, shapely.total_bounds(found))) if found else None


def _last_day(frame: Frame) -> date:
    return frame.first + timedelta(days=DAYS - 1)


def _minute(saving: Saving, frame: Frame) -> int | None:
    if saving.at is None:
        return None
    # The first day is there for the night before; the page begins with the second.
    first = frame.first + timedelta(days=1)
    if not first <= saving.at.astimezone(ZoneInfo(frame.time_zone)).date() <= _last_day(frame):
        raise InvalidParameter(
            f"the file knows the days from {first} to {_last_day(frame)}: "
            "choose an instant within them"
        )
    return frame.minute(saving.at)


def _answers(city: City, calendar: Calendar, frame: Frame, at_min: int | None) -> dict[str, Any]:
    """What the page would ask the server for, by path; however many shapes, all are here."""
    told = week(city.zones, city.kinds, calendar, frame) | {"shapes": "geojson"}
    return {
        "/maps/stalls/week.json": told if at_min is None else told | {"at_min": at_min},
        "/maps/stalls/names.json": names(city.zones),
        "/maps/stalls/shapes.json": shapes(city.zones),
        "/maps/ground.json": ground(city.areas),
    }


def _address(saving: Saving, path: str, language: Language) -> str:
    query = "?lang=en" if language == "en" else ""
    return f"{saving.public_url}{path}{query}" if saving.public_url else ""


def _sheets(
    city: City, calendar: Calendar, saving: Saving, language: Language, site: Site
) -> Iterator[tuple[str, Markup]]:
    for zone in city.zones:
        path = zone_path(zone.code)
        url = _address(saving, path, language)
        occasion = Occasion(saving.made, calendar, None, url, is_now=False)
        told = ZoneSheet(zone, city.kind_of(zone.kind), occasion)
        yield unquote(path), Markup(zone_alone(told, language, site))
