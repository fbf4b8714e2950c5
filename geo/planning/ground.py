"""Metres on a small piece of ground: degrees stretched to a plane that is right nearby.

Within ten kilometres of its latitude a length is right to a thousandth in China; what is told in
square metres is measured on the ellipsoid (`geo.measure`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import ELLIPSOID, Floats
from geo.records import Area
from geo.types import BBox

Shapes = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]
TIP = 20
"""What thins out is told so many widths farther than it is wide enough: corners stay whole."""
_HALVINGS = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """How many metres a degree of longitude and of latitude has here."""

    lon_m: float
    lat_m: float

    @classmethod
    def at(cls, lat: float) -> Ground:
        """Return the ground around a latitude, by the two radii of the ellipsoid."""
        sine = np.sin(np.radians(lat))
        bend = 1 - ELLIPSOID.es * sine**2
        across = ELLIPSOID.a / np.sqrt(bend) * np.cos(np.radians(lat))
        along = ELLIPSOID.a * (1 - ELLIPSOID.es) / bend**1.5
        # Nobody draws plans on the pole; a width of nothing would divide by nothing.
        return cls(max(float(np.radians(across)), 1.0), float(np.radians(along)))

    @classmethod
    def of(cls, shapes: Any) -> Ground:
        """Return the ground around the middle of shapes."""
        _, south, _, north = shapely.total_bounds(shapes)
        return cls.at((south + north) / 2)

    def flat(self, shapes: Any) -> Any:
        """Return shapes in metres."""
        scale = np.array([self.lon_m, self.lat_m])
        return shapely.transform(shapes, lambda rows: rows * scale)

    def lonlat(self, shapes: Any) -> Any:
        """Return shapes in metres as they are in degrees."""
        scale = np.array([self.lon_m, self.lat_m])
        return shapely.transform(shapes, lambda rows: rows / scale)

    def degrees(self, metres: float) -> float:
        """Return the longest way in degrees that so many metres can be."""
        return metres / min(self.lon_m, self.lat_m)

    def around(self, box: BBox, metres: float) -> BBox:
        """Return the box, larger by so many metres on every side."""
        east, north = metres / self.lon_m, metres / self.lat_m
        return BBox(
            max(box.west - east, -180.0),
            max(box.south - north, -90.0),
            min(box.east + east, 180.0),
            min(box.north + north, 90.0),
        )


def shapes_of(areas: Sequence[Area]) -> Shapes:
    """Return the geometries of areas as an array."""
    found = np.empty(len(areas), dtype=object)
    found[:] = [area.geometry for area in areas]
    return found


def thickness_m(shapes: Shapes, ground: Ground) -> tuple[Floats, Floats]:
    """Return areas in square metres and mean widths in metres, both on the plane."""
    flat = ground.flat(shapes)
    areas, lengths = shapely.area(flat), shapely.length(flat)
    widths = np.divide(2 * areas, lengths, out=np.zeros_like(areas), where=lengths > 0)
    return areas, widths


def pieces(shape: BaseGeometry) -> list[Polygon]:
    """Return the polygons of a shape, each written in one way, from the south-west on."""
    # An overlay may leave lines and points where borders touch.
    parts = [part for part in shapely.get_parts(shapely.normalize(shape)) if part.area > 0]
    return sorted((part for part in parts if isinstance(part, Polygon)), key=lambda p: p.bounds)


def are_wide(shapes: Shapes, width_m: float, ground: Ground) -> Flags:
    """Return which polygons have room for a circle of that width."""
    areas, widths = thickness_m(shapes, ground)
    # No polygon without holes is wider on the average than where it is widest.
    found = np.asarray(widths >= width_m)
    thin = np.flatnonzero(~found & (areas > 0))
    found[thin] = ~shapely.is_empty(shapely.buffer(ground.flat(shapes[thin]), -width_m / 2))
    return found


def widest(shape: BaseGeometry, most_m: float) -> tuple[float, BaseGeometry]:
    """Return how wide a shape is where it is widest, metres, and that place.

    From `most_m` on any place will do that is so wide.
    """
    ground = Ground.of(shape)
    flat, low, high = ground.flat(shape), 0.0, most_m
    place, inner = flat, shapely.buffer(flat, -most_m / 2)
    if not inner.is_empty:
        return most_m, ground.lonlat(inner)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inner = shapely.buffer(flat, -middle / 2)
        if inner.is_empty:
            high = middle
        else:
            low, place = middle, inner
    return low, ground.lonlat(place)


def worth_telling(shape: BaseGeometry, width_m: float, least_m2: float) -> list[Polygon]:
    """Return the polygons of a shape that are neither thinner all over nor smaller than that."""
    parts = pieces(shape)
    if not parts:
        return []
    ground, drawn = Ground.of(shape), np.array(parts, dtype=object)
    areas, _ = thickness_m(drawn, ground)
    told = np.flatnonzero(areas >= least_m2)
    return [parts[i] for i in told[are_wide(drawn[told], width_m, ground)].tolist()]


def wide_parts(shape: BaseGeometry, width_m: float, least_m2: float) -> list[Polygon]:
    """Return the same without the cracks that lead away from them or join them.

    What is cut off where hangs on the ground nearby only: a finding stays what it is when a crack
    changes far from it.
    """
    found = []
    for part in worth_telling(shape, width_m, least_m2):
        opened = _opened(part, width_m)
        found += [part] if opened is part else worth_telling(opened, width_m, least_m2)
    return found


def _opened(part: BaseGeometry, width_m: float) -> BaseGeometry:
    """What of a polygon is near to where a circle of that width has room."""
    _, south, _, north = part.bounds
    # By tenths of a degree, so that it is the same ground however far a crack goes on.
    ground = Ground.at(round((south + north) / 2, 1))
    flat, reach_m = ground.flat(part), TIP * width_m
    roughly = shapely.buffer(shapely.buffer(flat, -width_m / 2), reach_m / 2)
    if width_m <= 0 or shapely.covers(roughly, flat):
        return part
    inner = shapely.difference(flat, _along(flat, width_m / 2))
    near = shapely.union(inner, _along(inner, reach_m))
    if shapely.covers(near, flat):
        return part
    drawn = shapely.get_coordinates(part).view(np.complex128).ravel()

    def rounded(rows: Floats) -> Floats:
        # Where it is cut the last digit hangs on how far the crack goes on.
        spots = np.ascontiguousarray(rows).view(np.complex128).ravel()
        return np.where(np.isin(spots, drawn)[:, None], rows, rows.round(9))

    kept = shapely.transform(ground.lonlat(near), rounded)
    opened: BaseGeometry = shapely.transform(shapely.intersection(part, kept), rounded)
    return opened


def _along(shape: BaseGeometry, reach_m: float) -> BaseGeometry:
    """The ground along the border of a shape.

    A buffer of all at once leaves out bends of a hundredth of its width: at the end of a needle
    that is decimetres, and hangs on corners that are far away.
    """
    rings = shapely.get_rings(shapely.get_parts(shape))
    spots, ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.stack((spots[:-1], spots[1:]), axis=1)[ring[1:] == ring[:-1]]
    return shapely.union_all(shapely.buffer(shapely.linestrings(ends), reach_m))


def joined(parts: Iterable[Polygon]) -> Polygon | MultiPolygon:
    """Return one polygon alone, several as a multi-polygon."""
    held = list(parts)
    return held[0] if len(held) == 1 else MultiPolygon(held)


def box_of(shape: BaseGeometry) -> BBox:
    """Return the box around a shape."""
    return BBox(*shape.bounds)


def merged(boxes: Iterable[BBox]) -> list[BBox]:
    """Return boxes that cover the same ground and do not touch each other, from the west on."""
    waiting, apart = list(boxes), list[BBox]()
    while waiting:
        here = waiting.pop()
        near = [box for box in apart if _meet(box, here)]
        if near:
            # The larger box may reach others that were apart until now.
            apart = [box for box in apart if not _meet(box, here)]
            waiting.append(_around([here, *near]))
        else:
            apart.append(here)
    return sorted(apart, key=lambda box: box.bounds)


def _around(boxes: Sequence[BBox]) -> BBox:
    edges = np.array([box.bounds for box in boxes])
    return BBox(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())


def _meet(a: BBox, b: BBox) -> bool:
    return a.west <= b.east and b.west <= a.east and a.south <= b.north and b.south <= a.north
