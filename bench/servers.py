"""Servers under measurement, each a process of its own on a free loopback port."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent
_READY_S = 90.0
_STOP_S = 15.0
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it answers, without a path."""
        return f"http://{HOST}:{self.port}"

    def cpu_s(self) -> float:
        """Return the processor time that the process has used, its threads included."""
        # The name in brackets may hold blanks: count from behind it.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Return the resident memory of the process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


class Client:
    """One connection that is kept; without a token it asks as the public does."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._http = http.client.HTTPConnection(HOST, port, timeout=_PATIENCE_S)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, target: str) -> Any:
        """Return the JSON of an answer."""
        return orjson.loads(self.ask("GET", target))

    def ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the content of an answer once it is read; raises `RuntimeError` unless 200."""
        self._http.request(method, target, body or None, self._headers | dict(headers or {}))
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {target}: {answer.status} {content[:300]!r}")
        return content

    def tag(self, target: str) -> str:
        """Return the ETag of an answer."""
        self._http.request("GET", target, headers=self._headers)
        answer = self._http.getresponse()
        answer.read()
        found = answer.getheader("ETag")
        if answer.status != 200 or found is None:
            raise RuntimeError(f"GET {target}: {answer.status} without a tag")
        return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def tidegrid(service_url: str, public_url: str, profile: Path | None = None) -> Iterator[Server]:
    """Run `tidegrid serve` with one worker while inside, profiled into a file if one is given."""
    addresses = {"TIDEGRID_DATABASE_URL": service_url, "TIDEGRID_PUBLIC_DATABASE_URL": public_url}
    port = free_port()
    words = ["-m", "bench.profiles", str(profile)] if profile else [_script()]
    with _running([*words, "serve", "--port", str(port)], port, addresses) as server:
        yield server


@contextmanager
def bare(name: str, samples: Path) -> Iterator[Server]:
    """Run a bare app of `bench.floors` while inside, with the options of `tidegrid serve`."""
    port = free_port()
    with _running(["-m", "bench.floors", name, str(port), str(samples)], port, {}) as server:
        yield server


def _script() -> str:
    return str(Path(sys.executable).with_name("tidegrid"))


@contextmanager
def _running(words: Sequence[str], port: int, more: Mapping[str, str]) -> Iterator[Server]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("TIDEGRID_")}
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**own, **more},
        stdout=subprocess.DEVNULL,
        # Ctrl-C is for us: we stop the servers ourselves, before the database.
        start_new_session=True,
    )
    try:
        _wait(process, port)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen after {_READY_S} s")
