"""Lists that are data, not code: kinds, national code lists, calendars, opening hours."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, Base, Keyed

FAMILIES = ("area", "stall_zone", "facility", "officer_role", "event")


class KindRow(Base):
    """A kind of area, stall zone, facility, event or officer role."""

    __tablename__ = "kinds"
    __table_args__ = (
        CheckConstraint(f"family IN {FAMILIES}", name="family"),
        CheckConstraint("slug ~ '^[a-z][a-z0-9_]*$'", name="slug"),
        {"schema": CITY, "comment": "类型 · kinds, with names in both languages; data, not code"},
    )

    family: Mapped[str] = mapped_column(primary_key=True, comment="大类 · what it is a kind of")
    slug: Mapped[str] = mapped_column(primary_key=True, comment="标识 · the word used in addresses")
    name_zh: Mapped[str] = mapped_column(comment="中文名 · Chinese name")
    name_en: Mapped[str] = mapped_column(comment="英文名 · English name")
    is_public: Mapped[bool] = mapped_column(
        server_default="false",
        comment="是否公开 · whether the public may see it; closed by default",
    )
    is_exclusive: Mapped[bool] = mapped_column(
        server_default="false", comment="是否互斥 · whether areas of this kind never overlap"
    )
    national_code: Mapped[str | None] = mapped_column(
        comment="国标代码 · code in the national list of components, where one is known"
    )


class CodeListRow(Base):
    """One entry of a published code list, by scheme and version."""

    __tablename__ = "code_lists"
    __table_args__ = (
        {"schema": CITY, "comment": "代码表 · published code lists: the same code differs by list"},
    )

    scheme: Mapped[str] = mapped_column(primary_key=True, comment="代码体系 · which list")
    version: Mapped[str] = mapped_column(primary_key=True, comment="版本 · edition of the list")
    code: Mapped[str] = mapped_column(primary_key=True, comment="代码 · the code")
    name_zh: Mapped[str] = mapped_column(comment="中文名 · Chinese name")
    name_en: Mapped[str] = mapped_column(server_default="", comment="英文名 · English name")
    is_extension: Mapped[bool] = mapped_column(
        server_default="false", comment="是否扩展 · whether the city added it"
    )


class CalendarDayRow(Base):
    """A public holiday, or a weekend day that is worked in exchange."""

    __tablename__ = "calendar_days"
    __table_args__ = (
        CheckConstraint("kind IN ('PH','Mo','Tu','We','Th','Fr','Sa','Su')", name="kind"),
        {"schema": CITY, "comment": "节假日与调休 · public holidays and make-up workdays"},
    )

    day: Mapped[date] = mapped_column(primary_key=True, comment="日期 · the day")
    kind: Mapped[str] = mapped_column(
        comment="按何日执行 · PH for a holiday, or the weekday whose hours a make-up workday has"
    )
    name_zh: Mapped[str] = mapped_column(comment="中文名 · Chinese name")
    name_en: Mapped[str] = mapped_column(comment="英文名 · English name")


class CalendarYearRow(Base):
    """A year whose holidays have been announced; later years are unknown, and answers say so."""

    __tablename__ = "calendar_years"
    __table_args__ = (
        {"schema": CITY, "comment": "已公布年份 · years whose holidays have been announced"},
    )

    year: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="年份 · the year"
    )
    source: Mapped[str] = mapped_column(comment="来源 · where the days were taken from")


class ScheduleRow(Keyed, Base):
    """Opening hours; many places share one row, and a row never changes."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("hours", "time_zone"),
        {"schema": CITY, "comment": "开放时间 · opening hours; shared by places, never edited"},
    )

    hours: Mapped[str] = mapped_column(comment="时间规则 · hours, in OSM opening_hours notation")
    time_zone: Mapped[str] = mapped_column(
        server_default="Asia/Shanghai", comment="时区 · time zone of the hours"
    )


class OverrideRow(Keyed, Base):
    """A dated exception to the hours of one place, or of all places of a kind."""

    __tablename__ = "overrides"
    __table_args__ = (
        CheckConstraint("NOT isempty(dates)", name="dates"),
        {"schema": CITY, "comment": "临时调整 · dated exceptions: festivals, notices, weather"},
    )

    family: Mapped[str] = mapped_column(comment="大类 · stall_zone or facility")
    kind: Mapped[str] = mapped_column(comment="类型 · the kind it holds for")
    code: Mapped[str | None] = mapped_column(comment="编号 · the place; empty: all of the kind")
    dates: Mapped[Range[date]] = mapped_column(DATERANGE, comment="日期 · the days it holds")
    opens: Mapped[bool] = mapped_column(comment="开或闭 · opens what is closed, or closes")
    hours: Mapped[str | None] = mapped_column(
        comment="当日时间 · hours of those days, if not all day"
    )
    reason_zh: Mapped[str] = mapped_column(
        server_default="", comment="中文原因 · reason in Chinese"
    )
    reason_en: Mapped[str] = mapped_column(
        server_default="", comment="英文原因 · reason in English"
    )
