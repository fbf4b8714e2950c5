"""Kinds: what there is in a city, with names in both languages."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import KindRow
from data.queries.rows import AnySelect
from geo.records import Kind


def kinds_of(session: Session, family: str) -> dict[str, Kind]:
    """Return the kinds of a family (area, stall_zone, facility, officer_role, event) by slug."""
    return {kind.slug: kind for kind in (Kind(*row) for row in session.execute(_kinds(family)))}


async def kinds_in(connection: AsyncConnection, family: str) -> dict[str, Kind]:
    """Return the same, for the API."""
    found = await connection.execute(_kinds(family))
    return {kind.slug: kind for kind in (Kind(*row) for row in found)}


def _kinds(family: str) -> AnySelect:
    return (
        select(
            KindRow.family,
            KindRow.slug,
            KindRow.name_zh,
            KindRow.name_en,
            KindRow.is_public,
            KindRow.is_exclusive,
            KindRow.national_code,
        )
        .where(KindRow.family == family)
        .order_by(KindRow.slug)
    )
