"""The map's data asked for again when nothing has changed, as every returning visitor does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.orm import Session

from bench.load import Load, interleaved, write_targets
from bench.reads import against
from bench.servers import Server
from bench.stage import Pace, Stage
from bench.table import Row
from data.demo.city import build_city
from data.engine import make_engine
from data.publishing import publish

_PATH = "/maps/stalls/shapes.json"


def unchanged(stage: Stage, floors: Mapping[str, Server], pace: Pace) -> list[Row]:
    """Return the row of the zones' GeoJSON with `If-None-Match`, all answers 304."""
    _publish_zones(stage)
    targets = write_targets(stage.folder / "shapes.txt", [_PATH])
    tag = stage.client.tag(_PATH)
    ours, floor = (Load(server, targets, tag=tag) for server in (stage.server, floors["flat"]))
    found = interleaved(
        {"flat": partial(floor.run, pace.seconds), "ours": partial(ours.run, pace.seconds)},
        pace.rounds,
    )
    measure = f"GET {_PATH} with If-None-Match, unchanged"
    what = "bare FastAPI that always answers 304"
    return [against(measure, found["ours"], found["flat"], what, 0.80)]


def _publish_zones(stage: Stage) -> None:
    """The bench's cities have none; those of the demo city, and wait until they are known."""
    engine = make_engine(stage.base.admin_url, role="tidegrid_owner")
    zones = build_city(observed_at=datetime.now(UTC)).stall_zones
    with Session(engine) as session, session.begin():
        publish(session, zones, by="bench", note="stall zones")
    engine.dispose()
    while len(stage.client.get(_PATH)["features"]) < len(zones):
        time.sleep(0.05)
