"""The page docs/first-hour.md as it is walked: its commands are typed, its answers are compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.program import COMMAND, Home, Program, environment
from tests.docs.pages import Block, blocks, read
from tests.qgis.screen import HEIGHT, WIDTH, Hand

PAGE = "docs/first-hour.md"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
OUTPUT = Path(__file__).parents[1] / "output"
TIMEOUT_S = 300


@dataclass
class Hour:
    """A walk through the page: a demo that runs, a desk with QGIS, the blocks still to come."""

    demo: Program
    home: Home
    desk: Path
    hand: Hand
    left: Iterator[Block] = field(default_factory=lambda: iter(blocks(read(PAGE))))

    def type_next(self, first: str, code: int = 0) -> str:
        """Type the commands of the next block of the page, which begin so, and return the answer.

        Where the page shows an answer, the command has to give it: line by line, … for anything.
        """
        asked = next(self.left)
        assert asked.language == "sh"
        assert asked.text.startswith(first), asked.text
        settings = self.home.settings | {"HOME": self.desk}
        path = f"{COMMAND.parent}{os.pathsep}{os.defpath}"
        done = subprocess.run(
            ["bash", "-ec", asked.text],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environment(**settings, PATH=path),
            cwd=self.desk,
        )
        assert done.returncode == code, (asked.text, done.stdout, done.stderr)
        return done.stdout

    def answered(self, out: str) -> None:
        """Hold what was printed against the answer that the page shows next."""
        shown = next(self.left)
        assert shown.language == "text"
        lines = iter(out.splitlines())
        for line in shown.text.splitlines():
            like = re.compile(".*".join(map(re.escape, line.split("…"))))
            assert any(like.fullmatch(one) for one in lines), f"{line!r} is not in:\n{out}"

    def picture(self, name: str, **asked: Any) -> None:
        """Keep what the planner sees; the pictures of the page are taken so when asked for."""
        path = OUTPUT / f"first-hour-{name}.png"
        OUTPUT.mkdir(exist_ok=True)
        self.hand.do("picture", path=str(path), **asked)
        publish(path)

    def start_qgis(self) -> None:
        """Have the toolbars that the page names, and no browser beside the map."""
        bars = ["mSnappingToolBar", "mAdvancedDigitizeToolBar"]
        self.hand.do("arrange", width=WIDTH, height=HEIGHT, toolbars=bars)

    def save(self, layer: str) -> list[str]:
        """Press "save layer edits", and return what QGIS says to it."""
        self.hand.do("activate", layer=layer)
        self.hand.do("press", action="mActionSaveLayerEdits")
        told: list[str] = self.hand.do("bar")
        return told


def publish(path: Path) -> None:
    """Take a picture into the manual, if that was asked for."""
    if os.environ.get("TIDEGRID_DOCS_IMAGES"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, IMAGES / path.name)
