"""Officers: who is nearest, and where they are. Internal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from shapely.geometry import Point

from api.answers import answer
from api.deps import InternalDep, ServicesDep, needs
from api.params import InstantDep, SpotDep
from api.schemas import ExcludedOut, NearestOut, OfficerOut, PositionIn
from data.engine import translated
from data.positions import store_position
from data.queries.clock import revision_of
from data.queries.kinds import kinds_in
from data.queries.officers import NearestSearch, nearest, officer_exists
from geo.crs import Crs, place
from geo.errors import InvalidInstant, InvalidParameter, NotFound, UnknownKind
from geo.records import Position
from geo.types import Distance

router = APIRouter(tags=["officers"])


@router.get(
    "/v1/officers/nearest",
    response_model=NearestOut,
    summary="最近人员 · the officers who can be there first",
    dependencies=[Depends(needs("query"))],
)
async def nearest_officers(
    request: Request,
    spot: SpotDep,
    at: InstantDep,
    connection: InternalDep,
    services: ServicesDep,
    k: Annotated[int, Query(ge=1, description="How many.")] = 5,
    role: Annotated[str | None, Query(max_length=40, description="Only with this role.")] = None,
    within_m: Annotated[float | None, Query(description="No farther than that, metres.")] = None,
    max_age_s: Annotated[
        float | None, Query(gt=0, le=31_536_000, description="No fix older than that, seconds.")
    ] = 900.0,
    on_duty: Annotated[bool, Query(description="Only those on duty at the time.")] = True,
) -> Response:
    """The nearest officers on duty with a fresh fix, by geodesic distance, and who was left out."""
    if k > services.settings.nearest_max:
        raise InvalidParameter(f"k may be at most {services.settings.nearest_max}, not {k}")
    if role is not None and role not in (roles := await kinds_in(connection, "officer_role")):
        raise UnknownKind(f"no role {role!r}; there are {', '.join(roles)}")
    distance = Distance(within_m).metres if within_m is not None else None
    search = NearestSearch(spot.point, at, k, role, distance, max_age_s, on_duty)
    found = await nearest(connection, search)
    body = NearestOut(
        lon=spot.point.lon,
        lat=spot.point.lat,
        crs=spot.crs.name,
        at=at,
        officers=[
            OfficerOut(
                id=officer.code,
                name=officer.name,
                roles=list(officer.roles),
                distance_m=round(officer.distance_m, 1),
                bearing_deg=round(officer.bearing_deg, 1),
                position_age_s=round(officer.position_age_s, 1),
                responsible=officer.responsible,
            )
            for officer in found.officers
        ],
        excluded=ExcludedOut(**found.excluded),
    )
    return answer(request, body, await revision_of(connection, "officers"))


@router.put(
    "/v1/officers/{officer_id}/position",
    status_code=204,
    summary="上报位置 · where an officer is",
    dependencies=[Depends(needs("position"))],
)
async def put_position(officer_id: str, fix: PositionIn, services: ServicesDep) -> Response:
    """Store the last known place of an officer; an older fix never replaces a newer one."""
    point = place(fix.lon, fix.lat, Crs.parse(fix.crs))
    if fix.observed_at.tzinfo is None:
        raise InvalidInstant("observed_at needs a zone, like 2026-10-01T19:30:00+08:00")
    if fix.observed_at > datetime.now(UTC) + timedelta(seconds=services.settings.future_max_s):
        raise InvalidInstant("observed_at lies in the future; check the clock of the device")
    position = Position(officer_id, Point(point.lon, point.lat), fix.observed_at, fix.accuracy_m)
    with translated():
        async with services.service.begin() as connection:
            if not await officer_exists(connection, officer_id):
                raise NotFound(f"no officer {officer_id[:40]!r}")
            await store_position(connection, position)
    return Response(status_code=204)
