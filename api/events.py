"""Server-sent events: each stream tells what is newer than what it told last.

A stream keeps no queue. It knows up to which revisions and which turn of the readings it has told,
and looks in memory for what came since: a client that reads slowly is told the last values, and
costs no more than one that reads fast.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from data.live.city import LiveCity
from data.live.readings import LiveReading
from geo.errors import Crowded, Unavailable

logger = logging.getLogger("tidegrid.api")

PUBLIC_LAYERS = ("areas", "stall_zones", "stalls", "facilities", "overrides", "calendar", "kinds")
"""Layers whose revisions are told; when officers or tokens changed is nobody's business."""

HEARTBEAT_S = 15.0
"""Proxies close what is silent, mostly after a minute."""

_GATHER_S = 0.2
# Another worker may know a reading a moment later than we do, and answer without it whoever has
# just opened a stream here: what came in the last moments is told once more.
OVERLAP_S = 2.0
_AT_ONCE = 200
# When a server stops, not all of its clients should come back in the same second.
_RETRY_MS = (1_000, 5_000)

Wanted = Callable[[LiveReading], bool]


class Streams:
    """The open streams of one worker, no more than a limit."""

    def __init__(self, live: LiveCity, most: int) -> None:
        self.live, self._most = live, most
        self.open = 0
        self.is_stopping = False
        self._is_full = False

    def stop(self) -> None:
        """End all streams: the server waits for them."""
        self.is_stopping = True
        self.live.changed.ring()

    def check(self) -> None:
        """Raise `Crowded` when there is no room for one more, `Unavailable` at the end."""
        if self.is_stopping:
            raise Unavailable("the service is stopping; open the stream again shortly")
        if self.open >= self._most:
            if not self._is_full:
                logger.warning("%d streams of events are open: pages ask instead", self._most)
            self._is_full = True
            raise Crowded(
                f"{self._most} streams are open here; ask /v1/readings now and then instead"
            )
        self._is_full = False


class EventStream(Response):
    """One stream: `hello` with the revisions, then `layer` and `reading` as they come.

    It ends when the service stops; when the client leaves, its request is cancelled.
    """

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, wanted: Wanted) -> None:
        self._streams, self._live, self._wanted = streams, streams.live, wanted
        self.status_code, self.background = 200, None
        # nginx hands on at once what says so.
        self.init_headers({"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"})

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Tell until one side has enough; raises like `Streams.check` before."""
        self._streams.check()
        self._streams.open += 1
        try:
            head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(head)
            await self._tell(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._streams.open -= 1

    async def _tell(self, send: Send) -> None:
        layers = self._layers()
        turn = self._live.readings.turn_ago(OVERLAP_S)
        retry = b"retry: %d\n" % random.randint(*_RETRY_MS)
        await _send(send, retry + _event("hello", {"layers": layers}))
        while not self._streams.is_stopping:
            known, now = layers, self._layers()
            parts = [
                _event("layer", {"layer": layer, "revision": revision})
                for layer, revision in now.items()
                if known.get(layer) != revision
            ]
            readings = self._live.readings.since(turn)
            layers, turn = now, self._live.readings.turn
            parts += [
                b"event: reading\ndata: %b\n\n" % one.told for one in readings if self._wanted(one)
            ]
            for first in range(0, len(parts), _AT_ONCE):
                await _send(send, b"".join(parts[first : first + _AT_ONCE]))
            if parts:
                await asyncio.sleep(_GATHER_S)
            elif await self._is_silent():
                await _send(send, b":\n\n")

    async def _is_silent(self) -> bool:
        """Wait for news; return whether there was none for so long that a sign of life is due."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._live.changed.wait()
        except TimeoutError:
            return True
        return False

    def _layers(self) -> dict[str, int]:
        revisions = self._live.revisions or {}
        return {layer: revisions[layer] for layer in PUBLIC_LAYERS if layer in revisions}


def _event(name: str, told: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(told)}\n\n".encode()


async def _send(send: Send, text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})
