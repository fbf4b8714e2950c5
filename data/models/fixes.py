"""Where officers were: kept for the retention of the settings, in partitions that are dropped."""

from __future__ import annotations

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, Base, geometry


class FixRow(Base):
    """One fix as it came in.

    Workers tell each other the batch alone: anybody who may log in can listen to a channel.
    """

    __tablename__ = "fixes"
    __table_args__ = (
        {
            "schema": CITY,
            "comment": "历史位置（内部） · fixes of officers for the time of retention, internal",
            "postgresql_partition_by": "RANGE (received_at)",
        },
    )

    batch: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="批次 · the batch it came in"
    )
    officer_code: Mapped[str] = mapped_column(primary_key=True, comment="工号 · staff number")
    received_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True),
        primary_key=True,
        server_default=text("now()"),
        comment="接收时间 · when we learnt of it",
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"), comment="位置 · place, WGS 84")
    observed_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), comment="定位时间 · when the device was there"
    )
    accuracy_m: Mapped[float | None] = mapped_column(comment="精度（米） · accuracy, metres")
