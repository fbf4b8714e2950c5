"""The map itself: Folium draws it, from numbers and texts made inert; the only user of Folium.

Folium writes a whole page of its own, with libraries of other hosts and random names. Of that only
the element and the script are taken, under names that stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import folium
import shapely
from branca.element import Element
from folium.map import CustomPane
from shapely.geometry.base import BaseGeometry

from geo.types import BBox, LonLat
from maps.basemap import Basemap
from maps.text import inert

MIN_ZOOM, MAX_ZOOM = 5, 19
DECIMALS = 6
"""Of a degree: 0.1 m, finer than anybody draws."""

E = TypeVar("E", bound=Element)


@dataclass(frozen=True, slots=True)
class Shape:
    """A geometry in lon/lat, the class that styles it, and what the page's script reads of it.

    `properties` are numbers, or texts that went through `inert`.
    """

    geometry: BaseGeometry
    style: str
    properties: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Layer:
    """Shapes that are switched on and off together; a `ground` layer lies under all others."""

    name: str
    shapes: Sequence[Shape]
    is_ground: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """The element that holds the map, and the script that fills it once Leaflet is loaded."""

    html: str
    script: str


def latlon(place: LonLat) -> tuple[float, float]:
    """Return latitude before longitude, as Leaflet wants it: the only place where they swap."""
    return place.lat, place.lon


def extent(geometries: Sequence[BaseGeometry]) -> BBox | None:
    """Return the box around all geometries; None when there are none."""
    held = [geometry for geometry in geometries if not geometry.is_empty]
    return BBox(*map(float, shapely.total_bounds(held))) if held else None


def draw(layers: Sequence[Layer], view: BBox | None, basemap: Basemap, name: str) -> Drawing:
    """Return a map that opens on the view; equal input gives equal text, in any thread."""
    canvas = _named(
        folium.Map(
            tiles=None,
            minZoom=MIN_ZOOM,
            zoom_control="bottomright",  # like all: popups open upwards, and would lie under
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
    for number, layer in enumerate(layers):
        _named(_geojson(layer), str(number)).add_to(canvas)
    _named(folium.LayerControl("bottomright"), "layers").add_to(canvas)
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


def _geojson(layer: Layer) -> folium.GeoJson:
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": _geometry(shape.geometry),
            "properties": {**shape.properties, "style": shape.style},
        }
        for number, shape in enumerate(layer.shapes)
    ]
    options: dict[str, Any] = {"pane": "ground", "interactive": False} if layer.is_ground else {}
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=inert(layer.name),
        style_function=_style,
        # Not for the keyboard: the list is, and it comes without forty stops on the way.
        marker=folium.Marker(icon=folium.DivIcon(icon_size=(20, 20)), keyboard=False),
        **options,
    )


def _style(feature: Mapping[str, Any]) -> dict[str, str]:
    """Only a class: colours, dashes and the dark mode live in the style sheet."""
    return {"className": feature["properties"]["style"]}


def _geometry(geometry: BaseGeometry) -> dict[str, Any]:
    rounded = shapely.transform(geometry, lambda corners: corners.round(DECIMALS))
    found: dict[str, Any] = shapely.geometry.mapping(rounded)
    return found
