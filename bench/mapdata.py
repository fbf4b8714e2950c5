"""The map's data asked for again when nothing has changed, as every returning visitor does."""

from __future__ import annotations

from functools import partial

from bench.load import Load, interleaved, write_targets
from bench.reads import against
from bench.servers import Client, Server, bare
from bench.stage import Ground, Pace
from bench.table import Row
from bench.towns import Town

_PATHS = ("/maps/stalls/week.json", "/maps/stalls/shapes.json")


def unchanged(ground: Ground, town: Town, pace: Pace) -> list[Row]:
    """Return the rows of the zones' week and GeoJSON with `If-None-Match`, all answers 304."""
    nothing = ground.folder / "nothing.json"
    nothing.write_text("{}")
    with town.serving() as server, bare("unchanged", nothing) as floor:
        return [_row(path, ground, server, floor, pace) for path in _PATHS]


def _row(path: str, ground: Ground, server: Server, floor: Server, pace: Pace) -> Row:
    targets = write_targets(ground.folder / "unchanged.txt", [path])
    tag = Client(server.port).tag(path)
    asked = {"floor": floor, "ours": server}
    loads = {name: Load(one, targets, tag=tag) for name, one in asked.items()}
    found = interleaved(
        {name: partial(load.run, pace.seconds) for name, load in loads.items()}, pace.rounds
    )
    measure = f"GET {path} with If-None-Match, unchanged"
    what = "bare FastAPI that always answers 304"
    return against(measure, found["ours"], found["floor"], what, 0.80)
