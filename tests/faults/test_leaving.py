"""Clients who leave, and clients who wait: neither holds a connection longer than it should."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from shapely.geometry import box
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session
from starlette.types import Message, Receive, Scope, Send

from api.middleware import ClientGone
from data.cluster import Cluster
from data.engine import make_engine
from data.publishing import publish
from geo.records import Area
from tests.cli.program import Program, eventually, program
from tests.conftest import CreateDatabase, free_port

POOL_SIZE = 5
QUESTIONS = [
    ("/v1/locate?lon=112.0&lat=27.7&at=2020-01-01T00:00:00Z", "city.areas"),
    ("/v1/facilities?limit=1", "city.facilities"),
    ("/v1/stall-zones?limit=1", "city.stall_zones"),
]
"""What the database is asked for, and the table; today's areas are answered from memory."""
BUSY = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'tidegrid-api' AND datname = current_database() AND state != 'idle'
"""


@pytest.fixture(scope="module")
def admin(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Engine]:
    """A database that is served in this file alone, with an area that 2020 did not have."""
    engine = make_engine(cluster.url("postgres", create_database("leaving", migrated)), role=None)
    with Session(engine) as session, session.begin():
        publish(session, [Area("city", "C", "城", box(111, 27, 113, 28))], by="test", note="test")
    yield engine
    engine.dispose()


@contextmanager
def serving(cluster: Cluster, folder: Path, **settings: object) -> Iterator[Program]:
    port = free_port()
    with program(
        "serve",
        "--port",
        port,
        cwd=folder,
        address=f"http://127.0.0.1:{port}",
        TIDEGRID_DATABASE_URL=cluster.url("tidegrid_service", "leaving"),
        TIDEGRID_PUBLIC_DATABASE_URL=cluster.url("tidegrid_public", "leaving"),
        **settings,
    ) as served:
        yield served


@pytest.fixture(scope="module")
def served(
    cluster: Cluster, admin: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """A service whose statements may take half a minute."""
    assert admin.url.database == "leaving"
    folder = tmp_path_factory.mktemp("serving")
    limits = {"TIDEGRID_STATEMENT_TIMEOUT_MS": 30_000, "TIDEGRID_POOL_SIZE": POOL_SIZE}
    with serving(cluster, folder, **limits) as served:
        yield served


@contextmanager
def locked(admin: Engine, table: str) -> Iterator[Connection]:
    """Let nobody read a table while inside; lends a connection to look on from."""
    with admin.connect() as holder, admin.connect() as looker:
        holder.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield looker.execution_options(isolation_level="AUTOCOMMIT")
        holder.rollback()


def busy(looker: Connection) -> int:
    return int(looker.scalar(text(BUSY)) or 0)


def knock(served: Program, path: str) -> socket.socket:
    """Return a connection on which a question was asked."""
    host, port = served.address.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return client


@pytest.mark.parametrize(("path", "table"), QUESTIONS)
def test_a_client_who_leaves_frees_its_connection_at_once(
    served: Program, admin: Engine, path: str, table: str
) -> None:
    with locked(admin, table) as looker:
        with knock(served, path):
            assert eventually(lambda: busy(looker) == 1)

        assert eventually(lambda: busy(looker) == 0, within_s=2)
        assert served.is_ready()


@pytest.mark.parametrize(("path", "table"), QUESTIONS)
def test_fifty_clients_who_leave_do_not_exhaust_a_pool_of_five(
    served: Program, admin: Engine, path: str, table: str
) -> None:
    with locked(admin, table) as looker:
        with ExitStack() as clients:
            for _ in range(50):
                clients.enter_context(knock(served, path))
            assert eventually(lambda: busy(looker) == POOL_SIZE)

        assert eventually(lambda: busy(looker) == 0, within_s=2)
        # The same pool, while the table is still locked.
        assert served.get("/readyz").status_code == 200

    assert served.get(path).status_code == 200
    assert "Traceback" not in served.told


def test_a_request_that_waits_too_long_ends_with_503(
    cluster: Cluster, admin: Engine, tmp_path: Path
) -> None:
    with serving(cluster, tmp_path, TIDEGRID_STATEMENT_TIMEOUT_MS=500) as served:
        for path, table in QUESTIONS:
            with locked(admin, table) as looker:
                asked = time.monotonic()
                answer = served.get(path)

                assert 0.4 < time.monotonic() - asked < 3
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert "try again" in answer.json()["detail"]
                assert busy(looker) == 0
            assert served.get(path).status_code == 200


def test_a_request_that_outlives_its_cancellation_is_cancelled_again() -> None:
    cancelled = 0

    async def stubborn(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal cancelled
        while cancelled < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled += 1

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pytest.fail("nobody is there to be answered")

    asked = time.monotonic()
    asyncio.run(ClientGone(stubborn)({"type": "http", "method": "GET"}, gone, send))

    assert cancelled == 2
    assert time.monotonic() - asked < 5
