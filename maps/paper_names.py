"""Names on the paper map: where each has room, over no mark and no other name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.records import Area
from maps.text import Language, Worded, worded

HEIGHTS_MM = {"zone": 4.2, "water": 2.7, "road": 2.7}
"""Kinds whose names stand on the map, and how high their letters are (as in poster.css)."""

NAMES_MAX = 40
"""The largest of a big city: more names than these are a wall of words."""

_STEP_MM = 5

Drawn = Sequence[tuple[Area, BaseGeometry]]


class Spot(NamedTuple):
    """A place on the sheet, millimetres from the upper left corner of the frame."""

    x: float
    y: float


class Name(NamedTuple):
    """A name of an area, and the middle of its line."""

    kind: str
    text: Worded
    at: Spot


def spot(place: npt.NDArray[np.float64]) -> Spot:
    """Return a place, to a hundredth of a millimetre."""
    return Spot(round(float(place[0]), 2), round(float(place[1]), 2))


def names_beside(ground: Drawn, taken: list[Polygon], language: Language) -> Iterator[Name]:
    """Return names of districts, water and roads, the largest first, each where it has room.

    `ground` is in millimetres, `taken` is what they may not cover. A name without room is left out.
    """
    named = [(area, shape) for area, shape in ground if area.kind in HEIGHTS_MM and area.name]
    order = list(HEIGHTS_MM)
    named.sort(key=lambda one: (order.index(one[0].kind), -one[1].area, one[0].code))
    taken = list(taken)
    for area, shape in named[:NAMES_MAX]:
        name = worded(area.name, area.name_en, language)
        for place in _places(area.kind, shape):
            room = _room(place, name.text, HEIGHTS_MM[area.kind])
            if not shapely.intersects(taken, room).any():
                taken.append(room)
                yield Name(area.kind, name, spot(place))
                break


def _places(kind: str, shape: BaseGeometry) -> npt.NDArray[np.float64]:
    """Where a name may stand, the best first: near the middle; along a road, inside a district."""
    middle = shapely.get_coordinates(shapely.point_on_surface(shape))
    if kind == "zone":
        west, south, east, north = shape.bounds
        x, y = np.meshgrid(np.arange(west, east, _STEP_MM), np.arange(south, north, _STEP_MM))
        inside = shapely.contains_xy(shape, x, y)
        found = np.column_stack([x[inside], y[inside]])
    else:
        found = shapely.get_coordinates(shapely.segmentize(shape, _STEP_MM))
    nearest = np.argsort(np.hypot(*(found - middle).T), kind="stable")
    return np.concatenate([middle, found[nearest]])


def _room(place: npt.NDArray[np.float64], text: str, height_mm: float) -> Polygon:
    """About the room of a line: Chinese characters are as wide as high, Latin about half."""
    width_mm = height_mm * sum(1.1 if ord(sign) > 0x2E80 else 0.65 for sign in text)
    x, y = place
    return box(x - width_mm / 2, y - height_mm, x + width_mm / 2, y + height_mm * 0.3)
