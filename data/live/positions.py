"""Positions coming in: written in batches, acknowledged when durable, told to every worker."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import translated
from data.live.listener import CHANNEL
from geo.errors import Unavailable
from geo.types import LonLat

# What piled up while a batch was being written makes the next one: no waiting when there is little
# to do, large batches when there is much.
_MOST_AT_ONCE = 5_000

_WRITE = """
WITH given AS (
    SELECT * FROM unnest(
        CAST(:codes AS text[]), CAST(:lon AS float8[]), CAST(:lat AS float8[]),
        CAST(:observed_at AS timestamptz[]), CAST(:accuracy_m AS float8[])
    ) AS g(code, lon, lat, observed_at, accuracy_m) JOIN city.officers USING (code)
), stored AS (
    INSERT INTO city.positions AS p (officer_code, geom, observed_at, accuracy_m)
    SELECT code, ST_SetSRID(ST_MakePoint(lon, lat), 4326), observed_at, accuracy_m
    FROM given ORDER BY code
    ON CONFLICT (officer_code) DO UPDATE SET geom = excluded.geom,
        observed_at = excluded.observed_at, accuracy_m = excluded.accuracy_m
        WHERE p.observed_at < excluded.observed_at
    RETURNING officer_code, geom, observed_at, accuracy_m
), kept AS (
    INSERT INTO city.fixes (batch, officer_code, geom, observed_at, accuracy_m)
    SELECT :batch, officer_code, geom, observed_at, accuracy_m FROM stored
)
SELECT officer_code FROM stored
"""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where an officer's device was, and when."""

    code: str
    point: LonLat
    observed_at: datetime
    accuracy_m: float | None = None


Waiting = tuple[Fix, asyncio.Future[bool]]
_STOPPING = "the service is stopping; send it again"


class PositionWriter:
    """Writes fixes to PostGIS in batches, in the order in which they came.

    A fix that is acknowledged is committed. One that is older than what is stored, or that another
    one of the same batch overtakes, is not stored.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.name = uuid.uuid4().hex
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()

    async def put(self, fixes: list[Fix]) -> list[bool]:
        """Return for each fix whether it was stored, once that is durable; raises `Unavailable`."""
        if not fixes:
            return []
        loop = asyncio.get_running_loop()
        promises = [loop.create_future() for _ in fixes]
        self._waiting.extend(zip(fixes, promises, strict=True))
        self._wake.set()
        return list(await asyncio.gather(*promises))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            if not self._waiting:
                self._wake.clear()
            await self._settle(batch)

    async def _settle(self, batch: list[Waiting]) -> None:
        latest = {fix.code: fix for fix, _ in sorted(batch, key=lambda one: one[0].observed_at)}
        try:
            stored = await self._write([latest[code] for code in sorted(latest)])
        except asyncio.CancelledError:
            _refuse(batch, Unavailable(_STOPPING))
            raise
        except Exception as error:
            # Whatever is wrong with this batch, the next one may be sound.
            _refuse(batch, error)
            return
        for fix, promise in batch:
            # A client that has left cancelled its promise; its fix is stored all the same.
            if not promise.done():
                promise.set_result(fix.code in stored and latest[fix.code] is fix)

    async def _write(self, fixes: list[Fix]) -> set[str]:
        with translated():
            async with self._engine.begin() as connection:
                batch = await connection.scalar(text("SELECT nextval('city.fix_batches')"))
                found = await connection.execute(
                    text(_WRITE),
                    {
                        "codes": [fix.code for fix in fixes],
                        "lon": [fix.point.lon for fix in fixes],
                        "lat": [fix.point.lat for fix in fixes],
                        "observed_at": [fix.observed_at for fix in fixes],
                        "accuracy_m": [fix.accuracy_m for fix in fixes],
                        "batch": batch,
                    },
                )
                stored = {row.officer_code for row in found}
                if stored:
                    told = json.dumps({"layer": "positions", "batch": batch})
                    await connection.execute(
                        text("SELECT pg_notify(:channel, :told)"),
                        {"channel": CHANNEL, "told": told},
                    )
        return stored

    def give_up(self) -> None:
        """Refuse what is still waiting: the service stops."""
        _refuse(self._waiting, Unavailable(_STOPPING))
        self._waiting.clear()


def _refuse(batch: list[Waiting], error: Exception) -> None:
    for _, promise in batch:
        if not promise.done():
            promise.set_exception(error)
