"""Lengths, areas and directions on the WGS 84 ellipsoid; never in degrees or Web Mercator."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import ELLIPSOID, Floats
from geo.types import BBox, LonLat


def distance_m(a: LonLat, b: LonLat) -> float:
    """Return the geodesic distance between two places, metres."""
    return float(ELLIPSOID.inv(a.lon, a.lat, b.lon, b.lat)[2])


def distances_m(a: LonLat, lon: Floats, lat: Floats) -> Floats:
    """Return the geodesic distances from a place to many, metres."""
    starts = np.full(len(lon), a.lon), np.full(len(lon), a.lat)
    found: Floats = ELLIPSOID.inv(*starts, lon, lat)[2]
    return found


def inverse(a: LonLat, lon: float, lat: float) -> tuple[float, float]:
    """Return bearing (degrees, 0 up to 360) and distance (metres) from a place to another."""
    bearing, _, distance = ELLIPSOID.inv(a.lon, a.lat, lon, lat)
    return bearing % 360.0, distance


def area_m2(geometry: BaseGeometry) -> float:
    """Return the area of a geometry in lon/lat, square metres on the ellipsoid; holes count off."""
    return abs(float(ELLIPSOID.geometry_area_perimeter(geometry)[0]))


def circle(center: LonLat, radius_m: float, corners: int = 24) -> Polygon:
    """Return a polygon whose corners all lie radius_m from the centre along geodesics."""
    bearings = [360.0 * i / corners for i in range(corners)]
    lon, lat, _ = ELLIPSOID.fwd(
        [center.lon] * corners, [center.lat] * corners, bearings, [radius_m] * corners
    )
    return Polygon(zip(lon, lat, strict=True))


def lonlat_of(point: Point) -> LonLat:
    """Return the place of a Shapely point in lon/lat."""
    return LonLat(point.x, point.y)


def box_around(center: LonLat, radius_m: float) -> BBox:
    """Return a box that holds every place within the radius; a little larger, never smaller.

    Near a pole, or for radii beyond 3000 km, it spans all longitudes.
    """
    # One degree of latitude is at least 110.57 km on the ellipsoid; one percent on top of that.
    reach_deg = radius_m / 110_570.0 * 1.01
    south, north = max(center.lat - reach_deg, -90.0), min(center.lat + reach_deg, 90.0)
    widest = max(abs(south), abs(north))
    if radius_m > 3_000_000 or widest > 85:
        return BBox(-180.0, south, 180.0, north)
    reach_lon = reach_deg / math.cos(math.radians(widest))
    west, east = center.lon - reach_lon, center.lon + reach_lon
    return BBox(_wrapped(west), south, _wrapped(east), north)


def _wrapped(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0
