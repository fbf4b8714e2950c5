"""The embedded database: a private PostgreSQL cluster with PostGIS from the machine's own binaries.

One folder, one cluster: `HOME/db` the data, `HOME/secrets.json` the passwords, `HOME/postgres.log`
the log. Any number of our processes may share it; the last one that leaves stops it. Locks are
`flock`s, which the kernel drops when a process dies, so a `kill -9` leaves nothing to clean up.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from data.binaries import Account, find_binaries, unprivileged_account
from geo.errors import ClusterError

ROLES = ("postgres", "tidegrid_owner", "tidegrid_service", "tidegrid_public", "tidegrid_planner")
DATABASE = "tidegrid"
MIN_FREE_MIB = 300
START_TIMEOUT_S = 60
_FRESH = "db.new."
# Sized for a small machine. Nothing here trades away durability: fsync and full pages stay on.
_CONFIG = {
    "max_connections": "150",
    "shared_buffers": "'128MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "effective_cache_size": "'1GB'",
    "max_wal_size": "'1GB'",
    "random_page_cost": "1.1",
    "jit": "off",
    # A statement whose client has gone, killed or out of patience, does not run to its end.
    "client_connection_check_interval": "'500ms'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_min_duration_statement": "'2s'",
    "password_encryption": "'scram-sha-256'",
    "lc_messages": "'C'",
}


def _silent(_step: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the cluster lives and how it is reached."""

    home: Path
    port: int
    binaries: Path
    account: Account | None

    @classmethod
    def at(cls, home: Path, port: int) -> Cluster:
        """Return the cluster of a folder; raises `ClusterError` when PostGIS is not installed."""
        home = home.resolve()
        return cls(home, port, find_binaries(_major_of(home / "db")), unprivileged_account())

    @property
    def data(self) -> Path:
        """The data folder of PostgreSQL."""
        return self.home / "db"

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket; elsewhere when ours cannot be one.

        A socket's path holds 107 bytes, and PostgreSQL adds "/.s.PGSQL.65535.lock". Commas, quotes
        and percent signs mean something in postgresql.conf or in a connection's address.
        """
        inside = self.home / "run"
        if len(os.fsencode(inside)) <= 80 and re.fullmatch(r"[\w/.-]+", str(inside)):
            return inside
        return Path("/tmp") / f"tidegrid-{sha256(os.fsencode(inside)).hexdigest()[:16]}"

    def password(self, role: str) -> str:
        """Return the password of one of our roles."""
        found: dict[str, str] = json.loads((self.home / "secrets.json").read_text())
        return found[role]

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the SQLAlchemy URL of a role, over the Unix socket."""
        secret = self.password(role)
        return (
            f"postgresql+psycopg://{role}:{secret}@/{database}"
            f"?host={self.socket_dir}&port={self.port}"
        )

    # --- running ---------------------------------------------------------------------------

    @contextmanager
    def running(self, progress: Callable[[str], None] = _silent) -> Iterator[Cluster]:
        """Hold the cluster up while inside: start it if need be, stop it after its last user."""
        self._make_home()
        with _locked(self.home / "users.lock", fcntl.LOCK_SH) as users:
            with _locked(self.home / "start.lock", fcntl.LOCK_EX):
                self._ensure_data(progress)
            # From here on the folder is known to be ours, and so is what runs in it.
            try:
                with _locked(self.home / "start.lock", fcntl.LOCK_EX):
                    self._ensure_started(progress)
                yield self
            finally:
                with _locked(self.home / "start.lock", fcntl.LOCK_EX):
                    if _is_last(users):
                        self.stop(progress)

    def stop(self, progress: Callable[[str], None] = _silent) -> None:
        """Stop the server if it runs, open sessions rolled back; returns when it is down."""
        if self._status() == 0:
            progress("stopping the database")
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")

    def _status(self) -> int:
        """0 running, 3 not running, 4 no data folder."""
        return self._run("pg_ctl", "status", "-D", str(self.data), check=False).returncode

    def _ensure_started(self, progress: Callable[[str], None]) -> None:
        if self._status() == 0:
            # Left behind by a killed process, or shared with a living one: either way it is ours.
            self._check_port_of_running()
            if self._is_ready():
                return
        if not _port_free(self.port):
            raise ClusterError(
                f"port {self.port} on 127.0.0.1 is taken by another program; "
                "choose a free one with TIDEGRID_DATABASE_PORT"
            )
        progress("starting the database")
        self._configure()
        log = self.home / "postgres.log"
        log.touch()
        self._own(log)
        self._run(
            "pg_ctl", "start", "-D", str(self.data), "-l", str(log), "-w", "-t",
            str(START_TIMEOUT_S), failure=lambda text: self._why_not_started(text, log),
        )  # fmt: skip

    def _check_port_of_running(self) -> None:
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        if len(lines) > 3 and int(lines[3]) != self.port:
            raise ClusterError(
                f"the database of {self.home} already runs on port {lines[3]}; stop the program "
                f"that uses it, or set TIDEGRID_DATABASE_PORT={lines[3]}"
            )

    def _is_ready(self) -> bool:
        """Wait for a server that runs; False when it was killed, and its process is gone now.

        Until the system collects a killed process, it looks as if it ran.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            asked = self._run(
                "pg_isready", "-q", "-h", str(self.socket_dir), "-p", str(self.port), check=False
            )
            if asked.returncode == 0:
                return True
            if self._status() != 0:
                return False
            time.sleep(0.1)
        raise ClusterError(
            f"the database did not become ready within {START_TIMEOUT_S} s; "
            f"see {self.home / 'postgres.log'}"
        )

    def _why_not_started(self, text: str, log: Path) -> str:
        tail = [line for line in log.read_text(errors="replace").splitlines() if "FATAL" in line]
        reason = tail[-1].split("FATAL:")[-1].strip() if tail else _last(text)
        return f"the database did not start: {reason}; its log is {log}"

    # --- making ----------------------------------------------------------------------------

    def _make_home(self) -> None:
        try:
            # Made, not looked for first: another start may make it in between. One that is not a
            # folder is told by what is put into it.
            with suppress(FileExistsError):
                self.home.mkdir(parents=True)
                if self.account is not None:
                    # Whatever root's umask says: the server's account must get in.
                    self.home.chmod(0o755)
            (self.home / "users.lock").touch()
            (self.home / "start.lock").touch()
        except OSError as error:
            raise ClusterError(
                f"cannot use {self.home}: {error.strerror}; set TIDEGRID_HOME to a folder of yours"
            ) from None
        self._check_reachable()

    def _check_reachable(self) -> None:
        """Root can read everything, the server's account cannot: a home below /root fails late."""
        if self.account is None:
            return
        for folder in (self.home, *self.home.parents):
            if not folder.stat().st_mode & 0o001 and folder.stat().st_uid != self.account.uid:
                raise ClusterError(
                    f"the account {self.account.name}, which runs the database, may not enter "
                    f"{folder}; set TIDEGRID_HOME to a folder outside it, like /var/lib/tidegrid"
                )

    def _ensure_data(self, progress: Callable[[str], None]) -> None:
        for interrupted in self.home.glob(f"{_FRESH}*"):
            shutil.rmtree(interrupted, ignore_errors=True)
        version = _major_of(self.data)
        if version is not None and (self.home / "secrets.json").exists():
            self._check_version(version)
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise ClusterError(
                f"{self.data} holds something that tidegrid did not make; "
                "set TIDEGRID_HOME to an empty folder"
            )
        free_mib = shutil.disk_usage(self.home).free // 2**20
        if free_mib < MIN_FREE_MIB:
            raise ClusterError(
                f"only {free_mib} MiB are free at {self.home}, {MIN_FREE_MIB} are needed; "
                "free some, or set TIDEGRID_HOME to a folder on another disk"
            )
        progress("creating the database cluster")
        self._initdb()

    def _check_version(self, found: str) -> None:
        ours = self.binaries.parent.name
        if ours.isdigit() and found != ours:
            raise ClusterError(
                f"{self.data} was made by PostgreSQL {found}, this machine has {ours}; install "
                f"postgresql-{found}-postgis-3, or set TIDEGRID_HOME to an empty folder"
            )

    def _initdb(self) -> None:
        """Make the data aside and move it into place, so that an interrupted try leaves no half."""
        # A name of its own: after a `kill -9` of ours the initdb of that time may still be writing.
        fresh = Path(tempfile.mkdtemp(prefix=_FRESH, dir=self.home))
        self._own(fresh)
        words = {role: secrets.token_urlsafe(24) for role in ROLES}
        password_file = self.home / "initdb.password"
        _write_private(password_file, words["postgres"])
        self._own(password_file)
        try:
            self._run(
                "initdb", "-D", str(fresh), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--data-checksums",
                failure=lambda text: f"the database cluster could not be made: {_last(text)}",
            )  # fmt: skip
        finally:
            password_file.unlink()
        _write_private(self.home / "secrets.json", json.dumps(words, indent=1))
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _configure(self) -> None:
        """Write our settings anew at every start: the port may have changed."""
        self._make_socket_dir()
        settings = _CONFIG | {
            "listen_addresses": "'127.0.0.1'",
            "port": str(self.port),
            "unix_socket_directories": f"'{self.socket_dir}'",
        }
        lines = [f"{key} = {value}" for key, value in settings.items()]
        path = self.data / "tidegrid.conf"
        path.write_text("# Written by tidegrid at every start.\n" + "\n".join(lines) + "\n")
        self._own(path)
        main = self.data / "postgresql.conf"
        if "tidegrid.conf" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude 'tidegrid.conf'\n")

    def _make_socket_dir(self) -> None:
        """In /tmp anybody may have made it before us, to get at passwords or at what we own."""
        folder = self.socket_dir
        folder.mkdir(mode=0o755, exist_ok=True)
        owners = {os.geteuid()} | ({self.account.uid} if self.account else set())
        if folder.is_symlink() or folder.stat().st_uid not in owners:
            raise ClusterError(f"{folder} is somebody else's; remove it, or choose a TIDEGRID_HOME")
        self._own(folder)

    # --- running programs ------------------------------------------------------------------

    def _own(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def _run(
        self,
        program: str,
        *words: str,
        check: bool = True,
        failure: Callable[[str], str] = lambda text: text.strip(),
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the unprivileged account.

        Output goes to a file, not a pipe: the server inherits it from pg_ctl and would hold a
        pipe open for ever. A session of its own keeps the terminal's Ctrl-C away from it.
        """
        account = self.account
        with _scratch(self.home) as output:
            try:
                done = subprocess.run(
                    [str(self.binaries / program), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd="/",
                    env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                    check=False,
                )
            except OSError as error:
                raise ClusterError(f"{program} cannot be run: {error.strerror}") from None
            output.seek(0)
            text = output.read()
        if check and done.returncode != 0:
            raise ClusterError(failure(text))
        return subprocess.CompletedProcess(done.args, done.returncode, text)


def _major_of(data: Path) -> str | None:
    """The major version of PostgreSQL that made a data folder, None where there is none."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except OSError:
        return None


def _port_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line or "FATAL" in line] or lines[-1:]
    return telling[0] if telling else "no reason given"


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


@contextmanager
def _locked(path: Path, how: int) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield file


def _is_last(users: IO[str]) -> bool:
    """Whether nobody else holds the users' lock; ours becomes exclusive then."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _scratch(home: Path) -> Iterator[IO[str]]:
    """A file for a program's output that has no name once it is open."""
    path = home / f"output.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        with path.open("w+") as file:
            path.unlink()
            yield file
    except OSError as error:
        raise ClusterError(f"cannot write in {home}: {error.strerror}") from None
