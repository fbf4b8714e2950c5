"""Vector tiles of a city with two million facilities: cold, warm, and the slowest of all zooms."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import make_url

from bench.facilities import BOX, CROWD, MIDDLE, FacilityBase, make_facilities
from bench.load import Load, Run, Runs, interleaved, write_targets
from bench.reads import against
from bench.servers import HOST, Server, bare, tidegrid
from bench.stage import Ground, Pace
from bench.table import Row
from data.queries.tiles import MOST_BYTES
from geo.tiles import MAX_ZOOM, Block, Tile
from geo.types import BBox

SLOWEST_S = 0.25
_ZOOM = 16
"""Of the cold row: hundreds of facilities in a tile, and never so many that ours are clusters."""

_OF_EACH_ZOOM = 48
_HEARD_S = 0.5
# As many as a worker has connections.
_CLIENTS = 5
# What a tile server without more thought asks, everything in the tile and no more.
_BARE = """\\set x random({west}, {east})
\\set y random({north}, {south})
SELECT ST_AsMVT(t, 'facilities') FROM (
    SELECT kind || ':' || code AS id, kind, name, name_en,
        coalesce(schedule_id, 0) AS schedule, state,
        ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope({zoom}, :x, :y)) AS geom
    FROM city.facilities
    WHERE geom && ST_Transform(ST_TileEnvelope({zoom}, :x, :y), 4326) AND upper_inf(valid)
) AS t
"""


def tiles(ground: Ground, pace: Pace) -> list[Row]:
    """Return the rows of `GET /maps/tiles/facilities`, measured on a city of its own."""
    base = make_facilities(ground.cluster, "facilities", pace.facilities)
    addresses = base.url("tidegrid_service"), base.url("tidegrid_public")
    with tidegrid(*addresses) as server:
        return [
            *_sweep(base, server, pace),
            _cold(base, server, ground.folder, pace),
            _warm(server, ground.folder, pace),
        ]


def _path(tile: Tile) -> str:
    return f"/maps/tiles/facilities/{tile.z}/{tile.x}/{tile.y}.mvt"


def _cold(base: FacilityBase, server: Server, folder: Path, pace: Pace) -> Row:
    """Every tile of a zoom once, in disorder; forgotten before each run."""
    block = Block.touching(BOX, _ZOOM)
    chosen = list(block.tiles())
    random.Random(4).shuffle(chosen)
    load = Load(server, write_targets(folder / "tiles.txt", map(_path, chosen)))
    script = folder / "tile.sql"
    numbers = {"west": block.west, "east": block.east, "north": block.north, "south": block.south}
    script.write_text(_BARE.format(zoom=_ZOOM, **numbers))

    def ours() -> Run:
        base.forget()
        time.sleep(_HEARD_S)
        return load.run(pace.seconds)

    found = interleaved(
        {"floor": partial(_pgbench, base, script, pace.seconds), "ours": ours}, pace.rounds
    )
    ratio = found["ours"].per_s / found["floor"].per_s
    # Who asks for more tiles than there are is answered from memory.
    cold = all(run.per_s * pace.seconds <= len(chosen) for run in found["ours"].runs)
    return Row(
        f"vector tile, zoom {_ZOOM}, cold, {pace.facilities:,} facilities",
        str(found["ours"]),
        f"pgbench, {_CLIENTS} clients, the bare ST_AsMVT query: {_told(found['floor'])}",
        f"{ratio:.2f} times" + ("" if cold else ", some were warm"),
        "≥ 0.50 of its throughput",
        ratio >= 0.5 and cold and not found["ours"].failed,
        {"ours": found["ours"].raw(), "floor": found["floor"].raw()},
    )


def _told(runs: Runs) -> str:
    low, high = (pick(run.per_s for run in runs.runs) for pick in (min, max))
    return f"{runs.per_s:,.0f}/s ({low:,.0f} to {high:,.0f})"


def _pgbench(base: FacilityBase, script: Path, seconds: int) -> Run:
    """As the owner of everything: no policy is in its way."""
    url = make_url(base.url("postgres"))
    words = [str(base.cluster.binaries / "pgbench"), "-n", "-M", "prepared", f"-c{_CLIENTS}", "-j1"]
    words += ["-T", str(seconds), "-f", str(script), "-h", str(url.query["host"])]
    words += ["-p", str(url.query["port"]), "-U", str(url.username), base.name]
    own = {**os.environ, "PGPASSWORD": str(url.password)}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=own)
    told = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if told is None:
        raise ValueError(f"pgbench did not finish: {done.stdout[-500:]!r}")
    return Run(float(told[1]), 0.0, 0.0, 0, 0.0)


def _warm(server: Server, folder: Path, pace: Pace) -> Row:
    """One tile of middling size again and again, beside an endpoint that sends the same bytes."""
    asking = _Asking(server)
    block = Block.touching(BOX, _ZOOM)
    some = random.Random(5).sample(list(block.tiles()), 49)
    answers = sorted(((tile, asking.ask(tile)[1]) for tile in some), key=lambda one: len(one[1]))
    tile, body = answers[len(answers) // 2]
    samples = folder / "tile.json"
    samples.write_text(json.dumps({"tile": body.hex()}))
    targets = write_targets(folder / "tile.txt", [_path(tile)])
    with bare("tile", samples) as floor:
        found = interleaved(
            {
                "floor": partial(Load(floor, targets).run, pace.seconds),
                "ours": partial(Load(server, targets).run, pace.seconds),
            },
            pace.rounds,
        )
    measure = f"vector tile, warm, {len(body):,} bytes"
    what = "bare FastAPI that sends the same bytes"
    return against(measure, found["ours"], found["floor"], what, 0.70)


def _sweep(base: FacilityBase, server: Server, pace: Pace) -> list[Row]:
    """Tiles of all zooms, each asked for once, one after another."""
    asking = _Asking(server)
    # A tile is cold, not the worker: its first question opens connections.
    asking.ask(Tile(0, 0, 0))
    base.forget()
    time.sleep(_HEARD_S)
    seen = [(tile, *asking.ask(tile)) for tile in _chosen()]
    slowest, largest = max(seen, key=lambda one: one[1]), max(seen, key=lambda one: len(one[2]))
    spent = median(took_s for _, took_s, _ in seen)
    where = f"of {len(seen)} tiles of zoom 0 to {MAX_ZOOM}, {pace.facilities:,} facilities"
    return [
        Row(
            f"slowest cold vector tile {where}",
            f"{slowest[1] * 1e3:.0f} ms, {slowest[0].z}/{slowest[0].x}/{slowest[0].y}; "
            f"median {spent * 1e3:.1f} ms",
            "",
            f"{slowest[1]:.3f} s",
            f"< {SLOWEST_S} s",
            slowest[1] < SLOWEST_S,
        ),
        Row(
            f"largest vector tile {where}",
            f"{len(largest[2]):,} bytes, {largest[0].z}/{largest[0].x}/{largest[0].y}",
            "",
            f"{len(largest[2]) / 1e3:.0f} kB",
            f"≤ {MOST_BYTES / 1e3:.0f} kB",
            len(largest[2]) <= MOST_BYTES,
        ),
    ]


def _chosen() -> Iterator[Tile]:
    rng = random.Random(6)
    for z in range(MAX_ZOOM + 1):
        block = Block.touching(BOX, z)
        places = (BBox(*spot, *spot) for spot in (MIDDLE, CROWD))
        found = {tile for place in places for tile in Block.touching(place, z).tiles()}
        if block.size <= _OF_EACH_ZOOM:
            found.update(block.tiles())
        while len(found) < min(block.size, _OF_EACH_ZOOM):
            x, y = rng.randint(block.west, block.east), rng.randint(block.north, block.south)
            found.add(Tile(z, x, y))
        yield from sorted(found, key=lambda tile: (tile.z, tile.x, tile.y))


class _Asking:
    """One connection that is kept, as a browser's is."""

    def __init__(self, server: Server) -> None:
        self._http = http.client.HTTPConnection(HOST, server.port, timeout=60)

    def ask(self, tile: Tile) -> tuple[float, bytes]:
        """Return how long a tile took, seconds, and the tile."""
        begun = time.perf_counter()
        self._http.request("GET", _path(tile))
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{_path(tile)}: {answer.status} {body[:300]!r}")
        return time.perf_counter() - begun, body
