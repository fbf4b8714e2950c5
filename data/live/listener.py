"""Hearing the clock: one connection that listens, notices when it is lost, and comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import make_url

logger = logging.getLogger("tidegrid.live")

CHANNEL = "tidegrid"
_HEARTBEAT_S = 2.0
_ANSWER_WITHIN_S = 2.0
# Never so rarely that what is committed after a restart would not be known within a second.
_RETRY_S = (0.1, 0.2, 0.4)

Heard = Callable[[dict[str, Any]], None]


class Listener:
    """Tells what is notified on the channel, and every time that it begins to hear.

    Between losing the connection and hearing again nothing is known: `on_hearing` is the moment to
    catch up. `deaf_since` is when it was lost, on the clock of `time.monotonic`; still so then.
    """

    def __init__(self, url: str, on_tick: Heard, on_hearing: Callable[[], None]) -> None:
        # libpq reads the same address, without the name of our driver.
        address = make_url(url).set(drivername="postgresql")
        self._address = address.render_as_string(hide_password=False)
        self._on_tick, self._on_hearing = on_tick, on_hearing
        self.deaf_since: float | None = time.monotonic()
        self._alive_at = self.deaf_since

    async def run(self) -> None:
        """Listen until cancelled."""
        tries = 0
        while True:
            try:
                connection = await self._connect()
                tries = 0
                async with connection:
                    await self._listen(connection)
            except (psycopg.Error, OSError) as error:
                if self.deaf_since is None:
                    self.deaf_since = self._alive_at
                    logger.warning("the clock is not heard: %s", str(error).strip() or "lost")
            await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
            tries += 1

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._address,
            autocommit=True,
            connect_timeout=2,
            application_name="tidegrid-listener",
        )

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        self._alive_at = time.monotonic()
        self._on_hearing()
        self.deaf_since = None
        while True:
            async for notified in connection.notifies(timeout=_HEARTBEAT_S):
                self._tell(notified.payload)
            # A connection that died without a word is found out here.
            loop = asyncio.get_running_loop()
            patience = loop.call_later(_ANSWER_WITHIN_S, _hang_up, connection)
            try:
                await connection.execute("SELECT 1")
                self._alive_at = time.monotonic()
            finally:
                patience.cancel()

    def _tell(self, payload: str) -> None:
        """Whoever may log in may notify: what is not ours must not make us deaf, whatever it is."""
        try:
            self._on_tick(json.loads(payload))
        except Exception:
            logger.warning("a notification that is not ours: %.80r", payload)


def _hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
    """End a connection under whoever waits for it.

    Cancelling the wait instead would ask the other side to stop first, and wait for that.
    """
    with socket.socket(fileno=os.dup(connection.fileno())) as line, suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
