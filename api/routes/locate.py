"""Which areas hold a point."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.answers import answer
from api.deps import PublicDep
from api.params import InstantDep, KindsText, SpotDep, wanted_kinds
from api.schemas import AreaOut, LocateOut
from data.queries.areas import areas_holding
from data.queries.clock import revision_of
from data.queries.kinds import kinds_in
from geo.errors import UnknownKind

router = APIRouter(tags=["areas"])


@router.get("/v1/locate", response_model=LocateOut, summary="点位归属 · areas that hold a point")
async def locate(
    request: Request,
    spot: SpotDep,
    at: InstantDep,
    connection: PublicDep,
    kind: KindsText = None,
) -> Response:
    """Every area that holds the point, of all kinds or those asked for.

    Of an exclusive kind there is one at most: an area that has the point inside wins over one that
    has it on its border, then the smaller area, then the lower code.
    """
    kinds = wanted_kinds(kind)
    known = await kinds_in(connection, "area")
    for word in kinds or ():
        if word not in known:
            raise UnknownKind(f"no area kind {word[:40]!r}; there are {', '.join(known)}")
    found = await areas_holding(connection, spot.point, at, kinds)
    body = LocateOut(
        lon=spot.point.lon,
        lat=spot.point.lat,
        crs=spot.crs.name,
        at=at,
        revision=await revision_of(connection, "areas"),
        areas=[
            AreaOut(
                kind=area.kind,
                code=area.code,
                name=area.name,
                name_en=area.name_en,
                exclusive=area.exclusive,
                on_border=area.on_border,
            )
            for area in found
        ],
    )
    return answer(request, body, body.revision)
