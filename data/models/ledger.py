"""What happened and who may ask: publications, row history, the clock, readings, tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, Base, Keyed

SCOPES = ("query", "position", "reading", "publish")


class GenerationRow(Keyed, Base):
    """One publication: all rows that it wrote carry its number."""

    __tablename__ = "generations"
    __table_args__ = ({"schema": CITY, "comment": "发布记录 · what was published when by whom"},)

    published_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="发布时间 · when"
    )
    published_by: Mapped[str] = mapped_column(comment="发布人 · who")
    note: Mapped[str] = mapped_column(server_default="", comment="说明 · what for")


class HistoryRow(Keyed, Base):
    """One change of one row, as it was and as it became."""

    __tablename__ = "history"
    __table_args__ = (
        CheckConstraint("action IN ('INSERT','UPDATE','DELETE')", name="action"),
        Index("ix_history_row", "table_name", "row_id"),
        {"schema": CITY, "comment": "变更历史 · every row change, with the row before and after"},
    )

    table_name: Mapped[str] = mapped_column(comment="表 · schema and table")
    row_id: Mapped[int] = mapped_column(BigInteger, comment="行号 · number of the row")
    action: Mapped[str] = mapped_column(comment="操作 · INSERT, UPDATE or DELETE")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="变更前 · the row before")
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="变更后 · the row after")
    changed_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="时间 · when"
    )
    changed_by: Mapped[str] = mapped_column(
        server_default=text("city.actor()"),
        comment="操作人 · which login; of the service, the token that it worked for",
    )
    application: Mapped[str] = mapped_column(
        server_default=text("current_setting('application_name')"), comment="程序 · which program"
    )


class LayerRow(Base):
    """The clock: one number per published layer, raised by every commit that changes it."""

    __tablename__ = "layers"
    __table_args__ = (
        {"schema": CITY, "comment": "图层时钟 · revision of each layer; every cache hangs on it"},
    )

    name: Mapped[str] = mapped_column(primary_key=True, comment="图层 · layer")
    revision: Mapped[int] = mapped_column(
        BigInteger, server_default="0", comment="修订号 · rises with every change"
    )
    changed_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="时间 · last change"
    )


class ReadingRow(Base):
    """A live value: free stalls, free bays, people. Past its validity it is unknown."""

    __tablename__ = "readings"
    __table_args__ = (
        CheckConstraint("value >= 0 AND value < 'Infinity'", name="value"),
        CheckConstraint(
            "target ~ '^(stall_zone|facility):[^:]+:.' AND length(target) <= 300", name="target"
        ),
        CheckConstraint("length(measure) BETWEEN 1 AND 60", name="measure"),
        CheckConstraint("isfinite(observed_at)", name="observed_at"),
        CheckConstraint("valid_for > interval '0'", name="valid_for"),
        {"schema": CITY, "comment": "实时读数 · live values, each with its age and validity"},
    )

    target: Mapped[str] = mapped_column(
        primary_key=True, comment="对象 · what it is about, family:kind:code"
    )
    measure: Mapped[str] = mapped_column(
        primary_key=True, comment="指标 · what is counted, such as free"
    )
    value: Mapped[float] = mapped_column(comment="数值 · the value")
    observed_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), comment="观测时间 · when it was so"
    )
    valid_for: Mapped[timedelta] = mapped_column(INTERVAL, comment="有效时长 · for how long")
    source: Mapped[str] = mapped_column(server_default="", comment="来源 · who says so")


class TokenRow(Keyed, Base):
    """A bearer token: its hash, never itself."""

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint(f"scopes <@ ARRAY{list(SCOPES)}", name="scopes"),
        {"schema": CITY, "comment": "访问令牌 · access tokens, stored as hashes"},
    )

    name: Mapped[str] = mapped_column(comment="名称 · whom or what it is for")
    digest: Mapped[str] = mapped_column(unique=True, comment="摘要 · SHA-256 of the token")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="权限 · what it may do")
    created_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), comment="创建时间 · since when"
    )
    expires_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), comment="到期时间 · until when"
    )
    revoked_at: Mapped[datetime | None] = mapped_column(
        TIMESTAMP(timezone=True), comment="吊销时间 · taken back when"
    )
