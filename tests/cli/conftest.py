"""The command beside a database of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from data.cluster import Cluster
from data.engine import make_engine
from tests.cli.program import Command, within
from tests.conftest import CreateDatabase

WRITTEN = "city.generations, city.history, city.tokens, plan.facilities"


@dataclass(frozen=True, slots=True)
class City:
    """A database at head without a city in it, and how to look into it."""

    url: str
    admin: Engine

    def scalar(self, query: str) -> Any:
        """Ask a question as superuser."""
        with self.admin.connect() as connection:
            return connection.scalar(text(query))

    def when(self, holds: Callable[[Connection], bool]) -> Callable[[], bool]:
        """Return a question to ask again and again."""

        def asked() -> bool:
            with self.admin.connect() as connection:
                return holds(connection)

        return asked


@pytest.fixture(scope="package")
def only_city(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[City]:
    url = cluster.url("postgres", create_database("cli", migrated))
    engine = make_engine(url, role=None)
    yield City(url, engine)
    engine.dispose()


@pytest.fixture
def city(only_city: City) -> City:
    """A city with nothing in it: a database for each test would take longer than the tests."""
    with only_city.admin.begin() as connection:
        connection.execute(text(f"TRUNCATE {WRITTEN} CASCADE"))
    return only_city


@pytest.fixture
def tidegrid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The command, run inside the test and in its folder."""
    return within(monkeypatch, capsys, tmp_path)


@pytest.fixture
def at_city(tidegrid: Command, city: City) -> Command:
    """The command on the test's city."""
    return partial(tidegrid, TIDEGRID_DATABASE_URL=city.url)
