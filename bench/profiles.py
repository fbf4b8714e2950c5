"""`tidegrid` under cProfile, its worker threads too: `python -m bench.profiles FILE serve ...`."""

from __future__ import annotations

import cProfile
import pstats
import sys
from concurrent.futures import thread
from pathlib import Path
from threading import Lock
from typing import Any

_TOP = 45


def main() -> None:
    """Run the command line and leave a binary profile of the whole process."""
    path, *words = sys.argv[1:]
    sys.argv = ["tidegrid", *words]
    merged, lock = pstats.Stats(), Lock()
    work = thread._WorkItem  # what a thread of a pool runs
    plain = work.run

    def profiled(item: Any) -> None:
        own = cProfile.Profile()
        own.runcall(plain, item)
        with lock:
            merged.add(own)

    work.run = profiled  # type: ignore[method-assign,assignment]
    own = cProfile.Profile()
    own.enable()
    try:
        from api.cli import main as tidegrid

        tidegrid()
    finally:
        own.disable()
        merged.add(own)
        merged.dump_stats(path)


def top(profile: Path, text: Path) -> None:
    """Write where the time of a profile went, as text."""
    with text.open("w") as file:
        stats = pstats.Stats(str(profile), stream=file)
        for order in ("tottime", "cumtime"):
            stats.sort_stats(order).print_stats(_TOP)


if __name__ == "__main__":
    main()
