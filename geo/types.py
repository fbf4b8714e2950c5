"""Values that cannot be wrong: their constructors refuse nonsense at the door."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from geo.errors import InvalidBBox, InvalidCoordinate, InvalidInstant, InvalidParameter

MAX_DISTANCE_M = 20_100_000.0
"""Just above half of the meridian circle, 20 004 km: no two places are farther apart."""

FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True, slots=True)
class LonLat:
    """A place on WGS 84, degrees, longitude first."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        # Phrased positively so that NaN fails: every comparison with NaN is False.
        if not -180 <= self.lon <= 180:
            raise InvalidCoordinate(f"lon must be a number from -180 to 180, not {self.lon}")
        if not -90 <= self.lat <= 90:
            swapped = " (are lon and lat swapped?)" if -180 <= self.lat <= 180 else ""
            raise InvalidCoordinate(f"lat must be a number from -90 to 90, not {self.lat}{swapped}")

    @classmethod
    def parse(cls, text: str) -> LonLat:
        """Read ``lon,lat``."""
        lon, lat = parse_pair(text)
        return cls(lon, lat)


def parse_pair(text: str) -> tuple[float, float]:
    """Return the two finite numbers of ``x,y``; raises `InvalidCoordinate`."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidCoordinate(f"a place must be lon,lat, not {text[:60]!r}") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InvalidCoordinate(f"a place must be two finite numbers, not {text[:60]!r}")
    return x, y


@dataclass(frozen=True, slots=True)
class BBox:
    """A box of longitudes and latitudes; ``west > east`` means that it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west <= 180 and -180 <= self.east <= 180):
            raise InvalidBBox("bbox longitudes must lie between -180 and 180")
        if not -90 <= self.south <= self.north <= 90:
            raise InvalidBBox("bbox latitudes must lie between -90 and 90, south first")

    @classmethod
    def parse(cls, text: str) -> BBox:
        """Read ``west,south,east,north``."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise InvalidBBox(
                f"bbox must be west,south,east,north in degrees, not {text[:80]!r}"
            ) from None
        return cls(west, south, east, north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north: the order that Shapely and PostGIS expect."""
        return self.west, self.south, self.east, self.north

    def halves(self) -> tuple[BBox, ...]:
        """Return boxes that do not cross the antimeridian and cover the same ground."""
        if self.west <= self.east:
            return (self,)
        return replace(self, east=180.0), replace(self, west=-180.0)


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance on the ground, metres: finite, above zero, no longer than half the earth."""

    metres: float

    def __post_init__(self) -> None:
        if not 0 < self.metres <= MAX_DISTANCE_M:
            raise InvalidParameter(
                f"a distance must be above 0 and at most {MAX_DISTANCE_M:.0f} m, not {self.metres}"
            )


def parse_instant(text: str) -> datetime:
    """Return the instant of an RFC 3339 text, in UTC; raises `InvalidInstant` without a zone."""
    try:
        # A `+` that was not percent-encoded arrives as a blank: the commonest slip of clients.
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInstant(
            "a time must be RFC 3339 with a zone, like 2026-10-01T19:30:00+08:00, "
            f"not {text[:60]!r}"
        )
    return usable_instant(found)


def usable_instant(found: datetime) -> datetime:
    """Return an instant in UTC; raises `InvalidInstant` for years that no city's plans reach.

    Plans are looked up a year ahead and a day back: at the ends of the calendar there is neither.
    """
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidInstant(
            f"a time must be RFC 3339 in the years {FIRST_YEAR} to {LAST_YEAR}, not in {found.year}"
        )
    return found.astimezone(UTC)
