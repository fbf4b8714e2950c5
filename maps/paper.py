"""The map on paper: zones, ground and numbered marks as SVG, in millimetres of an A4 sheet.

The projection is Web Mercator, as on the page: a metre to the east is as long as one to the north.
The scale is that at the middle of the map; over one city it hardly changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, floor, log10, tanh
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from geo.records import Area, StallZone
from maps.ground import simplified
from maps.paper_names import Name, Spot, names_beside, spot
from maps.text import Language

WIDTH, HEIGHT = 190, 190
"""Millimetres of the frame on A4; larger sheets enlarge all of it."""

NUMBERED_MAX = 120
"""More marks than these find no room for their numbers: then squares lead to them."""

COLUMNS, ROWS = "ABCDEFGH", range(1, 9)
REACH_MM = 3.6
"""From the middle of a numbered mark to where the next one may begin."""

_EARTH_M = 6_378_137
_MARGIN_MM = 12
_NARROWEST_M = 1_000
_BAR_MM = 45
_ROUNDS = 400

Floats = npt.NDArray[np.float64]


class Mark(NamedTuple):
    """Where a zone's mark stands, and the place that it means: the same where there is room."""

    at: Spot
    means: Spot
    square: str

    @property
    def is_moved(self) -> bool:
        """Whether a line has to lead from the mark to its place."""
        return abs(self.at.x - self.means.x) + abs(self.at.y - self.means.y) > 1


class Ground(NamedTuple):
    """An area as the `d` of a path."""

    kind: str
    path: str


class Bar(NamedTuple):
    """The scale: how long so many metres are."""

    length_m: int
    length_mm: float


@dataclass(frozen=True, slots=True)
class PaperMap:
    """What the sheet's drawing is made of, from the bottom up; marks in the order of the zones."""

    ground: tuple[Ground, ...]
    names: tuple[Name, ...]
    zones: tuple[str, ...]
    marks: tuple[Mark, ...]
    bar: Bar

    @property
    def is_numbered(self) -> bool:
        """Whether marks carry numbers; else each zone is looked up by its square."""
        return len(self.marks) <= NUMBERED_MAX


class _Sheet:
    """Degrees to millimetres, so that a box of shapes fits into the frame."""

    def __init__(self, shapes: Sequence[BaseGeometry]) -> None:
        corners = _mercator(shapely.get_coordinates(list(shapes)))
        low, high = corners.min(axis=0), corners.max(axis=0)
        self.middle = (low + high) / 2
        # How much the projection enlarges: 1 / cos(latitude).
        latitude = asin(tanh(float(self.middle[1])))
        widest = np.maximum(high - low, _NARROWEST_M / (_EARTH_M * cos(latitude)))
        room = np.array([WIDTH, HEIGHT]) - 2 * _MARGIN_MM
        self.scale = float((room / widest).min())
        self.m_per_mm = _EARTH_M * cos(latitude) / self.scale

    def place(self, degrees: Floats) -> Floats:
        """Return millimetres; rows grow downwards on paper."""
        x, y = ((_mercator(degrees) - self.middle) * self.scale).T
        return np.column_stack([x + WIDTH / 2, HEIGHT / 2 - y])

    def draw(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in millimetres, cut off at the frame."""
        return shapely.clip_by_rect(shapely.transform(shape, self.place), 0, 0, WIDTH, HEIGHT)


def paper_map(
    zones: Sequence[StallZone], areas: Sequence[Area], language: Language
) -> PaperMap | None:
    """Return the map of the zones with what lies under them; None where there is nothing."""
    shapes = [zone.geometry for zone in zones] or [area.geometry for area in areas]
    if not shapes:
        return None
    sheet = _Sheet(shapes)
    inside = shapely.get_coordinates(shapely.point_on_surface([zone.geometry for zone in zones]))
    means = sheet.place(inside.reshape(-1, 2))
    at = _apart(means) if len(zones) <= NUMBERED_MAX else means
    ground = _ground(areas, sheet)
    taken = [box(*(place - REACH_MM), *(place + REACH_MM)) for place in at]
    return PaperMap(
        ground=tuple(Ground(area.kind, _path(shape)) for area, shape in ground),
        names=tuple(names_beside(ground, taken, language)),
        zones=tuple(_path(shapely.transform(zone.geometry, sheet.place)) for zone in zones),
        marks=tuple(
            Mark(spot(one), spot(place), _square(place))
            for one, place in zip(at, means, strict=True)
        ),
        bar=_bar(sheet.m_per_mm),
    )


def _mercator(degrees: Floats) -> Floats:
    """In radii of the Earth."""
    lon, lat = np.radians(degrees).T
    return np.column_stack([lon, np.arctanh(np.sin(lat))])


def _ground(areas: Sequence[Area], sheet: _Sheet) -> list[tuple[Area, BaseGeometry]]:
    # Grids are the office's own: they are no help to somebody who looks for a market.
    shown = simplified([one for one in areas if one.kind != "responsibility_grid"])
    drawn = ((area, sheet.draw(shape)) for area, shape in shown)
    return [(area, shape) for area, shape in drawn if not shape.is_empty]


def _path(shape: BaseGeometry) -> str:
    """The `d` of polygons with their holes, to a hundredth of a millimetre; lines are left out."""
    rings = shapely.get_rings(
        [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    )
    corners = (np.round(shapely.get_coordinates(ring)[:-1], 2) for ring in rings)
    return "".join(f"M{'L'.join(f'{x:g} {y:g}' for x, y in ring)}Z" for ring in corners)


def _apart(means: Floats) -> Floats:
    """Where marks stand that may not cover each other: near their places, and inside the frame.

    Marks push each other away and a spring pulls each back; at the end nothing pulls any more.
    """
    at = means.copy()
    turn = np.arange(len(at)) * 2.4
    # Two at the very same place have no direction of their own to part in.
    at += 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)])
    low, high = np.full(2, REACH_MM), np.array([WIDTH, HEIGHT]) - REACH_MM
    for number in range(_ROUNDS):
        if number < _ROUNDS // 2:
            at += 0.1 * (means - at)
        away = at[:, None] - at[None]
        distance = np.linalg.norm(away, axis=2)
        np.fill_diagonal(distance, np.inf)
        overlap = np.maximum(2 * REACH_MM - distance, 0)
        at += (away / distance[..., None] * overlap[..., None] / 2).sum(axis=1) * 0.6
        at = np.clip(at, low, high)
        if number >= _ROUNDS // 2 and overlap.max(initial=0) < 0.05:
            break
    return at


def _square(place: Floats) -> str:
    """The name of the square that holds a place, such as `C4`."""
    column = min(max(int(place[0] * len(COLUMNS) / WIDTH), 0), len(COLUMNS) - 1)
    row = min(max(int(place[1] * len(ROWS) / HEIGHT), 0), len(ROWS) - 1)
    return f"{COLUMNS[column]}{ROWS[row]}"


def _bar(m_per_mm: float) -> Bar:
    """The longest of 1, 2 or 5 with noughts that is short enough."""
    most_m = _BAR_MM * m_per_mm
    unit = 10 ** floor(log10(most_m))
    length_m = next(n * unit for n in (5, 2, 1) if n * unit <= most_m)
    return Bar(int(length_m), round(length_m / m_per_mm, 2))
