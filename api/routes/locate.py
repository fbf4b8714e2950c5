"""Which areas hold a point, answered from memory; from the table only for times gone by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from api.answers import fingerprint, tagged
from api.deps import Caller, CallerDep, Services, ServicesDep, caller_of, connected
from api.params import InstantDep, KindsText, SpotDep, wanted_kinds
from api.schemas import LocateOut
from api.shortcuts import plain_query
from data.queries.areas import areas_holding
from geo.errors import Unavailable, UnknownKind
from geo.locating import AreaIndex, Hit, Label
from geo.records import Assignment
from geo.types import LonLat

router = APIRouter(tags=["areas"])
_PLAIN = frozenset({"lon", "lat", "kind"})


@router.get("/v1/locate", response_model=LocateOut, summary="点位归属 · areas that hold a point")
async def locate(
    request: Request,
    spot: SpotDep,
    at: InstantDep,
    caller: CallerDep,
    services: ServicesDep,
    kind: KindsText = None,
) -> Response:
    """Every area that holds the point, of all kinds or those asked for.

    Of an exclusive kind there is one at most: an area that has the point inside wins over one that
    has it on its border, then the lower code. Holders of a token with the scope `query` are also
    told who is responsible there on that day.
    """
    index, kinds = areas_of(services), wanted_kinds(kind)
    visible = _visible(index, caller)
    for word in kinds or ():
        if word not in visible:
            raise UnknownKind(f"no area kind {word[:40]!r}; there are {', '.join(visible)}")
    if index.answers_for(at):
        return _answer(request.scope, services, caller, spot.point, spot.crs.name, at, kinds)
    engine = services.service if "query" in caller.scopes else services.public
    async with connected(engine) as connection:
        held = await areas_holding(connection, spot.point, at, kinds)
    responsible = _responsible(services, caller, [(area.kind, area.code) for area in held], at)
    return _told(
        request.scope, services, spot.point, spot.crs.name, at, index.revision, held, responsible
    )


def short_cut(scope: Scope) -> Response | None:
    """Answer the plain question: where is this WGS 84 point now, for all kinds or one."""
    services: Services = scope["app"].state.services
    query, index, now = plain_query(scope, _PLAIN), services.live.areas, datetime.now(UTC)
    caller = caller_of(scope, services.live)
    if query is None or index is None or caller is None or not index.answers_for(now):
        return None
    try:
        lon, lat = float(query["lon"]), float(query["lat"])
    except (KeyError, ValueError):
        return None
    kinds = [query["kind"]] if "kind" in query else None
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    if kinds is not None and kinds[0] not in _visible(index, caller):
        return None
    return _answer(scope, services, caller, LonLat(lon, lat), "wgs84", now, kinds)


def areas_of(services: Services) -> AreaIndex:
    """Return the index; raises `Unavailable` before the first one was loaded."""
    if services.live.areas is None:
        raise Unavailable("the areas are still being loaded; try again shortly")
    return services.live.areas


def _visible(index: AreaIndex, caller: Caller) -> Iterable[str]:
    return index.kinds if "query" in caller.scopes else index.public_kinds


def _answer(
    scope: Scope,
    services: Services,
    caller: Caller,
    point: LonLat,
    crs: str,
    at: datetime,
    kinds: Sequence[str] | None,
) -> Response:
    index = areas_of(services)
    if kinds is None and "query" not in caller.scopes and not index.is_all_public:
        kinds = list(index.public_kinds)
    hits = index.holding(point, kinds)
    labels = [index.labels[hit.position] for hit in hits]
    responsible = _responsible(services, caller, [(one.kind, one.code) for one in labels], at)
    areas = [_area(label, hit) for label, hit in zip(labels, hits, strict=True)]
    return _told(scope, services, point, crs, at, index.revision, areas, responsible)


def _area(label: Label, hit: Hit) -> dict[str, Any]:
    # Written anew each time: that takes orjson less than finding it among what was written before.
    return {
        "kind": label.kind,
        "code": label.code,
        "name": label.name,
        "name_en": label.name_en,
        "exclusive": label.exclusive,
        "on_border": hit.on_border,
    }


def _responsible(
    services: Services, caller: Caller, areas: Sequence[tuple[str, str]], at: datetime
) -> list[dict[str, str]] | None:
    """Names are internal: only for those who may query."""
    officers = services.live.officers
    if "query" not in caller.scopes or officers is None:
        return None
    roster = officers.roster

    def told(post: Assignment) -> dict[str, str]:
        name = roster.names[roster.position[post.officer_code]]
        return {
            "role": post.role,
            "id": post.officer_code,
            "name": name,
            "area_kind": post.area_kind,
            "area_code": post.area_code,
        }

    return [told(post) for post in roster.responsible(areas, at)]


def _told(
    scope: Scope,
    services: Services,
    point: LonLat,
    crs: str,
    at: datetime,
    revision: int,
    areas: Sequence[Any],
    responsible: list[dict[str, str]] | None,
) -> Response:
    """The shape of `LocateOut`; what it says of the point and the time is not in the tag."""
    asked = {"lon": point.lon, "lat": point.lat, "crs": crs, "at": at, "revision": revision}
    head = orjson.dumps(asked, option=orjson.OPT_UTC_Z)
    rest = orjson.dumps({"areas": areas, "responsible": responsible})
    content = b"%b,%b" % (head[:-1], rest[1:])
    headers = services.live.age_header()
    tag = f"{revision}-{fingerprint(rest)}"
    return tagged(scope, content, tag, "application/json", headers)
