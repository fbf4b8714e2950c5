"""Basemaps: the tiles under a map, whose they are, and what must be said about them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from geo.errors import InvalidParameter

_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)


@dataclass(frozen=True, slots=True)
class Basemap:
    """Tile layers from the bottom up, as XYZ addresses with `{z}`, `{x}`, `{y}` and perhaps `{s}`.

    No addresses: no basemap. `source` is named in the footer, with `approval_number` (审图号) when
    set; `attribution` is shown on the map and links to `attribution_url` when set. The tiles must
    be in Web Mercator on WGS 84 or CGCS2000: those of Amap, Tencent and Baidu are shifted.
    """

    urls: tuple[str, ...] = ()
    attribution: str = ""
    source: str = ""
    approval_number: str = ""
    attribution_url: str = ""
    subdomains: str = "abc"
    max_zoom: int = 18

    def __post_init__(self) -> None:
        for url in self.urls:
            _check_address(url)
        if self.urls and not (self.attribution and self.source):
            raise InvalidParameter("a basemap needs its attribution and its source")

    @classmethod
    def openstreetmap(cls) -> Basemap:
        """Return the tiles of openstreetmap.org; its tile usage policy holds."""
        return cls(
            ("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
            attribution="© OpenStreetMap contributors",
            source="OpenStreetMap",
            attribution_url="https://www.openstreetmap.org/copyright",
            max_zoom=19,
        )

    @classmethod
    def tianditu(cls, key: str, approval_number: str = "") -> Basemap:
        """Return 天地图 streets with Chinese labels.

        The key is of the browser type. The approval number changes: copy it from their site.
        """
        if not (key.isascii() and key.isalnum()):
            raise InvalidParameter("a Tianditu key is made of letters and digits")
        return cls(
            tuple(_TIANDITU.format(layer=layer, key=key) for layer in ("vec", "cva")),
            attribution="天地图",
            source="天地图",
            approval_number=approval_number,
            attribution_url="https://www.tianditu.gov.cn/",
            subdomains="01234567",
        )

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that tiles come from, for the `img-src` of a Content-Security-Policy."""
        found = set()
        for url in self.urls:
            for letter in self.subdomains if "{s}" in url else " ":
                parts = urlsplit(url.replace("{s}", letter))
                found.add(f"{parts.scheme}://{parts.netloc}")
        return tuple(sorted(found))


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidParameter(f"a tile address must begin with https://, not {url[:60]!r}")
    if not all(part in url for part in ("{z}", "{x}", "{y}")):
        raise InvalidParameter(f"a tile address needs {{z}}, {{x}} and {{y}}: {url[:60]!r}")
    # Folium would run it as a template; a semicolon or blank would end the security policy's list.
    if any(mark in url for mark in ("{{", "{%", "{#")) or set(parts.netloc) & set(" ;,'\""):
        raise InvalidParameter(f"a tile address may not hold this: {url[:60]!r}")
