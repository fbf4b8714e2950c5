"""The demo city into the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from data.demo.city import DemoCity
from data.layers import Record
from data.publishing import Progress, publish
from data.staff import store_officers, store_positions


def load_city(
    session: Session,
    city: DemoCity,
    progress: Progress = lambda done, total: None,  # noqa: ARG005
) -> None:
    """Publish the whole city in the caller's transaction."""
    layers: Sequence[Sequence[Record]] = (
        city.areas, city.stall_zones, city.stalls, city.facilities
    )  # fmt: skip
    total, before = sum(map(len, layers)) + len(city.officers), 0
    for records in layers:
        start = before

        def tell(done: int, _of: int, start: int = start) -> None:
            progress(start + done, total)

        publish(session, records, by="demo", note="synthetic demo city", progress=tell)
        before += len(records)
    store_officers(session, city.officers, city.assignments, city.shifts)
    store_positions(session, city.positions)
    progress(total, total)
