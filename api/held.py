"""Answers that are the same for everybody: built when their layers have changed, sent from memory.

The revision is read before the data: an answer may be newer than it is held to be, never older.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from starlette.responses import Response
from starlette.types import Scope

from api.answers import fingerprint, has_it
from api.compression import LEAST_BYTES, takes_gzip, zipped
from data.live.city import LiveCity
from geo.errors import NotFound, Unavailable

logger = logging.getLogger("tidegrid.api")

_RETRY_S = 1.0
_NONE: Mapping[str, str] = {}


class Version(NamedTuple):
    """What an answer was built for: the sum of its layers' revisions, and its day or the like."""

    revision: int
    part: Hashable


Build = Callable[[Version], bytes]
"""Returns the body, in a thread; raises `NotFound` when there is none in this city."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer as it goes out: plain, compressed, or as the word that nothing has changed.

    The tag is weak: it is that of the text, however it is coded.
    """

    tag: str
    plain: Response
    zipped: Response
    same: Response

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Self:
        """Compress the body once; for threads."""
        tag = fingerprint(body)
        told = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        plain = Response(body, media_type=media_type, headers=told)
        small = len(body) < LEAST_BYTES
        coded = plain if small else Response(
            zipped(body), media_type=media_type, headers=told | {"Content-Encoding": "gzip"}
        )  # fmt: skip
        return cls(tag, plain, coded, Response(status_code=304, headers=told))

    def answer(self, scope: Scope, more: Mapping[str, str] = _NONE) -> Response:
        """Return what this client should get, with more headers."""
        if has_it(scope, self.tag):
            found = self.same
        else:
            found = self.zipped if takes_gzip(scope) else self.plain
        if not more:
            return found
        own = dict(found.headers) | dict(more)
        return Response(found.body, found.status_code, own)


class Held:
    """One answer, built by one at a time however many ask, and kept until its version has passed.

    While it cannot be built the last one goes on and says its age.
    """

    def __init__(
        self,
        live: LiveCity,
        layers: tuple[str, ...],
        build: Build,
        media_type: str = "application/json",
        part: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._live, self._layers, self._build = live, layers, build
        self._media_type, self._part = media_type, part
        self._content: Content | None = None
        self._version: Version | None = None
        self._true_at = 0.0
        self._not_before = 0.0
        self._building: asyncio.Task[None] | None = None

    def at_hand(self, scope: Scope) -> Response | None:
        """Return the answer if what is kept holds now, None if it has to be built."""
        content = self._content
        if content is None or self._version != self._wanted():
            return None
        self._true_at = time.monotonic()
        return content.answer(scope, self._live.age_header())

    async def answer(self, scope: Scope) -> Response:
        """Return the answer, built anew if need be.

        Raises `NotFound` when there is none, `Unavailable` when nothing was built yet and the
        database is away.
        """
        content = await self.content()
        return content.answer(scope, self.age_header())

    async def content(self) -> Content:
        """Return what is to be sent now; raises like `answer`."""
        # What others began to build may be older than our question; what comes after it is not.
        for _ in range(2):
            if self._is_true() or (self._content and time.monotonic() < self._not_before):
                break
            if self._building is None:
                self._building = asyncio.create_task(self._built())
                self._building.add_done_callback(self._is_built)
            # Whoever leaves takes nothing from those who wait on.
            await asyncio.shield(self._building)
        if self._content is None:
            raise Unavailable("the map's data is still being read; try again shortly")
        return self._content

    def age_header(self) -> dict[str, str]:
        """Return the header that says how old the answer is; none while it is fresh."""
        late = None if self._is_true() else time.monotonic() - self._true_at
        return self._live.age_header(late)

    def _wanted(self) -> Version | None:
        revision = self._live.revision_of(*self._layers)
        return None if revision is None else Version(revision, self._part())

    def _is_true(self) -> bool:
        true = self._content is not None and self._version == self._wanted()
        if true:
            self._true_at = time.monotonic()
        return true

    async def _built(self) -> None:
        begun, version = time.monotonic(), self._wanted()
        if version is None:
            raise Unavailable("the city is still being loaded; try again shortly")
        try:
            self._content = await asyncio.to_thread(self._made, version)
        except NotFound:
            self._content = None
            raise
        except Exception as error:
            if self._content is None:
                raise
            # A map that is a little old serves better than none.
            self._not_before = time.monotonic() + _RETRY_S
            known = isinstance(error, Unavailable)
            logger.warning("the last answer goes on: %s", error, exc_info=not known)
        else:
            self._version, self._true_at = version, begun

    def _made(self, version: Version) -> Content:
        return Content.of(self._build(version), self._media_type)

    def _is_built(self, task: asyncio.Task[None]) -> None:
        self._building = None
        if not task.cancelled():
            # Those who waited were told; when nobody did, it is no news.
            task.exception()
