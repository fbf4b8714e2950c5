"""The ground of the map as numbers: what lies under the zones, simplified until it is small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.records import Area
from maps.columns import units
from maps.site import GROUND

LABELLED = ("zone",)
"""Kinds whose names stand on the map."""

TOLERANCE_DEG = 3e-5
"""About 3 m: the ground is for finding one's way."""

COARSEST_DEG = 1e-2
"""Where simplifying ends: corners at which three areas meet stay, however coarse the rest is."""

VERTICES_MAX = 6_000
GRIDS_MAX = 600
"""More responsibility grids than these are a web of lines in which nobody finds a way."""

Kinds = Mapping[str, Sequence[Area]]
Shapes = npt.NDArray[np.object_]


def ground(areas: Sequence[Area]) -> dict[str, Any]:
    """Return `origin` and `areas`, each with its kind, its name if it is shown, and its polygons.

    Rings are flat lists of whole units of 1e-5 degree, lon before lat: the first point counts from
    the origin, each next from the one before, the last (the first again) is left out. Kinds that
    are not in `GROUND` are left out.
    """
    drawn = simplified(areas)
    corners = shapely.get_coordinates([shape for _, shape in drawn])
    origin = units(corners.min(axis=0)) if len(corners) else np.zeros(2, dtype=np.int64)
    told = (_told(area, shape, origin) for area, shape in drawn)
    return {"origin": origin.tolist(), "areas": [one for one in told if one["polygons"]]}


def simplified(areas: Sequence[Area]) -> list[tuple[Area, Polygon | MultiPolygon]]:
    """Return the areas of the kinds in `GROUND`, from the bottom up, each with a simpler shape."""
    shown = _shown(areas)
    return [
        (area, shape)
        for kind, shapes in _drawn(shown).items()
        for area, shape in zip(shown[kind], shapes, strict=True)
    ]


def _shown(areas: Sequence[Area]) -> Kinds:
    by_kind = {
        kind: sorted((area for area in areas if area.kind == kind), key=lambda area: area.code)
        for kind in GROUND
    }
    if len(by_kind["responsibility_grid"]) > GRIDS_MAX:
        del by_kind["responsibility_grid"]
    return by_kind


def _drawn(shown: Kinds) -> dict[str, Shapes]:
    """Each kind as a coverage, so that neighbours keep one common border."""
    tolerance_deg = TOLERANCE_DEG
    while True:
        drawn = {
            kind: shapely.coverage_simplify([area.geometry for area in areas], tolerance_deg)
            for kind, areas in shown.items()
        }
        vertices = sum(int(shapely.get_num_coordinates(shapes).sum()) for shapes in drawn.values())
        tolerance_deg *= 2
        if vertices <= VERTICES_MAX or tolerance_deg > COARSEST_DEG:
            return drawn


def _told(area: Area, shape: Polygon | MultiPolygon, origin: Any) -> dict[str, Any]:
    names = {"zh": area.name, "en": area.name_en} if area.kind in LABELLED else {}
    polygons = [list(_rings(polygon, origin)) for polygon in shapely.get_parts(shape)]
    told = {"kind": area.kind} | {language: name for language, name in names.items() if name}
    return told | {"polygons": [rings for rings in polygons if rings]}


def _rings(polygon: Polygon, origin: Any) -> Iterator[list[int]]:
    """The outer ring, then the holes; what is smaller than a unit is left out."""
    for number, ring in enumerate((polygon.exterior, *polygon.interiors)):
        corners = units(shapely.get_coordinates(ring)) - origin
        steps = np.diff(corners, axis=0)
        # Points that fell together are one.
        kept = np.append(True, steps.any(axis=1))
        corners = corners[kept][:-1] if kept[-1] or len(corners) else corners
        if len(corners) >= 3:
            yield np.diff(corners, axis=0, prepend=0).ravel().tolist()
        elif number == 0:
            return
