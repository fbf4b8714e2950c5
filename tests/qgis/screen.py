"""The real QGIS program on a screen that nobody sees, and the hand of a planner on it."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("at_the_desk.py")
WIDTH, HEIGHT = 1280, 800
PATIENCE_S = 120


@dataclass
class Hand:
    """What a planner does in QGIS, one gesture after another."""

    process: subprocess.Popen[str]
    answers: queue.Queue[str] = field(default_factory=queue.Queue)
    log: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Read what the program says until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            (self.answers.put if line.startswith("@") else self.log.append)(line)
        self.answers.put("")

    def answer(self) -> Any:
        """Return what came of the last gesture."""
        try:
            line = self.answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            line = ""
        assert line, "QGIS does not answer: " + "".join(self.log[-20:])
        told = json.loads(line[1:])
        assert "trouble" not in told, told["trouble"]
        return told.get("told")

    def do(self, gesture: str, **asked: Any) -> Any:
        """Make a gesture, wait until the map is drawn, and return what came of it."""
        told = self._ask(gesture, asked)
        self._ask("rest", {})
        return told

    def _ask(self, gesture: str, asked: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": gesture} | asked) + "\n")
        self.process.stdin.flush()
        return self.answer()


@contextmanager
def seated(home: Path, language: str, **variables: str) -> Iterator[Hand]:
    """Lend QGIS in a language, of somebody whose home is this folder; it is gone afterwards."""
    for program in ("qgis", "Xvfb"):
        if shutil.which(program) is None:
            pytest.fail(f"no {program} on this machine; `make test` installs it")
    with _screen() as display:
        process = subprocess.Popen(
            ["qgis", "--nologo", "--noversioncheck", "--noplugins", "--lang", language,
             "--profiles-path", str(home / "profiles"), "--code", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Started in our folder, QGIS 3.22 loses its screen when it asks for a connection.
            cwd=home,
            env={
                "PATH": os.defpath,
                "HOME": str(home),
                "XDG_RUNTIME_DIR": str(home),
                "LC_ALL": "C.UTF-8",
                "DISPLAY": display,
                "QT_QPA_PLATFORM": "xcb",
                **variables,
            },
        )  # fmt: skip
        hand = Hand(process)
        listening = threading.Thread(target=hand.listen, daemon=True)
        listening.start()
        with process:
            try:
                hand.answer()
                yield hand
            finally:
                process.kill()
        listening.join(PATIENCE_S)


@contextmanager
def _screen() -> Iterator[str]:
    """Lend a screen by its name; the program itself chooses one that is free."""
    reading, writing = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    ) as screen:
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                yield f":{told.readline().strip()}"
        finally:
            screen.terminate()
