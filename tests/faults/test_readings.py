"""Live readings with several workers: all tell the same, and streams outlive the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import make_engine
from data.tokens import issue
from tests.conftest import free_port
from tests.faults.town import (
    NOTICED_S,
    PROMISED_S,
    WORKERS,
    Town,
    bearer,
    founded,
    kill_database,
)
from tests.http.events import Stream, following
from tests.places import MARKET, ZONE

STORE = text(
    "INSERT INTO city.readings AS r (target, measure, value, observed_at, valid_for) "
    "VALUES (:target, 'free', :value, now(), '10 minutes') ON CONFLICT (target, measure) "
    "DO UPDATE SET value = excluded.value, observed_at = now(), valid_for = excluded.valid_for"
)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with founded() as town:
        town.publish(MARKET)
        yield town


@pytest.fixture(scope="module")
def token(town: Town) -> str:
    return town.commit(lambda s: issue(s, "counter", ["reading"], timedelta(days=1)))[0]


def put(
    town: Town, n: int, token: str, value: int, *, at: datetime | None = None, valid_s: int = 600
) -> int:
    """Tell a worker how many stalls are free, and return the status."""
    observed_at = (at or datetime.now(UTC)).isoformat()
    body = {"value": value, "observed_at": observed_at, "valid_for_s": valid_s}
    path = f"/v1/readings/{ZONE}"
    return town.clients[n].put(path, json=body, headers=bearer(token)).status_code


def free(client: httpx2.Client) -> float | None:
    answer = client.get("/v1/readings")
    assert answer.status_code == 200, answer.text
    return next((one["value"] for one in answer.json()["readings"]), None)


def tells(value: float | None) -> Callable[[httpx2.Client], bool]:
    return lambda client: free(client) == value


def until_told(stream: Stream, value: float) -> None:
    while stream.next("reading")[1]["value"] != value:
        pass


def followed(town: Town, stack: ExitStack) -> list[Stream]:
    """A stream of each worker."""
    streams = [stack.enter_context(following(w.address, timeout_s=30)) for w in town.workers]
    for stream in streams:
        stream.next("hello")
    return streams


def test_a_reading_taken_by_one_is_told_by_all_within_a_second(town: Town, token: str) -> None:
    with ExitStack() as stack:
        streams = followed(town, stack)
        for n in range(WORKERS):
            assert put(town, n, token, 10 + n) == 204
            stored = time.monotonic()
            for stream in streams:
                until_told(stream, 10 + n)
            assert time.monotonic() - stored <= PROMISED_S
            assert town.slowest_s(stored, tells(10 + n)) <= PROMISED_S


def test_of_writers_at_different_workers_the_newest_observation_wins_everywhere(
    town: Town, token: str
) -> None:
    now = datetime.now(UTC)

    def write(n: int) -> int:
        # The newest is neither the first nor the last to come, at no worker.
        age = (n * 7) % 30
        return put(town, n % WORKERS, token, age, at=now - timedelta(milliseconds=age))

    with ThreadPoolExecutor(2 * WORKERS) as pool:
        assert set(pool.map(write, range(2, 32))) == {204}
    written = time.monotonic()
    assert town.slowest_s(written, tells(0)) <= PROMISED_S
    time.sleep(PROMISED_S)
    assert [free(client) for client in town.clients] == [0] * WORKERS


def test_a_publish_is_told_by_all_within_a_second(town: Town) -> None:
    with ExitStack() as stack:
        streams = followed(town, stack)
        published = town.publish(replace(MARKET, name="改名"))
        for stream in streams:
            assert stream.next("layer")[1]["layer"] == "stall_zones"
        assert time.monotonic() - published <= PROMISED_S


def test_streams_outlive_the_database_and_catch_up_when_it_is_back(town: Town, token: str) -> None:
    clear = text("DELETE FROM city.readings")
    town.commit(lambda session: session.execute(clear))
    assert put(town, 0, token, 5, valid_s=4) == 204
    assert town.slowest_s(time.monotonic(), tells(5)) <= PROMISED_S
    with ExitStack() as stack:
        streams = followed(town, stack)
        kill_database(town.home)
        assert put(town, 0, token, 6) == 503
        store_unheard(town, 7)
        time.sleep(4)
        # What held before is past its validity: unknown, not the last number.
        for client in town.clients:
            answer = client.get("/v1/readings")
            assert answer.json() == {"readings": []}
            assert int(answer.headers["tidegrid-data-age"]) > 0
        with town.home.cluster.running():
            back = time.monotonic()
        for stream in streams:
            until_told(stream, 7)
        assert time.monotonic() - back <= PROMISED_S + NOTICED_S
        assert put(town, 1, token, 8) == 204
        stored = time.monotonic()
        for stream in streams:
            until_told(stream, 8)
        assert time.monotonic() - stored <= PROMISED_S
    assert all("Traceback" not in worker.told for worker in town.workers)


def store_unheard(town: Town, value: float) -> None:
    """Bring the database up where no worker looks for it, store, and stop it again."""
    aside = Cluster.at(town.home.folder, free_port())
    with aside.running():
        engine = make_engine(aside.url("postgres"), role="tidegrid_service")
        with Session(engine) as session, session.begin():
            session.execute(STORE, {"target": ZONE, "value": value})
        engine.dispose()
        aside.stop()
