"""The command `tidegrid` as people run it: own processes, own homes, real signals."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from api.cli import main
from data.cluster import Cluster
from data.engine import make_engine
from tests.conftest import free_port

COMMAND = Path(sys.executable).with_name("tidegrid")
Command = Callable[..., subprocess.CompletedProcess[str]]
"""Runs the command with words; settings are given as keywords."""

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
CRASH = "database system was not properly shut down"
"""What PostgreSQL writes to its log when a start had to recover."""


def environment(**more: object) -> dict[str, str]:
    """Return this process's environment without any setting of ours but the given ones."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TIDEGRID_") and name not in ("HOST", "PORT")
    }
    return kept | {name: str(value) for name, value in more.items()}


def run(*words: object, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; settings are given as keywords in capitals."""
    settings = {name: more.pop(name) for name in list(more) if name.isupper()}
    return subprocess.run(
        [str(COMMAND), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
        env=environment(**settings),
        cwd=cwd,
        **more,
    )


def within(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cwd: Path
) -> Command:
    """Return a way to run the command inside this process: quicker, and a test can change things.

    What the command does not turn into a sentence and a code ends the test.
    """
    monkeypatch.chdir(cwd)
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)

    def command(*words: object, **settings: object) -> subprocess.CompletedProcess[str]:
        typed = ["tidegrid", *map(str, words)]
        before = signal.getsignal(signal.SIGTERM)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", typed)
            for name, value in settings.items():
                patch.setenv(name, str(value))
            with pytest.raises(SystemExit) as ended:
                main()
        signal.signal(signal.SIGTERM, before)
        return subprocess.CompletedProcess(typed, int(ended.value.code or 0), *capsys.readouterr())

    return command


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that a command ended with; fails unless it ended so, with code 1."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    told = [line for line in done.stderr.splitlines() if not line.startswith("»")]
    assert len(told) == 1, done.stderr
    assert told[0].startswith("✗ ")
    return told[0]


def eventually(holds: Callable[[], bool], within_s: float = 10) -> bool:
    """Return whether something becomes true in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits to be collected does not."""
    with suppress(OSError):
        # The command in brackets may itself hold brackets and blanks.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


@dataclass(frozen=True, slots=True)
class Program:
    """A command that runs and serves."""

    process: subprocess.Popen[bytes]
    address: str
    stdout: Path
    stderr: Path

    def get(self, path: str, token: str | None = None) -> httpx2.Response:
        """Ask the API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.get(self.address + path, headers=headers, timeout=20, trust_env=False)

    def is_ready(self) -> bool:
        """Whether it answers and its database too."""
        with suppress(httpx2.TransportError):
            return self.get("/readyz").status_code == 200
        return False

    def end(self, how: signal.Signals) -> int:
        """Send a signal and return the code it ends with, negative if the signal killed it."""
        self.process.send_signal(how)
        return self.process.wait(STOP_TIMEOUT_S)

    @property
    def shown(self) -> str:
        """What it has printed on stdout."""
        return self.stdout.read_text(encoding="utf-8")

    @property
    def told(self) -> str:
        """What it has printed on stderr."""
        return self.stderr.read_text(encoding="utf-8")

    def tokens(self) -> dict[str, str]:
        """Return the token of each scope that the demo has printed."""
        return dict(re.findall(r"令牌 token +(\w+) +(tg_\S+)", self.shown))


@contextmanager
def program(*words: object, cwd: Path, address: str, **settings: object) -> Iterator[Program]:
    """Start a command that serves and wait until it does; whatever happens, it is gone after."""
    with tempfile.TemporaryDirectory(dir=cwd) as folder:
        stdout, stderr = Path(folder) / "stdout", Path(folder) / "stderr"
        with stdout.open("wb") as out, stderr.open("wb") as err:
            process = subprocess.Popen(
                [str(COMMAND), *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(**settings),
                cwd=cwd,
                start_new_session=True,
            )
        started = Program(process, address, stdout, stderr)
        with process:
            try:
                wait_until(started, Program.is_ready)
                yield started
            finally:
                _finish(process)


def wait_until(started: Program, holds: Callable[[Program], bool]) -> None:
    """Wait until something is true of a program that lives."""
    assert eventually(
        lambda: holds(started) or started.process.poll() is not None, START_TIMEOUT_S
    ), started.told
    assert started.process.returncode is None, started.told


def _finish(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    # The session is its own: its workers are in it, also when it was killed before them.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Home:
    """A home of the embedded database that no other test uses, and what is done in it."""

    folder: Path
    database_port: int
    port: int

    @property
    def settings(self) -> dict[str, object]:
        """The settings that make a command use it."""
        return {
            "TIDEGRID_HOME": self.folder,
            "TIDEGRID_DATABASE_PORT": self.database_port,
            "HOST": "127.0.0.1",
            "PORT": self.port,
        }

    def run(self, *words: object, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return run(*words, cwd=self.folder.parent, **(self.settings | more))

    @contextmanager
    def serving(self, *words: object, **settings: object) -> Iterator[Program]:
        """Run a command that serves."""
        given = self.settings | settings
        address = f"http://{given['HOST']}:{given['PORT']}"
        with program(*words, cwd=self.folder.parent, address=address, **given) as started:
            yield started

    @property
    def cluster(self) -> Cluster:
        """The cluster, for a test to use beside the command."""
        return Cluster.at(self.folder, self.database_port)

    @property
    def log(self) -> str:
        """What PostgreSQL has logged."""
        return (self.folder / "postgres.log").read_text(encoding="utf-8")

    def postgres(self) -> int | None:
        """Return the process of the database, None when there is none."""
        with suppress(FileNotFoundError, IndexError):
            pid = int((self.folder / "db" / "postmaster.pid").read_text().splitlines()[0])
            return pid if alive(pid) else None
        return None

    def scalar(self, query: str) -> Any:
        """Ask a question of the database while it runs, as its superuser."""
        engine = make_engine(self.cluster.url("postgres"), role=None)
        with engine.connect() as connection:
            answer = connection.scalar(text(query))
        engine.dispose()
        return answer


@contextmanager
def new_home(inside: str = "home") -> Iterator[Home]:
    """Lend a home that does not exist yet; its database is stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="tidegrid-test-") as folder:
        Path(folder).chmod(0o755)
        home = Home(Path(folder) / inside, free_port(), free_port())
        try:
            yield home
        finally:
            if home.folder.exists():
                home.cluster.stop()
                shutil.rmtree(home.cluster.socket_dir, ignore_errors=True)
