"""Geometry as GeoJSON (RFC 7946): lon before lat, WGS 84, rounded."""

from __future__ import annotations

from typing import Any

import shapely
from shapely.geometry import MultiPolygon, mapping
from shapely.geometry.base import BaseGeometry


def geometry_json(geometry: BaseGeometry, decimals: int = 7) -> dict[str, Any]:
    """Return the geometry as a GeoJSON object; a multi-polygon of one part as a polygon.

    Seven decimals are about a centimetre, six a tenth of a metre.
    """
    if isinstance(geometry, MultiPolygon) and len(geometry.geoms) == 1:
        geometry = geometry.geoms[0]
    rounded = shapely.transform(geometry, lambda pairs: pairs.round(decimals))
    found: dict[str, Any] = mapping(rounded)
    return found
