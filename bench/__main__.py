"""`python -m bench`: measure, print and write the table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from api.console import out, step
from bench import (
    batches,
    checks,
    mapdata,
    motion,
    pages,
    planning,
    profiles,
    publishing,
    reads,
    rebuilds,
    table,
    tiles,
)
from bench.load import need_wrk
from bench.servers import Server
from bench.stage import FULL, QUICK, Ground, Pace, Stage, big_stage, floors, ground, small_stage
from bench.table import Row
from bench.towns import demo_town, large_town

MEMORY_MIB = 350
_PROFILED_S = 8


def main() -> int:
    """Return 0 when every promise is kept, 1 otherwise."""
    asked = _arguments()
    need_wrk()
    if asked.profile:
        out.print(f"profile: {_profile(asked.profile)}")
        return 0
    about = table.about(quick=asked.quick)
    found = measure(asked.only or list(PARTS), QUICK if asked.quick else FULL)
    for part, rows in found.items():
        for row in rows:
            out.print(
                f"{row.verdict.strip('*'):5} {row.measure}: {row.result} {row.must}", markup=False
            )
        step(f"written to {table.write(part, rows, about)}")
        if asked.publish:
            page = table.PUBLISHED.read_text()
            table.PUBLISHED.write_text(table.publish(page, part, table.markdown(rows, about)))
            step(f"the table of {part} is in {table.PUBLISHED}, the others are as they were")
    return 0 if all(row.passed is not False for rows in found.values() for row in rows) else 1


def measure(parts: Sequence[str], pace: Pace) -> dict[str, list[Row]]:
    """Return the rows of each part, measured one after another."""
    with ground(step) as held:
        return {part: PARTS[part](held, pace) for part in PARTS if part in parts}


def _calls(held: Ground, pace: Pace) -> list[Row]:
    """The hot calls, on servers that run side by side."""
    memory: dict[str, float] = {}

    def remember(server: Server, when: str) -> None:
        memory[when] = server.memory_mib()

    with big_stage(held, step) as big, small_stage(big, step) as small, floors(big) as bare:
        remember(big.server, "started")
        step("locate")
        rows = reads.locate(big, small, bare, pace)
        step("nearest")
        rows += reads.nearest(big, bare, pace)
        remember(big.server, "after the calls at rest")
        step("positions arriving")
        rows += motion.motion(big, pace)
        step("rebuilding")
        rows += rebuilds.rebuilds(big, pace)
        remember(big.server, "after positions and rebuilds")
        step("batches")
        rows += batches.batches(big, pace)
        remember(big.server, "after the batches")
    return [*rows, _memory(memory)]


def _plans(held: Ground, pace: Pace) -> list[Row]:
    """What planners wait for."""
    with big_stage(held, step, name="plans") as big:
        step("judging plans")
        rows = checks.checks(big, pace)
        step("a planner saves")
        rows += planning.planning(held, pace)
        step("checking and publishing")
        return rows + publishing.publishing(big, pace)


def _mapdata(held: Ground, pace: Pace) -> list[Row]:
    step("the map's data, unchanged, after loading the demo city")
    return mapdata.unchanged(held, demo_town(held.cluster, "unchanged"), pace)


def _tiles(held: Ground, pace: Pace) -> list[Row]:
    step("vector tiles, after loading the facilities")
    return tiles.tiles(held, pace)


def _pages(held: Ground, pace: Pace) -> list[Row]:
    step("the pages, after loading the demo city and a large one")
    return pages.pages(held, demo_town(held.cluster, "demo"), large_town(held.cluster), pace, step)


PARTS: dict[str, Callable[[Ground, Pace], list[Row]]] = {
    "calls": _calls,
    "plans": _plans,
    "mapdata": _mapdata,
    "tiles": _tiles,
    "pages": _pages,
}


def _memory(seen: dict[str, float]) -> Row:
    """The promise is about a worker that answers GETs and refreshes; batches come on top."""
    judged = seen["after positions and rebuilds"]
    return Row(
        "resident memory of the worker, 40,000 grids and 14,000 officers",
        ", ".join(f"{when} {mib:.0f} MiB" for when, mib in seen.items()),
        "",
        f"{judged:.0f} MiB",
        f"≤ {MEMORY_MIB} MiB before batches",
        judged <= MEMORY_MIB,
        dict(seen),
    )


def _profile(name: str) -> Path:
    """Run one row's load on a server under the profiler and return the report."""
    table.RESULTS.mkdir(exist_ok=True)
    raw, text = (table.RESULTS / f"profile-{name}.{end}" for end in ("pstats", "txt"))
    with ground(step) as held, big_stage(held, step, raw) as big:
        step(f"profiling {name}")
        PROFILED[name](big)
        # Let what was started before the load come to an end.
        time.sleep(0.5)
    profiles.top(raw, text)
    return text


def _moving(big: Stage) -> None:
    with motion.patrolling(big, _PROFILED_S, ""):
        big.load("nearest").run(_PROFILED_S)


def _rebuilding(big: Stage) -> None:
    with rebuilds.Changes(big):
        time.sleep(_PROFILED_S)


def _batch(big: Stage, media_type: str) -> None:
    points = big.city.points(FULL.batch_points, seed=11)
    body = {batches.ARROW: batches.arrow_body, batches.JSON: batches.json_body}[media_type](points)
    batches.sender(big, body, media_type)()


PROFILED: dict[str, Callable[[Stage], object]] = {
    "locate": lambda big: big.load("locate", public=True).run(_PROFILED_S),
    "nearest": lambda big: big.load("nearest").run(_PROFILED_S),
    "motion": _moving,
    "rebuild": _rebuilding,
    "arrow": lambda big: _batch(big, batches.ARROW),
    "json": lambda big: _batch(big, batches.JSON),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look, too short to judge by")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; may come again")
    parser.add_argument("--publish", action="store_true", help="put the tables into docs/bench.md")
    parser.add_argument("--profile", choices=PROFILED, help="where the time of one row goes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
