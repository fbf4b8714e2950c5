"""A publication that is killed half-way: of the program, of the database. Whole or not at all."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.embedded import prepare
from data.engine import make_engine
from data.publishing import publish
from tests.cli.program import COMMAND, Home, environment, eventually
from tests.faults.town import EAST, WEST, kill_database

NOW = (
    "SELECT string_agg(code || ' ' || name, ', ' ORDER BY code) FROM city.areas "
    "WHERE upper_inf(valid)"
)
GENERATIONS = "SELECT count(*) FROM city.generations"


@contextmanager
def half_way(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A publication that has written areas and now waits to write facilities."""
    engine = make_engine(home.cluster.url("postgres"), role=None)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE city.facilities IN SHARE MODE"))
        with subprocess.Popen(
            [str(COMMAND), "plan", "publish", "--note", "new names", "--accept"],
            text=True,
            stderr=subprocess.PIPE,
            env=environment(**home.settings),
            cwd=home.folder.parent,
        ) as process:
            waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
            assert eventually(lambda: bool(home.scalar(waiting)), 30)
            yield process
        connection.invalidate()
    engine.dispose()


def kill_the_publisher(_: Home, process: subprocess.Popen[str]) -> None:
    process.kill()


def kill_postgresql(home: Home, process: subprocess.Popen[str]) -> None:
    kill_database(home)
    assert process.wait(30) == 1
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("kill", [kill_the_publisher, kill_postgresql])
def test_what_is_killed_half_way_has_published_nothing_and_can_be_done_again(
    home: Home, kill: Callable[[Home, subprocess.Popen[str]], None]
) -> None:
    with home.cluster.running():
        prepare(home.cluster, print)
        engine = make_engine(home.cluster.url("postgres"), role="tidegrid_owner")
        with Session(engine) as session, session.begin():
            publish(session, [WEST, EAST], by="tester", note="test")
        with engine.begin() as connection:
            connection.execute(text("UPDATE plan.areas SET name = 'new ' || name"))
        engine.dispose()
        with half_way(home) as process:
            kill(home, process)
    with home.cluster.running():
        assert home.scalar(NOW) == "G1 west, G2 east"
        assert home.scalar(GENERATIONS) == 1
        assert home.scalar("SELECT count(*) FROM plan.differences") == 2
        again = home.run("plan", "publish", "--note", "new names", "--accept")
        assert again.returncode == 0, again.stderr
        assert home.scalar(NOW) == "G1 new west, G2 new east"
        assert home.scalar(GENERATIONS) == 2
