"""Facilities counted by square and kind: what tiles of a large city are added up from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import CITY, Base

LEVELS = (9, 12, 15, 18)
"""Sizes of squares, as zooms; the migration's triggers know the same."""


class FacilityCellRow(Base):
    """How many facilities of one kind hold today in one square; triggers keep it right."""

    __tablename__ = "facility_cells"
    __table_args__ = (
        {
            "schema": CITY,
            "comment": "设施计数格 · facilities counted by square and kind, kept by triggers",
        },
    )

    level: Mapped[int] = mapped_column(
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="级别 · zoom of the squares: each is one map tile of that zoom",
    )
    x: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="列 · column, from the west"
    )
    y: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="行 · row, from the north"
    )
    kind: Mapped[str] = mapped_column(primary_key=True, comment="类型 · kind of the facilities")
    n: Mapped[int] = mapped_column(BigInteger, comment="数量 · how many hold today, may be 0")
    sum_x: Mapped[int] = mapped_column(
        BigInteger, comment="横坐标和 · sum of their columns at zoom 30, for the mean place"
    )
    sum_y: Mapped[int] = mapped_column(
        BigInteger, comment="纵坐标和 · sum of their rows at zoom 30"
    )
