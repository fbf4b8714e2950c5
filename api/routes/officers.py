"""Officers: who is nearest, answered from memory. Internal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.types import Scope

from api.answers import fingerprint, tagged
from api.deps import Services, ServicesDep, caller_of, needs
from api.params import InstantDep, SpotDep
from api.schemas import NearestOut
from api.shortcuts import plain_query
from geo.errors import InvalidParameter, NotFound, Unavailable, UnknownKind
from geo.nearest import REASONS, Found, OfficerIndex, Search
from geo.types import Distance, LonLat

router = APIRouter(tags=["officers"])
MAX_AGE_S = 900.0
GRID = "responsibility_grid"
_PLAIN = frozenset({"lon", "lat", "k"})


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
    services: ServicesDep,
    k: Annotated[int, Query(ge=1, description="How many.")] = 5,
    role: Annotated[str | None, Query(max_length=40, description="Only with this role.")] = None,
    roles: Annotated[
        str | None,
        Query(max_length=400, description="a,b,c: the best officer of each role, for a team."),
    ] = None,
    within_m: Annotated[float | None, Query(description="No farther than that, metres.")] = None,
    max_age_s: Annotated[
        float, Query(gt=0, le=31_536_000, description="No fix older than that, seconds.")
    ] = MAX_AGE_S,
    on_duty: Annotated[bool, Query(description="Only those on duty at the time.")] = True,
    same_grid: Annotated[
        bool, Query(description="Only inside, or responsible for, the grid that holds the point.")
    ] = False,
) -> Response:
    """The nearest officers on duty with a fresh fix, by geodesic distance, and who was left out.

    Each officer who is left out is counted once, under the first reason that holds, in the order
    of the answer.
    """
    if k > services.settings.nearest_max:
        raise InvalidParameter(f"k may be at most {services.settings.nearest_max}, not {k}")
    if role is not None and roles is not None:
        raise InvalidParameter("give role or roles, not both")
    asked = tuple(dict.fromkeys(roles.split(","))) if roles is not None else ()
    wanted = asked or ((role,) if role is not None else ())
    known = officers_of(services).roster.known_roles
    for word in wanted:
        if word not in known:
            raise UnknownKind(f"no role {word[:40]!r}; there are {', '.join(known)}")
    search = Search(
        spot.point,
        at,
        k,
        wanted,
        on_duty,
        max_age_s,
        Distance(within_m).metres if within_m is not None else None,
        grid_of(services, spot.point, at) if same_grid else None,
    )
    return _answer(request.scope, services, search, spot.crs.name, is_team=bool(asked))


def short_cut(scope: Scope) -> Response | None:
    """Answer the plain question: the k nearest to a WGS 84 point now, with the usual rules."""
    services: Services = scope["app"].state.services
    query, caller = plain_query(scope, _PLAIN), caller_of(scope, services.live)
    if query is None or caller is None or "query" not in caller.scopes:
        return None
    try:
        lon, lat, k = float(query["lon"]), float(query["lat"]), int(query.get("k", "5"))
    except (KeyError, ValueError):
        return None
    if services.live.officers is None or not 1 <= k <= services.settings.nearest_max:
        return None
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    search = Search(LonLat(lon, lat), datetime.now(UTC), k, max_age_s=MAX_AGE_S)
    return _answer(scope, services, search, "wgs84", is_team=False)


def officers_of(services: Services) -> OfficerIndex:
    """Return the officers; raises `Unavailable` before they were loaded."""
    if services.live.officers is None:
        raise Unavailable("the officers are still being loaded; try again shortly")
    return services.live.officers


def grid_of(services: Services, point: LonLat, at: datetime) -> tuple[Any, frozenset[str]]:
    """Return the shape and the staff of the responsibility grid that holds the point."""
    index = services.live.areas
    hits = index.holding(point, [GRID]) if index is not None else []
    if index is None or not hits:
        raise NotFound("no responsibility grid holds this point; leave out same_grid")
    label = index.labels[hits[0].position]
    staff = officers_of(services).roster.staff([(label.kind, label.code)], at)
    return index.shape(hits[0]), staff


def _answer(
    scope: Scope, services: Services, search: Search, crs: str, *, is_team: bool
) -> Response:
    officers = officers_of(services)
    best: list[tuple[str | None, Found]]
    if is_team:
        team, excluded = officers.team(search)
        best = [*team]
    else:
        nearest = officers.nearest(search)
        best, excluded = [(None, one) for one in nearest.officers], nearest.excluded
    here = _responsible_here(services, officers, search)
    said = orjson.dumps(
        {
            "officers": [_told(officers, search, here, role, one) for role, one in best],
            "excluded": {reason: excluded.get(reason, 0) for reason in REASONS},
        }
    )
    point = {"lon": search.point.lon, "lat": search.point.lat, "crs": crs, "at": search.at}
    head = orjson.dumps(point, option=orjson.OPT_UTC_Z)
    content = b"%b,%b" % (head[:-1], said[1:])
    tag = f"{officers.roster.revision}-{fingerprint(said)}"
    return tagged(scope, content, tag, "application/json", services.live.age_header())


def _responsible_here(services: Services, officers: OfficerIndex, search: Search) -> frozenset[str]:
    index = services.live.areas
    if index is None:
        return frozenset()
    # Only areas of kinds that somebody answers for are worth looking at.
    hits = index.holding(search.point, officers.roster.area_kinds)
    labels = [index.labels[hit.position] for hit in hits]
    return officers.roster.staff([(label.kind, label.code) for label in labels], search.at)


def _told(
    officers: OfficerIndex, search: Search, here: frozenset[str], role: str | None, one: Found
) -> dict[str, Any]:
    return {
        "id": one.code,
        "name": one.name,
        "roles": officers.roster.roles(one.position, search.at),
        "best_of": role,
        "distance_m": round(one.distance_m, 1),
        "bearing_deg": round(one.bearing_deg, 1) % 360,  # 359.96 is north
        "position_age_s": round(one.position_age_s, 1),
        "responsible": one.code in here,
    }
