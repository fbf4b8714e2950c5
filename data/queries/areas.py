"""Areas: all of them for loaders and pages, those that hold a point for the API."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import AreaRow, KindRow
from data.queries.rows import AnySelect, shape_of
from data.queries.spatial import spot_of, touches
from geo.records import Area
from geo.types import LonLat


@dataclass(frozen=True, slots=True)
class Holding:
    """An area that holds a point: inside it, or exactly on its border."""

    kind: str
    code: str
    name: str
    name_en: str
    exclusive: bool
    on_border: bool


def areas_now(session: Session, kinds: Collection[str] | None = None) -> list[Area]:
    """Return the areas published now, by kind and code."""
    return [_to_area(*row) for row in session.execute(_areas(kinds))]


async def areas_in(connection: AsyncConnection, kinds: Collection[str] | None = None) -> list[Area]:
    """Return the same, for the API."""
    return [_to_area(*row) for row in await connection.execute(_areas(kinds))]


async def areas_holding(
    connection: AsyncConnection, point: LonLat, at: datetime, kinds: Collection[str] | None
) -> list[Holding]:
    """Return the areas valid at the instant that hold the point, by kind and code.

    Of an exclusive kind there is one at most, also on a border, on a corner or where two overlap
    by mistake: an area that has the point inside wins over one that has it on its border, then the
    lower code. The rule depends on nothing but the data.
    """
    found = await connection.execute(_holding(point, at, kinds))
    holdings = [Holding(*row) for row in found]
    winners: dict[str, Holding] = {}
    for holding in holdings:
        winners.setdefault(holding.kind, holding)
    kept = [h for h in holdings if not h.exclusive or winners[h.kind] is h]
    return sorted(kept, key=lambda h: (h.kind, h.code))


def _holding(point: LonLat, at: datetime, kinds: Collection[str] | None) -> AnySelect:
    spot = spot_of(point)
    inside = func.ST_Contains(AreaRow.geom, spot)
    found = (
        select(
            AreaRow.kind,
            AreaRow.code,
            AreaRow.name,
            AreaRow.name_en,
            KindRow.is_exclusive,
            (~inside).label("on_border"),
        )
        .join(KindRow, and_(KindRow.family == AreaRow.family, KindRow.slug == AreaRow.kind))
        .where(touches(AreaRow.geom, spot), AreaRow.valid.contains(literal(at)))
        .order_by(AreaRow.kind, inside.desc(), AreaRow.code.collate("C"))
    )
    return found if kinds is None else found.where(AreaRow.kind.in_(kinds))


def _areas(
    kinds: Collection[str] | None,
) -> AnySelect:
    found = (
        select(
            AreaRow.kind,
            AreaRow.code,
            AreaRow.name,
            func.ST_AsBinary(AreaRow.geom),
            AreaRow.name_en,
            AreaRow.parent_code,
            AreaRow.attributes,
        )
        .where(func.upper_inf(AreaRow.valid))
        .order_by(AreaRow.kind, AreaRow.code)
    )
    return found if kinds is None else found.where(AreaRow.kind.in_(kinds))


def _to_area(
    kind: str,
    code: str,
    name: str,
    wkb: bytes,
    name_en: str,
    parent_code: str | None,
    attributes: dict[str, object],
) -> Area:
    return Area(kind, code, name, shape_of(wkb), name_en, parent_code, attributes)
