"""The public map of tidal stall zones (潮汐摊位服务地图): a shell that the page's scripts fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.types import BBox
from maps.canvas import draw
from maps.hours import STATES
from maps.page import compose
from maps.site import Page, Site
from maps.text import Language, words


def stalls_page(
    view: BBox | None, language: Language, site: Site, first_data: Sequence[str] = ()
) -> Page:
    """Return the map that opens on the view; what it shows comes from the calls of the map's data.

    So the page does not grow with the city, and is the same at every hour. Browsers load the
    addresses of `first_data` beside the scripts that will ask for them.
    """
    drawing = draw(view, site.basemap, "stalls")
    return compose("stalls.html", drawing, language, site, **shell(language), first_data=first_data)


def shell(language: Language) -> dict[str, Any]:
    """Return what the template of the map says of stalls."""
    text = words(language)
    labels = {
        "skip": text["skip_to_list"],
        "list": text["list"],
        "search": text["search"],
        "search_hint": text["search_hint"],
        "order_time": text["order_time"],
        **{state: text[state] for state in STATES},
    }
    return {"page": "stalls", "states": STATES, "labels": labels}
