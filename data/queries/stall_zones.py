"""Stall zones and their stalls, for loaders and the page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import AreaRow, ScheduleRow, StallRow, StallZoneRow
from data.queries.rows import AnyRow, AnySelect, shape_of
from data.queries.schedules import Overrides, overrides_in, overrides_of, schedule_of
from data.queries.spatial import distance_m, extent_of, in_box, within
from geo.records import Stall, StallZone
from geo.types import BBox, LonLat

FAMILY = "stall_zone"
# The manager's phone is not among them: the public role may not even select it.
PUBLIC_COLUMNS = (
    StallZoneRow.kind,
    StallZoneRow.code,
    StallZoneRow.name,
    func.ST_AsBinary(StallZoneRow.geom).label("wkb"),
    StallZoneRow.capacity,
    StallZoneRow.name_en,
    StallZoneRow.goods,
    StallZoneRow.goods_banned,
    StallZoneRow.address,
    StallZoneRow.rules,
    StallZoneRow.fee,
    StallZoneRow.how_to_apply,
    StallZoneRow.manager,
    StallZoneRow.duty_phone,
    StallZoneRow.attributes,
    ScheduleRow.hours,
    ScheduleRow.time_zone,
)


def zones_now(session: Session, codes: Collection[str] | None = None) -> list[StallZone]:
    """Return the stall zones published now, by code, with the manager's phone.

    Their overrides are their own; those of a whole kind are not repeated in each zone.
    """
    chosen = zones_selected(StallZoneRow.phone)
    if codes is not None:
        chosen = chosen.where(StallZoneRow.code.in_(codes))
    own = {place: rules for place, rules in overrides_of(session, FAMILY).items() if place[1]}
    return [to_zone(row, own) for row in session.execute(chosen)]


def zones_shown(session: Session) -> list[StallZone]:
    """Return the stall zones published now, by code, as the public may know them.

    Their overrides are their own and those of their kinds.
    """
    overrides = overrides_of(session, FAMILY)
    return [to_zone(row, overrides) for row in session.execute(zones_selected())]


def zone_count(session: Session) -> int:
    """Return how many stall zones are published now."""
    asked = select(func.count()).where(func.upper_inf(StallZoneRow.valid))
    return session.scalar(asked.select_from(StallZoneRow)) or 0


def stalls_now(session: Session, zone_codes: Collection[str] | None = None) -> list[Stall]:
    """Return the stalls published now, by zone and number."""
    chosen = _stalls()
    if zone_codes is not None:
        chosen = chosen.where(StallRow.zone_code.in_(zone_codes))
    return [_to_stall(row) for row in session.execute(chosen)]


async def stalls_of(connection: AsyncConnection, zone_code: str) -> list[Stall]:
    """Return the stalls of one zone, by number."""
    chosen = _stalls().where(StallRow.zone_code == zone_code)
    return [_to_stall(row) for row in await connection.execute(chosen)]


async def extent_of_zones(connection: AsyncConnection) -> BBox | None:
    """Return the box around all stall zones, else around all areas; None for an empty city."""
    return await extent_of(connection, StallZoneRow, AreaRow)


def zones_selected(*more: Any) -> AnySelect:
    """Return the statement that reads zones, to be narrowed; `to_zone` reads its rows."""
    return (
        select(*PUBLIC_COLUMNS, *more)
        .outerjoin(ScheduleRow, ScheduleRow.id == StallZoneRow.schedule_id)
        .where(func.upper_inf(StallZoneRow.valid))
        .order_by(StallZoneRow.code)
    )


def to_zone(row: AnyRow, overrides: Overrides) -> StallZone:
    """Return the record of a row of `zones_selected`."""
    own = overrides.get((row.kind, row.code), ()) + overrides.get((row.kind, None), ())
    return StallZone(
        kind=row.kind,
        code=row.code,
        name=row.name,
        geometry=shape_of(row.wkb),
        capacity=row.capacity,
        name_en=row.name_en,
        goods=tuple(row.goods),
        goods_banned=tuple(row.goods_banned),
        address=row.address,
        rules=row.rules,
        fee=row.fee,
        how_to_apply=row.how_to_apply,
        manager=row.manager,
        duty_phone=row.duty_phone,
        phone=getattr(row, "phone", ""),
        schedule=schedule_of(row.hours, row.time_zone),
        overrides=own,
        attributes=row.attributes,
    )


def _stalls() -> AnySelect:
    return (
        select(
            StallRow.zone_code,
            StallRow.number,
            func.ST_AsBinary(StallRow.geom).label("wkb"),
            StallRow.goods,
            StallRow.state,
        )
        .where(func.upper_inf(StallRow.valid))
        .order_by(StallRow.zone_code, StallRow.number)
    )


def _to_stall(row: AnyRow) -> Stall:
    return Stall(row.zone_code, row.number, shape_of(row.wkb), row.goods, row.state)


async def zones_found(
    connection: AsyncConnection,
    *,
    codes: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    goods: str | None = None,
    box: BBox | None = None,
    near: LonLat | None = None,
    within_m: float | None = None,
) -> list[tuple[StallZone, float | None]]:
    """Return the zones that answer every condition, with the distance in metres from `near`.

    Nearest first when `near` is given, then by code. `goods` matches a part of a word.
    """
    away = distance_m(StallZoneRow.geom, near) if near else literal(None)
    chosen = zones_selected(away.label("distance_m"))
    if near is not None:
        chosen = chosen.order_by(None).order_by("distance_m", StallZoneRow.code)
        if within_m is not None:
            chosen = chosen.where(within(StallZoneRow.geom, near, within_m))
    if codes is not None:
        chosen = chosen.where(StallZoneRow.code.in_(codes))
    if kinds is not None:
        chosen = chosen.where(StallZoneRow.kind.in_(kinds))
    if goods is not None:
        words = func.array_to_string(StallZoneRow.goods, " ")
        chosen = chosen.where(words.icontains(goods, autoescape=True))
    if box is not None:
        chosen = chosen.where(in_box(StallZoneRow.geom, box))
    overrides = await overrides_in(connection, FAMILY)
    return [(to_zone(row, overrides), row.distance_m) for row in await connection.execute(chosen)]
