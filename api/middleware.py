"""What holds for every request: limits, headers, and nobody is served who has left."""

from __future__ import annotations

import asyncio
import json

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


class Limits:
    """Refuses a query string or a body above its limit, counting bytes, not believing headers."""

    def __init__(self, app: ASGIApp, query_max_bytes: int, body_max_bytes: int) -> None:
        self.app, self.query_max, self.body_max = app, query_max_bytes, body_max_bytes

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
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.body_max:
                # The one exception that FastAPI lets through while it reads a body.
                raise HTTPException(413, f"the body may have {self.body_max} bytes")
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
            return await self.app(scope, receive, send)
        first = await receive()
        heard: asyncio.Queue[Message] = asyncio.Queue()
        heard.put_nowait(first)
        work = asyncio.ensure_future(self.app(scope, heard.get, send))
        watch = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
            if not work.cancelled():
                work.result()
        finally:
            work.cancel()
            watch.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


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
