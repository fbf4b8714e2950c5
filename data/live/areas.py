"""Areas into memory: all of them once, and then only what changed.

A row is read again when it was written by a transaction that was not finished when we read before,
or when its time has begun or ended since: so a change of one grid costs one grid, whatever way it
was made, and memory and database are compared by their count.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, Row, text

from data.live.snapshots import revision_in, snapshot
from geo.locating import AreaIndex, Label

Numbers = npt.NDArray[np.int64]
Kinds = dict[str, tuple[bool, bool]]
"""Whether a kind is exclusive, and whether it is public."""
Read = tuple[int, Label, BaseGeometry]
"""A row's number, label and shape."""

# Rows are fetched in portions, and between two of them others may run: a long grip on the
# interpreter would make every request wait.
_PORTION = 500
# More changes than that are read as a new city.
_MOST_CHANGES = 2_000

# In the order of bytes, which is Python's, whatever the language of the database.
_ALL = """
    SELECT string_agg(id::text, ' ' ORDER BY kind COLLATE "C", code COLLATE "C")
    FROM city.areas WHERE valid @> CAST(:at AS timestamptz)
"""
_ROWS = """
    SELECT id, kind, code, name, name_en, ST_AsBinary(geom) FROM city.areas
    WHERE id = ANY(CAST(:ids AS bigint[])) AND valid @> CAST(:at AS timestamptz)
"""
# One pass over the table: a second one costs as much again. A row of more than two thousand million
# transactions ago has an age below 0.
_CHANGES = """
    SELECT
        count(*) FILTER (WHERE valid @> CAST(:at AS timestamptz)) AS held,
        greatest(
            max(lower(valid)) FILTER (WHERE lower(valid) <= :at),
            max(upper(valid)) FILTER (WHERE upper(valid) <= :at)
        ) AS valid_from,
        least(
            min(lower(valid)) FILTER (WHERE lower(valid) > :at),
            min(upper(valid)) FILTER (WHERE upper(valid) > :at)
        ) AS valid_until,
        array_agg(id) FILTER (
            WHERE age(xmin) BETWEEN 0 AND age(CAST(:horizon AS xid))
            OR lower(valid) > :since AND lower(valid) <= :at
            OR upper(valid) > :since AND upper(valid) <= :at
        ) AS changed,
        age(CAST(:horizon AS xid)) < 0 AS is_rewound
    FROM city.areas
"""
_KINDS = "SELECT slug, is_exclusive, is_public FROM city.kinds WHERE family = 'area'"
# The oldest transaction that was not finished: all before it are seen.
_HORIZON = "SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS xid)"


@dataclass(frozen=True, slots=True)
class LoadedAreas:
    """An index, of which rows it was built, and as of when."""

    index: AreaIndex
    numbers: Numbers
    kinds: Kinds
    at: datetime
    horizon: str

    def refreshed(self, engine: Engine) -> LoadedAreas:
        """Return the areas valid now, reading only what is not known already."""
        return _load(engine, None, self)


def load_areas(engine: Engine, at: datetime | None = None) -> LoadedAreas:
    """Return the areas valid now, or at an instant; raises `Unavailable`."""
    return _load(engine, at, None)


def _load(engine: Engine, at: datetime | None, known: LoadedAreas | None) -> LoadedAreas:
    with snapshot(engine) as connection:
        # The database's own clock: it wrote the validity.
        instant = at or connection.scalar(text("SELECT clock_timestamp()"))
        horizon = str(connection.scalar(text(_HORIZON)))
        kinds = {row[0]: (row[1], row[2]) for row in connection.execute(text(_KINDS))}
        since, seen = (known.at, known.horizon) if known is not None else (instant, horizon)
        asked = {"at": instant, "since": since, "horizon": seen}
        changes = connection.execute(text(_CHANGES), asked).one()
        times = {
            "revision": revision_in(connection, "areas"),
            "valid_from": changes.valid_from,
            "valid_until": changes.valid_until,
        }
        found = None
        if known is not None and known.kinds == kinds:
            found = _changed(connection, known, changes, instant, times)
        index, numbers = found or _whole(connection, instant, kinds, times)
    return LoadedAreas(index, numbers, kinds, instant, horizon)


def _whole(
    connection: Connection, at: datetime, kinds: Kinds, times: dict[str, Any]
) -> tuple[AreaIndex, Numbers]:
    told = connection.scalar(text(_ALL), {"at": at}) or ""
    numbers = np.fromstring(told, dtype=np.int64, sep=" ")
    place = dict(zip(numbers.tolist(), range(len(numbers)), strict=True))
    labels: list[Any] = [None] * len(numbers)
    shapes = np.full(len(numbers), None, dtype=object)
    for number, label, shape in _fetched(connection, list(place), kinds, at):
        labels[place[number]], shapes[place[number]] = label, shape
    return AreaIndex(labels, shapes, **times), numbers


def _changed(
    connection: Connection,
    known: LoadedAreas,
    changes: Row[Any],
    at: datetime,
    times: dict[str, Any],
) -> tuple[AreaIndex, Numbers] | None:
    """The known areas with the changed ones exchanged; None when that does not add up."""
    changed: list[int] = changes.changed or []
    # A database that was put back to an older state counts its transactions again.
    if changes.is_rewound or len(changed) > _MOST_CHANGES:
        return None
    come = sorted(
        _fetched(connection, changed, known.kinds, at), key=lambda row: (row[1].kind, row[1].code)
    )
    found = _exchanged(known, np.array(changed, dtype=np.int64), come, times)
    # A row that was deleted leaves nothing that could be seen but this.
    return found if len(found[0]) == changes.held else None


def _exchanged(
    known: LoadedAreas, changed: Numbers, come: Sequence[Read], times: dict[str, Any]
) -> tuple[AreaIndex, Numbers]:
    """Leave out the areas of some rows and put others in their places."""
    kept = ~np.isin(known.numbers, changed)
    labels = list(known.index.labels)
    for position in np.flatnonzero(~kept)[::-1].tolist():
        del labels[position]
    at = [
        bisect_left(labels, (one.kind, one.code), key=lambda label: (label.kind, label.code))
        for _, one, _ in come
    ]
    for offset, (position, row) in enumerate(zip(at, come, strict=True)):
        labels.insert(position + offset, row[1])
    added = np.empty(len(come), dtype=object)
    added[:] = [shape for _, _, shape in come]
    shapes = np.insert(known.index.shapes[kept], at, added)
    numbers = np.insert(known.numbers[kept], at, [number for number, _, _ in come])
    moved = np.cumsum(kept) - 1
    moved += np.searchsorted(at, moved, side="right")
    moved[~kept] = -1
    return AreaIndex(labels, shapes, before=(known.index, moved), **times), numbers


def _fetched(
    connection: Connection, numbers: list[int], kinds: Kinds, at: datetime
) -> Iterator[Read]:
    words: dict[str, str] = {}
    for start in range(0, len(numbers), _PORTION):
        asked = {"ids": numbers[start : start + _PORTION], "at": at}
        rows = connection.execute(text(_ROWS), asked).all()
        shapes = shapely.from_wkb([row[5] for row in rows])
        for (number, kind, code, name, name_en, _), shape in zip(rows, shapes, strict=True):
            # One string for each kind, not one for each area.
            kind = words.setdefault(kind, kind)
            yield number, Label(kind, code, name, name_en, *kinds[kind]), shape
        time.sleep(0.0005)
