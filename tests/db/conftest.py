"""A planning office of each module's own, its planners at work, and the service that publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from data.checking import check
from data.cluster import Cluster
from data.engine import Role
from data.publications import discard
from data.turns import in_turn
from tests.conftest import CreateDatabase
from tests.db.planning import Office, close_office, open_office


@pytest.fixture(scope="module")
def office(cluster: Cluster, pristine: str, create_database: CreateDatabase) -> Iterator[Office]:
    """The demo city with three planners, one of whom reads English."""
    made = open_office(
        cluster, create_database("office", pristine), li_na="zh", wang="en", chen="zh"
    )
    yield made
    close_office(made)


@pytest.fixture
def engine(office: Office, engine_of: Callable[[str, Role], Engine]) -> Engine:
    """The service itself: it publishes with the rights that it has at work."""
    url = office.cluster.url("tidegrid_service", office.database)
    return engine_of(url, "tidegrid_service")


@pytest.fixture
def li_na(office: Office) -> Iterator[psycopg.Connection[Any]]:
    """A planner at work."""
    with office.at_work("li_na") as session:
        yield session


@pytest.fixture
def wang(office: Office) -> Iterator[psycopg.Connection[Any]]:
    """Another, who is told everything in English."""
    with office.at_work("wang") as session:
        yield session


@pytest.fixture
def chen(office: Office, engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """A planner at work on a plan that is judged; what stays unpublished is discarded."""
    in_turn(engine, check)
    with office.at_work("chen") as session:
        yield session
    discard(engine)


@pytest.fixture(scope="module")
def zones(office: Office) -> Iterator[int]:
    """Numbers of stall zones as they are published."""
    with office.watched() as session:
        found = session.execute("SELECT id FROM plan.stall_zones ORDER BY code").fetchall()
    return iter([row[0] for row in found])


@pytest.fixture
def zone(zones: Iterator[int]) -> int:
    """A stall zone that no other test has touched."""
    return next(zones)
