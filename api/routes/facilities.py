"""Facilities: public kinds for everybody, the others for holders of a token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.answers import answer
from api.deps import Caller, CallerDep, ServicesDep, VisibleDep
from api.features import Moment, facility_feature
from api.paging import page_of, page_size
from api.params import (
    CursorText,
    InstantDep,
    KindsText,
    OpenAtDep,
    WhereDep,
    decode_cursor,
    encode_cursor,
    wanted_kinds,
)
from api.schemas import GEOJSON, CollectionOut, FeatureOut
from data.queries.clock import revision_of
from data.queries.facilities import FAMILY, FacilitySearch, facilities_found, facility_of
from data.queries.kinds import kinds_in
from data.queries.readings import free_places, target_of
from data.queries.schedules import calendar_in
from geo.errors import NotFound, UnknownKind
from geo.records import Facility, Kind

router = APIRouter(tags=["facilities"])
CLOCKS = ("facilities", "calendar", "kinds")


@router.get("/v1/facilities", response_model=CollectionOut, summary="设施 · facilities")
async def facilities(
    request: Request,
    where: WhereDep,
    open_at: OpenAtDep,
    at: InstantDep,
    caller: CallerDep,
    connection: VisibleDep,
    services: ServicesDep,
    kind: KindsText = None,
    limit: Annotated[int | None, Query(ge=1, description="Features per page.")] = None,
    cursor: CursorText = None,
) -> Response:
    """Facilities, nearest first with `near`, else by kind and code.

    `open_at` keeps those whose hours are known and open then.
    """
    size = page_size(limit, services.settings)
    kinds = await kinds_in(connection, FAMILY)
    wanted = _visible(wanted_kinds(kind), kinds, caller)
    search = FacilitySearch(
        wanted, where.box, where.near, where.within_m, open_at, _place(cursor), size + 1
    )
    found = await facilities_found(connection, search)
    shown = found[:size]
    moment = await _moment(connection, open_at or at, [one for one, _ in shown])
    features = [facility_feature(one, kinds, moment, away) for one, away in shown]
    more = None
    if len(found) > size:
        last, away = shown[-1]
        more = encode_cursor(away, last.kind, last.code)
    body = page_of(request, moment.at, features, more)
    return answer(request, body, await revision_of(connection, *CLOCKS), GEOJSON)


@router.get(
    "/v1/facilities/{facility_id}", response_model=FeatureOut, summary="单个设施 · one facility"
)
async def facility(
    request: Request,
    facility_id: str,
    at: InstantDep,
    caller: CallerDep,
    connection: VisibleDep,
) -> Response:
    """One facility by its id, `kind:code`."""
    kind, _, code = facility_id.partition(":")
    kinds = await kinds_in(connection, FAMILY)
    if kind in kinds:
        _visible([kind], kinds, caller)
    found = await facility_of(connection, kind, code)
    if found is None:
        raise NotFound(f"no facility {facility_id[:60]!r}; an id is kind:code, like toilet:0301-1")
    moment = await _moment(connection, at, [found])
    body = facility_feature(found, kinds, moment, None)
    return answer(request, body, await revision_of(connection, *CLOCKS), GEOJSON)


def _visible(wanted: list[str] | None, kinds: dict[str, Kind], caller: Caller) -> list[str]:
    """The kinds to search; asking for one that is not public needs the scope `query`.

    The database would hide those rows anyway; this is only so that the answer says why.
    """
    for word in wanted or ():
        if word not in kinds:
            raise UnknownKind(f"no facility kind {word[:40]!r}; there are {', '.join(kinds)}")
        if not kinds[word].is_public:
            caller.require("query")
    if wanted is not None:
        return wanted
    return [slug for slug, kind in kinds.items() if kind.is_public or "query" in caller.scopes]


def _place(cursor: str | None) -> tuple[float | None, str, str] | None:
    if cursor is None:
        return None
    away, kind, code = decode_cursor(cursor, (float, int, type(None)), str, str)
    return away, kind, code


async def _moment(connection: AsyncConnection, at: datetime, found: list[Facility]) -> Moment:
    targets = [target_of(FAMILY, one.kind, one.code) for one in found]
    return Moment(at, await calendar_in(connection), await free_places(connection, targets))
