"""The city in memory: areas, officers, tokens, readings, as fresh as the clock.

Building runs in threads; the event loop only swaps in what was built. While the database is away
the last state keeps answering, and `age_s` says how old it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import translated
from data.live.areas import LoadedAreas, load_areas
from data.live.listener import Listener
from data.live.news import Bell, News
from data.live.positions import PositionWriter
from data.live.readings import LiveReadings
from data.live.snapshots import (
    Tokens,
    load_batches,
    load_revisions,
    load_staff,
    load_tokens,
)
from data.scheduling import take_due
from geo.errors import Unavailable
from geo.locating import AreaIndex
from geo.nearest import Fixes, OfficerIndex
from geo.roster import Roster

logger = logging.getLogger("tidegrid.live")

_START_S = 10.0
_RETRY_S = 0.25
# News is known so soon; what takes longer is told by its age.
_PROMISED_S = 1.0
# Officers are indexed anew, and readings read, at most this often, however many come in.
_GATHER_S = 0.2
_HOUSEKEEPING_S = 600.0
_DUE_S = 1.0
_PARTS = ("areas", "staff", "fixes", "tokens", "revisions", "readings")


class LiveCity:
    """What is hot, in memory, for one worker.

    `loader` and `writer` have the rights of the service, `reader` those of the public.
    """

    def __init__(
        self,
        url: str,
        loader: Engine,
        writer: AsyncEngine,
        reader: Engine,
        *,
        keep_fixes_days: int,
    ) -> None:
        self._loader, self._engine, self._keep_days = loader, writer, keep_fixes_days
        self.listener = Listener(url, self._heard, self._catch_up)
        self.positions = PositionWriter(writer)
        self.areas: AreaIndex | None = None
        self._loaded: LoadedAreas | None = None
        self.officers: OfficerIndex | None = None
        self.tokens: Tokens | None = None
        self.revisions: dict[str, int] | None = None
        self.readings = LiveReadings(reader)
        self.changed = Bell()
        """Rings when other revisions or readings are known."""
        self._batches: list[int] = []
        self._news = {name: News() for name in _PARTS}
        self._tasks: list[asyncio.Task[None]] = []
        self.followers: list[Callable[[Mapping[str, Any] | None], None]] = []
        """Told every tick as it came, and None when some may have been missed."""

    async def start(self) -> None:
        """Begin to listen and load, and wait a while for the first state.

        A database that is away does not keep the service from starting.
        """
        jobs: list[Coroutine[Any, Any, None]] = [
            self.listener.run(),
            self.positions.run(),
            self._whenever("areas", self._load_areas),
            self._whenever("tokens", self._load_tokens),
            self._whenever("revisions", self._load_revisions),
            self._whenever("readings", self._load_readings, _GATHER_S),
            self._keep_officers(),
            self._keep_house(),
            self._follow_the_calendar(),
            self._publish_what_is_due(),
        ]
        self._tasks = [asyncio.create_task(job) for job in jobs]
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while (
                    None in (self.areas, self.officers, self.tokens, self.revisions)
                    or not self.readings.is_loaded
                ):
                    await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End everything; fixes that were not acknowledged are refused."""
        self.positions.give_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def age_s(self) -> float | None:
        """How old memory may be: since when the clock was not heard, or what it told not loaded.

        None while it is heard and all that it told is known, as soon as we promise.
        """
        now = time.monotonic()
        late = [news.since for news in self._news.values() if news.since is not None]
        late = [since for since in late if now - since > _PROMISED_S]
        if self.listener.deaf_since is not None:
            late.append(self.listener.deaf_since)
        return now - min(late) if late else None

    def revision_of(self, *layers: str) -> int | None:
        """Return the sum of the revisions of some layers: it differs when one of them changed.

        A layer that never changed counts 0. None before the first load; the last known sum while
        the clock is not heard.
        """
        if self.revisions is None:
            return None
        return sum(self.revisions.get(layer, 0) for layer in layers)

    def age_header(self, known_s: float | None = None) -> dict[str, str]:
        """Return the header that says how old an answer from memory is; none while it is fresh.

        `known_s` is how old the answer is known to be for a reason of its own.
        """
        age = max((a for a in (self.age_s, known_s) if a is not None), default=None)
        return {} if age is None else {"Tidegrid-Data-Age": str(round(age))}

    # --- what the clock says ----------------------------------------------------------------

    def _heard(self, tick: dict[str, Any]) -> None:
        layer = tick.get("layer")
        if layer == "positions":
            self._batches.append(int(tick["batch"]))
            self._news["fixes"].came()
        if layer in ("areas", "kinds"):
            self._news["areas"].came()
        if layer in ("officers", "calendar", "kinds"):
            self._news["staff"].came()
        if layer == "tokens":
            self._news["tokens"].came()
        if layer in ("readings", "kinds"):
            # Of a kind that is public no longer nothing may be told.
            self.readings.look_up(tick.get("target") if layer == "readings" else None)
            self._news["readings"].came()
        if "revision" in tick:
            self._news["revisions"].came()
        for follow in self.followers:
            follow(tick)

    def _catch_up(self) -> None:
        """Whatever was notified while nobody listened is in the tables."""
        self.readings.look_up(None)
        for name in ("areas", "staff", "tokens", "revisions", "readings"):
            self._news[name].came(self.listener.deaf_since)
        for follow in self.followers:
            follow(None)

    # --- loading ----------------------------------------------------------------------------

    async def _whenever(
        self, name: str, load: Callable[[], Awaitable[None]], gather_s: float = 0.0
    ) -> None:
        """Load each time that there is news; ticks that come meanwhile make one more turn.

        What comes shortly after is gathered first.
        """
        news = self._news[name]
        while True:
            await news.has_come.wait()
            news.take()
            if await _survived(load()):
                news.known()
                await asyncio.sleep(gather_s)
            else:
                news.put_back()
                await asyncio.sleep(_RETRY_S)

    async def _load_areas(self) -> None:
        known = self._loaded
        load = known.refreshed if known is not None else load_areas
        self._loaded = await asyncio.to_thread(load, self._loader)
        self.areas = self._loaded.index

    async def _load_tokens(self) -> None:
        self.tokens = await asyncio.to_thread(load_tokens, self._loader)

    async def _load_revisions(self) -> None:
        """Read, not taken from ticks: whoever may log in may notify, and may notify any number."""
        self.revisions = await asyncio.to_thread(load_revisions, self._loader)
        self.changed.ring()

    async def _load_readings(self) -> None:
        if await self.readings.load():
            self.changed.ring()

    async def _keep_officers(self) -> None:
        """Staff and fixes in one task: a snapshot must not overtake the batches that follow it."""
        staff, fixes = both = self._news["staff"], self._news["fixes"]
        while True:
            await _any_of(staff.has_come, fixes.has_come)
            anew = staff.has_come.is_set()
            batches, self._batches = self._batches, []
            for news in both:
                news.take()
            is_loaded = await _survived(self._load_officers(anew, batches))
            for news in both:
                news.known() if is_loaded else news.put_back()
            if not is_loaded:
                self._batches = batches + self._batches
            await asyncio.sleep(_GATHER_S)

    async def _load_officers(self, anew: bool, batches: list[int]) -> None:
        def build() -> OfficerIndex:
            roster, fixes = self._staff_and_fixes(anew, batches)
            return OfficerIndex(roster, fixes)

        self.officers = await asyncio.to_thread(build)

    def _staff_and_fixes(self, anew: bool, batches: list[int]) -> tuple[Roster, Fixes]:
        if anew or self.officers is None:
            # A snapshot taken after the batches were notified holds them.
            return load_staff(self._loader)
        known = self.officers
        return known.roster, load_batches(self._loader, batches, known.roster, known.fixes)

    # --- the passing of time ----------------------------------------------------------------

    async def _follow_the_calendar(self) -> None:
        """Areas that were published for a later date take effect by themselves."""
        while True:
            await asyncio.sleep(0.5)
            if self.areas is not None and not self.areas.answers_for(datetime.now(UTC)):
                self._news["areas"].came()

    async def _publish_what_is_due(self) -> None:
        """What planners published for a date takes effect then; all workers look, one does it."""
        while True:
            await _survived(self._take_due())
            await asyncio.sleep(_DUE_S)

    async def _take_due(self) -> None:
        def take() -> None:
            with translated():
                for one in take_due(self._loader):
                    logger.info("publication %s", one)

        await asyncio.to_thread(take)

    async def _keep_house(self) -> None:
        """Days for fixes are made ahead, and dropped when their time is over."""
        while True:
            kept = await _survived(self._drop_old_fixes())
            await asyncio.sleep(_HOUSEKEEPING_S if kept else _RETRY_S)

    async def _drop_old_fixes(self) -> None:
        with translated():
            async with self._engine.begin() as connection:
                await connection.execute(
                    text("SELECT city.keep_fixes(:days)"), {"days": self._keep_days}
                )


async def _survived(work: Awaitable[None]) -> bool:
    """Whether the work could be done; the caller tries again, so nothing ends the refreshing."""
    try:
        await work
    except Unavailable:
        return False
    except Exception:
        logger.exception("refreshing failed")
        return False
    return True


async def _any_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
