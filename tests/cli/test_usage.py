"""What the command says of itself, and how it ends when it is not understood."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from api import __version__
from api.cli import app
from tests.cli.program import Command, run


def commands(group: Any, *words: str) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        yield (*words, name)
        yield from commands(command, *words, name)


COMMANDS = list(commands(get_command(app)))
SLOW = {"fastapi", "folium", "geopandas", "pandas", "rtree"}
"""Libraries that take a second or more to load, together three."""


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_and_version_need_no_database_and_no_good_settings(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(*words, cwd=tmp_path, TIDEGRID_DATABASE_URL="nonsense", TIDEGRID_POOL_SIZE="x")

    assert done.returncode == 0
    assert done.stderr == ""
    if words == ("--version",):
        assert done.stdout == f"tidegrid {__version__}\n"
    else:
        assert {name for (name, *_) in COMMANDS} <= set(done.stdout.split())


def test_only_commands_that_need_them_wait_for_the_slow_libraries() -> None:
    loaded = "import sys, api.cli; print(*(name for name in sys.modules if '.' not in name))"

    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)

    assert "typer" in found.stdout.split()
    assert not SLOW & set(found.stdout.split())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_without_a_database(
    tidegrid: Command, words: tuple[str, ...]
) -> None:
    done = tidegrid(*words, "--help", TIDEGRID_DATABASE_URL="nonsense")

    assert done.returncode == 0
    assert f"tidegrid {' '.join(words)}" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--nonsense",),
        ("nonsense",),
        ("serve", "--nonsense"),
        ("serve", "--port", "0"),
        ("serve", "--workers", "0"),
        ("import", "--to", "areas"),
        ("token", "issue", "--name", "a", "--scope", "query", "--days", "0"),
    ],
    ids=" ".join,
)
def test_words_that_make_no_sense_end_with_2_and_say_so(
    tidegrid: Command, words: tuple[str, ...]
) -> None:
    done = tidegrid(*words, TIDEGRID_DATABASE_URL="nonsense")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr
