"""Hearing the clock: nothing that is told is missed, not even between two heartbeats."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from data.cluster import Cluster
from data.live import listener
from data.live.listener import CHANNEL, Listener

TOLD = 3_000


def test_what_is_told_between_two_heartbeats_is_heard(
    cluster: Cluster, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_HEARTBEAT_S", 0.001)
    url = cluster.url("tidegrid_service", migrated)
    heard: list[int] = []
    hearing = asyncio.Event()

    def hear(tick: dict[str, Any]) -> None:
        heard.append(tick["n"])

    async def main() -> None:
        listening = Listener(url, hear, hearing.set)
        task = asyncio.create_task(listening.run())
        await asyncio.wait_for(hearing.wait(), 5)
        address = make_url(url).set(drivername="postgresql").render_as_string(False)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as teller:
            for n in range(TOLD):
                await teller.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f'{{"n": {n}}}'))
        async with asyncio.timeout(5):
            while len(heard) < TOLD:
                await asyncio.sleep(0.01)
        assert listening.deaf_since is None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert heard == list(range(TOLD))
