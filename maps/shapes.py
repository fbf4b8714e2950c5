"""The zones' shapes as GeoJSON, for cities small enough to send them whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.geojson import geometry_json
from geo.records import StallZone

SHAPES_MAX = 300
"""Above so many zones they come as tiles: the page must not grow with the city."""

DECIMALS = 6


def shapes(zones: Sequence[StallZone]) -> dict[str, Any]:
    """Return a FeatureCollection with the code of each zone as its id and nothing else."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": zone.code,
                "properties": {},
                "geometry": geometry_json(zone.geometry, DECIMALS),
            }
            for zone in zones
        ],
    }
