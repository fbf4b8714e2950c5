"""Facilities, for loaders and the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import LEVELS, AreaRow, FacilityCellRow, FacilityRow, ScheduleRow
from data.queries.rows import AnyRow, AnySelect, shape_of
from data.queries.schedules import calendar_in, schedule_of
from data.queries.spatial import distance_m, extent_of, in_box, within
from geo.openings import opening
from geo.records import Facility
from geo.schedules import Schedule
from geo.tiles import MAX_ZOOM, Tile
from geo.types import BBox, LonLat

FAMILY = "facility"


def facilities_now(session: Session, kinds: Collection[str] | None = None) -> list[Facility]:
    """Return the facilities published now, by kind and code."""
    chosen = facilities_selected()
    if kinds is not None:
        chosen = chosen.where(FacilityRow.kind.in_(kinds))
    return [to_facility(row) for row in session.execute(chosen)]


def facilities_numbered(session: Session, kind: str) -> list[tuple[Facility, int | None]]:
    """Return the facilities of a kind by code, each with the row number of its hours."""
    chosen = facilities_selected(FacilityRow.schedule_id).where(FacilityRow.kind == kind)
    return [(to_facility(row), row.schedule_id) for row in session.execute(chosen)]


_COUNTED = (
    select(FacilityCellRow.kind, func.sum(FacilityCellRow.n))
    .where(FacilityCellRow.level == LEVELS[0])
    .group_by(FacilityCellRow.kind)
    .order_by(FacilityCellRow.kind)
)


def facility_counts(session: Session) -> dict[str, int]:
    """Return how many facilities of each kind there are now, of those that the role may see."""
    return {kind: int(count) for kind, count in session.execute(_COUNTED) if count > 0}


async def facility_counts_in(connection: AsyncConnection) -> dict[str, int]:
    """Return what `facility_counts` does."""
    return {kind: int(count) for kind, count in await connection.execute(_COUNTED) if count > 0}


def facility_schedules(session: Session) -> dict[str, dict[int | None, Schedule | None]]:
    """Return by kind the hours that its facilities have now, by row number; None for unknown."""
    # Which numbers first: the texts of a few are read, not those of every facility.
    used = (
        select(FacilityRow.kind, FacilityRow.schedule_id)
        .where(func.upper_inf(FacilityRow.valid))
        .distinct()
        .subquery()
    )
    rows = session.execute(
        select(used.c.kind, used.c.schedule_id, ScheduleRow.hours, ScheduleRow.time_zone).outerjoin(
            ScheduleRow, ScheduleRow.id == used.c.schedule_id
        )
    )
    found: dict[str, dict[int | None, Schedule | None]] = defaultdict(dict)
    for kind, number, hours, zone in rows:
        found[kind][number] = schedule_of(hours, zone)
    return dict(found)


async def extent_of_facilities(connection: AsyncConnection) -> BBox | None:
    """Return a box around all facilities that the role may see, else around all areas."""
    cell = FacilityCellRow
    # Where they lie in the mean of each square, as numbers of zoom 30: nearer than its corners.
    column, row = cell.sum_x / cell.n, cell.sum_y / cell.n
    edges = select(func.min(column), func.min(row), func.max(column), func.max(row))
    found = (await connection.execute(edges.where(cell.level == LEVELS[2], cell.n > 0))).one()
    if found[0] is None:
        return await extent_of(connection, AreaRow)
    west, north, east, south = (int(one) >> (30 - MAX_ZOOM) for one in found)
    first, last = Tile(MAX_ZOOM, west, north).box, Tile(MAX_ZOOM, east, south).box
    return BBox(first.west, last.south, last.east, first.north)


def facilities_selected(*more: Any) -> AnySelect:
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


def to_facility(row: AnyRow) -> Facility:
    """Return the record of a row of `facilities_selected`."""
    return Facility(
        kind=row.kind,
        code=row.code,
        name=row.name,
        geometry=shape_of(row.wkb),
        name_en=row.name_en,
        state=row.state,
        address=row.address,
        schedule=schedule_of(row.hours, row.time_zone),
        attributes=row.attributes,
    )


@dataclass(frozen=True, slots=True)
class FacilitySearch:
    """What facilities are asked for; `after` is the last place of the page before."""

    kinds: Collection[str] | None = None
    box: BBox | None = None
    near: LonLat | None = None
    within_m: float | None = None
    open_at: datetime | None = None
    after: tuple[float | None, str, str] | None = None
    limit: int = 100


async def facilities_found(
    connection: AsyncConnection, search: FacilitySearch
) -> list[tuple[Facility, float | None]]:
    """Return the facilities that answer the search, with the distance in metres from `near`.

    Nearest first when `near` is given, then by kind and code; as many as the limit.
    """
    away = distance_m(FacilityRow.geom, search.near) if search.near else literal(None)
    place = (FacilityRow.kind, FacilityRow.code)
    chosen = facilities_selected(away.label("distance_m")).where(*_conditions(search))
    if search.near is not None:
        chosen = chosen.order_by(None).order_by("distance_m", *place)
    if search.after is not None:
        after_m, *after = search.after
        start = tuple_(*place) > tuple_(*after)
        if search.near is not None:
            start = tuple_(away, *place) > tuple_(after_m, *after)
        chosen = chosen.where(start)
    if search.open_at is not None:
        chosen = chosen.where(
            FacilityRow.state == "normal",
            FacilityRow.schedule_id.in_(await _schedules_open(connection, search.open_at)),
        )
    found = await connection.execute(chosen.limit(search.limit))
    return [(to_facility(row), row.distance_m) for row in found]


async def facility_of(connection: AsyncConnection, kind: str, code: str) -> Facility | None:
    """Return one facility, None if there is none that the connection's role may see."""
    chosen = facilities_selected().where(FacilityRow.kind == kind, FacilityRow.code == code)
    row = (await connection.execute(chosen)).one_or_none()
    return to_facility(row) if row else None


def _conditions(search: FacilitySearch) -> Iterator[ColumnElement[bool]]:
    if search.kinds is not None:
        yield FacilityRow.kind.in_(search.kinds)
    if search.box is not None:
        yield in_box(FacilityRow.geom, search.box)
    if search.near is not None and search.within_m is not None:
        yield within(FacilityRow.geom, search.near, search.within_m)


async def _schedules_open(connection: AsyncConnection, at: datetime) -> list[int]:
    """Schedules are few and shared: judging them first lets the database page what is open."""
    calendar = await calendar_in(connection)
    rows = await connection.execute(
        select(ScheduleRow.id, ScheduleRow.hours, ScheduleRow.time_zone)
    )
    return [
        number
        for number, hours, zone in rows
        if opening(schedule_of(hours, zone), at, calendar=calendar).state == "open"
    ]
