"""The demo's officers on their feet: a stroll a minute, so that the map of them lives."""

from __future__ import annotations

import random
from datetime import datetime

from shapely.affinity import translate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import PositionRow
from data.positions import store_positions
from data.queries.rows import shape_of
from geo.records import Position

_STEP_DEG = 0.0002  # some 20 m


def walk(session: Session, now: datetime) -> None:
    """Move every officer who has a position a few steps; the steps depend on the minute alone."""
    chance = random.Random(int(now.timestamp()) // 60)
    rows = session.execute(
        select(PositionRow.officer_code, func.ST_AsBinary(PositionRow.geom)).order_by(
            PositionRow.officer_code
        )
    )
    store_positions(
        session,
        [
            Position(
                code,
                translate(
                    shape_of(wkb),
                    chance.uniform(-_STEP_DEG, _STEP_DEG),
                    chance.uniform(-_STEP_DEG, _STEP_DEG),
                ),
                now,
                accuracy_m=10.0,
            )
            for code, wkb in rows
        ],
    )
