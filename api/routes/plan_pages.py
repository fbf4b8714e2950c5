"""The map of the plan's changes: a page for everybody in which nothing of the plan is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import PublicDep, ServicesDep
from api.routes.maps import LanguageText, html_answer
from api.site import site_of
from data.qgis import column_names
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
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
    names = await _names(connection, lang)
    return html_answer(request, await asyncio.to_thread(_drawn, view, names, lang, site), lang)


async def _names(connection: AsyncConnection, language: Language) -> dict[str, dict[str, str]]:
    """What people call the public kinds that are drawn, and the columns of the plan."""
    found = [await kinds_in(connection, family) for family in ("area", "stall_zone", "facility")]
    kinds = [kind for family in found for kind in family.values() if kind.is_public]
    columns = [
        column
        for table, of_table in column_names().items()
        if table.startswith("plan.")
        for column in of_table
    ]
    is_english = language == "en"
    return {
        "kinds": {one.slug: one.name_en if is_english else one.name_zh for one in kinds},
        "columns": {name: en if is_english else zh for name, zh, en in columns},
    }


def _drawn(
    view: BBox | None, names: Mapping[str, Mapping[str, str]], language: Language, site: Site
) -> Page:
    # Folium brings pandas along: only a worker that draws pays for it.
    from maps.plan import plan_page

    return plan_page(view, names, language, site)
