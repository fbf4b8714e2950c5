"""Short cuts for hot questions: plain requests are answered from memory, before FastAPI is asked.

A short cut answers what it understands completely and nothing else; on any doubt (an unusual
parameter, a missing index, a token that is not known) it returns None, and the route of the same
path judges the request and words the answer. So the route stays the one description of the call,
for readers and for OpenAPI.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ShortCut = Callable[[Scope], Response | None]


class ShortCuts:
    """Tries the short cut of a path first; `below` has those of everything below a path."""

    def __init__(
        self, app: ASGIApp, paths: Mapping[str, ShortCut], below: Mapping[str, ShortCut]
    ) -> None:
        self.app, self.paths, self.below = app, paths, below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            cut = self._cut(scope["path"])
            answer = cut(scope) if cut is not None else None
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _cut(self, path: str) -> ShortCut | None:
        found = self.paths.get(path)
        if found is None:
            for start, cut in self.below.items():
                if path.startswith(start):
                    return cut
        return found


def plain_query(scope: Scope, known: frozenset[str]) -> dict[str, str] | None:
    """Return the query's parameters, None unless all are known and none is given twice."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = dict(pairs)
    return found if len(found) == len(pairs) and found.keys() <= known else None


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return a header's value, None if it is missing."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
