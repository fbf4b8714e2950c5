"""Several workers, one truth: what is committed is known to all within a second, whatever befell.

Each worker is a process of its own; the database is theirs alone, and is killed under their feet.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx2
import psycopg
import pytest
from shapely.geometry import box
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.embedded import prepare
from data.engine import Role, make_engine
from data.live.listener import CHANNEL
from data.publishing import publish
from data.staff import store_officers
from data.tokens import issue, revoke
from geo.openings import ALWAYS
from geo.records import Area, Assignment, Officer, Shift
from tests.cli.program import Home, Program, alive, eventually, new_home, program
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

    def publish(self, *areas: Area) -> float:
        """Publish areas and return when that was committed."""
        return self.commit(lambda s: publish(s, areas, by="tester", note="test"))[1]

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


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
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


# --- while all is well --------------------------------------------------------------------------


def test_a_grid_renamed_and_redrawn_is_seen_by_all_within_a_second(town: Town) -> None:
    assert all(grid_of(client, NEAR_BORDER) == "west" for client in town.clients)
    redrawn = [
        replace(WEST, name="west, smaller", geometry=box(112.00, 27.70, 112.008, 27.71)),
        replace(EAST, name="east, larger", geometry=box(112.008, 27.70, 112.02, 27.71)),
    ]

    committed = town.publish(*redrawn)

    assert town.slowest_s(committed, shows(NEAR_BORDER, "east, larger")) <= PROMISED_S
    assert all(grid_of(client, IN_WEST) == "west, smaller" for client in town.clients)
    committed = town.publish(WEST, EAST)
    assert town.slowest_s(committed, shows(NEAR_BORDER, "west")) <= PROMISED_S


def test_a_position_taken_by_one_is_seen_by_all_within_a_second(town: Town) -> None:
    for n, code in enumerate(CODES[:5]):
        where = {"lon": 112.001 + n / 1000, "lat": 27.702}

        assert town.put(n % WORKERS, code, datetime.now(UTC), **where) == 204

        acknowledged = time.monotonic()
        holds = nearest_is(code, town.token, where)
        assert town.slowest_s(acknowledged, holds) <= PROMISED_S


def test_a_token_works_at_once_and_is_refused_by_all_within_a_second_after_it_is_revoked(
    town: Town,
) -> None:
    day = timedelta(days=1)
    token, committed = town.commit(lambda s: issue(s, "passing", ["query"], day))

    def status(client: httpx2.Client) -> int:
        path = "/v1/officers/nearest"
        return client.get(path, params=IN_WEST, headers=bearer(token)).status_code

    assert [status(client) for client in town.clients] == [200] * WORKERS
    time.sleep(PROMISED_S)  # by now it is known by heart
    _, committed = town.commit(lambda session: revoke(session, "passing"))
    assert town.slowest_s(committed, lambda client: status(client) == 401) <= PROMISED_S


def test_an_area_published_for_later_takes_effect_by_itself(town: Town) -> None:
    def plan(session: Session) -> datetime:
        now: datetime = session.scalars(text("SELECT clock_timestamp()")).one()
        later = now + timedelta(seconds=2)
        close = (
            "UPDATE city.areas SET valid = tstzrange(lower(valid), :later) "
            "WHERE code = 'G1' AND upper_inf(valid)"
        )
        reopen = (
            "INSERT INTO city.areas (kind, code, name, geom, generation, valid) "
            "SELECT kind, code, 'west, later', geom, generation, tstzrange(:later, NULL) "
            "FROM city.areas WHERE code = 'G1' ORDER BY lower(valid) DESC LIMIT 1"
        )
        for statement in (close, reopen):
            session.execute(text(statement), {"later": later})
        return later

    later, _ = town.commit(plan)
    begins = time.monotonic() + (later - datetime.now(UTC)).total_seconds()
    time.sleep(begins - time.monotonic() - 0.3)
    assert all(grid_of(client, IN_WEST) == "west" for client in town.clients)

    assert 0 <= town.slowest_s(begins, shows(IN_WEST, "west, later")) <= PROMISED_S
    town.publish(WEST)


# --- when connections die -----------------------------------------------------------------------


def listeners(town: Town) -> list[int]:
    """The processes of the database that our workers listen to."""
    asked = text("SELECT pid FROM pg_stat_activity WHERE application_name = 'tidegrid-listener'")
    return list(town.commit(lambda session: session.scalars(asked).all())[0])


def test_a_listener_that_is_cut_off_comes_back_and_catches_up(town: Town) -> None:
    cut = text("SELECT pg_terminate_backend(pid) FROM unnest(CAST(:pids AS int[])) AS pid")
    pids = listeners(town)
    assert len(pids) == WORKERS

    town.commit(lambda session: session.execute(cut, {"pids": pids}).all(), None)
    committed = town.publish(replace(WEST, name="west, while cut off"))

    seen = town.slowest_s(committed, shows(IN_WEST, "west, while cut off"))
    assert seen <= PROMISED_S + NOTICED_S
    assert eventually(lambda: len(set(listeners(town)) - set(pids)) == WORKERS)


def test_a_notification_that_is_not_ours_makes_nobody_deaf(town: Town) -> None:
    forged = ["", "x", "[]", "7", '{"layer": "positions"}', '{"layer": "positions", "batch": "x"}']
    address = make_url(town.home.cluster.url("tidegrid_public")).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(False), autocommit=True) as public:
        for payload in forged:
            public.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
    before = listeners(town)

    committed = town.publish(replace(WEST, name="west, heard"))

    assert town.slowest_s(committed, shows(IN_WEST, "west, heard")) <= PROMISED_S
    assert listeners(town) == before
    assert not any(age_header(client) for client in town.clients)


def test_what_is_heard_and_cannot_be_loaded_is_told_by_its_age(town: Town) -> None:
    engine = make_engine(town.home.cluster.url("postgres"), role="tidegrid_owner")
    tick = text(f'NOTIFY {CHANNEL}, \'{{"layer": "areas"}}\'')
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE city.areas"))
        town.commit(lambda session: session.execute(tick))
        known = [grid_of(client, IN_WEST) for client in town.clients]
        assert not any(age_header(client) for client in town.clients)

        assert eventually(lambda: all(age_header(client) for client in town.clients), 2)
        assert all(c.get("/readyz").json()["status"] == "degraded" for c in town.clients)
        assert [grid_of(client, IN_WEST) for client in town.clients] == known
    engine.dispose()
    assert eventually(lambda: not any(age_header(client) for client in town.clients), 2)
    assert all(c.get("/readyz").json()["status"] == "ok" for c in town.clients)


def test_a_listener_that_fell_silent_is_noticed_too(town: Town) -> None:
    pids = listeners(town)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        committed = town.publish(replace(WEST, name="west, in silence"))
        assert town.slowest_s(committed, shows(IN_WEST, "west, in silence")) <= 6
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: not any(map(alive, pids)))


# --- when the database dies ---------------------------------------------------------------------


@dataclass(slots=True)
class Load:
    """Clients that ask and tell without a pause, and what they were answered."""

    town: Town
    stop: threading.Event = field(default_factory=threading.Event)
    reads: list[tuple[float, int, bool]] = field(default_factory=list)
    writes: list[tuple[float, int]] = field(default_factory=list)
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
                self.reads.append((began, answer.status_code, is_aged))
            time.sleep(0.01)

    def write(self, n: int) -> None:
        """Tell where officers are, each by one worker alone; note what was acknowledged."""
        mine = CODES[n::WORKERS]
        while not self.stop.is_set():
            for code in mine:
                began, now = time.monotonic(), datetime.now(UTC)
                status = self.town.put(n, code, now, 112.002, 27.702)
                self.writes.append((began, status))
                if status == 204:
                    self.acknowledged[code] = now
            time.sleep(0.01)

    def statuses(self, kind: str, since: float, until: float) -> set[int]:
        """What reads, or writes, that began in a time were answered."""
        noted = self.reads if kind == "reads" else self.writes
        return {one[1] for one in noted if since <= one[0] < until}


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
    backends = children(postmaster)
    os.kill(postmaster, signal.SIGKILL)
    killed = time.monotonic()
    # Gone altogether: pg_ctl takes a process that waits to be collected for one that runs.
    ended = [Path(f"/proc/{pid}") for pid in (postmaster, *backends)]
    assert eventually(lambda: not any(one.exists() for one in ended))
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


def test_a_database_killed_under_load_costs_no_answer_from_memory_and_no_acknowledged_fix(
    town: Town,
) -> None:
    with under_load(town) as load:
        began = time.monotonic()
        time.sleep(1)
        killed = kill_database(town.home)
        ages = [told_age_s(client) for client in town.clients]
        publish_unheard(town, replace(WEST, name="west, unheard"))
        later = [told_age_s(client) for client in town.clients]
        assert all(first < then for first, then in zip(ages, later, strict=True))
        unreachable_until = time.monotonic()
        with town.home.cluster.running():
            back = time.monotonic()
        caught_up = town.slowest_s(back, shows(IN_WEST, "west, unheard"))
        committed = town.publish(replace(WEST, name="west, again"))
        seen = town.slowest_s(committed, shows(IN_WEST, "west, again"))
        here = {"lon": 112.0091, "lat": 27.7091}
        assert town.put(0, "CG00", datetime.now(UTC) + timedelta(seconds=30), **here) == 204
        moved = town.slowest_s(time.monotonic(), nearest_is("CG00", town.token, here))
        time.sleep(0.5)
    ended = time.monotonic()

    assert caught_up <= PROMISED_S + NOTICED_S
    assert max(seen, moved) <= PROMISED_S
    assert load.statuses("reads", began, ended) == {200}
    assert load.statuses("writes", began, killed - NOTICED_S) == {204}
    assert load.statuses("writes", killed, unreachable_until) == {503}
    assert load.statuses("writes", began, ended) == {204, 503}
    assert load.statuses("writes", back + PROMISED_S, ended) == {204}
    aged = {one[2] for one in load.reads if killed + NOTICED_S <= one[0] < unreachable_until}
    assert aged == {True}
    assert not any(one[2] for one in load.reads if one[0] < killed - NOTICED_S)
    assert not any(one[2] for one in load.reads if one[0] >= committed + seen)
    nothing_is_lost(town, load)
    assert all("Traceback" not in worker.told for worker in town.workers)


def told_age_s(client: httpx2.Client) -> float:
    """How old a worker says that its memory is, once it has noticed."""
    assert eventually(lambda: client.get("/readyz").json()["status"] == "degraded", NOTICED_S)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    return float(answer.json()["data_age_s"])


def nothing_is_lost(town: Town, load: Load) -> None:
    asked = text("SELECT officer_code, observed_at FROM city.positions")
    rows, _ = town.commit(lambda session: session.execute(asked).all())
    stored = {row.officer_code: row.observed_at for row in rows}
    assert load.acknowledged.keys() == set(CODES)
    lost = {code for code, at in load.acknowledged.items() if stored[code] < at}
    assert not lost
