"""Coordinate reference systems at the door: everything inside is WGS 84, lon before lat.

The only user of pyproj. GCJ-02 and BD-09, which have no EPSG code, are in `geo.gcj`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from geo.errors import InvalidCoordinate, UnknownCrs
from geo.gcj import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from geo.types import LonLat

Floats = npt.NDArray[np.float64]

CHINESE = ("gcj02", "bd09")
GEOGRAPHIC = {"wgs84": 4326, "cgcs2000": 4490}
KNOWN = "wgs84, cgcs2000, gcj02, bd09 or EPSG:n"
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of where GCJ-02 and BD-09 are used: the box of the public formulas.

Elsewhere maps are not shifted, and far away the way back does not converge.
"""

ELLIPSOID = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Crs:
    """A declared reference system: one of the four names, or an EPSG code."""

    name: str
    epsg: int | None

    @classmethod
    def parse(cls, text: str) -> Crs:
        """Read ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:4547``; any case.

        Raises `UnknownCrs` for anything else, and for a code that PROJ does not know or that is
        neither geographic nor projected.
        """
        name = text.strip().lower().replace("-", "")
        if name in GEOGRAPHIC:
            return cls(name, GEOGRAPHIC[name])
        if name in CHINESE:
            return cls(name, None)
        number = name.removeprefix("epsg:")
        if not (number.isascii() and number.isdigit() and len(number) <= 6):
            raise UnknownCrs(f"crs must be {KNOWN}, not {text[:40]!r}")
        _transformer(int(number))
        return cls(f"EPSG:{int(number)}", int(number))

    @property
    def is_projected(self) -> bool:
        """Whether its numbers are lengths rather than degrees."""
        return self.epsg is not None and bool(CRS.from_epsg(self.epsg).is_projected)


WGS84 = Crs("wgs84", 4326)


def to_wgs84(x: npt.ArrayLike, y: npt.ArrayLike, crs: Crs) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes on WGS 84, degrees, in the shape of the input.

    x is the longitude or easting, y the latitude or northing, whatever order the authority
    prints. A point that cannot be transformed comes back as NaN, never as infinity.
    CGCS2000 counts as WGS 84: PROJ knows no shift, and plate motion since epoch 2000 (below a
    metre) is under the accuracy of a phone.
    """
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if crs.name in CHINESE:
        near = within_area_of_use(px, py, crs)
        px, py = np.where(near, px, np.nan), np.where(near, py, np.nan)
        return gcj02_to_wgs84(*(bd09_to_gcj02(px, py) if crs.name == "bd09" else (px, py)))
    if crs.epsg in (4326, 4490) or crs.epsg is None:
        return px, py
    lon, lat = _transformer(crs.epsg).transform(px, py)
    return _finite(lon), _finite(lat)


def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: Crs) -> tuple[Floats, Floats]:
    """Return x (longitude, easting) and y (latitude, northing); the inverse of `to_wgs84`."""
    plon, plat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if crs.name == "gcj02":
        return wgs84_to_gcj02(plon, plat)
    if crs.name == "bd09":
        return gcj02_to_bd09(*wgs84_to_gcj02(plon, plat))
    if crs.epsg in (4326, 4490) or crs.epsg is None:
        return plon, plat
    x, y = _transformer(crs.epsg).transform(plon, plat, direction="INVERSE")
    return _finite(x), _finite(y)


def place(x: float, y: float, crs: Crs = WGS84) -> LonLat:
    """Return the place of one coordinate pair; raises `InvalidCoordinate` outside the CRS's use."""
    if crs.name in ("wgs84", "cgcs2000", *CHINESE):
        LonLat(x, y)  # the same range, and the message that names lon and lat
    elif not (np.isfinite(x) and np.isfinite(y)):
        raise InvalidCoordinate(f"lon and lat must be finite numbers, not {x} and {y}")
    lon, lat = to_wgs84(x, y, crs)
    if crs.epsg != 4326:
        _check_area_of_use(float(lon), float(lat), x, y, crs)
    return LonLat(float(lon), float(lat))


@lru_cache(maxsize=256)
def area_of_use(epsg: int) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of where the EPSG system is meant to be used, in degrees."""
    use = CRS.from_epsg(epsg).area_of_use
    return (use.west, use.south, use.east, use.north) if use else None


def within_area_of_use(lon: Floats, lat: Floats, crs: Crs) -> npt.NDArray[np.bool_]:
    """Return which WGS 84 points lie where the system is meant to be used, a degree of grace given.

    The grace is for border cities: a zone 37 survey reaches a little into zone 38, but data read
    with the wrong zone lands three degrees away and must not pass.
    """
    use = area_of_use(crs.epsg) if crs.epsg else CHINA
    if use is None:
        return np.isfinite(lon) & np.isfinite(lat)
    west, south, east, north = use
    inside_lat = (lat >= south - 1) & (lat <= north + 1)
    if west <= east:
        return inside_lat & (lon >= west - 1) & (lon <= east + 1)
    return inside_lat & ((lon >= west - 1) | (lon <= east + 1))


def _check_area_of_use(lon: float, lat: float, x: float, y: float, crs: Crs) -> None:
    if not bool(within_area_of_use(np.asarray(lon), np.asarray(lat), crs)):
        raise InvalidCoordinate(
            f"{x}, {y} is outside the area where {crs.name} is used; check the zone and that x is "
            "the longitude or easting"
        )


@lru_cache(maxsize=256)
def _transformer(epsg: int) -> Transformer:
    """A pyproj Transformer keeps one native object per thread, so a cached one is safe."""
    try:
        # EPSG:4490 and the Gauss-Kruger family are lat/northing first by authority: always_xy.
        return Transformer.from_crs(epsg, 4326, always_xy=True)
    except (CRSError, ProjError):
        raise UnknownCrs(
            f"EPSG:{epsg} is not a system that can be transformed; crs must be {KNOWN}"
        ) from None


def _finite(values: npt.ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)
