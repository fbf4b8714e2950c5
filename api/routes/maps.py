"""The pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.answers import fingerprint, tagged
from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.routes.map_data import WEEK
from api.site import site_named, site_of
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, extent_of_zones, zones_found
from geo.openings import opening
from geo.types import BBox
from maps.files import FOLDER
from maps.manifest import manifest
from maps.site import Page, Site
from maps.stall_list import ZoneInList
from maps.stall_list import stall_list as listed
from maps.text import Language

router = APIRouter(tags=["maps"])
LanguageText = Annotated[Literal["zh", "en"], Query(description="Language of the page.")]


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """The map is the front page."""
    return RedirectResponse("/maps/stalls", status_code=307)


@router.get(
    "/maps/stalls", summary="潮汐摊位服务地图 · map of stall zones", response_class=Response
)
async def stalls(
    request: Request,
    _at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """The map: what is open now, tonight, any time of the week; the page's scripts fill it.

    `at` is read by the scripts; here a link with an instant that nobody can read is told so.
    """
    site = site_of(services.settings, await city_facts(connection))
    view = await extent_of_zones(connection)
    # Drawing takes long enough to keep others waiting.
    page = await asyncio.to_thread(_drawn, view, lang, site, first_data(request, WEEK))
    return html_answer(request, page, lang)


@router.get("/maps/stalls/list", summary="摊区列表 · list of stall zones", response_class=Response)
async def stall_list(
    request: Request,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """Every stall zone in words, open first: for readers without scripts."""
    calendar = await calendar_in(connection)
    zones = [
        ZoneInList(zone, opening(zone.schedule, at, overrides=zone.overrides, calendar=calendar))
        for zone, _ in await zones_found(connection)
    ]
    kinds = await kinds_in(connection, FAMILY)
    site = site_of(services.settings, await city_facts(connection))
    page = await asyncio.to_thread(listed, zones, kinds, at, lang, site)
    return html_answer(request, page, lang)


@router.get("/maps/manifest.webmanifest", include_in_schema=False)
async def web_manifest(
    request: Request, services: ServicesDep, lang: LanguageText = "zh"
) -> Response:
    """What a phone needs to put the map on its home screen."""
    body = json.dumps(manifest(lang, site_named(services.settings)), ensure_ascii=False).encode()
    return tagged(request.scope, body, fingerprint(body), "application/manifest+json")


@router.get("/maps/sw.js", include_in_schema=False)
async def service_worker(request: Request) -> Response:
    """The service worker: here and not among the files, because it rules what lies beside it."""
    body = await asyncio.to_thread((FOLDER / "built" / "sw.js").read_bytes)
    return tagged(request.scope, body, fingerprint(body), "text/javascript; charset=utf-8")


def html_answer(request: Request, page: Page, language: Language) -> Response:
    """Return a page under its security policy, with an ETag of what it says."""
    html = page.html.encode()
    headers = {"Content-Security-Policy": page.policy, "Content-Language": language}
    return tagged(request.scope, html, fingerprint(html), "text/html; charset=utf-8", headers)


def first_data(request: Request, *paths: str) -> Sequence[str]:
    """Return what a browser should load beside the scripts of the page that is asked for.

    Nothing for a page at an instant: its scripts ask for other hours than those of now.
    """
    return () if "at" in request.query_params else paths


def _drawn(view: BBox | None, language: Language, site: Site, first: Sequence[str]) -> Page:
    # Folium brings pandas along, a hundred megabytes: only a worker that draws pays for it.
    from maps.stalls import stalls_page

    return stalls_page(view, language, site, first)
