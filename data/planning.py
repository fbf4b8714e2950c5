"""The planners' drafts as a plan to be judged: all of them, or read by box around what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import (
    SRID,
    AreaDraft,
    AreaRow,
    FacilityDraft,
    FacilityRow,
    KindRow,
    ScheduleRow,
    StallDraft,
    StallRow,
    StallZoneDraft,
    StallZoneRow,
)
from data.queries.rows import AnyRow, AnySelect
from data.queries.schedules import calendar_of, overrides_of, schedule_of
from data.queries.stall_zones import FAMILY
from geo.errors import InvalidSchedule
from geo.planning.findings import LayerName
from geo.planning.moves import GRID
from geo.planning.plan import Plan, Unread
from geo.records import Area, Facility, Stall, StallZone
from geo.schedules import CITY_TIME, Calendar, Schedule
from geo.types import BBox

_AREA = ("kind", "code", "name", "name_en", "parent_code", "attributes")
_FACILITY = ("kind", "code", "name", "name_en", "state")
_ZONE = ("kind", "code", "name", "name_en", "capacity", "hours", "attributes")
_STALL = ("zone_code", "number", "state")


class Tables(NamedTuple):
    """Where a plan is kept, with the columns of the drafts."""

    areas: Any
    stall_zones: Any
    stalls: Any
    facilities: Any


def _now(row: Any) -> Any:
    """The published rows of a layer with their hours in words."""
    asked = select(row).where(func.upper_inf(row.valid))
    if row in (StallZoneRow, FacilityRow):
        asked = asked.add_columns(ScheduleRow.hours)
        asked = asked.outerjoin(ScheduleRow, ScheduleRow.id == row.schedule_id)
    return asked.subquery().c


DRAWN = Tables(AreaDraft, StallZoneDraft, StallDraft, FacilityDraft)
SHOWN = Tables(_now(AreaRow), _now(StallZoneRow), _now(StallRow), _now(FacilityRow))
"""What is published, as if somebody had drawn it."""


class Drafts:
    """The drafts of schema `plan`, or what is published, read by box when they are asked for.

    Made for one judgement in one transaction: what is counted and known of hours is kept. Reads
    with the rights of its session; facilities that it may not see are not judged.
    """

    def __init__(self, session: Session, day: date, tables: Tables = DRAWN) -> None:
        self._session, self._day, self._tables = session, day, tables

    @property
    def day(self) -> date:
        """The day from which on the hours of a year are compared."""
        return self._day

    @cached_property
    def calendar(self) -> Calendar:
        """Holidays and make-up workdays."""
        return calendar_of(self._session)

    @cached_property
    def _overrides(self) -> Any:
        return overrides_of(self._session, FAMILY)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        kind = self._tables.areas.kind
        rows = self._session.execute(select(kind, func.count()).group_by(kind).order_by(kind))
        return {kind: int(count) for kind, count in rows}

    @cached_property
    def _exclusive(self) -> frozenset[str]:
        exclusive = select(KindRow.slug).where(KindRow.family == "area", KindRow.is_exclusive)
        return frozenset(self._session.scalars(exclusive))

    def counts(self) -> Mapping[str, int]:
        """Return how many areas of each kind are drawn."""
        return self._counts

    def exclusive(self) -> Collection[str]:
        """Return the kinds of areas that must not overlap."""
        return self._exclusive

    def areas(self, kind: str, box: BBox | None = None) -> Sequence[Area]:
        """Return the drawn areas of a kind whose box touches this one, all without one."""
        table = self._tables.areas
        asked = _touching(table, box, _AREA).where(table.kind == kind)
        return [_area(*found) for found in self._read(asked)]

    def published(self, kind: str, box: BBox | None = None) -> Sequence[Area]:
        """Return the same of what is published."""
        asked = _touching(AreaRow, box, _AREA).where(
            AreaRow.kind == kind, func.upper_inf(AreaRow.valid)
        )
        return [_area(*found) for found in self._read(asked)]

    def stall_zones(self, box: BBox | None = None) -> Sequence[StallZone]:
        """Return the drawn stall zones whose box touches this one, all without one."""
        asked = _touching(self._tables.stall_zones, box, _ZONE)
        return [self._zone(*found) for found in self._read(asked)]

    def facilities(
        self, box: BBox | None = None, kinds: Collection[str] | None = None
    ) -> Sequence[Facility]:
        """Return the drawn facilities whose box touches this one, all kinds if none are given."""
        table = self._tables.facilities
        asked = _touching(table, box, _FACILITY)
        if kinds is not None:
            asked = asked.where(table.kind.in_(kinds))
        return [_facility(*found) for found in self._read(asked)]

    def stalls(self, zone_codes: Collection[str] | None = None) -> Sequence[Stall]:
        """Return the drawn stalls of zones, of all without any given."""
        table = self._tables.stalls
        asked = _selected(table, _STALL)
        if zone_codes is not None:
            asked = asked.where(table.zone_code.in_(zone_codes))
        asked = asked.order_by(table.zone_code, table.number, table.id)
        return [
            Stall(row.zone_code, row.number, shape, state=row.state)
            for row, shape in self._read(asked)
        ]

    def coded(
        self, layer: LayerName, kind: str, codes: Collection[str]
    ) -> Sequence[Area | StallZone | Facility]:
        """Return what has one of the codes; of stall zones whatever its kind."""
        if layer == "stall_zones":
            zones = self._tables.stall_zones
            asked = _touching(zones, None, _ZONE)
            found = self._read(asked.where(zones.code.in_(codes)))
            return [self._zone(*one) for one in found]
        table = self._tables.areas if layer == "areas" else self._tables.facilities
        asked = _touching(table, None, _AREA if layer == "areas" else _FACILITY)
        found = self._read(asked.where(table.kind == kind, table.code.in_(codes)))
        return [_area(*one) if layer == "areas" else _facility(*one) for one in found]

    def unread(self) -> Sequence[Unread]:
        """Return all places whose hours are written down and cannot be read."""
        found = []
        zones, facilities = self._tables.stall_zones, self._tables.facilities
        for table, columns in ((zones, _ZONE), (facilities, (*_FACILITY, "hours"))):
            written = select(table.hours).where(table.hours.is_not(None)).distinct()
            wrong = [one for one in self._session.scalars(written) if _schedule(one) is None]
            if wrong:
                asked = _touching(table, None, columns).where(table.hours.in_(wrong))
                make = self._zone if table is zones else _facility
                found += [Unread(make(*one), one[0].hours) for one in self._read(asked)]
        return found

    def whole(self) -> Plan:
        """Return the whole plan in memory, to be judged at once."""
        areas = (area for kind in self._counts for area in self.areas(kind))
        return Plan(
            self._day,
            tuple(areas),
            tuple(self.stall_zones()),
            tuple(self.stalls()),
            tuple(self.facilities()),
            tuple(self.published(GRID)),
            tuple(self.unread()),
            self._exclusive,
            self.calendar,
        )

    def _read(self, asked: AnySelect) -> Iterable[tuple[AnyRow, Any]]:
        rows = self._session.execute(asked).all()
        # One call for all shapes: one by one costs more than the query.
        shapes = shapely.from_wkb([bytes(row.wkb) for row in rows])
        return zip(rows, shapes, strict=True)

    def _zone(self, row: AnyRow, shape: Any) -> StallZone:
        own = self._overrides.get((row.kind, row.code), ())
        shared = self._overrides.get((row.kind, None), ())
        return StallZone(
            row.kind,
            row.code,
            row.name,
            shape,
            row.capacity,
            row.name_en,
            schedule=_schedule(row.hours),
            overrides=own + shared,
            attributes=row.attributes,
        )


def _schedule(hours: str | None) -> Schedule | None:
    """The schedule of a planner's text; what cannot be read is not known, so any hour counts."""
    try:
        return schedule_of(hours, CITY_TIME)
    except InvalidSchedule:
        return None


def _area(row: AnyRow, shape: Any) -> Area:
    return Area(row.kind, row.code, row.name, shape, row.name_en, row.parent_code, row.attributes)


def _facility(row: AnyRow, shape: Any) -> Facility:
    return Facility(row.kind, row.code, row.name, shape, row.name_en, row.state)


def _selected(table: Any, columns: Iterable[str]) -> AnySelect:
    named = (getattr(table, column) for column in columns)
    return select(*named, func.ST_AsBinary(table.geom).label("wkb"))


def _touching(table: Any, box: BBox | None, columns: Iterable[str]) -> AnySelect:
    """Rows whose box touches another, which the index answers alone: the judge looks closer."""
    asked = _selected(table, columns).order_by(table.kind, table.code.collate("C"), table.id)
    if box is None or box.bounds == (-180.0, -90.0, 180.0, 90.0):
        return asked
    return asked.where(table.geom.op("&&")(func.ST_MakeEnvelope(*box.bounds, SRID)))
