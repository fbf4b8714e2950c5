"""Areas into memory: all of them once, and then only what changed.

A row version is known by its number and the transaction that wrote it. What is known already is
taken over with its shape, so that a change of one grid costs one grid, whatever way it was made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, Engine, text

from data.live.snapshots import revision_in, snapshot
from geo.locating import AreaIndex, Label

Versions = npt.NDArray[np.int64]
Kinds = dict[str, tuple[bool, bool]]
"""Whether a kind is exclusive, and whether it is public."""

# Rows are fetched in portions, and between two of them others may run: a long grip on the
# interpreter would make every request wait.
_PORTION = 500

# In the order of bytes, which is Python's, whatever the language of the database.
_VERSIONS = """
    SELECT string_agg(id || ' ' || xmin, ' ' ORDER BY kind COLLATE "C", code COLLATE "C")
    FROM city.areas WHERE valid @> CAST(:at AS timestamptz)
"""
_ROWS = """
    SELECT id, kind, code, name, name_en, ST_AsBinary(geom) FROM city.areas
    WHERE id = ANY(CAST(:ids AS bigint[]))
"""
_CHANGES = """
    SELECT max(instant) FILTER (WHERE instant <= :at), min(instant) FILTER (WHERE instant > :at)
    FROM (SELECT lower(valid) AS instant FROM city.areas
        UNION ALL SELECT upper(valid) FROM city.areas) AS changes
"""
_KINDS = "SELECT slug, is_exclusive, is_public FROM city.kinds WHERE family = 'area'"


@dataclass(frozen=True, slots=True)
class LoadedAreas:
    """An index, and of which row versions it was built."""

    index: AreaIndex
    versions: Versions
    kinds: Kinds

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
        revision = revision_in(connection, "areas")
        kinds = {row[0]: (row[1], row[2]) for row in connection.execute(text(_KINDS))}
        versions = _versions(connection, instant)
        valid_from, valid_until = connection.execute(text(_CHANGES), {"at": instant}).one()
        usable = known if known is not None and known.kinds == kinds else None
        labels, shapes = _taken_over(usable, versions)
        missing = np.flatnonzero(shapely.is_missing(shapes))
        place = dict(zip(versions[missing, 0].tolist(), missing.tolist(), strict=True))
        for number, label, shape in _fetched(connection, list(place), kinds):
            labels[place[number]], shapes[place[number]] = label, shape
    index = AreaIndex(
        labels, shapes, revision=revision, valid_from=valid_from, valid_until=valid_until
    )
    return LoadedAreas(index, versions, kinds)


def _versions(connection: Connection, at: datetime) -> Versions:
    """Number and transaction of every valid row, in the order of the index."""
    told = connection.scalar(text(_VERSIONS), {"at": at}) or ""
    return np.fromstring(told, dtype=np.int64, sep=" ").reshape(-1, 2)


def _taken_over(
    known: LoadedAreas | None, versions: Versions
) -> tuple[list[Any], npt.NDArray[np.object_]]:
    """Labels and shapes that are known, None where they are not."""
    if known is None or not len(known.versions):
        return [None] * len(versions), np.full(len(versions), None, dtype=object)
    mine, theirs = _keys(versions), _keys(known.versions)
    order = np.argsort(theirs)
    held = order[np.searchsorted(theirs, mine, sorter=order).clip(max=len(theirs) - 1)]
    is_held = theirs[held] == mine
    labels = known.index.labels
    found = [
        labels[n] if same else None for n, same in zip(held.tolist(), is_held.tolist(), strict=True)
    ]
    shapes = known.index.shapes[held]
    shapes[~is_held] = None
    return found, shapes


def _keys(versions: Versions) -> Versions:
    """One number for each row version: transactions have 32 bits."""
    return (versions[:, 0] << 32) | versions[:, 1]


def _fetched(
    connection: Connection, numbers: list[int], kinds: Kinds
) -> Iterator[tuple[int, Label, Any]]:
    words: dict[str, str] = {}
    for start in range(0, len(numbers), _PORTION):
        asked = {"ids": numbers[start : start + _PORTION]}
        rows = connection.execute(text(_ROWS), asked).all()
        shapes = shapely.from_wkb([row[5] for row in rows])
        for (number, kind, code, name, name_en, _), shape in zip(rows, shapes, strict=True):
            # One string for each kind, not one for each area.
            kind = words.setdefault(kind, kind)
            yield number, Label(kind, code, name, name_en, *kinds[kind]), shape
        time.sleep(0.0005)
