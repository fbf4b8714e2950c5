"""The published layers: which record is stored in which tables, under which key."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data.models import (
    SRID,
    AreaDraft,
    AreaRow,
    FacilityDraft,
    FacilityRow,
    StallDraft,
    StallRow,
    StallZoneDraft,
    StallZoneRow,
)
from data.queries.areas import areas_now
from data.queries.facilities import facilities_now
from data.queries.schedules import schedule_of
from data.queries.stall_zones import stalls_now, zones_now
from geo.hours import format_hours
from geo.records import Area, Facility, Stall, StallZone

Record = Area | StallZone | Stall | Facility


@dataclass(frozen=True, slots=True)
class Layer:
    """One published layer."""

    name: str
    record: type[Record]
    row: type[Any]
    draft: type[Any]
    key: tuple[str, ...]
    now: Callable[[Session, Sequence[Any]], Sequence[Record]]
    """Reads what is published now and could have the same keys as the records."""

    def key_of(self, record: Record) -> tuple[str, ...]:
        """Return what names the record within the layer."""
        return tuple(getattr(record, column) for column in self.key)


LAYERS = (
    Layer(
        "areas", Area, AreaRow, AreaDraft, ("kind", "code"),
        lambda session, records: areas_now(session, {r.kind for r in records}),
    ),
    Layer(
        "stall_zones", StallZone, StallZoneRow, StallZoneDraft, ("code",),
        lambda session, _: zones_now(session),
    ),
    Layer(
        "stalls", Stall, StallRow, StallDraft, ("zone_code", "number"),
        lambda session, records: stalls_now(session, {r.zone_code for r in records}),
    ),
    Layer(
        "facilities", Facility, FacilityRow, FacilityDraft, ("kind", "code"),
        lambda session, records: facilities_now(session, {r.kind for r in records}),
    ),
)  # fmt: skip


def layer_of(record: Record) -> Layer:
    """Return the layer that a record belongs to."""
    return next(layer for layer in LAYERS if layer.record is type(record))


def normal(record: Record) -> Record:
    """Return the record as it would come back from the database, so that equal means unchanged."""
    changes: dict[str, Any] = {"geometry": _normal_geometry(record)}
    if not isinstance(record, Stall):
        changes["attributes"] = json.loads(json.dumps(record.attributes))
    if isinstance(record, StallZone | Facility) and record.schedule is not None:
        schedule = record.schedule
        changes["schedule"] = schedule_of(format_hours(schedule), schedule.time_zone)
    if isinstance(record, StallZone):
        in_order = sorted(record.overrides, key=lambda rule: (rule.first, rule.last))
        changes["overrides"] = tuple(in_order)
    return replace(record, **changes)


def columns_of(record: Record) -> dict[str, Any]:
    """Return the columns that city and plan have in common."""
    skipped = {"geometry", "schedule", "overrides"}
    found = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in skipped}
    lists = {name: list(value) for name, value in found.items() if isinstance(value, tuple)}
    return found | lists | {"geom": from_shape(record.geometry, srid=SRID)}


def _normal_geometry(record: Record) -> BaseGeometry:
    # Rings turn as RFC 7946 says: Shapefiles reverse them, and that is no change of place.
    flat = shapely.orient_polygons(shapely.force_2d(record.geometry))
    # The column holds multi-polygons: a river through a grid makes two parts of one.
    if isinstance(record, Area | StallZone) and isinstance(flat, Polygon):
        return MultiPolygon([flat])
    return flat
