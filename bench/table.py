"""The table of the bench: a row per promise, with what was measured and whether it was kept."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.servers import ROOT

RESULTS = ROOT / "bench" / "results"
PUBLISHED = ROOT / "docs" / "bench.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One promise. `passed` is None for what is shown for orientation only."""

    measure: str
    ours: str
    floor: str
    result: str
    must: str = ""
    passed: bool | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """PASS, FAIL, or a dash."""
        return {True: "PASS", False: "**FAIL**", None: "–"}[self.passed]


def markdown(rows: Sequence[Row], about: str) -> str:
    """Return the table with a line above it that says where and when it was measured."""
    lines = [
        about,
        "",
        "| measure, one worker | ours | against | result | must reach | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (row.measure, row.ours, row.floor, row.result, row.must, row.verdict)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def write(rows: Sequence[Row], about: str) -> Path:
    """Write the table for people and for programs, and return the folder."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.md").write_text(markdown(rows, about))
    told = {"about": about, "rows": [asdict(row) for row in rows]}
    (RESULTS / "latest.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return RESULTS


def publish(page: str, table: str) -> str:
    """Return the page with the table between its marks; raises `ValueError` without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the marks {BEGIN} and {END}")
    return f"{before}{begin}\n\n{table}\n{end}{after}"


def about(*, quick: bool) -> str:
    """Return when and on what this is measured."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    mode = "quick run, too short to judge by" if quick else "full run"
    busy, _, _ = os.getloadavg()
    return (
        f"Measured {now} with Python {platform.python_version()} on {os.cpu_count()} cores of "
        f"{_processor()}; {mode}; load average at the start {busy:.1f}."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
