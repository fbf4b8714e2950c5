"""Officers on the ground: who is nearest and can go. Internal; the public role cannot run it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Date, and_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from data.models import AssignmentRow, OfficerRow, PositionRow, ScheduleRow, ShiftRow
from data.queries.areas import areas_holding
from data.queries.rows import AnyRow, AnySelect, shape_of
from data.queries.schedules import calendar_in, schedule_of
from geo.measure import bearing_deg, distance_m, lonlat_of
from geo.openings import CITY_TIME, Calendar, opening
from geo.types import LonLat

REASONS = ("role", "no_position", "off_duty", "stale", "too_far")
"""Why an officer is left out; each is counted once, under the first reason that holds."""


@dataclass(frozen=True, slots=True)
class NearestSearch:
    """Who is asked for."""

    point: LonLat
    at: datetime
    k: int = 5
    role: str | None = None
    within_m: float | None = None
    max_age_s: float | None = None
    on_duty: bool = True


@dataclass(frozen=True, slots=True)
class NearOfficer:
    """An officer who can go: how far, which way, how old the fix is."""

    code: str
    name: str
    roles: tuple[str, ...]
    distance_m: float
    bearing_deg: float
    position_age_s: float
    responsible: bool


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest officers, nearest first, and how many were left out for which reason."""

    officers: list[NearOfficer]
    excluded: Counter[str] = field(default_factory=Counter)


async def nearest(connection: AsyncConnection, search: NearestSearch) -> Nearest:
    """Return the officers that can go, by geodesic distance, then by staff number."""
    calendar = await calendar_in(connection)
    here = {
        (h.kind, h.code) for h in await areas_holding(connection, search.point, search.at, None)
    }
    found = Nearest([])
    for row in await connection.execute(_staff(search)):
        reason = _left_out(row, search, calendar)
        if reason is not None:
            found.excluded[reason] += 1
            continue
        officer = _near(row, search, here)
        if search.within_m is not None and officer.distance_m > search.within_m:
            found.excluded["too_far"] += 1
        else:
            found.officers.append(officer)
    found.officers.sort(key=lambda officer: (officer.distance_m, officer.code))
    del found.officers[search.k :]
    return found


def _left_out(row: AnyRow, search: NearestSearch, calendar: Calendar) -> str | None:
    if search.role is not None and search.role not in (row.roles or ()):
        return "role"
    if row.wkb is None:
        return "no_position"
    if search.on_duty:
        schedule = schedule_of(row.hours, row.time_zone)
        if opening(schedule, search.at, calendar=calendar).state != "open":
            return "off_duty"
    age = (search.at - row.observed_at).total_seconds()
    if search.max_age_s is not None and age > search.max_age_s:
        return "stale"
    return None


def _near(row: AnyRow, search: NearestSearch, here: set[tuple[str, str]]) -> NearOfficer:
    place = lonlat_of(shape_of(row.wkb))
    duties = {tuple(duty.split(":", 1)) for duty in row.duties or ()}
    return NearOfficer(
        code=row.code,
        name=row.name,
        roles=tuple(dict.fromkeys(row.roles or ())),
        distance_m=distance_m(search.point, place),
        bearing_deg=bearing_deg(search.point, place),
        position_age_s=max(0.0, (search.at - row.observed_at).total_seconds()),
        responsible=bool(duties & here),
    )


def _staff(search: NearestSearch) -> AnySelect:
    """Every officer with what is said of them on that day; the day is the city's, not UTC's."""
    today = func.timezone(CITY_TIME, literal(search.at)).cast(Date)
    ordered, assigned = AssignmentRow.id, AssignmentRow.id.is_not(None)
    return (
        select(
            OfficerRow.code,
            OfficerRow.name,
            func.ST_AsBinary(PositionRow.geom).label("wkb"),
            PositionRow.observed_at,
            ScheduleRow.hours,
            ScheduleRow.time_zone,
            func.array_agg(aggregate_order_by(AssignmentRow.role, ordered))
            .filter(assigned)
            .label("roles"),
            func.array_agg(
                aggregate_order_by(AssignmentRow.area_kind + ":" + AssignmentRow.area_code, ordered)
            )
            .filter(assigned)
            .label("duties"),
        )
        .outerjoin(PositionRow, PositionRow.officer_code == OfficerRow.code)
        .outerjoin(
            ShiftRow,
            and_(ShiftRow.officer_code == OfficerRow.code, ShiftRow.during.contains(today)),
        )
        .outerjoin(ScheduleRow, ScheduleRow.id == ShiftRow.schedule_id)
        .outerjoin(
            AssignmentRow,
            and_(
                AssignmentRow.officer_code == OfficerRow.code, AssignmentRow.during.contains(today)
            ),
        )
        .group_by(
            OfficerRow.code, PositionRow.officer_code, ScheduleRow.id
        )
        .order_by(OfficerRow.code)
    )  # fmt: skip


async def officer_exists(connection: AsyncConnection, code: str) -> bool:
    """Return whether there is an officer of that staff number."""
    asked = select(OfficerRow.code).where(OfficerRow.code == code)
    return (await connection.scalar(asked)) is not None
