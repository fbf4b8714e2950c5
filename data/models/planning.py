"""What surrounds the plan: rules, words of refusals, what the check found and has yet to see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, PLAN, Base, Keyed, geometry

SEVERITIES = ("error", "warning", "notice")
PUBLICATION_STATES = ("waiting", "done", "failed", "cancelled")
CHANGES = ("added", "changed", "withdrawn")


class RuleRow(Base):
    """A rule of the plan that a city may set: whether it is on, how grave, with which numbers."""

    __tablename__ = "rules"
    __table_args__ = (
        CheckConstraint(f"severity IN {SEVERITIES}", name="severity"),
        CheckConstraint("distance_m BETWEEN 0 AND 1000", name="distance_m"),
        CheckConstraint("area_m2 BETWEEN 0 AND 1000000", name="area_m2"),
        {"schema": PLAN, "comment": "检查规则 · rules of the plan; planners set their values"},
    )

    rule: Mapped[str] = mapped_column(primary_key=True, comment="规则 · the rule")
    severity: Mapped[str] = mapped_column(comment="严重程度 · error, warning or notice")
    is_on: Mapped[bool] = mapped_column(
        server_default="true", comment="是否启用 · whether it is judged at all"
    )
    distance_m: Mapped[float | None] = mapped_column(
        comment="距离（米） · the rule's distance or tolerance, metres"
    )
    area_m2: Mapped[float | None] = mapped_column(
        comment="面积（平方米） · the rule's area or tolerance, square metres"
    )
    words_zh: Mapped[str] = mapped_column(comment="中文说明 · what it asks, in Chinese")
    words_en: Mapped[str] = mapped_column(comment="英文说明 · what it asks, in English")
    edited_by: Mapped[str] = mapped_column(
        server_default=text("session_user"), comment="编辑人 · who set it last"
    )
    edited_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True),
        server_default=text("now()"),
        comment="编辑时间 · when it was set last",
    )


class MessageRow(Base):
    """What a planner is told when a row is refused; shipped, loaded anew at every migration."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("sqlstate ~ '^TG[0-9A-Z]{3}$'", name="sqlstate"),
        {"schema": PLAN, "comment": "提示用语 · what planners are told, in both languages"},
    )

    key: Mapped[str] = mapped_column(
        primary_key=True, comment="代号 · which message; reasons of PostGIS under their own words"
    )
    sqlstate: Mapped[str] = mapped_column(comment="错误码 · SQLSTATE that programs see")
    zh: Mapped[str] = mapped_column(comment="中文 · what is wrong, in Chinese")
    en: Mapped[str] = mapped_column(comment="英文 · what is wrong, in English")
    hint_zh: Mapped[str] = mapped_column(comment="中文建议 · the remedy, in Chinese")
    hint_en: Mapped[str] = mapped_column(comment="英文建议 · the remedy, in English")


class PatternRow(Base):
    """A regular expression that texts are held against; those of hours come from `geo.hours`."""

    __tablename__ = "patterns"
    __table_args__ = (
        {"schema": PLAN, "comment": "文字格式 · patterns that codes and opening hours must match"},
    )

    name: Mapped[str] = mapped_column(primary_key=True, comment="名称 · what it is a pattern of")
    pattern: Mapped[str] = mapped_column(comment="格式 · the regular expression")


class FindingRow(Keyed, Base):
    """Something in the plan that a planner should look at."""

    __tablename__ = "findings"
    __table_args__ = (
        CheckConstraint(f"severity IN {SEVERITIES}", name="severity"),
        Index("ix_findings_features", "features", postgresql_using="gin"),
        Index("ix_findings_place", "place", postgresql_using="gist"),
        {"schema": PLAN, "comment": "检查结果 · what the check of the plan found"},
    )

    key: Mapped[str] = mapped_column(
        unique=True, comment="键 · the same for the same finding in every check"
    )
    rule: Mapped[str] = mapped_column(comment="规则 · rule that it breaks")
    severity: Mapped[str] = mapped_column(comment="严重程度 · error, warning or notice")
    layer: Mapped[str] = mapped_column(comment="图层 · layer of the features")
    features: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="要素 · the features, as kind:code"
    )
    place: Mapped[WKBElement | None] = mapped_column(
        geometry("POINT"), comment="位置 · where to look, WGS 84"
    )
    shape: Mapped[WKBElement | None] = mapped_column(
        geometry("GEOMETRY"), comment="范围 · what offends, WGS 84"
    )
    words_zh: Mapped[str] = mapped_column(comment="中文说明 · what is wrong, in Chinese")
    words_en: Mapped[str] = mapped_column(comment="英文说明 · what is wrong, in English")
    hint_zh: Mapped[str] = mapped_column(
        server_default="", comment="中文建议 · the remedy, in Chinese"
    )
    hint_en: Mapped[str] = mapped_column(
        server_default="", comment="英文建议 · the remedy, in English"
    )
    found_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="发现时间 · when"
    )
    lost_by: Mapped[str | None] = mapped_column(
        comment="受影响的人 · whose edit was overwritten, and who may settle it"
    )
    kind: Mapped[str] = mapped_column(
        server_default="", comment="类型 · kind that is judged; with a gap, of what is missing"
    )
    size_m2: Mapped[float | None] = mapped_column(comment="面积（平方米） · area of the shape, m2")


class DirtyRow(Base):
    """A change that the check has not looked at yet; whoever checks takes the row away.

    What the row was before and after is in `city.history`, under the same number.
    """

    __tablename__ = "dirty"
    __table_args__ = (
        {"schema": PLAN, "comment": "待检查 · changes that the check has not looked at yet"},
    )

    change: Mapped[int] = mapped_column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="变更号 · number of the change in city.history",
    )


class CityPieceRow(Keyed, Base):
    """A piece of the city's outline, few enough points to be looked at in every save."""

    __tablename__ = "city_pieces"
    __table_args__ = (
        Index("ix_city_pieces_geom", "geom", postgresql_using="gist"),
        {
            "schema": PLAN,
            "comment": "城市范围分块 · the city's outline in pieces, kept by triggers",
        },
    )

    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"), comment="范围 · a piece, WGS 84")
    is_square: Mapped[bool] = mapped_column(
        comment="是否方格 · whether it is one of the overlapping squares inside, or a true piece"
    )


class CheckRow(Keyed, Base):
    """A check of the plan. The next one judges only what changed, if its grounds are the same.

    Checks and publications go one after the other: each locks this table first.
    """

    __tablename__ = "checks"
    __table_args__ = ({"schema": PLAN, "comment": "检查记录 · checks of the plan"},)

    checked_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="检查时间 · when"
    )
    is_full: Mapped[bool] = mapped_column(
        comment="是否全部检查 · whether all was judged, or what had changed"
    )
    grounds: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="依据 · rules, day and revisions that it was judged by"
    )


class PublicationRow(Keyed, Base):
    """What is to be published: frozen as it was judged, in effect at once or at its date."""

    __tablename__ = "publications"
    __table_args__ = (
        CheckConstraint(f"state IN {PUBLICATION_STATES}", name="state"),
        CheckConstraint("(state = 'done') = (generation IS NOT NULL)", name="generation"),
        {"schema": PLAN, "comment": "发布任务 · publications of the plan: done, waiting, failed"},
    )

    made_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True),
        server_default=text("now()"),
        comment="提交时间 · when it was asked",
    )
    made_by: Mapped[str] = mapped_column(comment="发布人 · who")
    note: Mapped[str] = mapped_column(comment="说明 · what for")
    takes_effect_at: Mapped[datetime | None] = mapped_column(
        TIMESTAMP(timezone=True), comment="生效时间 · from when it holds; empty: at once"
    )
    state: Mapped[str] = mapped_column(
        server_default="waiting", comment="状态 · waiting, done, failed or cancelled"
    )
    reason: Mapped[str] = mapped_column(server_default="", comment="原因 · why it failed")
    generation: Mapped[int | None] = mapped_column(
        ForeignKey(f"{CITY}.generations.id"), comment="发布批次 · what it became"
    )


class PublicationFeatureRow(Base):
    """One feature of a publication, frozen; taken away once it is published."""

    __tablename__ = "publication_features"
    __table_args__ = (
        CheckConstraint(f"change IN {CHANGES}", name="change"),
        CheckConstraint("(change = 'withdrawn') = (record IS NULL)", name="record"),
        {"schema": PLAN, "comment": "发布内容 · frozen features of publications that wait"},
    )

    publication: Mapped[int] = mapped_column(
        ForeignKey(f"{PLAN}.publications.id", ondelete="CASCADE"),
        primary_key=True,
        comment="发布任务 · the publication",
    )
    layer: Mapped[str] = mapped_column(primary_key=True, comment="图层 · layer")
    feature: Mapped[str] = mapped_column(primary_key=True, comment="要素 · the feature, kind:code")
    change: Mapped[str] = mapped_column(comment="变化 · added, changed or withdrawn")
    base_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="依据 · number of the published row that it replaces"
    )
    draft_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="编辑行号 · number of the draft that was frozen"
    )
    draft_version: Mapped[int | None] = mapped_column(
        BigInteger, comment="编辑版本 · version of the draft that was frozen"
    )
    former_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="原编号 · number of the published row that it was under another code"
    )
    record: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, comment="内容 · the columns, without the shape"
    )
    geom: Mapped[WKBElement | None] = mapped_column(
        geometry("GEOMETRY"), comment="范围 · the shape, WGS 84"
    )


class LineageRow(Base):
    """Where ground went: of areas split, merged or cut anew, of a stall zone with another code."""

    __tablename__ = "lineage"
    __table_args__ = (
        CheckConstraint("share > 0 AND share <= 1", name="share"),
        {"schema": CITY, "comment": "区域和疏导区沿革 · which areas and stall zones became which"},
    )

    generation: Mapped[int] = mapped_column(
        ForeignKey(f"{CITY}.generations.id"),
        primary_key=True,
        comment="发布批次 · the publication",
    )
    kind: Mapped[str] = mapped_column(primary_key=True, comment="类型 · kind of the areas or zones")
    from_code: Mapped[str] = mapped_column(primary_key=True, comment="原编号 · code before")
    to_code: Mapped[str] = mapped_column(primary_key=True, comment="新编号 · code after")
    share: Mapped[float] = mapped_column(
        comment="份额 · share of the ground before that the other holds, up to 1"
    )
