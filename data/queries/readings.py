"""Live values: what was last read, as long as it holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data.models import ReadingRow


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that holds now, and when it was observed."""

    value: float
    observed_at: datetime


def target_of(family: str, kind: str, code: str) -> str:
    """Return how a reading names the thing that it is about."""
    return f"{family}:{kind}:{code}"


async def free_places(connection: AsyncConnection, targets: Collection[str]) -> dict[str, Reading]:
    """Return the free places of those targets whose reading still holds; stale is unknown."""
    if not targets:
        return {}
    found = await connection.execute(
        select(ReadingRow.target, ReadingRow.value, ReadingRow.observed_at).where(
            ReadingRow.target.in_(targets),
            ReadingRow.measure == "free",
            ReadingRow.observed_at + ReadingRow.valid_for > func.now(),
        )
    )
    return {target: Reading(value, observed_at) for target, value, observed_at in found}
