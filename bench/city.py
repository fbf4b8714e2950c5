"""A made-up big city, drawn fast: tens of thousands of unit grids with wiggly shared borders.

A warped lattice instead of the demo's cuts: only size, vertices and nesting matter here. All of it
is synthetic; the codes begin with 99, which is no province.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point

from data.demo.tiling import joined
from geo.hours import parse_hours
from geo.records import Area, Assignment, Officer, Position, Shift

Floats = npt.NDArray[np.float64]

WEST, SOUTH = 111.9, 27.6
METRES_PER_DEGREE = np.array([98_600.0, 110_800.0])
WIDTHS_M = (105.0, 175.0)
BENDS = 9
"""Vertices between two corners, before some are dropped: 20 to 40 are left of a whole ring."""
BLOCKS = {
    "community": (4, 5),
    "responsibility_grid": (4, 4),
    "street": (20, 20),
    "zone": (40, 40),
    "district": (40, 100),
}
"""So many rows and columns of unit grids make one area of the kind; each holds whole ones below."""
ROLES = ("enforcement", "sanitation", "landscaping", "lighting", "street")
_SINCE = date(2026, 1, 1)
_ALWAYS = parse_hours("24/7")
OFF_DUTY = 5
"""One officer in so many is off duty: the shift begins in two days."""


@dataclass(frozen=True, slots=True)
class City:
    """Every record of a city, and points in it to ask about, as lon and lat."""

    areas: tuple[Area, ...]
    officers: tuple[Officer, ...]
    assignments: tuple[Assignment, ...]
    shifts: tuple[Shift, ...]
    positions: tuple[Position, ...]

    @property
    def on_duty(self) -> list[str]:
        """Staff numbers of those who may report where they are."""
        today = date.today()
        return [shift.officer_code for shift in self.shifts if shift.since <= today]

    def points(self, count: int, seed: int) -> Floats:
        """Return places in the city, as rows of lon and lat with seven decimals."""
        outline = next(area.geometry for area in self.areas if area.kind == "city")
        rng = np.random.default_rng(seed)
        west, south, east, north = outline.bounds
        drawn = rng.uniform((west, south), (east, north), (count * 2, 2)).round(7)
        shapely.prepare(outline)
        inside = shapely.contains_xy(outline, drawn[:, 0], drawn[:, 1])
        return np.asarray(drawn[inside][:count])


def draw_city(side: int, officers: int, observed_at: datetime, seed: int = 1) -> City:
    """Return a city of side * side unit grids and so many officers, each with a fix."""
    rng = np.random.default_rng(seed)
    tiles = _tiles(side, rng)
    areas = [*_unions(tiles), *_unit_grids(tiles)]
    grids = [area for area in areas if area.kind == "responsibility_grid"]
    posts = [
        Assignment(f"CG{n:05d}", ROLES[n // len(grids) % len(ROLES)], grid.kind, grid.code, _SINCE)
        for n, grid in ((n, grids[n % len(grids)]) for n in range(officers))
    ]
    codes = [post.officer_code for post in posts]
    city = City(
        tuple(areas),
        tuple(Officer(code, f"合成{n}") for n, code in enumerate(codes)),
        tuple(posts),
        tuple(Shift(code, _ALWAYS, _begin(n)) for n, code in enumerate(codes)),
        (),
    )
    spots = city.points(officers, seed)
    positions = (
        Position(code, Point(spot), observed_at)
        for code, spot in zip(codes, spots.tolist(), strict=True)
    )
    return City(city.areas, city.officers, city.assignments, city.shifts, tuple(positions))


def _begin(number: int) -> date:
    return date.today() + timedelta(days=2) if number % OFF_DUTY == 0 else _SINCE


def _tiles(side: int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Unit grids by row from south and column from west; neighbours have the same vertices."""
    columns, rows = (np.cumsum(np.append(0, rng.uniform(*WIDTHS_M, side))) for _ in range(2))
    corners = np.stack(np.meshgrid(columns, rows), axis=-1)
    corners += rng.uniform(-18, 18, corners.shape)
    # Slow waves: streets bend, and no two boxes are alike.
    corners[..., 0] += 300 * np.sin(corners[..., 1] / 2_600)
    corners[..., 1] += 300 * np.sin(corners[..., 0] / 3_100)
    east, east_kept = _borders(corners[:, :-1], corners[:, 1:], rng)
    north, north_kept = _borders(corners[:-1], corners[1:], rng)
    rings = _around(east, north).reshape(side * side, -1, 2)
    used = _around(east_kept[..., None], north_kept[..., None]).reshape(side * side, -1)
    degrees = (rings[used] / METRES_PER_DEGREE + (WEST, SOUTH)).round(7)
    of_tile = np.repeat(np.arange(side * side), used.sum(axis=1))
    made = shapely.polygons(shapely.linearrings(degrees, indices=of_tile))
    return np.asarray(made).reshape(side, side)


def _borders(
    start: Floats, end: Floats, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Both ends and the bends between them, and which of these vertices are kept."""
    share = np.linspace(0, 1, BENDS + 2)[:, None]
    along = (end - start)[..., None, :]
    points = start[..., None, :] + share * along
    across = along[..., ::-1] * (-1, 1) / np.linalg.norm(along, axis=-1, keepdims=True)
    sway = rng.uniform(-9, 9, (*points.shape[:-1], 1)) * np.sin(np.pi * share)
    kept = rng.random(points.shape[:-1]) < 0.7
    kept[..., 0], kept[..., -1] = True, True
    return points + sway * across, kept


def _around(east: npt.NDArray[Any], north: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The borders of each tile one after another, each without the corner where it ends."""
    sides = (east[:-1], north[:, 1:], east[1:, :, ::-1], north[:, :-1, ::-1])
    return np.concatenate([side[:, :, :-1] for side in sides], axis=2)


def _unions(tiles: npt.NDArray[np.object_]) -> Iterator[Area]:
    side = len(tiles)
    yield Area("city", "990000", "合成市", joined(tiles.ravel().tolist()), "Made-up City")
    for kind, (rows, columns) in BLOCKS.items():
        for south in range(0, side, rows):
            for west in range(0, side, columns):
                shape = joined(tiles[south : south + rows, west : west + columns].ravel().tolist())
                code = _CODES[kind](south, west)
                yield Area(kind, code, f"合成区域{code}", shape, f"Made-up {kind} {code}")


def _unit_grids(tiles: npt.NDArray[np.object_]) -> Iterator[Area]:
    for (south, west), shape in np.ndenumerate(tiles):
        community, grid = _community(south, west), _responsibility_grid(south, west)
        code = f"{community}{south % 4 * 5 + west % 5 + 1:03d}"
        said = {"responsibility_grid": grid}
        name, name_en = f"合成社区第{code[-3:]}单元网格", f"Made-up Unit Grid {code[-3:]}"
        yield Area("unit_grid", code, name, shape, name_en, community, said)


def _district(south: int, west: int) -> str:
    return f"9901{south // 40 * 2 + west // 100 + 1:02d}"


def _street(south: int, west: int) -> str:
    return f"{_district(south, west)}{south // 20 * 10 + west // 20 + 1:03d}"


def _community(south: int, west: int) -> str:
    return f"{_street(south, west)}{south % 20 // 4 * 4 + west % 20 // 5 + 1:03d}"


def _responsibility_grid(south: int, west: int) -> str:
    return f"Z{south // 4 * 50 + west // 4 + 1:04d}"


_CODES: dict[str, Callable[[int, int], str]] = {
    "community": _community,
    "responsibility_grid": _responsibility_grid,
    "street": _street,
    "zone": lambda south, west: f"N{south // 40 * 5 + west // 40 + 1:02d}",
    "district": _district,
}
