"""Whether ground that nobody has is the outside of the city, told without reading all of it."""

from __future__ import annotations

from collections.abc import Iterator

import shapely
from shapely import LineString, Polygon

from geo.planning.ground import shapes_of
from geo.planning.plan import Source
from geo.types import BBox


def is_outside(hole: Polygon, window: BBox, kind: str, source: Source, clear_deg: float) -> bool:
    """Return whether a straight way leads from a hole to the end of the world past all areas.

    The hole is what is seen of it in a window. True is certain: such ground is enclosed by nothing.
    False is not: a way may bend. `clear_deg` is how far from the way areas have to stay.
    """
    return any(_is_free(way, kind, source) for way in _ways(hole, window, clear_deg))


def _is_free(way: BBox, kind: str, source: Source) -> bool:
    areas = source.areas(kind, way)
    return not shapely.intersects(shapes_of(areas), shapely.box(*way.bounds)).any()


def _ways(hole: Polygon, window: BBox, clear_deg: float) -> Iterator[BBox]:
    """Strips that go west, east, south and north from where the hole leaves the window."""
    # They begin a little inside: on the border itself a hole has corners that are welded.
    west, south = window.west + clear_deg, window.south + clear_deg
    east, north = window.east - clear_deg, window.north - clear_deg
    for x in (west, east):
        for at in _middles(hole & LineString([(x, south), (x, north)]), clear_deg):
            ends = (-180.0, x) if x == west else (x, 180.0)
            yield BBox(ends[0], at.y - clear_deg, ends[1], at.y + clear_deg)
    for y in (south, north):
        for at in _middles(hole & LineString([(west, y), (east, y)]), clear_deg):
            ends = (-90.0, y) if y == south else (y, 90.0)
            yield BBox(at.x - clear_deg, ends[0], at.x + clear_deg, ends[1])


def _middles(lines: shapely.Geometry, clear_deg: float) -> Iterator[shapely.Point]:
    for line in shapely.get_parts(lines):
        if line.length > 2 * clear_deg:
            yield line.centroid
