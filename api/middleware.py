"""What holds for every request: limits, headers, and nobody is served who has left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE_S = 0.05
"""How long a request may take before we look whether its client is still there."""

CANCEL_AGAIN_S = 0.25
"""How long a cancelled request may take to end before its connection is closed under it."""

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


class Limits:
    """Refuses a query string or a body above its limit, counting bytes, not believing headers.

    `bodies` has the limits of calls that take more, like `POST /v1/locate`.
    """

    def __init__(
        self, app: ASGIApp, query_max_bytes: int, body_max_bytes: int, bodies: Mapping[str, int]
    ) -> None:
        self.app, self.query_max, self.body_max = app, query_max_bytes, body_max_bytes
        self.bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif len(scope["query_string"]) > self.query_max:
            await _refuse(send, 414, "URI Too Long", f"the query may have {self.query_max} bytes")
        elif b"%00" in scope["query_string"] or "\0" in scope["path"]:
            # PostgreSQL has no such character; no honest client has either.
            await _refuse(
                send, 422, "Unprocessable", "the address holds a NUL character: leave it out"
            )
        else:
            most = self.bodies.get(f"{scope['method']} {scope['path']}", self.body_max)
            await self.app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            # The one exception that FastAPI lets through while it reads a body.
            raise HTTPException(413, f"the body may have {most} bytes")
        return message

    return counted


class ClientGone:
    """Cancels a reading request whose client has left, so that it holds no connection.

    Requests that write are left to finish: cancelling them would gain little and leave doubt.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        watch = _Watch(receive)
        # What is answered from memory is done before anybody looks.
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, watch.begin)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not watch.is_gone:
                raise
        finally:
            timer.cancel()
            watch.end()


class _Watch:
    """Waits for the client to leave, and cancels the request then."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._request = receive, asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self.is_gone = False

    def begin(self) -> None:
        self._task = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        while self._request is not None:
            self._request.cancel()
            # PostgreSQL overlooks a cancellation that overtakes its statement, and psycopg would
            # wait 5 s for it; asked again, it closes the connection.
            await asyncio.sleep(CANCEL_AGAIN_S)

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()


class SecurityHeaders:
    """Adds to every answer the headers that cost nothing and close a door."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        await self.app(scope, receive, secured if scope["type"] == "http" else send)


async def _refuse(send: Send, status: int, title: str, detail: str) -> None:
    kind = f"urn:tidegrid:problem:http-{status}"
    body = {"type": kind, "title": title, "status": status, "detail": detail}
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
