"""Query text to values of `geo`: each parameter group is read once, the same way for all calls."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query

from geo.crs import KNOWN, Crs, place
from geo.errors import InvalidParameter
from geo.types import BBox, Distance, LonLat, parse_instant, parse_pair

CrsText = Annotated[
    str,
    Query(alias="crs", description=f"System of the coordinates given: {KNOWN}.", max_length=40),
]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as it was given and as it is understood."""

    point: LonLat
    crs: Crs


def spot(
    lon: Annotated[float, Query(description="Longitude or easting.", examples=[111.9943])],
    lat: Annotated[float, Query(description="Latitude or northing.", examples=[27.7283])],
    crs: CrsText = "wgs84",
) -> Spot:
    """Read `lon`, `lat`, `crs`."""
    system = Crs.parse(crs)
    return Spot(place(lon, lat, system), system)


def instant(
    at: Annotated[
        str | None,
        Query(description="RFC 3339 instant; default now.", examples=["2026-10-01T19:30:00+08:00"]),
    ] = None,
) -> datetime:
    """Read `at`."""
    return parse_instant(at) if at is not None else datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Where:
    """Where to look: a box, or around a place."""

    box: BBox | None
    near: LonLat | None
    within_m: float | None


def where(
    bbox: Annotated[
        str | None,
        Query(description="west,south,east,north in WGS 84.", examples=["111.9,27.7,112.1,27.8"]),
    ] = None,
    near: Annotated[
        str | None,
        Query(description="lon,lat: sort by distance from here.", examples=["111.9943,27.7283"]),
    ] = None,
    within_m: Annotated[
        float | None, Query(description="Only what is as near as that, metres; needs near.")
    ] = None,
    crs: CrsText = "wgs84",
) -> Where:
    """Read `bbox`, `near`, `within_m`, `crs`."""
    if within_m is not None and near is None:
        raise InvalidParameter("within_m needs near=lon,lat: within that distance of what?")
    system = Crs.parse(crs)
    return Where(
        BBox.parse(bbox) if bbox is not None else None,
        place(*parse_pair(near), system) if near is not None else None,
        Distance(within_m).metres if within_m is not None else None,
    )


def open_at(
    open_at: Annotated[
        str | None,
        Query(description="Only what is open at this RFC 3339 instant, or `now`."),
    ] = None,
) -> datetime | None:
    """Read `open_at`."""
    if open_at is None:
        return None
    return datetime.now(UTC) if open_at == "now" else parse_instant(open_at)


def encode_cursor(*parts: Any) -> str:
    """Return an opaque word that says where the next page starts."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(word: str, *types: type | tuple[type, ...]) -> list[Any]:
    """Return the parts of a cursor; raises `InvalidParameter` for one that we did not make."""
    try:
        parts = json.loads(base64.b64decode(word + "=" * (-len(word) % 4), b"-_", validate=True))
        # zip(strict) raises too when the lengths differ, or when it is no list at all.
        if all(isinstance(part, kind) for part, kind in zip(parts, types, strict=True)):
            return list(parts)
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidParameter("cursor is not one of ours; follow the link of rel next as it is")


SpotDep = Annotated[Spot, Depends(spot)]
InstantDep = Annotated[datetime, Depends(instant)]
WhereDep = Annotated[Where, Depends(where)]
OpenAtDep = Annotated[datetime | None, Depends(open_at)]
CursorText = Annotated[
    str | None, Query(max_length=500, description="Where the page starts; from the next link.")
]
KindsText = Annotated[
    list[str] | None,
    Query(alias="kind", max_length=30, description="Only these kinds; may be repeated."),
]


def wanted_kinds(asked: list[str] | None) -> list[str] | None:
    """Return the kinds asked for, repeated or parted by commas, each once; None for all."""
    if not asked:
        return None
    return sorted({word for part in asked for word in part.split(",") if word})
