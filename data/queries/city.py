"""The city as a whole: whether there is one, whether it is made up, how fresh it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import AreaRow, LayerRow
from data.queries.rows import AnySelect


@dataclass(frozen=True, slots=True)
class CityFacts:
    """What every page says of its data."""

    synthetic: bool
    changed_at: datetime | None


def holds_city(session: Session) -> bool:
    """Return whether any area has been published."""
    return bool(session.scalar(select(exists().where(AreaRow.id > 0))))


async def city_facts(connection: AsyncConnection) -> CityFacts:
    """Return whether the city says of itself that it is synthetic, and when data last changed."""
    return CityFacts(*(await connection.execute(_facts())).one())


def city_facts_now(session: Session) -> CityFacts:
    """Return the same, for the command line."""
    return CityFacts(*session.execute(_facts()).one())


def _facts() -> AnySelect:
    made_up = exists().where(
        AreaRow.kind == "city",
        func.upper_inf(AreaRow.valid),
        AreaRow.attributes.contains({"synthetic": True}),
    )
    layers = select(func.max(LayerRow.changed_at)).where(
        LayerRow.name.in_(("areas", "stall_zones", "stalls", "facilities"))
    )
    return select(made_up, layers.scalar_subquery())
