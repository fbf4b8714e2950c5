"""Geometry as GeoJSON (RFC 7946): lon before lat, WGS 84, seven decimals (about a centimetre)."""

from __future__ import annotations

from typing import Any

import shapely
from shapely.geometry import MultiPolygon, mapping
from shapely.geometry.base import BaseGeometry


def geometry_json(geometry: BaseGeometry) -> dict[str, Any]:
    """Return the geometry as a GeoJSON object; a multi-polygon of one part as a polygon."""
    if isinstance(geometry, MultiPolygon) and len(geometry.geoms) == 1:
        geometry = geometry.geoms[0]
    rounded = shapely.transform(geometry, lambda pairs: pairs.round(7))
    found: dict[str, Any] = mapping(rounded)
    return found
