"""Live readings in the database: who may read what, what is told, and what cannot be stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from data.cluster import Cluster
from data.engine import Role
from data.live.listener import CHANNEL
from tests.conftest import CreateDatabase

TOILET, CAMERA = "facility:toilet:T1", "facility:camera:C1"
STORE = text(
    "INSERT INTO city.readings (target, measure, value, observed_at, valid_for, source) "
    "VALUES (:target, :measure, :value, :observed_at, CAST(:valid_for AS interval), 'Zhang San')"
)
SOUND: dict[str, Any] = {
    "target": TOILET, "measure": "free", "value": 3,
    "observed_at": "2026-10-01T19:30:00+08:00", "valid_for": "10 minutes",
}  # fmt: skip
EngineOf = Callable[[str, Role], Engine]


@pytest.fixture(scope="module")
def url(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> str:
    return cluster.url("postgres", create_database("readings", migrated))


@pytest.fixture
def stored(url: str, engine_of: EngineOf) -> Iterator[EngineOf]:
    """A reading of a public kind and one of a kind that is not."""
    service = engine_of(url, "tidegrid_service")
    with service.begin() as connection:
        connection.execute(STORE, SOUND)
        connection.execute(STORE, SOUND | {"target": CAMERA})
    yield engine_of
    with service.begin() as connection:
        connection.execute(text("DELETE FROM city.readings"))


@pytest.mark.parametrize("role", ["tidegrid_public", "tidegrid_planner"])
def test_readings_of_kinds_that_are_not_public_do_not_exist_for_others(
    url: str, stored: EngineOf, role: Role
) -> None:
    asked = text("SELECT target, measure, value, observed_at, valid_for FROM city.readings")
    with stored(url, role).connect() as connection:
        assert [row.target for row in connection.execute(asked)] == [TOILET]
    with stored(url, "tidegrid_service").connect() as connection:
        assert {row.target for row in connection.execute(asked)} == {TOILET, CAMERA}


def test_the_public_role_cannot_select_who_said_so(url: str, stored: EngineOf) -> None:
    with (
        stored(url, "tidegrid_public").connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text("SELECT source FROM city.readings"))


@pytest.mark.parametrize("role", ["tidegrid_public", "tidegrid_planner"])
def test_others_cannot_write_readings(url: str, engine_of: EngineOf, role: Role) -> None:
    for deed in (
        "INSERT INTO city.readings SELECT * FROM city.readings",
        "UPDATE city.readings SET value = 0",
        "DELETE FROM city.readings",
    ):
        with (
            engine_of(url, role).connect() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.execute(text(deed))


def test_what_is_not_public_is_not_told_to_those_who_listen(url: str, engine_of: EngineOf) -> None:
    deeds = [
        "UPDATE city.readings SET value = 2",
        "DELETE FROM city.readings",
    ]
    with psycopg.connect(driver(url), autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        with engine_of(url, "tidegrid_service").begin() as connection:
            for target in (CAMERA, "facility:nothing:X", "stall_zone:camera:C1", TOILET):
                connection.execute(STORE, SOUND | {"target": target})
        for deed in deeds:
            with engine_of(url, "tidegrid_service").begin() as connection:
                connection.execute(text(deed))
        with engine_of(url, "tidegrid_owner").begin() as connection:
            connection.execute(text(f"NOTIFY {CHANNEL}, '\"the end\"'"))
        heard = [json.loads(n.payload) for n in listener.notifies(timeout=5, stop_after=4)]

    assert heard.pop() == "the end"
    named = {"layer": "readings", "target": TOILET, "measure": "free"}
    times = {
        "observed_at": "2026-10-01T11:30:00+00:00", "valid_until": "2026-10-01T11:40:00+00:00"
    }  # fmt: skip
    gone = {"value": None, "observed_at": None, "valid_until": None}
    assert heard == [named | {"value": 3} | times, named | {"value": 2} | times, named | gone]


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": -1},
        {"value": float("nan")},
        {"value": float("inf")},
        {"target": "toilet:T1"},
        {"target": "area:city:LD"},
        {"target": "facility:toilet:"},
        {"target": "facility:toilet:" + "长" * 300},
        {"measure": ""},
        {"measure": "m" * 61},
        {"observed_at": "infinity"},
        {"valid_for": "0 seconds"},
        {"valid_for": "-1 day"},
    ],
    ids=str,
)
def test_what_no_reading_can_be_cannot_be_stored(
    url: str, engine_of: EngineOf, wrong: dict[str, Any]
) -> None:
    with (
        engine_of(url, "tidegrid_service").connect() as connection,
        pytest.raises(DBAPIError, match="check constraint"),
    ):
        connection.execute(STORE, SOUND | wrong)


def test_the_longest_names_can_be_told(url: str, engine_of: EngineOf) -> None:
    longest = {"target": ("facility:toilet:" + "长" * 300)[:300], "measure": "长" * 60}
    with engine_of(url, "tidegrid_service").connect() as connection:
        connection.execute(STORE, SOUND | longest)
        connection.rollback()


def driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
