"""The public map of facilities (公园公厕便民地图): a shell that the page's scripts fill."""

from __future__ import annotations

from collections.abc import Sequence

from geo.types import BBox
from maps.canvas import draw
from maps.hours import STATES, said
from maps.page import compose
from maps.site import Page, Site
from maps.text import Language, words


def facilities_page(
    view: BBox | None, language: Language, site: Site, first_data: Sequence[str] = ()
) -> Page:
    """Return the map that opens on the view; the calls of the map's data fill it.

    Browsers load the addresses of `first_data` beside the scripts that will ask for them.
    """
    text = words(language)
    labels = {
        "skip": text["skip_to_places"],
        "list": text["facilities_list"],
        "search": text["search_places"],
        "search_hint": text["places_hint"],
        "order_time": text["order_open"],
        **{state: said(text, state, "places") for state in STATES},
    }
    drawing = draw(view, site.basemap, "facilities")
    return compose(
        "facilities.html", drawing, language, site,
        page="facilities", states=STATES, labels=labels, first_data=first_data,
    )  # fmt: skip
