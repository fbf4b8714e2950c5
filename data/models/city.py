"""What is published (schema `city`) and what planners edit (schema `plan`), said once for both."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import (
    CITY,
    PLAN,
    Base,
    Drafted,
    Versioned,
    drawn,
    drawn_as,
    geometry,
    sound_geometry,
)

STATES = ("normal", "damaged", "lost", "suspended", "closed")


def of_kind() -> ForeignKeyConstraint:
    """Return the rule that the kind is one of the table's family."""
    return ForeignKeyConstraint(
        ["family", "kind"], [f"{CITY}.kinds.family", f"{CITY}.kinds.slug"], name="fk_kind"
    )


def one_at_a_time(*columns: str, table: str) -> ExcludeConstraint:
    """Return the rule that the columns name one valid row at any instant."""
    return ExcludeConstraint(
        *((column, "=") for column in columns), ("valid", "&&"), name=f"ex_{table}_code"
    )


def coded() -> CheckConstraint:
    """Return the rule that a code is a visible word without blanks around it."""
    return CheckConstraint("code = btrim(code) AND code <> ''", name="code")


def known_state() -> CheckConstraint:
    """Return the rule that the state is one of ours."""
    return CheckConstraint(f"state IN {STATES}", name="state")


def positive_capacity() -> CheckConstraint:
    """Return the rule that a zone without stalls is not a zone; unknown is allowed."""
    return CheckConstraint("capacity > 0", name="capacity")


def in_order(*lists: str) -> CheckConstraint:
    """Return the rule that attributes are an object, and no list holds nothing at a place."""
    full = (f"array_position({name}, NULL) IS NULL" for name in lists)
    return CheckConstraint(
        " AND ".join(["jsonb_typeof(attributes) = 'object'", *full]), name="in_order"
    )


def point_or_polygon() -> CheckConstraint:
    """Return the rule that a facility is a point or a polygon."""
    return CheckConstraint(
        # With = or IN, `geometry_columns` would take the first of them for the column's type.
        "ARRAY[GeometryType(geom)] <@ ARRAY['POINT', 'POLYGON', 'MULTIPOLYGON']",
        name="geometry_type",
    )


class Named:
    """What areas, stall zones and facilities have in common."""

    kind: Mapped[str] = mapped_column(comment="类型 · kind", sort_order=-9)
    code: Mapped[str] = mapped_column(comment="编号 · human code", sort_order=-8)
    name: Mapped[str] = mapped_column(comment="名称 · name", sort_order=-7)
    name_en: Mapped[str] = mapped_column(
        server_default="", comment="英文名称 · name in English", sort_order=-6
    )
    attributes: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), comment="其他属性 · the kind's own attributes"
    )


class AreaColumns(Named):
    """A polygon of a kind."""

    family: Mapped[str] = mapped_column(
        Text, Computed("'area'::text", persisted=True), comment="大类 · always area"
    )
    parent_code: Mapped[str | None] = mapped_column(comment="上级编号 · code of the area above")
    geom: Mapped[WKBElement] = mapped_column(
        geometry("MULTIPOLYGON"), comment="范围 · extent, WGS 84"
    )


class StallZoneColumns(Named):
    """A place for street stalls."""

    family: Mapped[str] = mapped_column(
        Text, Computed("'stall_zone'::text", persisted=True), comment="大类 · always stall_zone"
    )
    capacity: Mapped[int | None] = mapped_column(comment="摊位数 · number of stalls")
    goods: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="经营范围 · goods allowed"
    )
    goods_banned: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="禁止经营 · goods not allowed"
    )
    address: Mapped[str] = mapped_column(server_default="", comment="地址 · where, in words")
    rules: Mapped[str] = mapped_column(server_default="", comment="管理规定 · rules")
    fee: Mapped[str] = mapped_column(server_default="", comment="收费 · fee")
    how_to_apply: Mapped[str] = mapped_column(
        server_default="", comment="怎样申请 · how to apply for a stall"
    )
    manager: Mapped[str] = mapped_column(server_default="", comment="管理单位 · managing body")
    duty_phone: Mapped[str] = mapped_column(
        server_default="", comment="值班电话（公开） · phone on duty, public"
    )
    phone: Mapped[str] = mapped_column(
        server_default="", comment="联系电话（内部） · phone of the manager, internal"
    )
    geom: Mapped[WKBElement] = mapped_column(
        geometry("MULTIPOLYGON"), comment="范围 · extent, WGS 84"
    )


class StallColumns:
    """A numbered place in a stall zone."""

    zone_code: Mapped[str] = mapped_column(comment="疏导区编号 · code of the stall zone")
    number: Mapped[str] = mapped_column(comment="摊位号 · number of the stall in its zone")
    goods: Mapped[str] = mapped_column(server_default="", comment="经营品类 · goods")
    state: Mapped[str] = mapped_column(server_default="normal", comment="状态 · state")
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"), comment="位置 · place, WGS 84")


class FacilityColumns(Named):
    """A bin, toilet, park, car park, charger, camera...: point or polygon."""

    family: Mapped[str] = mapped_column(
        Text, Computed("'facility'::text", persisted=True), comment="大类 · always facility"
    )
    state: Mapped[str] = mapped_column(server_default="normal", comment="状态 · state")
    address: Mapped[str] = mapped_column(server_default="", comment="地址 · where, in words")
    geom: Mapped[WKBElement] = mapped_column(
        geometry("GEOMETRY"), comment="位置或范围 · point or polygon, WGS 84"
    )


class Scheduled:
    """A published thing with opening hours."""

    schedule_id: Mapped[int | None] = mapped_column(
        ForeignKey(f"{CITY}.schedules.id"), comment="开放时间 · opening hours", sort_order=80
    )


class DraftScheduled:
    """A planner's thing with opening hours, written as text."""

    hours: Mapped[str | None] = mapped_column(
        comment="开放时间 · opening hours, like Mo-Fr 06:00-08:30,17:00-19:30", sort_order=80
    )


class AreaRow(AreaColumns, Versioned, Base):
    """A published area."""

    __tablename__ = "areas"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order(),
        sound_geometry(),
        one_at_a_time("kind", "code", table="areas"),
        Index("ix_areas_geom", "geom", postgresql_using="gist"),
        {"schema": CITY, "comment": "区域 · areas of every kind, with the time they were valid"},
    )


class StallZoneRow(StallZoneColumns, Scheduled, Versioned, Base):
    """A published stall zone."""

    __tablename__ = "stall_zones"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order("goods", "goods_banned"),
        positive_capacity(),
        sound_geometry(),
        one_at_a_time("code", table="stall_zones"),
        Index("ix_stall_zones_geom", "geom", postgresql_using="gist"),
        {"schema": CITY, "comment": "潮汐摊位疏导区 · tidal stall zones"},
    )


class StallRow(StallColumns, Versioned, Base):
    """A published stall."""

    __tablename__ = "stalls"
    __table_args__ = (
        known_state(),
        sound_geometry(),
        one_at_a_time("zone_code", "number", table="stalls"),
        Index("ix_stalls_geom", "geom", postgresql_using="gist"),
        {"schema": CITY, "comment": "摊位 · numbered places in stall zones"},
    )


class FacilityRow(FacilityColumns, Scheduled, Versioned, Base):
    """A published facility."""

    __tablename__ = "facilities"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order(),
        known_state(),
        point_or_polygon(),
        sound_geometry(),
        one_at_a_time("kind", "code", table="facilities"),
        Index("ix_facilities_geom", "geom", postgresql_using="gist"),
        {"schema": CITY, "comment": "设施部件 · facilities: bins, toilets, cameras and the like"},
    )


class AreaDraft(AreaColumns, Drafted, Base):
    """A planner's area."""

    __tablename__ = "areas"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order(),
        *drawn_as("MULTIPOLYGON"),
        UniqueConstraint("kind", "code"),
        Index("ix_plan_areas_geom", "geom", postgresql_using="gist"),
        {"schema": PLAN, "comment": "区域（编辑） · areas as planners draw them"},
    )

    geom: Mapped[WKBElement] = mapped_column(drawn(), comment="范围 · extent, WGS 84")


class StallZoneDraft(StallZoneColumns, DraftScheduled, Drafted, Base):
    """A planner's stall zone."""

    __tablename__ = "stall_zones"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order("goods", "goods_banned"),
        positive_capacity(),
        *drawn_as("MULTIPOLYGON"),
        UniqueConstraint("code"),
        Index("ix_plan_stall_zones_geom", "geom", postgresql_using="gist"),
        {"schema": PLAN, "comment": "潮汐摊位疏导区（编辑） · stall zones as planners draw them"},
    )

    geom: Mapped[WKBElement] = mapped_column(drawn(), comment="范围 · extent, WGS 84")


class StallDraft(StallColumns, Drafted, Base):
    """A planner's stall."""

    __tablename__ = "stalls"
    __table_args__ = (
        known_state(),
        *drawn_as("POINT"),
        UniqueConstraint("zone_code", "number"),
        Index("ix_plan_stalls_geom", "geom", postgresql_using="gist"),
        {"schema": PLAN, "comment": "摊位（编辑） · stalls as planners draw them"},
    )

    geom: Mapped[WKBElement] = mapped_column(drawn(), comment="位置 · place, WGS 84")


class FacilityDraft(FacilityColumns, DraftScheduled, Drafted, Base):
    """A planner's facility."""

    __tablename__ = "facilities"
    __table_args__ = (
        of_kind(),
        coded(),
        in_order(),
        known_state(),
        point_or_polygon(),
        *drawn_as(),
        UniqueConstraint("kind", "code"),
        Index("ix_plan_facilities_geom", "geom", postgresql_using="gist"),
        {"schema": PLAN, "comment": "设施部件（编辑） · facilities as planners draw them"},
    )

    geom: Mapped[WKBElement] = mapped_column(
        drawn(), comment="位置或范围 · point or polygon, WGS 84"
    )
