"""The poster of the stall map, to be printed from the browser."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.deps import PublicDep, ServicesDep
from api.routes.maps import LanguageText, html_answer
from api.site import public_address, site_of
from data.queries.areas import areas_in
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
from data.queries.stall_zones import FAMILY, zones_found
from maps.poster import City, poster
from maps.site import GROUND, STALL_MAP

router = APIRouter(tags=["maps"])


@router.get("/maps/stalls/poster", summary="张贴用海报 · poster to print", response_class=Response)
async def stall_poster(
    request: Request,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
    size: Annotated[Literal["a4", "a3"], Query(description="Size of the paper.")] = "a4",
) -> Response:
    """The map with numbered marks and a table of all stall zones, for a notice board."""
    site = site_of(services.settings, await city_facts(connection))
    city = City(
        zones=[zone for zone, _ in await zones_found(connection)],
        kinds=await kinds_in(connection, FAMILY),
        areas=await areas_in(connection, GROUND),
    )
    live_url = public_address(services.settings, STALL_MAP, lang, str(request.base_url))
    # Two thousand marks take a while that others would wait for.
    page = await asyncio.to_thread(poster, city, lang, site, size, live_url)
    return html_answer(request, page, lang)
