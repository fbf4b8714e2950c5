"""What all tables share: names of constraints, the columns of a published row, comments."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CITY = "city"
PLAN = "plan"
SRID = 4326

# Constraints get names by rule, so that a migration can drop what it did not name itself.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base; `Base.metadata` is the whole schema."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Text}


class Keyed:
    """A row with a number of its own."""

    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, sort_order=-10, comment="行号 · row number"
    )


class Versioned(Keyed):
    """A published row: it is valid from one publication to another and never deleted.

    That is how "which grid was this in on that date" always has an answer.
    """

    generation: Mapped[int] = mapped_column(
        ForeignKey(f"{CITY}.generations.id"),
        sort_order=90,
        comment="发布批次 · the publication that wrote this row",
    )
    valid: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE,
        sort_order=91,
        server_default=text("tstzrange(now(), NULL)"),
        comment="有效期 · from when to when this row holds; open-ended is today's",
    )


class Drafted(Keyed):
    """A planner's row: one per thing, edited freely, seen by the public only after publishing.

    Triggers fill these columns, whatever a client sends; of `base_version` nothing stays.
    """

    # An integer, unlike all other numbers of rows: QGIS merges areas by it (see migration 0007).
    id: Mapped[int] = mapped_column(
        Integer, Identity(), primary_key=True, sort_order=-10, comment="行号 · row number"
    )
    row_version: Mapped[int] = mapped_column(
        BigInteger,
        server_default="1",
        sort_order=88,
        comment="行版本 · raised by every change of the row",
    )
    base_version: Mapped[int | None] = mapped_column(
        BigInteger,
        sort_order=89,
        comment="所依据的版本 · the version that an edit started from, sent with it; empty at rest",
    )
    edited_by: Mapped[str] = mapped_column(
        server_default=text("session_user"), sort_order=90, comment="编辑人 · who edited last"
    )
    edited_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True),
        server_default=text("now()"),
        sort_order=91,
        comment="编辑时间 · when edited last",
    )


def geometry(geometry_type: str) -> Geometry:
    """Return a typed WGS 84 geometry column type.

    Its index is declared by name beside it: with `spatial_index=True` a migration that Alembic
    writes by itself would create the index twice.
    """
    return Geometry(geometry_type, srid=SRID, spatial_index=False)


def drawn() -> Geometry:
    """Return the column type of a planner's geometry: `drawn_as` says which it must be.

    A type in the column would be judged before any trigger, and refuse what a trigger brings to it:
    single polygons, heights, curves.
    """
    return Geometry(None, srid=-1, spatial_index=False)


def drawn_as(geometry_type: str | None = None) -> tuple[CheckConstraint, ...]:
    """Return the rules that `geometry_columns` reads a planner's column's type and system from."""
    same = () if geometry_type is None else (f"GeometryType(geom) = '{geometry_type}'",)
    rules = ("ST_SRID(geom) = 4326", "ST_NDims(geom) = 2", *same)
    names = ("srid", "dimensions", "geometry_type")
    return tuple(CheckConstraint(rule, name=name) for rule, name in zip(rules, names, strict=False))


def sound_geometry(name: str = "geom") -> CheckConstraint:
    """Return the rule that a geometry is valid, not empty, and within the ranges of lon and lat."""
    return CheckConstraint(
        f"ST_IsValid({name}) AND NOT ST_IsEmpty({name}) "
        f"AND ST_MakeEnvelope(-180, -90, 180, 90, {SRID}) ~ {name}",
        name="sound_geometry",
    )
