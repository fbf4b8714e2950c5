"""What differs between what planners drew and what is published, and what a publication changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data.layers import LAYERS, Layer
from data.queries.rows import shape_of
from geo.errors import NotFound
from geo.measure import area_m2, distance_m, lonlat_of

Kind = Literal["added", "changed", "withdrawn"]
_SCHEDULED = ("stall_zones", "facilities")
_FORMER_NOW = """
    CASE d.change WHEN 'added' THEN (SELECT z.code FROM plan.former_zone(d.draft_id) AS f
        JOIN city.stall_zones AS z ON z.id = f.id) END
"""
_FORMER_THEN = """
    (SELECT l.from_code FROM city.lineage AS l
        WHERE l.generation = a.generation AND l.kind = a.kind AND l.to_code = code)
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A column that differs, before and after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Changed:
    """One feature that differs: as it was, as it is to be, and who drew it.

    `before` and `after` are its columns without the shape, None where it was not or will not be.
    `publication` is the number of one that waits for its date with just this; `former` the code
    that a stall zone had before: under that one it is withdrawn.
    """

    layer: str
    feature: str
    change: Kind
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    old: BaseGeometry | None
    new: BaseGeometry | None
    edited_by: str | None = None
    edited_at: datetime | None = None
    publication: int | None = None
    former: str | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns that differ, in the order of their names; none of what came or went."""
        if self.before is None or self.after is None:
            return ()
        names = sorted(name for name in self.after if self.before.get(name) != self.after[name])
        return tuple(Field(name, self.before.get(name), self.after[name]) for name in names)

    @property
    def moved_m(self) -> float | None:
        """How far its middle moved, metres; None where the shape is the same."""
        if self.old is None or self.new is None or self.old.equals_exact(self.new):
            return None
        middles = (lonlat_of(shape.centroid) for shape in (self.old, self.new))
        return distance_m(*middles)

    @property
    def grown_m2(self) -> float | None:
        """By how much its area grew, square metres; None where the shape is the same."""
        if self.moved_m is None or self.old is None or self.new is None:
            return None
        return area_m2(self.new) - area_m2(self.old)

    def __str__(self) -> str:
        name = (self.after or self.before or {}).get("name") or ""
        told = [] if self.former is None else [f"was {self.former}"]
        told += [f"{field.name}: {field.before!r} -> {field.after!r}" for field in self.fields]
        if self.moved_m is not None:
            told.append(f"shape: moved {self.moved_m:.1f} m, {self.grown_m2:+,.0f} m²")
        if self.publication is not None:
            told.append(f"waits as {self.publication}")
        detail = f" ({'; '.join(told)})" if told else ""
        return f"{self.change} {self.layer} {self.feature} {name}".rstrip() + detail


def changes_now(session: Session) -> list[Changed]:
    """Return how the drafts differ from what is published, by layer and feature."""
    return [one for layer in LAYERS for one in _now(session, layer)]


def changes_of(session: Session, generation: int) -> list[Changed]:
    """Return what a publication changed; raises `NotFound` where there is none of that number."""
    asked = text("SELECT published_at FROM city.generations WHERE id = :generation")
    instant = session.scalar(asked, {"generation": generation})
    if instant is None:
        raise NotFound(f"there is no generation {generation}; `tidegrid plan history` shows all")
    return [one for layer in LAYERS for one in _then(session, layer, generation, instant)]


def _now(session: Session, layer: Layer) -> Iterator[Changed]:
    rows = session.execute(
        text(f"""
            SELECT d.*, plan.record_of(to_jsonb(p)) AS after, {_record(layer, "c")} AS before,
                ST_AsBinary(p.geom) AS new, ST_AsBinary(c.geom) AS old,
                {_FORMER_NOW if layer.name == "stall_zones" else "NULL"} AS former
            FROM plan.changes AS d
            LEFT JOIN plan.{layer.name} AS p ON p.id = d.draft_id
            LEFT JOIN city.{layer.name} AS c ON c.id = d.base_id
            WHERE d.layer = '{layer.name}' ORDER BY d.feature COLLATE "C"
        """)
    )
    for row in rows:
        yield _changed(row, row.edited_by, row.edited_at, row.publication)


def _then(session: Session, layer: Layer, generation: int, instant: datetime) -> Iterator[Changed]:
    rows = session.execute(
        text(f"""
            SELECT '{layer.name}' AS layer,
                plan.id_of('{layer.name}', coalesce(r.after, r.before)) AS feature, r.*
            FROM (
                SELECT CASE WHEN b.id IS NULL THEN 'added' WHEN a.id IS NULL THEN 'withdrawn'
                        ELSE 'changed' END AS change,
                    {_record(layer, "a")} AS after, {_record(layer, "b")} AS before,
                    ST_AsBinary(a.geom) AS new, ST_AsBinary(b.geom) AS old,
                    {_FORMER_THEN if layer.name == "stall_zones" else "NULL"} AS former
                FROM (SELECT * FROM city.{layer.name} WHERE generation = :generation) AS a
                FULL JOIN (SELECT * FROM city.{layer.name} WHERE upper(valid) = :instant) AS b
                    USING ({", ".join(layer.key)})
            ) AS r ORDER BY feature
        """),
        {"generation": generation, "instant": instant},
    )
    for row in rows:
        yield _changed(row, None, None, None)


def _record(layer: Layer, row: str) -> str:
    """What a published row shows; its hours are kept apart from it."""
    shown = f"plan.record_of(to_jsonb({row}))"
    if layer.name not in _SCHEDULED:
        return shown
    hours = f"SELECT s.hours FROM city.schedules AS s WHERE s.id = {row}.schedule_id"
    return f"{shown} || jsonb_build_object('hours', ({hours}))"


def _changed(
    row: Row[Any], by: str | None, at: datetime | None, publication: int | None
) -> Changed:
    old, new = (None if wkb is None else shape_of(wkb) for wkb in (row.old, row.new))
    return Changed(
        row.layer,
        row.feature,
        row.change,
        row.before,
        row.after,
        old,
        new,
        by,
        at,
        publication,
        row.former,
    )
