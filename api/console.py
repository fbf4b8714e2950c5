"""What the command line shows: steps and bars on stderr, results on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True)


def step(words: str) -> None:
    """Say what is being done now."""
    err.print(f"[cyan]»[/] {words}")


def show_json(value: Any) -> None:
    """Print a value for programs, on stdout."""
    out.print_json(json.dumps(value, ensure_ascii=False, default=str))


@contextmanager
def bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar while inside; give it what is done and how much there is."""
    columns = (
        TextColumn(f"[cyan]»[/] {words}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
