"""Which area holds each of many points: up to a million in one request."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.batch import (
    ARROW,
    CSV,
    JSON,
    WORDS,
    Batch,
    Codes,
    read_json,
    write_csv,
    write_json,
)
from api.deps import needs
from api.settings import Settings
from data.live.city import LiveCity
from data.live.past import PastAreas
from geo.columns import to_points
from geo.crs import KNOWN, WGS84, Crs
from geo.errors import InvalidParameter, Unavailable
from geo.locating import AreaIndex
from geo.types import parse_instant

router = APIRouter(tags=["areas"])

_RECEIVE_S = 120.0
_TYPES = (JSON, CSV, ARROW)


class Batches:
    """Answers batches, a few at once: what they take of memory and processors is bounded."""

    def __init__(self, settings: Settings, live: LiveCity, past: PastAreas) -> None:
        self._settings, self._live, self._past = settings, live, past
        # One more is received while the others are worked on; the rest wait in their sockets.
        self._receiving = asyncio.Semaphore(settings.batch_workers + 1)
        self._working = asyncio.Semaphore(settings.batch_workers)

    async def answer(
        self, request: Request, given: str, wanted: str, query: Mapping[str, str | None]
    ) -> tuple[bytes, Codes]:
        """Return the body of the answer, and what it says."""
        async with self._receiving:
            body = await _received(request)
            async with self._working:
                areas = self._live.areas
                if areas is None:
                    raise Unavailable("the areas are still being loaded; try again shortly")
                return await asyncio.to_thread(self._work, areas, body, given, wanted, query)

    def _work(
        self,
        areas: AreaIndex,
        body: bytes,
        given: str,
        wanted: str,
        query: Mapping[str, str | None],
    ) -> tuple[bytes, Codes]:
        batch = _reader(given)(body, self._settings.batch_max_points)
        said = {word: _agreed(word, query[word], batch.words.get(word)) for word in WORDS}
        crs, kind = WGS84 if said["crs"] is None else Crs.parse(said["crs"]), said["kind"]
        if not kind:
            raise InvalidParameter(f"kind is needed; one of {', '.join(areas.kinds)}")
        lon, lat = to_points(batch.x, batch.y, crs)
        index = self._index_at(areas, said["at"])
        part = index.kinds.get(kind, slice(0, 0))
        if kind in areas.kinds and kind not in index.kinds:
            positions = np.full(len(lon), -1, dtype=np.int64)
        else:
            positions = index.winners(kind, lon, lat)
        positions[positions >= 0] -= part.start
        names = [label.code for label in index.labels[part]]
        codes = Codes(names, positions, index.revision, crs.name)
        return _writer(wanted)(codes), codes

    def _index_at(self, areas: AreaIndex, at: str | None) -> AreaIndex:
        # Without `at` nobody waits for the database: the last index answers while it is away.
        if at is None or areas.answers_for(instant := parse_instant(at)):
            return areas
        return self._past.at(instant, areas.revision)


def _give_back() -> None:
    """Return free memory to the system: glibc keeps what a batch took, hundreds of MiB."""
    # Other C libraries have no such call, and no such habit.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _reader(media: str) -> Callable[[bytes, int], Batch]:
    if media == JSON:
        return read_json
    # Not before a table comes: Arrow takes a seventh of a worker's memory.
    from api.tables import read_arrow, read_csv

    return read_csv if media == CSV else read_arrow


def _writer(media: str) -> Callable[[Codes], bytes]:
    if media != ARROW:
        return write_csv if media == CSV else write_json
    from api.tables import write_arrow

    return write_arrow


def _agreed(word: str, in_query: str | None, in_body: str | None) -> str | None:
    """A crs that is said twice and differently puts every point into another grid."""
    if in_query is None or in_body is None or in_query == in_body:
        return in_body if in_query is None else in_query
    said = f"{word} is {in_query[:40]!r} in the query and {in_body[:40]!r} in the body"
    raise InvalidParameter(f"{said}: say it once")


async def _received(request: Request) -> bytes:
    # Not request.body(): that would keep the bytes until the answer is sent.
    try:
        async with asyncio.timeout(_RECEIVE_S):
            return b"".join([chunk async for chunk in request.stream()])
    except TimeoutError:
        detail = f"the body must arrive within {_RECEIVE_S:.0f} s; send fewer points at a time"
        raise HTTPException(408, detail) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body was cut off") from None


def sent_type(request: Request) -> str:
    """Return the media type of the body; 415 for one that is not read here."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _TYPES:
        raise HTTPException(415, f"Content-Type must be {', '.join(_TYPES)}, not {given[:80]!r}")
    return given


def wanted_type(request: Request) -> str:
    """Return the media type of the answer: what Accept prefers, by default what was sent."""
    given = sent_type(request)
    ranges = [_range(part) for part in request.headers.get("accept", "*/*").split(",")]
    for media, _ in sorted((one for one in ranges if one[1] > 0), key=lambda one: -one[1]):
        for known in (given, *_TYPES):
            if media in (known, f"{known.partition('/')[0]}/*", "*/*", ""):
                return known
    raise HTTPException(406, f"Accept must allow one of {', '.join(_TYPES)}")


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (word.strip().lower() for word in part.split(";"))
    weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 1.0


_CODES = ["43130203020000105", None]
_ANSWERS: dict[str, Any] = {
    JSON: {"example": {"codes": _CODES, "revision": 1, "crs": "wgs84"}},
    CSV: {"example": 'code\r\n43130203020000105\r\n""\r\n', "schema": {"type": "string"}},
    ARROW: {
        "schema": {"type": "string", "format": "binary"},
        "example": "column code: dictionary<int32, string>, null outside; metadata revision, crs",
    },
}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        JSON: {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["lon", "lat"],
                "properties": {"lon": _NUMBERS, "lat": _NUMBERS}
                | {word: {"type": "string"} for word in WORDS},
            },
            "example": {"lon": [111.9943, 0], "lat": [27.7283, 0], "kind": "unit_grid"},
        },
        CSV: {"schema": {"type": "string"}, "example": "lon,lat\n111.9943,27.7283\n0,0\n"},
        ARROW: {
            "schema": {"type": "string", "format": "binary"},
            "example": "columns lon, lat: float64; metadata kind, crs, at as in the query",
        },
    },
}


@router.post(
    "/v1/locate",
    summary="批量归属 · the area that holds each of many points",
    dependencies=[Depends(needs("query"))],
    response_class=Response,
    responses={200: {"description": "A code for each point, in order.", "content": _ANSWERS}},
    openapi_extra={"requestBody": _BODY},
)
async def locate_batch(
    request: Request,
    kind: Annotated[
        str | None, Query(description="Kind of the areas; needed here or in the body.")
    ] = None,
    crs: Annotated[
        str | None, Query(description=f"System of the coordinates: {KNOWN}; default wgs84.")
    ] = None,
    at: Annotated[str | None, Query(description="RFC 3339 instant; default now.")] = None,
) -> Response:
    """For each point the code of the area of one kind that holds it, in the same order.

    An area that has the point inside wins over one that has it on its border, then the lower code;
    so there is one at most, for kinds that may overlap, too. Points outside have none.

    `kind`, `crs` and `at` may be in the query with every type of body, in the members of a JSON
    body, or in the metadata of an Arrow schema. A coordinate that is none is refused by its
    position, counted from 0. Accept chooses the type of the answer, by default that of the body.
    """
    batches: Batches = request.app.state.batches
    given, wanted = sent_type(request), wanted_type(request)
    query = {"kind": kind, "crs": crs, "at": at}
    content, codes = await batches.answer(request, given, wanted, query)
    headers = {"Tidegrid-Revision": str(codes.revision), "Tidegrid-Crs": codes.crs}
    headers |= {"Cache-Control": "no-store"} | request.app.state.services.live.age_header()
    return Response(
        content, media_type=wanted, headers=headers, background=BackgroundTask(_give_back)
    )
