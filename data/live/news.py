"""News of one part of the city: what was notified and is not in memory yet, and since when.

And the bell that tells those who wait when something new is in memory.
"""

from __future__ import annotations

import asyncio
import time


class News:
    """Comes, is taken to be loaded, and then is known or comes back.

    Instants are those of `time.monotonic`. What comes while older news is being loaded waits for
    the next turn.
    """

    def __init__(self) -> None:
        self.has_come = asyncio.Event()
        self._waiting_since: float | None = None
        self._taken_since: float | None = None

    @property
    def since(self) -> float | None:
        """Since when there is something that memory does not know; None when there is nothing."""
        return self._waiting_since if self._taken_since is None else self._taken_since

    def came(self, since: float | None = None) -> None:
        """There is news, since now if nothing else is said."""
        if self._waiting_since is None:
            self._waiting_since = time.monotonic() if since is None else since
        self.has_come.set()

    def take(self) -> None:
        """What has come so far is about to be loaded."""
        self.has_come.clear()
        self._taken_since, self._waiting_since = self._waiting_since, None

    def known(self) -> None:
        """What was taken is in memory."""
        self._taken_since = None

    def put_back(self) -> None:
        """What was taken could not be loaded."""
        if self._taken_since is not None:
            self._waiting_since, self._taken_since = self._taken_since, None
            self.has_come.set()


class Bell:
    """Wakes all who wait, each time that it rings."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake those who wait now."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self) -> None:
        """Wait until it rings the next time."""
        await self._rung.wait()
