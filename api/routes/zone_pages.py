"""The page of one stall zone: the link that people share, and what the map shows of a zone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.routes.maps import LanguageText, html_answer
from api.settings import Settings
from api.site import public_address, site_of
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
from data.queries.readings import free_places, target_of
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, zones_found
from geo.schedules import CITY_TIME
from maps.sheet import Free, Occasion
from maps.site import ZONE_PAGE, Page, zone_path
from maps.text import Language
from maps.zone import ZoneSheet, missing_page, zone_page

router = APIRouter(tags=["maps"])

NOW = timedelta(minutes=15)
"""So far from the clock an instant is still the present to whoever looks at a page."""


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
        return missing_answer(missing_page(code[:40], lang, site), lang)
    zone, _ = found[0]
    occasion = Occasion(
        at=at,
        calendar=await calendar_in(connection),
        free=await free_at(connection, target_of(FAMILY, zone.kind, zone.code), at),
        share_url=share_url(request, services.settings, zone_path(zone.code), lang),
        is_now=is_today(at),
    )
    told = ZoneSheet(zone, (await kinds_in(connection, FAMILY))[zone.kind], occasion)
    # The week and the QR code take milliseconds that others would wait for.
    return html_answer(request, await asyncio.to_thread(zone_page, told, lang, site), lang)


async def free_at(connection: AsyncConnection, target: str, at: datetime) -> Free | None:
    """Return how many places are free at a target at an instant, None when that is not known.

    What was counted just now says nothing of another hour.
    """
    if abs(at - datetime.now(UTC)) > NOW:
        return None
    reading = (await free_places(connection, [target])).get(target)
    return None if reading is None else Free(int(reading.value), reading.observed_at)


def is_today(at: datetime) -> bool:
    """Return whether the instant lies on the city's present day."""
    city = ZoneInfo(CITY_TIME)
    return at.astimezone(city).date() == datetime.now(city).date()


def share_url(request: Request, settings: Settings, path: str, language: Language) -> str:
    """Return where others find a page."""
    return public_address(settings, path, language, str(request.base_url))


def missing_answer(page: Page, language: Language) -> Response:
    """Return the page of something that is not there."""
    headers = {
        "Content-Security-Policy": page.policy,
        "Content-Language": language,
        "Cache-Control": "no-store",
    }
    return Response(page.html.encode(), 404, headers, "text/html; charset=utf-8")
