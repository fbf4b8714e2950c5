"""Rebuilding the index of 40,000 grids while requests come."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from bench.database import rename
from bench.load import Run, interleaved
from bench.reads import slow_tail
from bench.stage import Pace, Stage
from bench.table import Row

_POLL_S = 0.01
_GIVE_UP_S = 30.0
_SETTLE_S = 1.0


class Changes:
    """Changes one grid after another, each as soon as the one before is seen in answers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._target = stage.locate()[0]
        codes = [area.code for area in stage.city.areas if area.kind == "unit_grid"]
        self._changes = rename(stage.base.admin_url, codes)
        self._stop, self._pool = threading.Event(), ThreadPoolExecutor(1)
        self.seen_s: list[float] = []

    def __enter__(self) -> Changes:
        self._stop.clear()
        self._work = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._work.result()

    def _run(self) -> None:
        # A new connection: the server hangs up on those that were idle for five seconds.
        client = self._stage.client
        while not self._stop.is_set():
            revision, committed = next(self._changes), time.monotonic()
            while client.get(self._target)["revision"] < revision:
                if time.monotonic() - committed > _GIVE_UP_S:
                    break
                time.sleep(_POLL_S)
            self.seen_s.append(time.monotonic() - committed)


def rebuilds(big: Stage, pace: Pace) -> list[Row]:
    """Return the rows: how long until a change is seen, and what requests feel meanwhile."""
    load, changes = big.load("locate", public=True), Changes(big)
    seconds = max(pace.seconds, 3)

    def rest() -> Run:
        time.sleep(_SETTLE_S)
        return load.run(seconds)

    def rebuilding() -> Run:
        with changes:
            return load.run(seconds)

    found = interleaved({"rest": rest, "rebuilding": rebuilding}, pace.rounds)
    measure = "GET /v1/locate, 40,000 grids, index rebuilt again and again"
    seen, worst = sorted(changes.seen_s), max(changes.seen_s)
    return [
        slow_tail(measure, found["rebuilding"], found["rest"], "itself at rest"),
        Row(
            "a changed grid, from commit until answers know it, under the same load",
            f"median {seen[len(seen) // 2]:.2f} s, max {worst:.2f} s of {len(seen)}",
            "",
            f"{worst:.2f} s",
            "≤ 3 s",
            worst <= 3,
            {"seen_s": changes.seen_s},
        ),
        Row(measure, str(found["rebuilding"]), f"itself at rest: {found['rest']}",
            f"{found['rebuilding'].per_s / found['rest'].per_s:.2f} times"),
    ]  # fmt: skip
