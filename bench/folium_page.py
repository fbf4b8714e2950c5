"""The floor of the map pages: what anybody gets from Folium in ten lines, at its best.

All features of the city are written into the page, one GeoJSON layer for each table, drawn on
canvas. No tiles; its scripts and styles come from the same server, compressed once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import folium
import shapely

from bench.servers import ROOT

Feature = dict[str, Any]
_PACKAGES = ROOT / "bench" / "npm" / "node_modules"
# Folium's own list; two small styles for icons, which are on no registry, are left out.
_SCRIPTS = (
    "leaflet/dist/leaflet.js",
    "jquery/dist/jquery.min.js",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "leaflet.awesome-markers/dist/leaflet.awesome-markers.min.js",
)
_STYLES = (
    "leaflet/dist/leaflet.css",
    "bootstrap/dist/css/bootstrap.min.css",
    "@fortawesome/fontawesome-free/css/all.min.css",
    "leaflet.awesome-markers/dist/leaflet.awesome-markers.css",
)
_COLOURS = ("#0072b2", "#a85900", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")


def write_folium_page(folder: Path, layers: Mapping[str, Sequence[Feature]]) -> Path:
    """Return a file that says which file lies at which path of the server."""
    page = folder / "folium.html"
    page.write_text(folium_page(layers))
    files = {f"/{name}": str(_PACKAGES / name) for name in (*_SCRIPTS, *_STYLES)}
    told = folder / "folium.json"
    told.write_text(json.dumps({"/": str(page), **files}))
    return told


def folium_page(layers: Mapping[str, Sequence[Feature]]) -> str:
    """Return the page with the features of each layer in it; the view is that of the first."""
    canvas = folium.Map(tiles=None, prefer_canvas=True)
    canvas.default_js = [(name, f"/{name}") for name in _SCRIPTS]
    canvas.default_css = [(name, f"/{name}") for name in _STYLES]
    for number, (name, features) in enumerate(layers.items()):
        style = {"color": _COLOURS[number % len(_COLOURS)], "weight": 2, "fillOpacity": 0.3}
        folium.GeoJson(
            {"type": "FeatureCollection", "features": list(features)},
            name=name,
            style_function=lambda _, style=style: style,
            # Points too are drawn on the canvas: as pictures, thousands would take minutes.
            marker=folium.CircleMarker(radius=4),
        ).add_to(canvas)
    shown = [json.dumps(one["geometry"]) for one in next(iter(layers.values()))]
    west, south, east, north = shapely.total_bounds(shapely.from_geojson(shown)).tolist()
    canvas.fit_bounds([(south, west), (north, east)])
    return str(canvas.get_root().render())
