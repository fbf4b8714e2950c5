"""Spatial conditions that keep the GiST indexes usable.

The literal is shaped, never the column. And && is written out beside the exact predicate: under
row-level security the index that ST_Intersects brings along is not used, that of && is (see
`data.bootstrap`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Function, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data.models import SRID
from geo.measure import box_around
from geo.types import BBox, LonLat


def spot_of(point: LonLat) -> Function[Any]:
    """Return a place as a geometry."""
    return func.ST_SetSRID(func.ST_MakePoint(point.lon, point.lat), SRID)


def in_box(column: Any, box: BBox) -> ColumnElement[bool]:
    """Return whether the geometry touches the box, which may cross the antimeridian."""
    envelopes = [func.ST_MakeEnvelope(*half.bounds, SRID) for half in box.halves()]
    return or_(*(touches(column, envelope) for envelope in envelopes))


def touches(column: Any, shape: Any) -> ColumnElement[bool]:
    """Return whether the geometry and the shape have a point in common."""
    return and_(column.op("&&")(shape), func.ST_Intersects(column, shape))


def distance_m(column: Any, point: LonLat) -> ColumnElement[float]:
    """Return the geodesic distance of the geometry, metres on the ellipsoid; 0 inside it."""
    return func.ST_Distance(func.geography(column), func.geography(spot_of(point)))


def within(column: Any, point: LonLat, radius_m: float) -> ColumnElement[bool]:
    """Return whether the geometry comes as near as that.

    The index knows degrees, not metres: a box finds the candidates, the geodesic decides.
    """
    return and_(
        in_box(column, box_around(point, radius_m)),
        func.ST_DWithin(func.geography(column), func.geography(spot_of(point)), radius_m),
    )


async def extent_of(connection: AsyncConnection, *tables: Any) -> BBox | None:
    """Return the box around what is published now in the first table that is not empty."""
    for table in tables:
        box = func.ST_Extent(table.geom)
        edges = (getattr(func, f"ST_{edge}")(box) for edge in ("XMin", "YMin", "XMax", "YMax"))
        found = (await connection.execute(select(*edges).where(func.upper_inf(table.valid)))).one()
        if found[0] is not None:
            return BBox(*found)
    return None
