"""The map of facilities, its plain list, and the page of one facility."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.routes.maps import LanguageText, first_data, html_answer
from api.routes.place_data import KINDS, PLACES
from api.routes.zone_pages import free_at, is_today, missing_answer, share_url
from api.site import site_of
from data.queries.city import city_facts
from data.queries.facilities import (
    FAMILY,
    FacilitySearch,
    extent_of_facilities,
    facilities_found,
    facility_counts_in,
    facility_of,
)
from data.queries.kinds import kinds_in
from data.queries.readings import target_of
from data.queries.schedules import calendar_in
from geo.errors import UnknownKind
from geo.types import BBox
from maps.place import PlaceSheet, missing_place_page, place_page
from maps.place_list import LISTED_MAX, place_list
from maps.places import SHOWN_AT_FIRST, whole_at_first
from maps.sheet import Occasion
from maps.site import PLACE_PAGE, Page, Site, place_path
from maps.text import Language

router = APIRouter(tags=["maps"])


@router.get(
    "/maps/facilities", summary="公园公厕便民地图 · map of facilities", response_class=Response
)
async def facilities(
    request: Request,
    _at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """The map: toilets, parks, car parks, chargers, stations; the page's scripts fill it.

    `at` is read by the scripts; here a link with an instant that nobody can read is told so.
    """
    site = site_of(services.settings, await city_facts(connection))
    view = await extent_of_facilities(connection)
    usual = () if "kind" in request.query_params else await _usual_places(connection)
    first = first_data(request, KINDS, *usual)
    page = await asyncio.to_thread(_drawn, view, lang, site, first)
    return html_answer(request, page, lang)


@router.get(
    "/maps/facilities/list", summary="设施列表 · list of facilities", response_class=Response
)
async def facility_list(
    request: Request,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
    kind: Annotated[str | None, Query(max_length=40, description="One public kind.")] = None,
    after: Annotated[str | None, Query(max_length=200, description="The last code shown.")] = None,
) -> Response:
    """The facilities of a kind in words: for readers without scripts."""
    known = await kinds_in(connection, FAMILY)
    public = {slug: one for slug, one in known.items() if one.is_public}
    if kind is not None and kind not in public:
        raise UnknownKind(f"no public kind {kind[:40]!r}; there are {', '.join(public)}")
    chosen = kind or next((slug for slug in SHOWN_AT_FIRST if slug in public), None)
    search = FacilitySearch(
        kinds=[chosen] if chosen else [],
        after=(None, chosen, after) if chosen and after else None,
        limit=LISTED_MAX + 1,
    )
    found = [one for one, _ in await facilities_found(connection, search)]
    calendar = await calendar_in(connection)
    site = site_of(services.settings, await city_facts(connection))
    page = await asyncio.to_thread(place_list, found, public, chosen, at, calendar, lang, site)
    return html_answer(request, page, lang)


@router.head(PLACE_PAGE, include_in_schema=False)
@router.get(PLACE_PAGE, summary="设施详情 · page of one facility", response_class=Response)
async def place(
    request: Request,
    place_id: str,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """One public facility in full, by its id `kind:code`."""
    kind, _, code = place_id.partition(":")
    site = site_of(services.settings, await city_facts(connection))
    # Rows of kinds that are not public are not there for this connection.
    found = await facility_of(connection, kind, code)
    if found is None:
        return missing_answer(missing_place_page(place_id[:60], lang, site), lang)
    occasion = Occasion(
        at=at,
        calendar=await calendar_in(connection),
        free=await free_at(connection, target_of(FAMILY, kind, code), at),
        share_url=share_url(request, services.settings, place_path(kind, code), lang),
        is_now=is_today(at),
    )
    told = PlaceSheet(found, (await kinds_in(connection, FAMILY))[kind], occasion)
    return html_answer(request, await asyncio.to_thread(place_page, told, lang, site), lang)


async def _usual_places(connection: AsyncConnection) -> Sequence[str]:
    counts = await facility_counts_in(connection)
    return [PLACES.format(kind=kind) for kind in whole_at_first(counts)]


def _drawn(view: BBox | None, language: Language, site: Site, first: Sequence[str]) -> Page:
    # Folium brings pandas along, a hundred megabytes: only a worker that draws pays for it.
    from maps.facilities import facilities_page

    return facilities_page(view, language, site, first)
