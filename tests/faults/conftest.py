"""Homes of the embedded database: a fresh one, and one in which the demo was started once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.program import Command, Home, new_home, wait_until, within

REVISION = "SELECT revision FROM city.layers WHERE name = 'areas'"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """How `tidegrid demo` went on an empty home, until Ctrl-C; the home is as it left it."""

    home: Home
    shown: str
    told: str
    postgres: int | None
    code: int
    token: str
    revision: int


@pytest.fixture
def tidegrid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The command, run inside the test."""
    return within(monkeypatch, capsys, tmp_path)


@pytest.fixture
def home() -> Iterator[Home]:
    """A home that does not exist yet."""
    with new_home() as home:
        yield home


@pytest.fixture(scope="package")
def first_start() -> Iterator[FirstStart]:
    """A home with the demo city and a token of somebody's own."""
    with new_home() as home:
        with home.serving("demo") as demo:
            wait_until(demo, lambda demo: "Ctrl-C" in demo.shown)
            issued = home.run("token", "issue", "--name", "kept", "--scope", "query")
            assert issued.returncode == 0, issued.stderr
            seen = home.postgres(), home.scalar(REVISION)
            code = demo.end(signal.SIGINT)
            shown, told = demo.shown, demo.told
        yield FirstStart(home, shown, told, seen[0], code, issued.stdout.strip(), seen[1])
