"""What changes, as it changes: server-sent events."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.events import EventStream, Streams
from api.routes.readings import WantedDep

router = APIRouter(tags=["readings"])
PATH = "/v1/events"


@router.get(
    PATH,
    summary="实时消息 · events as they happen",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
)
async def events(request: Request, wanted: WantedDep) -> Response:
    """A stream of server-sent events: what a page needs to stay true without asking.

    `hello` first, with the revision of each public layer; `layer` when one has changed; `reading`
    when one was stored, with a null value when it was taken back. 503 when too many are open.
    """
    streams: Streams = request.app.state.streams
    return EventStream(streams, wanted)
