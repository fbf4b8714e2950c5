"""Columns of coordinates to places: many at once, the first bad one named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from geo.crs import CHINESE, GEOGRAPHIC, Crs, to_wgs84, within_area_of_use
from geo.errors import InvalidCoordinate

Floats = npt.NDArray[np.float64]
Named = Callable[[int], str]
"""How the sender knows the point at a position, which counts from 0."""


def by_position(position: int) -> str:
    """Return the name of a point that has no other."""
    return f"point {position} (counted from 0)"


def to_points(x: Floats, y: Floats, crs: Crs, named: Named = by_position) -> tuple[Floats, Floats]:
    """Return the longitudes and latitudes of coordinates in any system, WGS 84, degrees.

    x is the longitude or easting, y the latitude or northing. Refuses what `geo.crs.place` refuses
    of one point: raises `InvalidCoordinate` naming the first that is no place, or that lies outside
    the area where the system is used.
    """
    if x.shape != y.shape or x.ndim != 1:
        raise InvalidCoordinate(f"lon has {x.size} numbers and lat {y.size}: give as many")
    if crs.name in (*GEOGRAPHIC, *CHINESE):
        # Phrased positively so that NaN fails.
        _refuse((np.abs(x) <= 180) & (np.abs(y) <= 90), x, y, named, "is no place")
    else:
        _refuse(np.isfinite(x) & np.isfinite(y), x, y, named, "is no place")
    lon, lat = to_wgs84(x, y, crs)
    if crs.epsg != 4326:
        outside = f"is outside the area where {crs.name} is used; check the zone and the order"
        _refuse(within_area_of_use(lon, lat, crs), x, y, named, outside)
    _refuse((np.abs(lon) <= 180) & (np.abs(lat) <= 90), x, y, named, f"is no place in {crs.name}")
    return lon, lat


def _refuse(good: npt.NDArray[np.bool_], x: Floats, y: Floats, named: Named, what: str) -> None:
    if good.all():
        return
    first = int(np.argmin(good))
    swapped = 90 < abs(y[first]) <= 180 and abs(x[first]) <= 90
    hint = " (are lon and lat swapped?)" if swapped else ""
    raise InvalidCoordinate(
        f"{named(first)} {what}{hint}: lon {x[first]}, lat {y[first]}; "
        f"so are {int((~good).sum())} of {good.size}"
    )
