"""The hot calls at rest: where is this point, and who is nearest, against bare apps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bench.load import Runs, interleaved, pairwise_ratios
from bench.servers import Server
from bench.stage import Pace, Stage
from bench.table import Row


def locate(big: Stage, small: Stage, floors: Mapping[str, Server], pace: Pace) -> list[Row]:
    """Return the rows of `GET /v1/locate`, all kinds, asked as the public does."""
    loads = {
        "flat": big.load("locate", floors["flat"]),
        "big": big.load("locate", public=True),
        "small": small.load("locate", public=True),
        "model": big.load("locate", floors["model"]),
        "starlette": big.load("locate", floors["starlette"]),
    }
    found = interleaved(
        {name: partial(load.run, pace.seconds) for name, load in loads.items()},
        pace.rounds,
    )
    flat = "bare FastAPI, same parameters, answer of one string as long as ours"
    between = found["big"].per_s / found["small"].per_s
    return [
        against("GET /v1/locate, 1,600 grids", found["small"], found["flat"], flat, 0.80),
        against("GET /v1/locate, 40,000 grids", found["big"], found["flat"], flat, 0.80),
        slow_tail("GET /v1/locate, 1,600 grids", found["small"], found["flat"], "bare FastAPI"),
        slow_tail("GET /v1/locate, 40,000 grids", found["big"], found["flat"], "bare FastAPI"),
        Row(
            "GET /v1/locate, 40,000 grids",
            f"{found['big'].per_s:,.0f}/s",
            f"1,600 grids: {found['small'].per_s:,.0f}/s",
            f"{between:.2f} times",
            "within 15 %",
            between >= 0.85,
        ),
        shown("GET /v1/locate, 40,000 grids", found["big"], found["model"],
              "bare FastAPI that returns a pydantic model like ours"),
        shown("GET /v1/locate, 40,000 grids", found["big"], found["starlette"],
              "bare Starlette, nothing validated"),
    ]  # fmt: skip


def nearest(big: Stage, floors: Mapping[str, Server], pace: Pace) -> list[Row]:
    """Return the row of `GET /v1/officers/nearest`, with a token, nobody moving."""
    big.report_all()
    ours, floor = big.load("nearest"), big.load("nearest", floors["flat"])
    found = interleaved(
        {"flat": partial(floor.run, pace.seconds), "big": partial(ours.run, pace.seconds)},
        pace.rounds,
    )
    flat = "bare FastAPI, same parameters, no token, answer of one string as long as ours"
    measure = "GET /v1/officers/nearest, k = 5, 14,000 officers"
    return [against(measure, found["big"], found["flat"], flat, 0.60)]


def against(measure: str, ours: Runs, floor: Runs, what: str, must: float) -> Row:
    """Return the row that compares throughput; a single failed request fails it."""
    ratio, failed = ours.per_s / floor.per_s, ours.failed + floor.failed
    low, high = pairwise_ratios(ours.runs, floor.runs)
    said = f"{ratio:.2f} times ({low:.2f} to {high:.2f}); "
    said += f"{floor.cpu_us / ours.cpu_us:.2f} by processor time"
    return Row(
        measure,
        str(ours),
        f"{what}: {floor}",
        said + (f", {failed} failed" if failed else ""),
        f"≥ {must:.2f} of its throughput",
        ratio >= must and not failed,
        {"ours": ours.raw(), "floor": floor.raw()},
    )


def slow_tail(measure: str, ours: Runs, floor: Runs, what: str) -> Row:
    """Return the row that compares the 99th percentiles."""
    ratio = ours.p99_ms / floor.p99_ms
    return Row(
        f"{measure}: p99",
        f"{ours.p99_ms:.2f} ms",
        f"{what}: {floor.p99_ms:.2f} ms",
        f"{ratio:.2f} times",
        "≤ 2 times",
        ratio <= 2 and not ours.failed,
    )


def shown(measure: str, ours: Runs, other: Runs, what: str) -> Row:
    """Return a row for orientation."""
    return Row(measure, str(ours), f"{what}: {other}", f"{ours.per_s / other.per_s:.2f} times")
