"""The map of the plan's changes: a page for everybody in which nothing of the plan is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import PublicDep, ServicesDep
from api.routes.maps import LanguageText, html_answer
from api.site import site_of
from data.queries.city import city_facts
from data.queries.stall_zones import extent_of_zones
from geo.types import BBox
from maps.site import Page, Site
from maps.text import Language

router = APIRouter(tags=["maps"])


@router.get("/maps/plan", summary="规划变更图 · map of the plan's changes", response_class=Response)
async def plan_map(
    request: Request,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
    generation: Annotated[  # noqa: ARG001
        int | None, Query(ge=1, le=2**63 - 1, description="What this publication changed.")
    ] = None,
) -> Response:
    """The page asks for a token of the scope `publish`, and fills itself with it."""
    site = site_of(services.settings, await city_facts(connection))
    view = await extent_of_zones(connection)
    return html_answer(request, await asyncio.to_thread(_drawn, view, lang, site), lang)


def _drawn(view: BBox | None, language: Language, site: Site) -> Page:
    # Folium brings pandas along: only a worker that draws pays for it.
    from maps.plan import plan_page

    return plan_page(view, language, site)
