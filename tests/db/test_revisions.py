"""The revisions that a worker knows are those of the tables, whatever is notified."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from data.cluster import Cluster
from data.engine import make_async_engine, make_engine
from data.live.city import LiveCity
from data.live.listener import CHANNEL
from tests.conftest import CreateDatabase

RAISE = text("SELECT city.raise_clock(:layer, NULL)")
FORGED = ('{"layer": "areas", "revision": 999999}', '{"layer": "areas", "revision": -1}')


@pytest.fixture(scope="module")
def owner(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Engine]:
    name = create_database("revisions", migrated)
    engine = make_engine(cluster.url("postgres", name), role=None)
    yield engine
    engine.dispose()


def living(cluster: Cluster, work: Callable[[LiveCity], Awaitable[None]]) -> None:
    """Do something with a city in memory that hears the clock."""
    url = cluster.url("tidegrid_service", "revisions")

    async def main() -> None:
        loader = make_engine(url, role="tidegrid_service")
        writer = make_async_engine(url, role="tidegrid_service", timeout_ms=5000, pool_size=2)
        live = LiveCity(url, loader, writer, loader, keep_fixes_days=7)
        assert live.revision_of("areas") is None
        await live.start()
        try:
            await work(live)
        finally:
            await live.stop()
            await asyncio.get_running_loop().shutdown_default_executor()
            await writer.dispose()
            loader.dispose()

    asyncio.run(main())


def stored(owner: Engine) -> dict[str, int]:
    with owner.connect() as connection:
        rows = connection.execute(text("SELECT name, revision FROM city.layers"))
        return {row.name: row.revision for row in rows}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def test_they_are_there_from_the_start_and_rise_with_the_tables(
    cluster: Cluster, owner: Engine
) -> None:
    async def work(live: LiveCity) -> None:
        assert live.revisions == stored(owner)
        before = live.revision_of("stall_zones", "stalls")
        assert before is not None
        with owner.begin() as connection:
            connection.execute(RAISE, {"layer": "stalls"})
            connection.execute(RAISE, {"layer": "stall_zones"})
        await until(lambda: live.revisions == stored(owner))
        assert live.revision_of("stall_zones", "stalls") == before + 2
        assert live.revision_of("never_heard_of") == 0
        assert live.age_s is None

    living(cluster, work)


def test_a_forged_notification_neither_raises_nor_lowers_them(
    cluster: Cluster, owner: Engine
) -> None:
    async def work(live: LiveCity) -> None:
        before = stored(owner)
        with owner.begin() as connection:
            for told in FORGED:
                tell = text("SELECT pg_notify(:channel, :told)")
                connection.execute(tell, {"channel": CHANNEL, "told": told})
            connection.execute(RAISE, {"layer": "kinds"})
        # Told in the order of the commit: when the last is known, those before were heard.
        await until(lambda: live.revision_of("kinds") == before.get("kinds", 0) + 1)
        assert live.revisions == stored(owner)

    living(cluster, work)


def test_what_was_missed_while_cut_off_is_caught_up_with(cluster: Cluster, owner: Engine) -> None:
    async def work(live: LiveCity) -> None:
        last = live.revision_of("areas")
        assert last is not None
        with owner.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'tidegrid-listener' "
                    "AND datname = current_database()"
                )
            )
            connection.execute(RAISE, {"layer": "areas"})
        assert live.revision_of("areas") == last
        await until(lambda: live.revision_of("areas") == last + 1)

    living(cluster, work)
