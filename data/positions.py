"""Last known places of officers: an older fix never replaces a newer one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from data.models import PositionRow
from geo.records import Position


def store_positions(session: Session, positions: Sequence[Position]) -> None:
    """Store fixes; the caller commits."""
    if positions:
        session.execute(_upsert(), [_row(position) for position in positions])


def _upsert() -> Insert:
    fresh = insert(PositionRow)
    columns = ("geom", "observed_at", "accuracy_m")
    return fresh.on_conflict_do_update(
        index_elements=["officer_code"],
        set_={name: fresh.excluded[name] for name in columns},
        where=PositionRow.observed_at < fresh.excluded.observed_at,
    )


def _row(position: Position) -> dict[str, object]:
    return {
        "officer_code": position.officer_code,
        "geom": f"SRID=4326;{position.geometry.wkt}",
        "observed_at": position.observed_at,
        "accuracy_m": position.accuracy_m,
    }
