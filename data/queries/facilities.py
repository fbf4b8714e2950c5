"""Facilities, for loaders and the API."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import shapely
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from data.models import FacilityRow, ScheduleRow
from data.queries.schedules import schedule_of
from geo.records import Facility

FAMILY = "facility"


def facilities_now(session: Session, kinds: Collection[str] | None = None) -> list[Facility]:
    """Return the facilities published now, by kind and code."""
    chosen = facilities_selected()
    if kinds is not None:
        chosen = chosen.where(FacilityRow.kind.in_(kinds))
    return [to_facility(row) for row in session.execute(chosen)]


def facilities_selected(*more: Any) -> Select[Any]:
    """Return the statement that reads facilities, to be narrowed; `to_facility` reads its rows."""
    return (
        select(
            FacilityRow.kind,
            FacilityRow.code,
            FacilityRow.name,
            func.ST_AsBinary(FacilityRow.geom).label("wkb"),
            FacilityRow.name_en,
            FacilityRow.state,
            FacilityRow.address,
            FacilityRow.attributes,
            ScheduleRow.hours,
            ScheduleRow.time_zone,
            *more,
        )
        .outerjoin(ScheduleRow, ScheduleRow.id == FacilityRow.schedule_id)
        .where(func.upper_inf(FacilityRow.valid))
        .order_by(FacilityRow.kind, FacilityRow.code)
    )


def to_facility(row: Row[Any]) -> Facility:
    """Return the record of a row of `facilities_selected`."""
    return Facility(
        kind=row.kind,
        code=row.code,
        name=row.name,
        geometry=shapely.from_wkb(bytes(row.wkb)),
        name_en=row.name_en,
        state=row.state,
        address=row.address,
        schedule=schedule_of(row.hours, row.time_zone),
        attributes=row.attributes,
    )
