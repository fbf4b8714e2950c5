"""The codes of the demo city, all schemes in one place.

Grids: shaped after the 15-digit grid code: 6 county + 3 street + 3 community + 3 unit grid.
Components: shaped after the 16-digit identity code: 6 county + 4 class + 6 serial. Classes from 21
on are extensions that every city makes for itself; ours are the demo's own. So are all codes that
start with `LD-`, and the staff numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry import Polygon

CITY, DISTRICT = "431300", "431302"

CLASSES = {
    "camera": "0136",
    "parking": "0201",
    "toilet": "0301",
    "bin": "0305",
    "notice_board": "0501",
    "park": "2101",
    "station": "2102",
    "ebike_charging": "2103",
    "sensor": "2104",
}
"""Class of each facility kind: the national one where there is one, else an extension."""

UNIT_GRID_BAND_DEG = 0.0015
RESPONSIBILITY_GRID_BAND_DEG = 0.01
COMMUNITY_BAND_DEG = 0.006
"""Heights of the rows in which areas are numbered, see `reading_order`."""


def street(number: int) -> str:
    """Return the code of a street office of the district."""
    return f"{DISTRICT}{number:03d}"


def community(street_code: str, number: int) -> str:
    """Return the code of a community of a street."""
    return f"{street_code}{number:03d}"


def unit_grid(community_code: str, number: int) -> str:
    """Return the code of a unit grid of a community."""
    return f"{community_code}{number:03d}"


def zone(letter: str) -> str:
    """Return the code of the zone on that side of the city: N, E, S or W."""
    return f"LD-{letter}"


def numbered(prefix: str, number: int) -> str:
    """Return a code of the demo's own: ``LD-E-01`` for prefix ``LD-E``."""
    return f"{prefix}-{number:02d}"


def officer(number: int) -> str:
    """Return a staff number."""
    return f"CG{number:04d}"


def component(kind: str, serial: int) -> str:
    """Return the identity code of a facility."""
    return f"{DISTRICT}{CLASSES[kind]}{serial:06d}"


def reading_order(tiles: Sequence[Polygon], band_deg: float) -> list[int]:
    """Return the indexes of the tiles as a page is read: rows from the north, each from the west.

    Rows are band_deg high, counted from the northernmost edge of all tiles; a tile is in the row
    that its centroid falls into, and within a row centroids are in the order of their longitude.
    """
    top = max(tile.bounds[3] for tile in tiles)

    def place(index: int) -> tuple[int, float]:
        middle = tiles[index].centroid
        return int((top - middle.y) / band_deg), middle.x

    return sorted(range(len(tiles)), key=place)
