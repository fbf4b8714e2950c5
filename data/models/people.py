"""The grid staff: who answers for which area, when on duty, where last seen. All internal."""

from __future__ import annotations

from datetime import date, datetime

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import DATERANGE, TIMESTAMP, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, Base, Keyed, geometry, sound_geometry

_OFFICER = f"{CITY}.officers.code"


def lasting() -> CheckConstraint:
    """Return the rule that a time from when to when is not empty."""
    return CheckConstraint("NOT isempty(during)", name="during")


class OfficerRow(Base):
    """A member of the grid staff."""

    __tablename__ = "officers"
    __table_args__ = (
        {"schema": CITY, "comment": "网格人员 · grid staff; personal data, internal only"},
    )

    code: Mapped[str] = mapped_column(primary_key=True, comment="工号 · staff number")
    name: Mapped[str] = mapped_column(comment="姓名 · name")
    phone: Mapped[str] = mapped_column(server_default="", comment="电话 · phone")


class AssignmentRow(Keyed, Base):
    """Who answers for an area, in which role, from when to when."""

    __tablename__ = "assignments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["family", "role"], [f"{CITY}.kinds.family", f"{CITY}.kinds.slug"], name="fk_role"
        ),
        lasting(),
        ExcludeConstraint(
            ("officer_code", "="),
            ("role", "="),
            ("area_kind", "="),
            ("area_code", "="),
            ("during", "&&"),
            name="ex_assignments_once",
        ),
        Index("ix_assignments_area", "area_kind", "area_code"),
        {"schema": CITY, "comment": "责任分工 · who answers for which area in which role"},
    )

    family: Mapped[str] = mapped_column(
        Text, Computed("'officer_role'::text", persisted=True), comment="大类 · always officer_role"
    )
    officer_code: Mapped[str] = mapped_column(ForeignKey(_OFFICER), comment="工号 · staff number")
    role: Mapped[str] = mapped_column(comment="岗位 · role")
    area_kind: Mapped[str] = mapped_column(comment="区域类型 · kind of the area")
    area_code: Mapped[str] = mapped_column(comment="区域编号 · code of the area")
    during: Mapped[Range[date]] = mapped_column(DATERANGE, comment="任期 · from when to when")


class ShiftRow(Keyed, Base):
    """When an officer is on duty, week by week."""

    __tablename__ = "shifts"
    __table_args__ = (
        lasting(),
        ExcludeConstraint(("officer_code", "="), ("during", "&&"), name="ex_shifts_once"),
        {"schema": CITY, "comment": "班次 · when each officer is on duty"},
    )

    officer_code: Mapped[str] = mapped_column(ForeignKey(_OFFICER), comment="工号 · staff number")
    schedule_id: Mapped[int] = mapped_column(
        ForeignKey(f"{CITY}.schedules.id"), comment="值班时间 · hours of duty"
    )
    during: Mapped[Range[date]] = mapped_column(DATERANGE, comment="执行期 · from when to when")


class PositionRow(Base):
    """The last known place of an officer: sensitive, live, never public."""

    __tablename__ = "positions"
    __table_args__ = (
        sound_geometry(),
        CheckConstraint("accuracy_m >= 0", name="accuracy_m"),
        Index("ix_positions_geom", "geom", postgresql_using="gist"),
        {
            "schema": CITY,
            "comment": "实时位置（内部） · last known place of each officer, internal",
        },
    )

    officer_code: Mapped[str] = mapped_column(
        ForeignKey(_OFFICER), primary_key=True, comment="工号 · staff number"
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"), comment="位置 · place, WGS 84")
    observed_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), comment="定位时间 · when the device was there"
    )
    accuracy_m: Mapped[float | None] = mapped_column(comment="精度（米） · accuracy, metres")
