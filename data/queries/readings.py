"""Live values: what was last read, as long as it holds, and what comes in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data.models import FacilityRow, KindRow, ReadingRow, StallZoneRow
from data.queries.rows import AnyRow

FAMILIES = ("stall_zone", "facility")
# Which attributes say how many places there are; the first that is known counts.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "parking": ("spaces",),
    "ebike_charging": ("chargers", "bays"),
}
_STORE = """
INSERT INTO city.readings AS r (target, measure, value, observed_at, valid_for, source)
SELECT * FROM unnest(
    CAST(:targets AS text[]), CAST(:measures AS text[]), CAST(:values AS float8[]),
    CAST(:observed_at AS timestamptz[]), CAST(:valid_for AS interval[]), CAST(:sources AS text[])
) AS g(target, measure, value, observed_at, valid_for, source) ORDER BY target, measure
ON CONFLICT (target, measure) DO UPDATE SET value = excluded.value,
    observed_at = excluded.observed_at, valid_for = excluded.valid_for, source = excluded.source
    WHERE r.observed_at < excluded.observed_at
RETURNING target, measure
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that holds now, and when it was observed."""

    value: float
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class NewReading:
    """A value that comes in: of what, what is counted, when, for how long, and who says so."""

    target: str
    measure: str
    value: float
    observed_at: datetime
    valid_for: timedelta
    source: str


def target_of(family: str, kind: str, code: str) -> str:
    """Return how a reading names the thing that it is about."""
    return f"{family}:{kind}:{code}"


def family_and_kind(target: str) -> tuple[str, str]:
    """Return what a target begins with."""
    family, _, rest = target.partition(":")
    return family, rest.partition(":")[0]


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


def readings_now(
    connection: Connection, targets: Collection[str] | None = None
) -> Sequence[AnyRow]:
    """Return target, measure, value, observed at and valid until of what holds now.

    Of some targets, or of all; as far as the connection's role may see them.
    """
    until = ReadingRow.observed_at + ReadingRow.valid_for
    chosen = select(
        ReadingRow.target, ReadingRow.measure, ReadingRow.value, ReadingRow.observed_at, until
    ).where(until > func.now())
    if targets is not None:
        chosen = chosen.where(ReadingRow.target.in_(targets))
    return connection.execute(chosen.order_by(ReadingRow.target, ReadingRow.measure)).all()


def public_kinds(connection: Connection) -> dict[str, frozenset[str]]:
    """Return the kinds that everybody may know of, by family of what has readings."""
    rows = connection.execute(select(KindRow.family, KindRow.slug).where(KindRow.is_public)).all()
    return {
        family: frozenset(row.slug for row in rows if row.family == family) for family in FAMILIES
    }


def places_of(kind: str, attributes: Mapping[str, Any]) -> float | None:
    """Return how many places a facility's attributes say that it has, None where they do not."""
    for name in _PLACES.get(kind, ()):
        count = attributes.get(name)
        if isinstance(count, int | float) and not isinstance(count, bool):
            return count
    return None


async def capacities(
    connection: AsyncConnection, targets: Collection[str]
) -> dict[str, float | None]:
    """Return how many places each of those targets has that exist now; None where not known."""
    codes = {target.split(":", 2)[2] for target in targets}
    zones = await connection.execute(
        select(StallZoneRow.kind, StallZoneRow.code, StallZoneRow.capacity).where(
            func.upper_inf(StallZoneRow.valid), StallZoneRow.code.in_(codes)
        )
    )
    facilities = await connection.execute(
        select(FacilityRow.kind, FacilityRow.code, FacilityRow.attributes).where(
            func.upper_inf(FacilityRow.valid), FacilityRow.code.in_(codes)
        )
    )
    found = {target_of("stall_zone", row.kind, row.code): row.capacity for row in zones}
    for row in facilities:
        found[target_of("facility", row.kind, row.code)] = places_of(row.kind, row.attributes)
    return {target: found[target] for target in targets if target in found}


async def store_readings(
    connection: AsyncConnection, readings: Collection[NewReading]
) -> set[tuple[str, str]]:
    """Store readings, one for each target and measure, and return those that were stored.

    One that is not newer than what is stored is let pass: whoever wrote first, the newer wins.
    """
    found = await connection.execute(
        text(_STORE),
        {
            "targets": [one.target for one in readings],
            "measures": [one.measure for one in readings],
            "values": [one.value for one in readings],
            "observed_at": [one.observed_at for one in readings],
            "valid_for": [one.valid_for for one in readings],
            "sources": [one.source for one in readings],
        },
    )
    return {(row.target, row.measure) for row in found}
