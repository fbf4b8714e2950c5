"""Following the events of a server, as a browser does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(slots=True)
class Stream:
    """An open stream: `next` is the next event, of some name if one is asked for."""

    answer: httpx2.Response
    lines: Iterator[str]

    def next(self, name: str | None = None) -> tuple[str, Any]:
        """Return name and data of the next event; the client's timeout ends a wait in vain."""
        told = None
        for line in self.lines:
            field, _, value = line.partition(": ")
            if field == "event":
                told = value
            if field == "data" and told is not None and name in (None, told):
                return told, json.loads(value)
        raise EOFError("the stream has ended")

    def line(self) -> str:
        """Return the next line that is not empty."""
        return next(line for line in self.lines if line)


@contextmanager
def following(address: str, timeout_s: float = 5.0, **params: str) -> Iterator[Stream]:
    """Open a stream."""
    with (
        httpx2.Client(base_url=address, timeout=timeout_s, trust_env=False) as client,
        client.stream("GET", "/v1/events", params=params) as answer,
    ):
        yield Stream(answer, answer.iter_lines())
