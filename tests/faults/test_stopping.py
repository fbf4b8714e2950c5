"""Who may stop what: a signal stops all of ours, the last one out stops the database."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.commands.serve import GRACE_S
from tests.cli.program import Home, Program, alive, eventually
from tests.faults.conftest import FirstStart
from tests.http.events import Stream, following

NEAREST = "/v1/officers/nearest?lon=112.0&lat=27.7"
DAWDLING = b"PUT /v1/officers/x/position HTTP/1.1\r\nHost: t\r\nContent-Length: 99\r\n\r\n{"


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_down(home: Home) -> bool:
    return home.postgres() is None and not (home.folder / "db" / "postmaster.pid").exists()


def test_two_workers_serve_and_sigterm_stops_them_all_even_while_a_client_dawdles(
    first_start: FirstStart,
) -> None:
    home = first_start.home
    with home.serving("serve", "--workers", 2) as served:
        # multiprocessing's resource tracker is a child too, and leaves with the others.
        workers = children(served.process.pid)
        assert len(workers) >= 2
        assert served.get(NEAREST, first_start.token).status_code == 200
        with socket.create_connection(("127.0.0.1", home.port)) as dawdler:
            dawdler.sendall(DAWDLING)

            assert served.end(signal.SIGTERM) == 0

    assert eventually(lambda: not any(map(alive, workers)))
    assert is_down(home)


@pytest.mark.parametrize("workers", [1, 2])
def test_open_streams_end_at_once_and_hold_nobody_up(first_start: FirstStart, workers: int) -> None:
    home = first_start.home
    with home.serving("serve", "--workers", workers) as served, ExitStack() as stack:
        streams = [stack.enter_context(following(served.address)) for _ in range(4)]
        for stream in streams:
            stream.next("hello")
        began = time.monotonic()

        assert served.end(signal.SIGTERM) == 0

        # Within the time that is left to other requests they would be cut off, and that be logged.
        assert time.monotonic() - began < GRACE_S
        for stream in streams:
            # What was on its way before the end may still be read.
            with pytest.raises(EOFError):
                drain(stream)
        assert [line for line in served.told.splitlines() if not line.startswith("»")] == []
    assert is_down(home)


def test_a_token_made_beside_a_running_service_works_at_once_and_stops_nothing(
    first_start: FirstStart,
) -> None:
    home = first_start.home
    with home.serving("demo") as served:
        before = home.postgres()

        issued = home.run("token", "issue", "--name", "beside", "--scope", "query")

        assert issued.returncode == 0, issued.stderr
        assert "stopping the database" not in issued.stderr
        assert home.postgres() == before
        assert served.get(NEAREST, issued.stdout.strip()).status_code == 200
        stops_only_after_its_last_user(home, served)


def drain(stream: Stream) -> None:
    while True:
        stream.next()


def stops_only_after_its_last_user(home: Home, served: Program) -> None:
    with home.cluster.running():
        assert served.end(signal.SIGTERM) == 0
        assert "stopping the database" not in served.told
        assert home.scalar("SELECT count(*) > 0 FROM city.areas") is True
    assert is_down(home)
