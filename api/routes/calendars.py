"""The calendar of one stall zone: to subscribe to, or to take over once."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from api.answers import fingerprint, tagged
from api.deps import PublicDep, ServicesDep
from api.params import InstantDep
from api.routes.maps import LanguageText
from api.routes.zone_pages import share_url
from api.site import site_of
from data.queries.city import city_facts
from data.queries.kinds import kinds_in
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, zones_found
from geo.errors import NotFound
from maps.calendar import Plan, zone_calendar
from maps.site import ZONE_CALENDAR, zone_path

router = APIRouter(tags=["stall zones"])
_ICALENDAR = "text/calendar; charset=utf-8"


@router.head(ZONE_CALENDAR, include_in_schema=False)
@router.get(ZONE_CALENDAR, summary="开放日历 · openings as iCalendar", response_class=Response)
async def zone_ics(
    request: Request,
    code: str,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    lang: LanguageText = "zh",
) -> Response:
    """The openings of the two months from the day of `at`, and notices of closing."""
    found = await zones_found(connection, codes=[code])
    if not found:
        raise NotFound(f"no stall zone {code[:40]!r}; /v1/stall-zones lists them")
    zone, _ = found[0]
    site = site_of(services.settings, await city_facts(connection))
    plan = Plan(
        zone=zone,
        kind=(await kinds_in(connection, FAMILY))[zone.kind],
        at=at,
        calendar=await calendar_in(connection),
        page_url=share_url(request, services.settings, zone_path(zone.code), lang),
    )
    content = await asyncio.to_thread(zone_calendar, plan, lang, site)
    headers = {"Content-Disposition": _named(zone.code), "Content-Language": lang}
    return tagged(request.scope, content, fingerprint(content), _ICALENDAR, headers)


def _named(code: str) -> str:
    """The file's name: plain letters for old programs, the code itself for those that can."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", code).strip(".-")[:60] or "stall-zone"
    # Inline, so that a phone offers to add it rather than to keep a file.
    return f"inline; filename=\"{plain}.ics\"; filename*=UTF-8''{quote(code, safe='')}.ics"
