"""What is sent compressed, and to whom.

Nothing compressed here holds a secret: tokens are in no answer, and no browser adds one to a
request by itself, so that nobody can guess at one by the length of answers (BREACH).
"""

from __future__ import annotations

import gzip

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.shortcuts import header

LEAST_BYTES = 1024
"""Below this an answer fits into one packet as it is."""

_LEVEL = 5
_IN_THREAD_BYTES = 65_536


class Compressed:
    """Compresses what is read, except paths that see to it themselves.

    What is posted is left alone: those answers are long, and for machines nearby.
    """

    def __init__(self, app: ASGIApp, but: tuple[str, ...]) -> None:
        self.plain, self.but = app, but
        self.zipping = GZipMiddleware(app, LEAST_BYTES, _LEVEL, _IN_THREAD_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        app = self.zipping if read and not scope["path"].startswith(self.but) else self.plain
        await app(scope, receive, send)


def takes_gzip(scope: Scope) -> bool:
    """Return whether the client accepts gzip."""
    for accepted in (header(scope, b"accept-encoding") or b"").lower().split(b","):
        coding, _, weight = accepted.replace(b" ", b"").partition(b";")
        if coding in (b"gzip", b"x-gzip"):
            return weight.removeprefix(b"q=").strip(b"0.") != b"" or not weight
    return False


def zipped(content: bytes) -> bytes:
    """Return the content as gzip, as small as it gets: for what is kept and sent often."""
    return gzip.compress(content, compresslevel=9, mtime=0)
