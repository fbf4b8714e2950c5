"""Server-sent events from a real server: what is told, to how many, and how it ends."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from api import events
from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from data.engine import make_engine
from data.live.listener import CHANNEL
from tests.cli.program import eventually
from tests.conftest import CreateDatabase
from tests.http.events import following
from tests.places import SENSOR, TOILET, ZONE, founded
from tests.serving import served

MOST = 5
STORE = text(
    "INSERT INTO city.readings (target, measure, value, observed_at, valid_for, source) "
    "VALUES (:target, 'free', :value, now(), '10 minutes', 'Zhang San') "
    "ON CONFLICT (target, measure) DO UPDATE SET value = excluded.value, observed_at = now()"
)


@pytest.fixture(scope="module")
def database(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Database:
    name = create_database("events", migrated)
    return Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )


@pytest.fixture(scope="module")
def app(database: Database) -> FastAPI:
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    founded(engine)
    engine.dispose()
    return create_app(Settings(streams_max=MOST), database)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def owner(
    database: Database, app: FastAPI, address: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """The owner of the schema; after the test nothing is left, nor anybody."""
    assert address
    monkeypatch.setattr(events, "OVERLAP_S", 0.0)
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM city.readings"))
    engine.dispose()
    assert eventually(lambda: not app.state.services.live.readings.holding(), 2)
    assert eventually(lambda: app.state.streams.open == 0, 2)


def store(owner: Engine, **values: float) -> None:
    names = {"zone": ZONE, "toilet": TOILET, "sensor": SENSOR}
    with owner.begin() as connection:
        for name, value in values.items():
            connection.execute(STORE, {"target": names[name], "value": value})


def test_it_begins_with_the_revisions_of_the_public_layers(address: str, owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(text("SELECT name, revision FROM city.layers"))
        stored = {row.name: row.revision for row in rows}
    assert {"officers", "tokens"} & stored.keys()

    with following(address) as stream:
        name, told = stream.next()

    assert name == "hello"
    public = {layer: stored[layer] for layer in events.PUBLIC_LAYERS if layer in stored}
    assert told == {"layers": public}
    assert {"kinds", "stall_zones", "facilities"} <= told["layers"].keys()


def test_it_comes_at_once_as_it_is_and_neither_kept_nor_kept_back(address: str) -> None:
    with following(address) as stream:
        headers = stream.answer.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store, no-transform"
        assert headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in headers
        assert "content-length" not in headers
        assert headers["x-content-type-options"] == "nosniff"
        assert stream.line().startswith("retry: ")


def test_a_reading_is_told_within_a_second_to_all(address: str, owner: Engine) -> None:
    with following(address) as first, following(address) as second:
        for stream in (first, second):
            stream.next("hello")
        store(owner, zone=7)
        began = time.monotonic()
        for stream in (first, second):
            _, told = stream.next("reading")
            assert (told["target"], told["measure"], told["value"]) == (ZONE, "free", 7)
            until = datetime.fromisoformat(told["valid_until"])
            assert until - datetime.fromisoformat(told["observed_at"]) == timedelta(minutes=10)
            assert told.keys() == {"target", "measure", "value", "observed_at", "valid_until"}
        assert time.monotonic() - began < 1


def test_only_the_family_and_kinds_asked_for_are_told(address: str, owner: Engine) -> None:
    with following(address, family="stall_zone") as zones, following(address, kind="toilet") as t:
        for stream in (zones, t):
            stream.next("hello")
        store(owner, toilet=1)
        store(owner, zone=2)
        assert zones.next("reading")[1]["target"] == ZONE
        assert t.next("reading")[1]["target"] == TOILET
    assert httpx2.get(f"{address}/v1/events?kind=camera", trust_env=False).status_code == 422


def test_a_layer_is_told_when_it_rises_and_no_other(address: str, owner: Engine) -> None:
    raised = "SELECT city.raise_clock(:layer, NULL)"
    with following(address) as stream:
        before = stream.next("hello")[1]["layers"].get("stall_zones", 0)
        with owner.begin() as connection:
            for layer in ("officers", "tokens", "stall_zones"):
                connection.execute(text(raised), {"layer": layer})
        assert stream.next() == ("layer", {"layer": "stall_zones", "revision": before + 1})


def test_a_reading_that_is_taken_back_is_told_without_a_value(address: str, owner: Engine) -> None:
    with following(address) as stream:
        stream.next("hello")
        store(owner, zone=3)
        assert stream.next("reading")[1]["value"] == 3
        with owner.begin() as connection:
            connection.execute(text("DELETE FROM city.readings"))
        gone = {"value": None, "observed_at": None, "valid_until": None}
        assert stream.next("reading")[1] == {"target": ZONE, "measure": "free"} | gone


def test_what_came_just_before_is_told_too(
    address: str, owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker next door, who answers what holds now, may not know it yet."""
    monkeypatch.setattr(events, "OVERLAP_S", 2.0)
    store(owner, toilet=4)
    asked = f"{address}/v1/readings"
    assert eventually(lambda: TOILET in httpx2.get(asked, trust_env=False).text, 1)
    with following(address, kind="toilet") as stream:
        stream.next("hello")
        assert stream.next("reading")[1]["value"] == 4


# --- who may not be told ------------------------------------------------------------------------


def test_a_kind_that_is_not_public_is_never_told(address: str, owner: Engine) -> None:
    with following(address) as stream:
        stream.next("hello")
        store(owner, sensor=5)
        store(owner, zone=6)
        assert stream.next()[1]["target"] == ZONE


def test_what_a_notification_says_is_not_passed_on(
    address: str, owner: Engine, database: Database
) -> None:
    """Whoever may log in may notify: the row is read, with the rights of the public."""
    forged: list[Any] = [
        {"target": ZONE, "value": 99}, {"target": SENSOR, "value": 5}, {"target": "\0"},
        {"target": "\ud800"}, {"target": "x" * 5000}, {"target": 7}, {"target": None}, {},
        {"target": "facility:toilet:none", "value": 1},
    ]  # fmt: skip
    with following(address) as stream:
        stream.next("hello")
        store(owner, zone=1, sensor=5)
        assert stream.next("reading")[1]["value"] == 1
        public = make_engine(database.public_url, role="tidegrid_public")
        with public.begin() as connection:
            for one in forged:
                payload = json.dumps({"layer": "readings", "measure": "free"} | one)
                tell = text("SELECT pg_notify(:channel, :told)")
                connection.execute(tell, {"channel": CHANNEL, "told": payload})
        public.dispose()
        time.sleep(0.6)
        store(owner, toilet=2)
        assert stream.next()[1]["target"] == TOILET


def test_a_flood_of_notifications_costs_one_reading_of_the_table(
    address: str, owner: Engine
) -> None:
    flood = text(
        "SELECT count(pg_notify(:channel, json_build_object('layer', 'readings', "
        "'target', 'facility:toilet:' || n)::text)) FROM generate_series(1, 20000) AS n"
    )
    with following(address) as stream:
        stream.next("hello")
        with owner.begin() as connection:
            connection.execute(flood, {"channel": CHANNEL})
            connection.execute(STORE, {"target": ZONE, "value": 8})
        began = time.monotonic()
        assert stream.next("reading")[1]["value"] == 8
        assert time.monotonic() - began < 2


def test_a_kind_that_becomes_internal_is_told_no_longer(address: str, owner: Engine) -> None:
    change = text("UPDATE city.kinds SET is_public = :is_public WHERE slug = 'toilet'")
    store(owner, toilet=2, zone=1)
    asked = f"{address}/v1/readings"
    assert eventually(lambda: TOILET in httpx2.get(asked, trust_env=False).text, 1)
    try:
        with owner.begin() as connection:
            connection.execute(change, {"is_public": False})
        assert eventually(lambda: TOILET not in httpx2.get(asked, trust_env=False).text, 1)
        assert ZONE in httpx2.get(asked, trust_env=False).text
        assert httpx2.get(f"{asked}?kind=toilet", trust_env=False).status_code == 422
    finally:
        with owner.begin() as connection:
            connection.execute(change, {"is_public": True})


# --- how many, how long -------------------------------------------------------------------------


def test_beyond_the_limit_pages_are_told_to_ask_instead(
    app: FastAPI, address: str, owner: Engine
) -> None:
    assert owner
    with ExitStack() as stack:
        streams = [stack.enter_context(following(address)) for _ in range(MOST - 1)]
        with following(address) as last:
            for stream in (*streams, last):
                stream.next("hello")
            answer = httpx2.get(f"{address}/v1/events", trust_env=False)
            assert answer.status_code == 503
            assert "ask /v1/readings" in answer.json()["detail"]
        # Whoever leaves frees the place.
        assert eventually(lambda: app.state.streams.open == MOST - 1, 1)
        with following(address) as stream:
            stream.next("hello")


def test_silence_is_broken_by_a_sign_of_life(
    address: str, owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert owner
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)
    with following(address) as stream:
        stream.next("hello")
        assert [stream.line() for _ in range(3)] == [":"] * 3


def test_a_client_that_does_not_read_is_told_the_last_values_when_it_does(
    address: str, owner: Engine
) -> None:
    """It takes part in nothing and holds nobody up, however much has happened."""
    many = text(
        "INSERT INTO city.readings (target, measure, value, observed_at, valid_for) "
        "SELECT 'facility:toilet:' || n, 'free', :value, now(), '10 minutes' "
        "FROM generate_series(1, 4000) AS n "
        "ON CONFLICT (target, measure) DO UPDATE SET value = excluded.value"
    )
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((host, int(port)))
        lazy.sendall(b"GET /v1/events HTTP/1.1\r\nHost: t\r\n\r\n")
        with following(address, kind="night_market") as other:
            other.next("hello")
            for value in range(8):
                with owner.begin() as connection:
                    connection.execute(many, {"value": value})
                store(owner, zone=value)
                began = time.monotonic()
                while other.next("reading")[1]["value"] != value:
                    pass
                assert time.monotonic() - began < 2
        received = b""
        lazy.settimeout(10)
        while b'4000","measure":"free","value":7.0' not in received[-400_000:]:
            received += lazy.recv(65_536)
    # All eight would have been 32 000 readings.
    assert received.count(b"event: reading") < 24_000
