"""Where the demo city lies: a flat plane in metres around its centre, and the way to lon/lat.

The plane is for drawing only. Nothing in the project is measured in it.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Shape = TypeVar("Shape", bound=BaseGeometry)

CENTER_LON, CENTER_LAT = 111.996, 27.728
METRES_PER_DEGREE = np.array([98_632.0, 110_806.0])
"""Of longitude and of latitude at the centre; right to a thousandth over the whole city."""
DECIMALS = 7
"""Of a degree: about a centimetre, and every coordinate of the city is on this grid."""

_CENTER = np.array([CENTER_LON, CENTER_LAT])


def degrees(metres: Floats) -> Floats:
    """Return rows of lon, lat, rounded, from rows of metres east and north of the centre."""
    rounded: Floats = np.round(metres / METRES_PER_DEGREE + _CENTER, DECIMALS)
    return rounded


def to_lonlat(shape: Shape) -> Shape:
    """Return a shape drawn in metres as a valid shape in lon/lat, on the grid of `DECIMALS`."""
    placed = shapely.transform(shape, degrees)
    # Rounding can close a narrow place; this keeps the shape valid, then restores short decimals.
    snapped = shapely.set_precision(placed, 10.0**-DECIMALS)
    return shapely.transform(snapped, lambda rows: np.round(rows, DECIMALS))


def to_metres(shape: Shape) -> Shape:
    """Return a shape in lon/lat as metres east and north of the centre."""
    return shapely.transform(shape, lambda rows: (rows - _CENTER) * METRES_PER_DEGREE)
