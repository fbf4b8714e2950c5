"""Stall zones: what is open when, near what; one zone; its stalls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.answers import answer
from api.deps import PublicDep, ServicesDep
from api.features import Moment, stall_feature, zone_feature
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
from data.queries.kinds import kinds_in
from data.queries.readings import free_places, target_of
from data.queries.schedules import calendar_in
from data.queries.stall_zones import FAMILY, stalls_of, zones_found
from geo.errors import NotFound, UnknownKind
from geo.openings import opening
from geo.records import Kind, StallZone

router = APIRouter(tags=["stall zones"])
CLOCKS = ("stall_zones", "stalls", "overrides", "calendar", "kinds")
Found = tuple[StallZone, float | None]


@router.get(
    "/v1/stall-zones",
    response_model=CollectionOut,
    summary="潮汐摊位 · stall zones",
    response_class=Response,
)
async def stall_zones(
    request: Request,
    where: WhereDep,
    open_at: OpenAtDep,
    at: InstantDep,
    connection: PublicDep,
    services: ServicesDep,
    kind: KindsText = None,
    goods: Annotated[str | None, Query(max_length=60, description="Part of a goods word.")] = None,
    limit: Annotated[int | None, Query(ge=1, description="Features per page.")] = None,
    cursor: CursorText = None,
) -> Response:
    """Stall zones with their state at `open_at`, else at `at`.

    Nearest first with `near`, else by code.
    """
    size = page_size(limit, services.settings)
    kinds = await kinds_in(connection, FAMILY)
    wanted = wanted_kinds(kind)
    _check_kinds(wanted, kinds)
    found = await zones_found(
        connection,
        kinds=wanted,
        goods=goods,
        box=where.box,
        near=where.near,
        within_m=where.within_m,
    )
    moment = await _moment(connection, open_at or at, found)
    if open_at is not None:
        found = [one for one in found if _is_open(one[0], moment)]
    found = _after(found, cursor)
    features = [zone_feature(zone, kinds, moment, away) for zone, away in found[:size]]
    more = encode_cursor(found[size - 1][1], found[size - 1][0].code) if len(found) > size else None
    body = page_of(request, moment.at, features, more)
    return answer(request, body, await revision_of(connection, *CLOCKS), GEOJSON)


@router.get("/v1/stall-zones/{code}", response_model=FeatureOut, summary="单个疏导区 · one zone")
async def stall_zone(
    request: Request, code: str, at: InstantDep, connection: PublicDep
) -> Response:
    """One stall zone with its state at the instant."""
    found = await _one(connection, code)
    kinds = await kinds_in(connection, FAMILY)
    body = zone_feature(found[0], kinds, await _moment(connection, at, [found]), None)
    return answer(request, body, await revision_of(connection, *CLOCKS), GEOJSON)


@router.get(
    "/v1/stall-zones/{code}/stalls", response_model=CollectionOut, summary="摊位 · stalls of a zone"
)
async def stalls(request: Request, code: str, connection: PublicDep) -> Response:
    """All stalls of a zone, by number."""
    await _one(connection, code)
    features = [stall_feature(stall) for stall in await stalls_of(connection, code)]
    body = page_of(request, datetime.now(UTC), features, None)
    return answer(request, body, await revision_of(connection, "stalls"), GEOJSON)


async def _one(connection: AsyncConnection, code: str) -> Found:
    found = await zones_found(connection, codes=[code])
    if not found:
        raise NotFound(f"no stall zone {code[:40]!r}; /v1/stall-zones lists them")
    return found[0]


async def _moment(connection: AsyncConnection, at: datetime, found: list[Found]) -> Moment:
    targets = [target_of(FAMILY, zone.kind, zone.code) for zone, _ in found]
    return Moment(at, await calendar_in(connection), await free_places(connection, targets))


def _is_open(zone: StallZone, moment: Moment) -> bool:
    now = opening(zone.schedule, moment.at, overrides=zone.overrides, calendar=moment.calendar)
    return now.state == "open"


def _after(found: list[Found], cursor: str | None) -> list[Found]:
    """What comes behind the last zone of the page before, in the order that both were sorted in."""
    if cursor is None:
        return found
    away, code = decode_cursor(cursor, (float, int, type(None)), str)
    place = (0.0 if away is None else float(away), code)
    return [one for one in found if (one[1] or 0.0, one[0].code) > place]


def _check_kinds(wanted: list[str] | None, kinds: Mapping[str, Kind]) -> None:
    for word in wanted or ():
        if word not in kinds:
            raise UnknownKind(f"no stall-zone kind {word[:40]!r}; there are {', '.join(kinds)}")
