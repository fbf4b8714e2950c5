"""A small town with several workers on one database, and what tests do to both."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx2
from shapely.geometry import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.embedded import prepare
from data.engine import Role, make_engine
from data.publishing import publish
from data.staff import store_officers
from data.tokens import issue
from geo.records import Area, Assignment, Officer, Shift, StallZone
from geo.schedules import ALWAYS
from tests.cli.program import Home, Program, eventually, new_home, program
from tests.conftest import free_port
from tests.faults.test_stopping import children

WORKERS = 3
PROMISED_S = 1.0
# From what a dead connection looks dead, or a new one is tried, to when it is told.
NOTICED_S = 0.5
T = TypeVar("T")
KIND = "responsibility_grid"
WEST = Area(KIND, "G1", "west", box(112.00, 27.70, 112.01, 27.71))
EAST = Area(KIND, "G2", "east", box(112.01, 27.70, 112.02, 27.71))
Where = Mapping[str, float | str]
IN_WEST: Where = {"lon": 112.005, "lat": 27.705}
NEAR_BORDER: Where = {"lon": 112.009, "lat": 27.705}
CODES = [f"CG{n:02d}" for n in range(24)]


@dataclass(frozen=True, slots=True)
class Town:
    """A database with workers on it, and what a test does to both."""

    home: Home
    workers: Sequence[Program]
    clients: Sequence[httpx2.Client]
    token: str

    def commit(
        self, work: Callable[[Session], T], role: Role | None = "tidegrid_owner"
    ) -> tuple[T, float]:
        """Do something in the database; also return when it was committed."""
        engine = make_engine(self.home.cluster.url("postgres"), role=role)
        try:
            with Session(engine) as session, session.begin():
                done = work(session)
            return done, time.monotonic()
        finally:
            engine.dispose()

    def publish(self, *records: Area | StallZone) -> float:
        """Publish areas or zones and return when that was committed."""
        return self.commit(lambda s: publish(s, records, by="tester", note="test"))[1]

    def put(self, n: int, code: str, observed_at: datetime, lon: float, lat: float) -> int:
        """Tell a worker where an officer is, and return the status."""
        body = {"lon": lon, "lat": lat, "observed_at": observed_at.isoformat()}
        path = f"/v1/officers/{code}/position"
        return self.clients[n].put(path, json=body, headers=bearer(self.token)).status_code

    def slowest_s(self, since: float, holds: Callable[[httpx2.Client], bool]) -> float:
        """How long after an instant it became true of the last worker."""

        def when(client: httpx2.Client) -> float:
            assert eventually(lambda: holds(client)), "not seen within 10 s"
            return time.monotonic() - since

        with ThreadPoolExecutor(WORKERS) as pool:
            return max(pool.map(when, self.clients))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def grid_of(client: httpx2.Client, where: Where) -> str | None:
    """The name of the grid that a worker tells."""
    answer = client.get("/v1/locate", params=where)
    assert answer.status_code == 200, answer.text
    return next((area["name"] for area in answer.json()["areas"]), None)


def age_header(client: httpx2.Client) -> str | None:
    """How old a worker says that its answers are, if it says so."""
    age: str | None = client.get("/v1/locate", params=IN_WEST).headers.get("tidegrid-data-age")
    return age


def shows(where: Where, name: str) -> Callable[[httpx2.Client], bool]:
    return lambda client: grid_of(client, where) == name


def nearest_is(code: str, token: str, where: Where) -> Callable[[httpx2.Client], bool]:
    def holds(client: httpx2.Client) -> bool:
        answer = client.get("/v1/officers/nearest", params={**where, "k": 1}, headers=bearer(token))
        assert answer.status_code == 200, answer.text
        first = answer.json()["officers"][:1]
        return [(one["id"], one["distance_m"]) for one in first] == [(code, 0.0)]

    return holds


@contextmanager
def founded() -> Iterator[Town]:
    """Two grids, two dozen officers on duty day and night, three workers."""
    with ExitStack() as stack:
        home = stack.enter_context(new_home())
        cluster = stack.enter_context(home.cluster.running())
        prepare(cluster, print)
        founding = Town(home, (), (), "")
        founding.publish(WEST, EAST)
        posts = [Assignment(code, "street", KIND, "G1", date(2026, 1, 1)) for code in CODES]
        shifts = [Shift(code, ALWAYS, date(2026, 1, 1)) for code in CODES]
        staff = [Officer(code, f"officer {code}") for code in CODES]
        founding.commit(lambda session: store_officers(session, staff, posts, shifts))
        day = timedelta(days=1)
        token, _ = founding.commit(lambda s: issue(s, "test", ["query", "position"], day))
        with ThreadPoolExecutor(WORKERS) as pool:
            contexts = [serving(home) for _ in range(WORKERS)]
            workers = list(pool.map(stack.enter_context, contexts))
        clients = [
            stack.enter_context(httpx2.Client(base_url=w.address, timeout=20, trust_env=False))
            for w in workers
        ]
        yield Town(home, workers, clients, token)


@contextmanager
def serving(home: Home) -> Iterator[Program]:
    """A worker with an address of its own, on the home's database."""
    port = free_port()
    given = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "TIDEGRID_DATABASE_URL": home.cluster.url("tidegrid_service"),
        "TIDEGRID_PUBLIC_DATABASE_URL": home.cluster.url("tidegrid_public"),
    }
    address = f"http://127.0.0.1:{port}"
    with program("serve", cwd=home.folder.parent, address=address, **given) as started:
        yield started


def listeners(town: Town) -> list[int]:
    """The processes of the database that our workers listen to."""
    asked = text("SELECT pid FROM pg_stat_activity WHERE application_name = 'tidegrid-listener'")
    return list(town.commit(lambda session: session.scalars(asked).all())[0])


@dataclass(slots=True)
class Load:
    """Clients that ask and tell without a pause, and what they were answered."""

    town: Town
    stop: threading.Event = field(default_factory=threading.Event)
    reads: list[tuple[float, int, bool, float]] = field(default_factory=list)
    writes: list[tuple[float, int, float]] = field(default_factory=list)
    acknowledged: dict[str, datetime] = field(default_factory=dict)

    def read(self, n: int) -> None:
        """Ask where a point is and who is nearest; note when, the status, and whether aged."""
        client = self.town.clients[n]
        mine = bearer(self.town.token)
        rules: Where = {"role": "street", "same_grid": "true", "max_age_s": 600, "k": 2}
        unusual: Where = {**IN_WEST, **rules}
        asked: list[tuple[str, Where, dict[str, str]]] = [
            ("/v1/locate", IN_WEST, {}),
            ("/v1/locate", IN_WEST, mine),
            ("/v1/officers/nearest", IN_WEST, mine),
            ("/v1/officers/nearest", unusual, mine),
        ]
        while not self.stop.is_set():
            for path, params, headers in asked:
                began = time.monotonic()
                answer = client.get(path, params=params, headers=headers)
                is_aged = "tidegrid-data-age" in answer.headers
                self.reads.append((began, answer.status_code, is_aged, time.monotonic()))
            time.sleep(0.01)

    def write(self, n: int) -> None:
        """Tell where officers are, each by one worker alone; note what was acknowledged."""
        mine = CODES[n::WORKERS]
        while not self.stop.is_set():
            for code in mine:
                began, now = time.monotonic(), datetime.now(UTC)
                status = self.town.put(n, code, now, 112.002, 27.702)
                self.writes.append((began, status, time.monotonic()))
                if status == 204:
                    self.acknowledged[code] = now
            time.sleep(0.01)

    def statuses(self, kind: str, since: float, until: float) -> set[int]:
        """What reads, or writes, that began and ended in a time were answered.

        One that was on its way when the time ended may have met what came after.
        """
        noted: Sequence[tuple[float, int, *tuple[float, ...]]]
        noted = self.reads if kind == "reads" else self.writes
        return {one[1] for one in noted if since <= one[0] and one[-1] < until}


@contextmanager
def under_load(town: Town) -> Iterator[Load]:
    load = Load(town)
    with ThreadPoolExecutor(2 * WORKERS) as pool:
        jobs = [pool.submit(job, n) for n in range(WORKERS) for job in (load.read, load.write)]
        try:
            yield load
        finally:
            load.stop.set()
        for job in jobs:
            job.result()


def kill_database(home: Home) -> float:
    """Kill all of PostgreSQL at once, as a loss of power does; return when."""
    postmaster = home.postgres()
    assert postmaster is not None
    # Stopped first, it starts no other process. One that is left alive may still commit and answer:
    # a backend looks for its postmaster only when it has nothing else to do.
    os.kill(postmaster, signal.SIGSTOP)
    processes = (*children(postmaster), postmaster)
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    # Gone altogether: pg_ctl takes a process that waits to be collected for one that runs.
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    return killed


def publish_unheard(town: Town, area: Area) -> None:
    """Bring the database up where no worker looks for it, publish, and stop it again."""
    aside = Cluster.at(town.home.folder, free_port())
    with aside.running():
        engine = make_engine(aside.url("postgres"), role="tidegrid_owner")
        with Session(engine) as session, session.begin():
            publish(session, [area], by="tester", note="unheard")
        engine.dispose()
        aside.stop()
