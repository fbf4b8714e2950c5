"""A real PostGIS for every test that asks for one: a private cluster, made by our own code."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.demo.city import DemoCity, build_city
from data.demo.load import load_city
from data.engine import Role, make_engine
from data.schema import migrate

# A law does not hold less on a machine that has other work to do.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

CreateDatabase = Callable[..., str]
"""Makes an empty or copied database and returns its name, a new one where the wish is taken."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster of this test run alone, so that two runs at once do not meet."""
    with tempfile.TemporaryDirectory(prefix="tidegrid-test-") as folder:
        Path(folder).chmod(0o755)
        with Cluster.at(Path(folder), free_port()).running() as running:
            yield running


@pytest.fixture(scope="session")
def create_database(cluster: Cluster) -> CreateDatabase:
    taken: set[str] = set()

    def create(name: str, template: str = "template1") -> str:
        # What a package of tests makes is made again when its files do not come one after another.
        made = name if name not in taken else f"{name}_{len(taken)}"
        taken.add(made)
        admin = make_engine(cluster.url("postgres", "postgres"), role=None)
        try:
            with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f'CREATE DATABASE "{made}" TEMPLATE "{template}"'))
                # A copy does not get what its template took back.
                connection.execute(text(f'REVOKE TEMPORARY ON DATABASE "{made}" FROM PUBLIC'))
        finally:
            admin.dispose()
        return made

    return create


@pytest.fixture(scope="session")
def migrated(cluster: Cluster, create_database: CreateDatabase) -> str:
    """The name of a database at head, with the shipped lists and no city in it."""
    name = create_database("migrated")
    engine = make_engine(cluster.url("postgres", name), role=None)
    logins = ("tidegrid_owner", "tidegrid_service", "tidegrid_public", "tidegrid_planner")
    with engine.begin() as connection:
        migrate(connection, passwords={login: cluster.password(login) for login in logins})
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def demo_city() -> DemoCity:
    """The demo city, with positions observed just now."""
    return build_city(observed_at=datetime.now(UTC))


@pytest.fixture(scope="session")
def pristine(
    cluster: Cluster, migrated: str, create_database: CreateDatabase, demo_city: DemoCity
) -> str:
    """The name of a demo city to make copies of, which works while nobody is connected to it."""
    name = create_database("pristine", migrated)
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        load_city(session, demo_city)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def demo(create_database: CreateDatabase, pristine: str) -> str:
    """The name of a database with the demo city in it; tests that write make a copy of another."""
    return create_database("demo", pristine)


@pytest.fixture
def engine_as(cluster: Cluster, migrated: str) -> Iterator[Callable[[Role], Engine]]:
    """Engines on the migrated database, as one of our roles."""
    engines: list[Engine] = []

    def make(role: Role) -> Engine:
        engines.append(make_engine(cluster.url("postgres", migrated), role=role))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine_of() -> Iterator[Callable[[str, Role], Engine]]:
    """Engines on any database, as one of our roles."""
    engines: list[Engine] = []

    def make(url: str, role: Role) -> Engine:
        engines.append(make_engine(url, role=role))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def session(engine_as: Callable[[Role], Engine]) -> Iterator[Session]:
    """A session of the schema's owner whose every write is undone."""
    with engine_as("tidegrid_owner").connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
