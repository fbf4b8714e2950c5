"""Several workers, one truth: what is committed is known to all within a second, whatever befell.

Each worker is a process of its own; the database is theirs alone, and is killed under their feet.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest
from shapely.geometry import box
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from data.engine import make_engine
from data.live.listener import CHANNEL
from data.scheduling import schedule
from data.tokens import issue, revoke
from tests.cli.program import alive, eventually
from tests.faults.town import (
    CODES,
    EAST,
    IN_WEST,
    NEAR_BORDER,
    NOTICED_S,
    PROMISED_S,
    WEST,
    WORKERS,
    Load,
    Town,
    age_header,
    bearer,
    founded,
    grid_of,
    kill_database,
    listeners,
    nearest_is,
    publish_unheard,
    shows,
    under_load,
)
from tests.many_zones import many_zones


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with founded() as town:
        yield town


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


def test_a_due_publication_that_all_workers_want_at_once_is_published_by_one(town: Town) -> None:
    let_all_want(town, "west, planned")
    is_published_once(town, "west, planned")


def test_a_due_publication_whose_worker_is_cut_off_half_way_is_published_by_another(
    town: Town,
) -> None:
    with held(town, "city.facilities", "SHARE") as writing:
        let_all_want(town, "west, again planned")
        # Facilities are written last: whoever waits here has written the area.
        assert eventually(lambda: writing() == 1)
        assert eventually(lambda: waiting_for(town, "plan.checks") == WORKERS - 1)
        assert town.home.scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_locks "
            "WHERE NOT granted AND relation = 'city.facilities'::regclass"
        )
        assert eventually(lambda: writing() == 1)
        assert all(grid_of(client, IN_WEST) != "west, again planned" for client in town.clients)
    is_published_once(town, "west, again planned")


@contextmanager
def held(town: Town, table: str, mode: str) -> Iterator[Callable[[], int]]:
    """Keep whoever wants a table waiting until the end of the block; yields how many are."""
    engine = make_engine(town.home.cluster.url("postgres"), role=None)
    with engine.connect() as holder:
        holder.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
        yield lambda: waiting_for(town, table)
    engine.dispose()


def waiting_for(town: Town, table: str) -> int:
    asked = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass"
    return int(town.home.scalar(asked))


def let_all_want(town: Town, name: str) -> None:
    """Plan a new name of the western grid; when it is due, all workers go for it at once."""
    rename = text("UPDATE plan.areas SET name = :name WHERE code = 'G1'")
    town.commit(lambda session: session.execute(rename, {"name": name}))
    engine = make_engine(town.home.cluster.url("postgres"), role="tidegrid_owner")
    at = datetime.now(UTC) + timedelta(seconds=2)
    assert schedule(engine, at, by="tester", note=name, accept_warnings=True) is not None
    engine.dispose()
    with held(town, "plan.checks", "SHARE ROW EXCLUSIVE") as waiting:
        assert eventually(lambda: waiting() == WORKERS)


def is_published_once(town: Town, name: str) -> None:
    """See that a name was published once, from its instant on, and that all workers know it."""
    town.slowest_s(time.monotonic(), shows(IN_WEST, name))
    assert eventually(lambda: waiting_for(town, "plan.checks") == 0)
    told = (
        "SELECT count(*) || ' ' || bool_and(lower(a.valid) = p.takes_effect_at) "
        "FROM city.areas AS a JOIN city.generations AS g ON g.id = a.generation "
        "JOIN plan.publications AS p ON p.generation = g.id "
        f"WHERE a.name = '{name}' AND p.note = g.note AND g.note = '{name}' AND p.state = 'done'"
    )
    assert town.home.scalar(told) == "1 true"
    assert town.home.scalar(f"SELECT count(*) FROM city.generations WHERE note = '{name}'") == 1
    assert all(worker.process.poll() is None for worker in town.workers)
    town.publish(WEST)


def test_the_maps_data_follows_a_publish_within_a_second(town: Town) -> None:
    zone = many_zones(1)[0]
    holds = called(zone.name)
    assert not any(holds(client) for client in town.clients)
    assert town.slowest_s(town.publish(zone), holds) <= PROMISED_S
    renamed = replace(zone, name="改名")
    assert town.slowest_s(town.publish(renamed), called("改名")) <= PROMISED_S


def called(name: str) -> Callable[[httpx2.Client], bool]:
    def holds(client: httpx2.Client) -> bool:
        names: list[str] = client.get("/maps/stalls/names.json").json()["name"]
        return name in names

    return holds


# --- when connections die -----------------------------------------------------------------------


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
    forged += ['{"layer": "positions", "batch": 1e999}', "[" * 7_000]
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


def test_a_database_killed_under_load_costs_no_answer_from_memory_and_no_acknowledged_fix(
    town: Town,
) -> None:
    market = replace(many_zones(1)[0], name="夜市")
    # Who is the first to ask waits longer: each worker is asked before it matters.
    town.slowest_s(town.publish(market), called("夜市"))
    with under_load(town) as load:
        began = time.monotonic()
        time.sleep(1)
        killed = kill_database(town.home)
        ages = [told_age_s(client) for client in town.clients]
        publish_unheard(town, replace(WEST, name="west, unheard"))
        later = [told_age_s(client) for client in town.clients]
        assert all(first < then for first, then in zip(ages, later, strict=True))
        for client in town.clients:
            # Kept from before; a week that nobody had asked for cannot be told now.
            kept = client.get("/maps/stalls/names.json")
            assert (kept.status_code, kept.json()["name"]) == (200, ["夜市"])
            assert int(kept.headers["tidegrid-data-age"]) >= 0
            assert client.get("/maps/stalls/shapes.json").status_code == 503
        unreachable_until = time.monotonic()
        with town.home.cluster.running():
            back = time.monotonic()
        caught_up = town.slowest_s(back, shows(IN_WEST, "west, unheard"))
        # Areas, officers and tokens catch up each on their own; the age is that of the last.
        fresh = town.slowest_s(back, lambda client: age_header(client) is None)
        committed = town.publish(replace(WEST, name="west, again"))
        seen = town.slowest_s(committed, shows(IN_WEST, "west, again"))
        here = {"lon": 112.0091, "lat": 27.7091}
        assert town.put(0, "CG00", datetime.now(UTC) + timedelta(seconds=30), **here) == 204
        moved = town.slowest_s(time.monotonic(), nearest_is("CG00", town.token, here))
        time.sleep(0.5)
    ended = time.monotonic()

    assert max(caught_up, fresh) <= PROMISED_S + NOTICED_S
    assert max(seen, moved) <= PROMISED_S
    assert load.statuses("reads", began, ended) == {200}
    assert load.statuses("writes", began, killed - NOTICED_S) == {204}
    assert load.statuses("writes", killed, unreachable_until) == {503}
    assert load.statuses("writes", began, ended) == {204, 503}
    assert load.statuses("writes", back + PROMISED_S, ended) == {204}
    aged = {one[2] for one in load.reads if killed + NOTICED_S <= one[0] < unreachable_until}
    assert aged == {True}
    assert not any(one[2] for one in load.reads if one[0] < killed - NOTICED_S)
    assert not any(one[2] for one in load.reads if one[0] >= back + fresh)
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
