"""Pictures and prints of pages, made by a Chromium of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from geo.errors import ChromiumError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 120
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
)
_PAGE_TIME_MS = 10_000
"""How much time the page may take by its own clock, which runs as fast as it can."""


def find() -> str:
    """Return the program; raises `ChromiumError` where there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise ChromiumError(
        "a picture or a PDF needs Chromium: install it (`apt-get install chromium`), or put a "
        "Chrome on PATH as google-chrome"
    )


def picture(page: Path, target: Path, width: int, height: int) -> None:
    """Write a PNG of what is seen of a page in a window; raises `ChromiumError`."""
    _draw(page, target, (f"--screenshot={target}", f"--window-size={width},{height}"))


def print_pdf(page: Path, target: Path) -> None:
    """Write a page as a PDF, in the size that its style asks for; raises `ChromiumError`."""
    _draw(page, target, (f"--print-to-pdf={target}", "--no-pdf-header-footer"))


def _draw(page: Path, target: Path, wanted: Sequence[str]) -> None:
    program = find()
    # Its sandbox cannot be made by root; what it opens is a file of ours that loads nothing.
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with TemporaryDirectory(prefix="tidegrid-", ignore_cleanup_errors=True) as profile:
        words = [program, *_QUIET, *as_root, f"--user-data-dir={profile}", *wanted]
        words += [f"--virtual-time-budget={_PAGE_TIME_MS}", page.absolute().as_uri()]
        told = _run(words)
    if not target.is_file() or target.stat().st_size == 0:
        last = told.strip().splitlines()[-1:] or ["it said nothing"]
        raise ChromiumError(f"{Path(program).name} wrote no file: {last[0][:200]}")


def _run(words: Sequence[str]) -> str:
    """Return what it said; all of its processes are gone then, also after an interrupt."""
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(timeout=PATIENCE_S)[1]
        except subprocess.TimeoutExpired:
            raise ChromiumError(
                f"{Path(words[0]).name} was not done after {PATIENCE_S} s"
            ) from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
