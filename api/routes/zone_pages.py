"""The page of one stall zone: the link that people share, and what the map shows of a zone."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.routes.maps import LanguageText, html_answer
from api.settings import Settings
from api.site import site_of
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
from data.queries.readings import free_places, target_of
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, zones_found
from geo.records import StallZone
from maps.site import ZONE_PAGE, Page, zone_path
from maps.text import Language
from maps.zone import Free, Sheet, missing_page, zone_page

router = APIRouter(tags=["maps"])


@router.head(ZONE_PAGE, include_in_schema=False)
@router.get(ZONE_PAGE, summary="摊区详情 · page of one stall zone", response_class=Response)
async def zone(
    request: Request,
    code: str,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """One stall zone in full: hours of the coming days, goods, fee, how to get there, QR code."""
    site = site_of(services.settings, await city_facts(connection))
    found = await zones_found(connection, codes=[code])
    if not found:
        return _missing(missing_page(code[:40], lang, site), lang)
    zone, _ = found[0]
    sheet = Sheet(
        zone=zone,
        kind=(await kinds_in(connection, FAMILY))[zone.kind],
        at=at,
        calendar=await calendar_in(connection),
        free=await _free(connection, zone),
        share_url=share_url(request, services.settings, zone, lang),
    )
    # The week and the QR code take milliseconds that others would wait for.
    return html_answer(request, await asyncio.to_thread(zone_page, sheet, lang, site), lang)


async def _free(connection: AsyncConnection, zone: StallZone) -> Free | None:
    target = target_of(FAMILY, zone.kind, zone.code)
    reading = (await free_places(connection, [target])).get(target)
    return None if reading is None else Free(int(reading.value), reading.observed_at)


def share_url(request: Request, settings: Settings, zone: StallZone, language: Language) -> str:
    """Return where others find a zone's page; Chinese is the default and needs no words in it."""
    base = settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{zone_path(zone.code)}{'?lang=en' if language == 'en' else ''}"


def _missing(page: Page, language: Language) -> Response:
    headers = {
        "Content-Security-Policy": page.policy,
        "Content-Language": language,
        "Cache-Control": "no-store",
    }
    return Response(page.html.encode(), 404, headers, "text/html; charset=utf-8")
