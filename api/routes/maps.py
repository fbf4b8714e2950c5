"""The pages."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.answers import fingerprint, tagged
from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.settings import Settings
from data.queries.city import CityFacts, city_facts
from data.queries.kinds import kinds_in
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, extent_of_zones, zones_found
from geo.openings import opening
from geo.schedules import CITY_TIME
from geo.types import BBox
from maps.basemap import Basemap
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
    return html_answer(request, await asyncio.to_thread(_drawn, view, lang, site), lang)


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


def _drawn(view: BBox | None, language: Language, site: Site) -> Page:
    # Folium brings pandas along, a hundred megabytes: only a worker that draws pays for it.
    from maps.stalls import stalls_page

    return stalls_page(view, language, site)


def site_of(settings: Settings, facts: CityFacts) -> Site:
    """Return what the settings and the data say of the site."""
    named = site_named(settings)
    changed = facts.changed_at.astimezone(ZoneInfo(CITY_TIME)).date() if facts.changed_at else None
    return replace(named, synthetic=facts.synthetic, data_date=changed)


def site_named(settings: Settings) -> Site:
    """Return what the settings alone say of the site."""
    return Site(
        city_zh=settings.city_zh,
        city_en=settings.city_en,
        synthetic=False,
        basemap=basemap_of(settings),
    )


def basemap_of(settings: Settings) -> Basemap:
    """Return the ground that the settings ask for; raises `InvalidParameter`."""
    number = settings.map_approval_number
    if settings.basemap == "osm":
        return replace(Basemap.openstreetmap(), approval_number=number)
    if settings.basemap == "tianditu":
        key = settings.tianditu_key.get_secret_value() if settings.tianditu_key else ""
        return Basemap.tianditu(key, number)
    if settings.basemap == "xyz":
        source = settings.basemap_source
        return Basemap((settings.basemap_url,), source, source, number)
    return Basemap()
