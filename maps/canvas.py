"""The map itself: Folium draws it, from numbers and texts made inert; the only user of Folium.

Folium writes a whole page of its own, with libraries of other hosts and random names. Of that only
the element and the script are taken, under names that stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import folium
from branca.element import Element
from folium.map import CustomPane

from geo.types import BBox, LonLat
from maps.basemap import Basemap
from maps.text import inert

MIN_ZOOM, MAX_ZOOM = 5, 19

E = TypeVar("E", bound=Element)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The element that holds the map, and the script that fills it once Leaflet is loaded."""

    html: str
    script: str


def latlon(place: LonLat) -> tuple[float, float]:
    """Return latitude before longitude, as Leaflet wants it: the only place where they swap."""
    return place.lat, place.lon


def draw(view: BBox | None, basemap: Basemap, name: str) -> Drawing:
    """Return a map that opens on the view; equal input gives equal text, in any thread."""
    canvas = _named(
        folium.Map(
            tiles=None,
            minZoom=MIN_ZOOM,
            zoom_control="bottomright",
            # Tiles are sharp at whole zooms only; without them the view may fit closely.
            zoomSnap=1 if basemap.urls else 0.25,
            maxZoom=basemap.max_zoom if basemap.urls else MAX_ZOOM,
            attributionControl=bool(basemap.urls),
        ),
        name,
    )
    figure = folium.Figure()
    canvas.add_to(figure)
    for number, url in enumerate(basemap.urls):
        _named(_tiles(url, basemap), f"tiles_{number}").add_to(canvas)
    _named(CustomPane("ground", z_index=300), "ground").add_to(canvas)
    if view:
        corners = (LonLat(view.west, view.south), LonLat(view.east, view.north))
        canvas.fit_bounds([latlon(corner) for corner in corners], padding=(28, 28))
    canvas.render()  # type: ignore[no-untyped-call]
    return Drawing(figure.html.render(), figure.script.render())


def _named(element: E, name: str) -> E:
    """Folium names its variables at random, which would make every page differ from the last."""
    element._id = name
    return element


def _tiles(url: str, basemap: Basemap) -> folium.TileLayer:
    credit = inert(basemap.attribution)
    if basemap.attribution_url:
        credit = f'<a href="{inert(basemap.attribution_url)}" rel="noopener">{credit}</a>'
    return folium.TileLayer(
        url,
        attr=credit,
        max_zoom=basemap.max_zoom,
        subdomains=basemap.subdomains,
        control=False,
    )
