"""Positions coming in: acknowledged when durable, never overwritten by older ones, told without
places."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import make_async_engine, make_engine
from data.live.listener import CHANNEL
from data.live.positions import Fix, PositionWriter
from data.staff import store_officers
from geo.errors import Unavailable
from geo.records import Officer
from geo.types import LonLat
from tests.conftest import CreateDatabase

NOW = datetime.now(UTC)
CODES = [f"CG{n:02d}" for n in range(40)]
DATABASE = "positions"
DAYS = (
    "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
    "WHERE inhparent = 'city.fixes'::regclass"
)
Use = Callable[[PositionWriter], Awaitable[Any]]


def fix(code: str, seconds: float = 0, lon: float = 112.0, lat: float = 27.7) -> Fix:
    """A fix some seconds from now."""
    return Fix(code, LonLat(lon, lat), NOW + timedelta(seconds=seconds), 8.0)


@pytest.fixture(scope="module")
def owner(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Engine]:
    """The owner of a database of our own, with some officers."""
    create_database(DATABASE, migrated)
    engine = make_engine(cluster.url("postgres", DATABASE), role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        store_officers(session, [Officer(code, code) for code in CODES], [], [])
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def nobody_seen(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE city.positions, city.fixes"))


@pytest.fixture
def writing(cluster: Cluster) -> Callable[[Use], Any]:
    """Runs something beside a writer at work."""

    async def run(use: Use) -> Any:
        url = cluster.url("tidegrid_service", DATABASE)
        engine = make_async_engine(url, role="tidegrid_service", timeout_ms=5000, pool_size=2)
        writer = PositionWriter(engine)
        task = asyncio.create_task(writer.run())
        try:
            return await asyncio.wait_for(use(writer), 20)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await engine.dispose()

    return lambda use: asyncio.run(run(use))


def stored(owner: Engine) -> dict[str, tuple[float, float, datetime]]:
    """Where everybody is, as another connection sees it."""
    asked = text("SELECT officer_code, ST_X(geom), ST_Y(geom), observed_at FROM city.positions")
    with owner.connect() as connection:
        return {code: (x, y, at) for code, x, y, at in connection.execute(asked)}


def history(owner: Engine) -> list[tuple[int, str, datetime]]:
    asked = text("SELECT batch, officer_code, observed_at FROM city.fixes ORDER BY observed_at")
    with owner.connect() as connection:
        return [(batch, code, at) for batch, code, at in connection.execute(asked)]


# --- writing ------------------------------------------------------------------------------------


def test_what_is_acknowledged_is_what_another_connection_reads(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    async def use(writer: PositionWriter) -> None:
        assert await writer.put([fix("CG00", lon=111.9), fix("CG01", 1, lat=27.6)]) == [True, True]
        assert stored(owner) == {
            "CG00": (111.9, 27.7, NOW),
            "CG01": (112.0, 27.6, NOW + timedelta(seconds=1)),
        }

    writing(use)
    (first, _, _), (second, _, _) = history(owner)
    assert first == second


def test_a_fix_that_comes_late_does_not_overwrite(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    async def use(writer: PositionWriter) -> list[list[bool]]:
        return [await writer.put([fix("CG00", at, lon=110 + at)]) for at in (5, 3, 5, 6)]

    assert writing(use) == [[True], [False], [False], [True]]
    assert stored(owner)["CG00"] == (116.0, 27.7, NOW + timedelta(seconds=6))
    assert [at for _, _, at in history(owner)] == [NOW + timedelta(seconds=s) for s in (5, 6)]


def test_of_one_batch_the_newest_of_an_officer_is_stored_and_the_others_are_told_so(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    batch = [fix("CG00", 2), fix("CG00", 9, lon=113.0), fix("CG01"), fix("CG00", 4)]

    assert writing(lambda writer: writer.put(batch)) == [False, True, True, False]
    assert stored(owner)["CG00"] == (113.0, 27.7, NOW + timedelta(seconds=9))


def test_a_fix_of_somebody_unknown_is_not_stored_and_harms_nobody(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    batch = [fix("nobody"), fix("CG01")]

    assert writing(lambda writer: writer.put(batch)) == [False, True]
    assert stored(owner).keys() == {"CG01"}
    assert [code for _, code, _ in history(owner)] == ["CG01"]


def test_nothing_to_store_is_nothing_to_do(writing: Callable[[Use], Any]) -> None:
    assert writing(lambda writer: writer.put([])) == []


def test_many_at_once_make_few_batches_and_the_newest_wins(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    fixes = [fix(code, second) for code in CODES for second in range(25)]
    random.Random(1).shuffle(fixes)

    async def use(writer: PositionWriter) -> list[list[bool]]:
        return list(await asyncio.gather(*(writer.put([one]) for one in fixes)))

    told = writing(use)

    assert {at for _, _, at in stored(owner).values()} == {NOW + timedelta(seconds=24)}
    assert len(stored(owner)) == len(CODES)
    kept = {(code, at) for _, code, at in history(owner)}
    assert kept == {
        (one.code, one.observed_at) for one, (is_stored,) in zip(fixes, told, strict=True)
        if is_stored
    }  # fmt: skip
    assert len({batch for batch, _, _ in history(owner)}) < 25


def test_two_workers_that_write_the_same_officers_do_not_lock_each_other_out(
    cluster: Cluster, owner: Engine
) -> None:
    url = cluster.url("tidegrid_service", DATABASE)

    async def work(order: int) -> None:
        engine = make_async_engine(url, role="tidegrid_service", timeout_ms=5000, pool_size=2)
        writer = PositionWriter(engine)
        task = asyncio.create_task(writer.run())
        for second in range(30):
            await writer.put([fix(code, second) for code in CODES[::order]])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await engine.dispose()

    async def both() -> None:
        await asyncio.wait_for(asyncio.gather(work(1), work(-1)), 20)

    asyncio.run(both())
    assert {at for _, _, at in stored(owner).values()} == {NOW + timedelta(seconds=29)}


# --- trouble ------------------------------------------------------------------------------------


@contextmanager
def away(cluster: Cluster) -> Iterator[None]:
    """The database refuses everybody, and those who were in it are out."""
    admin = make_engine(cluster.url("postgres", "postgres"), role=None)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false"))
        out = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(out), {"name": DATABASE})
        try:
            yield
        finally:
            connection.execute(text(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true"))
    admin.dispose()


def test_while_the_database_is_away_fixes_are_refused_and_taken_again_when_it_is_back(
    cluster: Cluster, writing: Callable[[Use], Any], owner: Engine
) -> None:
    async def use(writer: PositionWriter) -> None:
        assert await writer.put([fix("CG00")]) == [True]
        owner.dispose()
        with away(cluster):
            for second in (1, 2):
                with pytest.raises(Unavailable):
                    await writer.put([fix("CG00", second), fix("CG01", second)])
        assert await writer.put([fix("CG01", 3)]) == [True]

    writing(use)
    assert stored(owner)["CG00"][2] == NOW
    assert stored(owner)["CG01"][2] == NOW + timedelta(seconds=3)


def test_a_batch_that_the_database_refuses_does_not_end_the_writing(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    def partitions(command: str) -> None:
        with owner.begin() as connection:
            for name in connection.scalars(text(DAYS)).all():
                connection.execute(text(command.format(name=name)))

    async def use(writer: PositionWriter) -> None:
        partitions("ALTER TABLE city.fixes DETACH PARTITION city.{name}; DROP TABLE city.{name}")
        with pytest.raises(IntegrityError, match="no partition"):
            await writer.put([fix("CG00")])
        with owner.begin() as connection:
            connection.execute(text("SELECT city.keep_fixes(1)"))
        assert await writer.put([fix("CG00")]) == [True]

    writing(use)
    assert stored(owner).keys() == {"CG00"}


def test_who_leaves_does_not_take_the_fixes_of_the_others_along(
    writing: Callable[[Use], Any], owner: Engine
) -> None:
    async def use(writer: PositionWriter) -> None:
        leaving = asyncio.create_task(writer.put([fix("CG00")]))
        staying = asyncio.create_task(writer.put([fix("CG01")]))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying == [True]
        assert await writer.put([fix("CG02")]) == [True]

    writing(use)
    assert {"CG01", "CG02"} <= stored(owner).keys()


def test_who_waits_while_the_service_stops_is_refused(cluster: Cluster, owner: Engine) -> None:
    async def main() -> tuple[object, object]:
        url = cluster.url("tidegrid_service", DATABASE)
        engine = make_async_engine(url, role="tidegrid_service", timeout_ms=5000, pool_size=2)
        writer = PositionWriter(engine)
        task = asyncio.create_task(writer.run())
        with owner.begin() as connection:
            connection.execute(text("LOCK TABLE city.positions"))
            being_written = asyncio.create_task(writer.put([fix("CG00")]))
            await asyncio.sleep(0.2)
            waiting = asyncio.create_task(writer.put([fix("CG01")]))
            await asyncio.sleep(0)
            writer.give_up()
            task.cancel()
            both = asyncio.gather(being_written, waiting, return_exceptions=True)
            told = await asyncio.wait_for(both, 5)
        await asyncio.gather(task, return_exceptions=True)
        await engine.dispose()
        return told

    assert [type(one) for one in asyncio.run(main())] == [Unavailable, Unavailable]


# --- what is told -------------------------------------------------------------------------------


def test_listeners_are_told_the_batch_and_never_a_place_or_a_person(
    cluster: Cluster, writing: Callable[[Use], Any], owner: Engine
) -> None:
    address = make_url(cluster.url("tidegrid_public", DATABASE)).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(False), autocommit=True) as public:
        public.execute(f"LISTEN {CHANNEL}")

        async def use(writer: PositionWriter) -> None:
            await writer.put([fix("CG00", 1), fix("CG01", 1)])
            await writer.put([fix("CG00", 0)])  # stores nothing, tells nothing
            await writer.put([fix("CG02", 2)])

        writing(use)
        heard = [json.loads(one.payload) for one in public.notifies(timeout=1, stop_after=3)]

    batches = sorted({batch for batch, _, _ in history(owner)})
    assert heard == [{"layer": "positions", "batch": batch} for batch in batches]
    assert len(batches) == 2
