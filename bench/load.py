"""The load of the HTTP rows: wrk, one thread, sixteen connections, the same questions in turn."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.servers import Server

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Run:
    """What wrk saw, and the processor time that the server took for a request.

    Neighbours on the machine take throughput from us, and hardly any processor time.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_us: float

    @classmethod
    def parse(cls, output: str, cpu_s: float) -> Run:
        """Read what our script told; raises `ValueError` if it told nothing."""
        told = re.search(r"^BENCH((?: \d+){8})$", output, re.MULTILINE)
        if told is None:
            raise ValueError(f"wrk did not finish: {output[-500:]!r}")
        requests, duration_us, p50_us, p99_us, *failed = map(int, told[1].split())
        cpu_us = cpu_s / requests * 1e6 if requests else 0.0
        return cls(requests / duration_us * 1e6, p50_us / 1e3, p99_us / 1e3, sum(failed), cpu_us)


@dataclass(frozen=True, slots=True)
class Load:
    """Questions for one server, as a file of targets."""

    server: Server
    targets: Path
    token: str | None = None
    tag: str | None = None
    """What `If-None-Match` says: what is asked for again has not changed, and is 304."""

    def run(self, seconds: int) -> Run:
        """Ask as fast as the answers come."""
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s"]
        more = [self.token or "-", *([self.tag] if self.tag else [])]
        before = self.server.cpu_s()
        done = subprocess.run(
            [*words, str(_SCRIPT), self.server.url, "--", str(self.targets), *more],
            capture_output=True,
            text=True,
            check=True,
        )
        return Run.parse(done.stdout, self.server.cpu_s() - before)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one thing, in the order in which they were made."""

    runs: tuple[Run, ...]

    @property
    def per_s(self) -> float:
        """Median throughput."""
        return median(run.per_s for run in self.runs)

    @property
    def p50_ms(self) -> float:
        """Median of the medians."""
        return median(run.p50_ms for run in self.runs)

    @property
    def p99_ms(self) -> float:
        """Median of the 99th percentiles."""
        return median(run.p99_ms for run in self.runs)

    @property
    def cpu_us(self) -> float:
        """Median processor time of the server for a request."""
        return median(run.cpu_us for run in self.runs)

    @property
    def failed(self) -> int:
        """Requests without an answer or with another than 2xx."""
        return sum(run.failed for run in self.runs)

    def raw(self) -> list[dict[str, float]]:
        """Every run, for programs."""
        return [asdict(run) for run in self.runs]

    def __str__(self) -> str:
        low, high = min(run.per_s for run in self.runs), max(run.per_s for run in self.runs)
        return (
            f"{self.per_s:,.0f}/s ({low:,.0f} to {high:,.0f}), "
            f"p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms, "
            f"{self.cpu_us:.0f} µs of processor time each"
        )


def interleaved(measures: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, Runs]:
    """Return the runs of each measure, taken in turn so that noise meets all of them.

    A first one of each, to get warm, is not counted.
    """
    for measure in measures.values():
        measure()
    found: dict[str, list[Run]] = {name: [] for name in measures}
    for turn in range(rounds):
        # Forwards and backwards by turns: nobody is always the first.
        for name in list(measures)[:: 1 if turn % 2 == 0 else -1]:
            found[name].append(measures[name]())
    return {name: Runs(tuple(runs)) for name, runs in found.items()}


def write_targets(path: Path, targets: Iterable[str]) -> Path:
    """Return the file with one target per line."""
    path.write_text("\n".join(targets) + "\n")
    return path


def need_wrk() -> None:
    """Raise `SystemExit` with what to do when wrk is not installed."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: `make bench` installs it, or apt-get install wrk")


def pairwise_ratios(ours: Sequence[Run], floors: Sequence[Run]) -> tuple[float, float]:
    """Return the lowest and the highest ratio of throughput among runs that were neighbours."""
    ratios = [one.per_s / floor.per_s for one, floor in zip(ours, floors, strict=True)]
    return min(ratios), max(ratios)
