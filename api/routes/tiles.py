"""Vector tiles of stall zones and facilities: for cities that are too large for one file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import get_args

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Scope

from api.answers import has_it
from api.compression import LEAST_BYTES, takes_gzip
from api.deps import Services, ServicesDep
from data.live.tiles import Kept
from data.queries.tiles import TileLayer
from geo.errors import NotFound
from geo.tiles import Tile

router = APIRouter(tags=["maps"])

PREFIX = "/maps/tiles/"
_PATH = PREFIX + "{layer}/{z}/{x}/{y}.mvt"
_LAYERS: dict[str, TileLayer] = {layer: layer for layer in get_args(TileLayer)}
_TYPE = "application/vnd.mapbox-vector-tile"


@router.head(_PATH, include_in_schema=False)
@router.get(
    _PATH,
    summary="矢量瓦片 · vector tile",
    response_class=Response,
    responses={
        200: {"content": {_TYPE: {}}},
        204: {"description": "Nothing here"},
        304: {"description": "You have it"},
    },
)
async def tile(
    request: Request, layer: str, z: str, x: str, y: str, services: ServicesDep
) -> Response:
    """A Mapbox vector tile, layer `stalls` or `facilities`, zoom 0 to 17.

    A feature is in the one tile that its place falls in, whole; where there are too many for a
    tile, clusters say how many of each kind are where. 204 where there is nothing.
    """
    if layer not in _LAYERS:
        raise NotFound(f"no tiles of {layer[:40]!r}; there are {', '.join(_LAYERS)}")
    kept = await services.tiles.tile(_LAYERS[layer], Tile.parse(z, x, y))
    if _is_coded(request.scope, kept):
        # Made once, then kept; long enough to keep others waiting.
        await asyncio.to_thread(lambda: kept.zipped)
    return _answer(request.scope, kept, services.live.age_header())


def short_cut(scope: Scope) -> Response | None:
    """Answer with a tile that is kept, or that is known to be empty."""
    services: Services = scope["app"].state.services
    words = scope["path"].removeprefix(PREFIX).split("/")
    if len(words) != 4 or words[0] not in _LAYERS or not words[3].endswith(".mvt"):
        return None
    layer, z, x, y = words
    try:
        kept = services.tiles.at_hand(_LAYERS[layer], Tile.parse(z, x, y.removesuffix(".mvt")))
    except NotFound:
        return None
    if kept is None or (_is_coded(scope, kept) and not kept.is_zipped):
        return None
    return _answer(scope, kept, services.live.age_header())


def _answer(scope: Scope, kept: Kept, more: Mapping[str, str]) -> Response:
    headers = {"Cache-Control": "no-cache", **more}
    if not kept.body:
        return Response(status_code=204, headers=headers)
    headers |= {"ETag": f'W/"{kept.tag}"', "Vary": "Accept-Encoding"}
    if has_it(scope, kept.tag):
        return Response(status_code=304, headers=headers)
    if _is_coded(scope, kept):
        headers["Content-Encoding"] = "gzip"
        return Response(kept.zipped, media_type=_TYPE, headers=headers)
    return Response(kept.body, media_type=_TYPE, headers=headers)


def _is_coded(scope: Scope, kept: Kept) -> bool:
    return len(kept.body) >= LEAST_BYTES and takes_gzip(scope)
