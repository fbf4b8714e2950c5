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
BEGIN, END = "<!-- measured {part}: begin -->", "<!-- measured {part}: end -->"


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


def write(part: str, rows: Sequence[Row], about: str) -> Path:
    """Write the table of a part for people and for programs, and return the one for people."""
    RESULTS.mkdir(exist_ok=True)
    shown = RESULTS / f"{part}.md"
    shown.write_text(markdown(rows, about))
    told = {"about": about, "rows": [asdict(row) for row in rows]}
    shown.with_suffix(".json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return shown


def publish(page: str, part: str, table: str) -> str:
    """Return the page with the table between the marks of its part, all else as it was.

    Raises `ValueError` when the page has no such marks.
    """
    begin, end = (mark.format(part=part) for mark in (BEGIN, END))
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"the page needs the marks {begin} and {end}")
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
