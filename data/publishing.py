"""Publishing: bring what the city shows in line with records, as one generation, all or nothing.

A row that changes is closed and a new one opened, so that the old one still answers for its time;
the planners' twin follows. Everything happens in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, func, insert, text, tuple_, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from data.layers import Layer, Record, columns_of, layer_of, normal
from data.models import GenerationRow, OverrideRow
from data.queries.schedules import override_row, schedule_ids
from data.queries.stall_zones import FAMILY
from data.turns import WAIT_FOR_TURN
from geo.hours import format_hours
from geo.records import Facility, StallZone

_CHUNK = 1_000  # a statement takes at most 65,535 parameters
# What is published was judged at its own door; the plan's triggers only take it over.
_SAY_PUBLISHING = text("SELECT set_config('tidegrid.publishing', :word, true)")

Item = TypeVar("Item")
Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a publication did, in numbers of records."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def publish(
    session: Session,
    records: Sequence[Record],
    *,
    by: str,
    note: str,
    progress: Progress = lambda done, total: None,  # noqa: ARG005
) -> Changes:
    """Publish the records, all of one layer, and return what that changed; the caller commits.

    Records with the key of a published row replace it if they differ; the others are added.
    Nothing is withdrawn. Two publications at once wait for each other.
    """
    if not records:
        return Changes()
    layer = layer_of(records[0])
    session.execute(WAIT_FOR_TURN)
    wanted = {layer.key_of(record): normal(record) for record in records}
    held = {layer.key_of(found): found for found in layer.now(session, records)}
    added = [record for key, record in wanted.items() if key not in held]
    changed = [record for key, record in wanted.items() if key in held and held[key] != record]
    if added or changed:
        generation, instant = _new_generation(session, by, note)
        # First of all: what a draft loses is held against what is published until now.
        _redraft(session, layer, changed + added)
        _close(session, layer, changed, instant)
        _open(session, layer, added + changed, generation, instant, progress)
    return Changes(len(added), len(changed), len(wanted) - len(added) - len(changed))


def _new_generation(session: Session, by: str, note: str) -> tuple[int, datetime]:
    """Reads the clock after the lock: a publisher that waited must not write into the past."""
    row = {"published_by": by, "note": note, "published_at": func.clock_timestamp()}
    made = session.execute(
        insert(GenerationRow).values(row).returning(GenerationRow.id, GenerationRow.published_at)
    ).one()
    return made[0], made[1]


def _close(session: Session, layer: Layer, records: Sequence[Record], instant: datetime) -> None:
    row, until = layer.row, func.tstzrange(func.lower(layer.row.valid), instant)
    for chunk in _chunks(records):
        keys = [layer.key_of(record) for record in chunk]
        mine = tuple_(*(getattr(row, column) for column in layer.key)).in_(keys)
        session.execute(
            update(row)
            .where(mine, func.upper_inf(row.valid))
            .values(valid=until)
            .execution_options(synchronize_session=False)
        )


def _open(
    session: Session,
    layer: Layer,
    records: Sequence[Record],
    generation: int,
    instant: datetime,
    progress: Progress,
) -> None:
    scheduled = [record for record in records if isinstance(record, StallZone | Facility)]
    schedules = schedule_ids(session, [record.schedule for record in scheduled])
    done = 0
    for chunk in _chunks(records):
        rows = []
        for record in chunk:
            hours = _hours(record)
            published = {"generation": generation, "valid": Range(instant, None)}
            if isinstance(record, StallZone | Facility):
                published["schedule_id"] = schedules[hours] if hours else None
            rows.append(columns_of(record) | published)
        # RETURNING makes it one statement of many rows: the clock ticks once, not once a row.
        session.execute(insert(layer.row).returning(layer.row.id), rows)
        done += len(chunk)
        progress(done, len(records))
    zones = [record for record in records if isinstance(record, StallZone)]
    _replace_overrides(session, zones)


def _redraft(session: Session, layer: Layer, records: Sequence[Record]) -> None:
    """Planners go on from what is published, in the same rows: programs know them by their id."""
    session.execute(_SAY_PUBLISHING, {"word": "on"})
    for chunk in _chunks(records):
        drafts = [columns_of(record) | _drawn_hours(record) for record in chunk]
        adding = upsert(layer.draft)
        ours = {name: adding.excluded[name] for name in drafts[0] if name not in layer.key}
        to_key = adding.on_conflict_do_update(index_elements=layer.key, set_=ours)
        # RETURNING makes it one statement of many rows.
        session.execute(to_key.returning(layer.draft.id), drafts)
    session.execute(_SAY_PUBLISHING, {"word": "off"})


def _replace_overrides(session: Session, zones: Sequence[StallZone]) -> None:
    codes = [zone.code for zone in zones]
    for chunk in _chunks(codes):
        session.execute(
            delete(OverrideRow)
            .where(OverrideRow.family == FAMILY, OverrideRow.code.in_(chunk))
            .execution_options(synchronize_session=False)
        )
    rows = [
        override_row(override, FAMILY, zone.kind, zone.code)
        for zone in zones
        for override in zone.overrides
    ]
    if rows:
        session.execute(insert(OverrideRow), rows)


def _hours(record: Record) -> tuple[str, str] | None:
    if not isinstance(record, StallZone | Facility) or record.schedule is None:
        return None
    return format_hours(record.schedule), record.schedule.time_zone


def _drawn_hours(record: Record) -> dict[str, str | None]:
    """A draft has hours as a column, in words."""
    if not isinstance(record, StallZone | Facility):
        return {}
    hours = _hours(record)
    return {"hours": hours[0] if hours else None}


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
