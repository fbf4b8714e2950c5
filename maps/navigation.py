"""The way to a place in other people's maps: each one's order of coordinates, datum and syntax.

Markers, not routes: a route needs its start, which we do not know and ask nobody for; every
marker has the provider's own button for the way there.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import quote

import numpy as np

from geo.crs import Crs, from_wgs84, within_area_of_use
from geo.types import LonLat

Provider = Literal["amap", "baidu", "tencent", "geo"]

SOURCE = "tidegrid"
DECIMALS = 6
"""Of a degree: 0.1 m, what the providers themselves print."""
GCJ02, BD09 = Crs.parse("gcj02"), Crs.parse("bd09")
# They part the fields of Tencent and Baidu, escaped or not; the brackets hold a label of geo:.
_SYNTAX = re.compile(r"[;|:()\x00-\x1f\x7f\s]+")


class Way(NamedTuple):
    """A link that shows a place in a provider's map."""

    provider: Provider
    url: str


def ways_to(place: LonLat, name: str, address: str = "") -> tuple[Way, ...]:
    """Return a link per provider to a place on WGS 84, under its name.

    Chinese providers take it shifted, GCJ-02 or BD-09. Far from China, where their maps are neither
    shifted nor drawn, only `geo:` is offered, which is WGS 84 everywhere.
    """
    title = _label(name)
    generic = Way("geo", _geo(place, title))
    if not within_area_of_use(np.asarray(place.lon), np.asarray(place.lat), GCJ02):
        return (generic,)
    where = _label(address) or title
    return (
        Way("amap", _amap(place, title)),
        Way("baidu", _baidu(place, title, where)),
        Way("tencent", _tencent(place, title, where)),
        generic,
    )


def _amap(place: LonLat, title: str) -> str:
    """Longitude first; `coordinate` names GCJ-02, which is also the default."""
    lon, lat = _written(place, GCJ02)
    return (
        f"https://uri.amap.com/marker?position={lon},{lat}&name={title}"
        f"&coordinate=gaode&callnative=1&src={SOURCE}"
    )


def _baidu(place: LonLat, title: str, where: str) -> str:
    """Latitude first, BD-09; without `output=html` nothing is shown."""
    lon, lat = _written(place, BD09)
    return (
        f"https://api.map.baidu.com/marker?location={lat},{lon}&title={title}&content={where}"
        f"&coord_type=bd09ll&output=html&src=webapp.{SOURCE}.{SOURCE}"
    )


def _tencent(place: LonLat, title: str, where: str) -> str:
    """Latitude first, in one parameter of several fields; `coord_type` 2 is GCJ-02."""
    lon, lat = _written(place, GCJ02)
    return (
        f"https://apis.map.qq.com/uri/v1/marker?marker=coord:{lat},{lon};title:{title};addr:{where}"
        f"&coord_type=2&referer={SOURCE}"
    )


def _geo(place: LonLat, title: str) -> str:
    """RFC 5870: latitude first. The query is Android's: a pin with a label, not only a view."""
    lon, lat = f"{place.lon:.{DECIMALS}f}", f"{place.lat:.{DECIMALS}f}"
    return f"geo:{lat},{lon}?q={lat},{lon}({title})"


def _written(place: LonLat, crs: Crs) -> tuple[str, str]:
    lon, lat = from_wgs84(place.lon, place.lat, crs)
    return f"{float(lon):.{DECIMALS}f}", f"{float(lat):.{DECIMALS}f}"


def _label(text: str) -> str:
    """The text without what a provider would read as its own syntax, percent-encoded."""
    return quote(_SYNTAX.sub(" ", text).strip(), safe="")
