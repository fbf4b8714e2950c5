"""The nearest officer while 1,400 positions a second arrive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.load import Run, interleaved, pairwise_ratios
from bench.servers import ROOT
from bench.stage import Pace, Stage
from bench.table import Row

_SETTLE_S = 1.0
_WATCHED_S = 15


def motion(big: Stage, pace: Pace) -> list[Row]:
    """Return the rows of the nearest officers in motion: throughput, and when a fix is seen."""
    big.report_all()
    load, told = big.load("nearest"), []

    def moving() -> Run:
        with patrolling(big, pace.seconds + 2 * _SETTLE_S, "") as report:
            time.sleep(_SETTLE_S)
            run = load.run(pace.seconds)
        told.append(report)
        return run

    def rest() -> Run:
        # What the patrol left to do is done by then.
        time.sleep(_SETTLE_S)
        return load.run(pace.seconds)

    found = interleaved({"rest": rest, "moving": moving}, pace.rounds)
    quiet, busy = found["rest"], found["moving"]
    ratio, (low, high) = busy.per_s / quiet.per_s, pairwise_ratios(busy.runs, quiet.runs)
    rate = float(np.median([one["per_s"] for one in told]))
    refused = sum(one["refused"] for one in told)
    measure = "GET /v1/officers/nearest, 1,400 positions a second arriving"
    return [
        Row(
            measure,
            f"{busy} ({rate:,.0f} positions/s came in, {refused} refused)",
            f"itself at rest: {quiet}",
            f"{ratio:.2f} times ({low:.2f} to {high:.2f}); "
            f"{quiet.cpu_us / busy.cpu_us:.2f} by processor time",
            "≥ 0.70",
            ratio >= 0.70 and rate >= 1_330 and not refused and not busy.failed,
            {"ours": busy.raw(), "floor": quiet.raw()},
        ),
        _visible(big, pace),
    ]


def _visible(big: Stage, pace: Pace) -> Row:
    seconds = _WATCHED_S if pace.rounds > 2 else 4
    load = big.load("nearest")
    with patrolling(big, seconds, "watch") as report:
        load.run(seconds)
    seen = np.array(report["visible_s"])
    return Row(
        "a position, from sending it until a search finds it, under the same load",
        f"median {np.median(seen):.2f} s, p99 {np.quantile(seen, 0.99):.2f} s, "
        f"max {seen.max():.2f} s of {len(seen)}",
        "",
        f"{seen.max():.2f} s",
        "every fix ≤ 1 s",
        bool(seen.max() <= 1),
        {"visible_s": report["visible_s"]},
    )


@contextmanager
def patrolling(big: Stage, seconds: float, watch: str) -> Iterator[dict[str, Any]]:
    """Let officers move for some seconds; what they told is in the result after leaving."""
    codes = big.city.on_duty
    spots = big.city.points(20_000, seed=time.monotonic_ns() % 2**32).tolist()
    path = Path(big.folder / "patrol.json")
    path.write_text(json.dumps({"codes": codes, "spots": spots}))
    words = [str(big.server.port), str(path), str(seconds), watch]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.patrol", *words],
        cwd=ROOT,
        env=os.environ | {"TIDEGRID_BENCH_TOKEN": big.base.token},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    report: dict[str, Any] = {}
    try:
        yield report
        told, _ = process.communicate(timeout=60)
        if process.returncode:
            raise RuntimeError("the patrol failed; see above")
        report |= json.loads(told)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
