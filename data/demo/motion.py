"""The demo's officers on their feet: a stroll a minute, so that the map of them lives."""

from __future__ import annotations

import random
from datetime import datetime

from shapely.affinity import translate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import PositionRow
from data.queries.rows import shape_of
from geo.records import Position

_STEP_DEG = 0.0002  # some 20 m


def walked(session: Session, now: datetime) -> list[Position]:
    """Return where every officer with a position is after a few steps; the minute decides."""
    chance = random.Random(int(now.timestamp()) // 60)
    rows = session.execute(
        select(PositionRow.officer_code, func.ST_AsBinary(PositionRow.geom)).order_by(
            PositionRow.officer_code
        )
    )
    return [
        Position(code, translate(shape_of(wkb), _step(chance), _step(chance)), now, accuracy_m=10.0)
        for code, wkb in rows
    ]


def _step(chance: random.Random) -> float:
    return chance.uniform(-_STEP_DEG, _STEP_DEG)
