"""The hot questions use the indexes: proved by the plans, on a city that is worth an index."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data.cluster import Cluster
from data.engine import make_async_engine
from data.queries.areas import areas_holding
from data.queries.facilities import FacilitySearch, facilities_found
from geo.types import BBox, LonLat

HERE = LonLat(111.9943, 27.7283)
Question = Callable[[AsyncConnection], Coroutine[Any, Any, object]]


async def plans(url: str, question: Question) -> str:
    """The plans of every statement that a question sends."""
    engine = make_async_engine(url, role="tidegrid_public", timeout_ms=5000, pool_size=1)
    found: list[str] = []
    sent: list[tuple[str, Any]] = []
    async with engine.connect() as connection:
        # Small tables make sequential scans cheap; what matters is whether the index can serve.
        await connection.execute(text("SET enable_seqscan = off"))
        event.listen(
            engine.sync_engine,
            "before_cursor_execute",
            lambda _c, _cur, statement, values, *_: sent.append((statement, values)),
        )
        await question(connection)
        for statement, values in list(sent):
            if not statement.startswith("EXPLAIN"):
                explained = await connection.exec_driver_sql(
                    f"EXPLAIN (FORMAT JSON) {statement}", values
                )
                found.append(json.dumps(explained.scalar()))
    await engine.dispose()
    return "\n".join(found)


@pytest.mark.parametrize(
    ("index", "question"),
    [
        ("ix_areas_geom", lambda c: areas_holding(c, HERE, datetime.now(UTC), None)),
        (
            "ix_facilities_geom",
            lambda c: facilities_found(c, FacilitySearch(box=BBox(111.99, 27.72, 112.0, 27.73))),
        ),
        (
            "ix_facilities_geom",
            lambda c: facilities_found(c, FacilitySearch(near=HERE, within_m=500.0)),
        ),
    ],
    ids=["locate", "box", "within"],
)
def test_a_spatial_question_is_served_by_its_gist_index(
    cluster: Cluster, demo: str, index: str, question: Question
) -> None:
    assert index in asyncio.run(plans(cluster.url("tidegrid_public", demo), question))
