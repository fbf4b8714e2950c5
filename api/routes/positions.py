"""Positions coming in: one by PUT, many by POST; acknowledged when durable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Services, ServicesDep, needs
from api.errors import slug
from api.routes.officers import officers_of
from data.live.positions import Fix
from geo.crs import Crs, place
from geo.errors import InvalidInstant, NotFound, NotOnDuty, TidegridError
from geo.types import usable_instant

router = APIRouter(tags=["officers"], dependencies=[Depends(needs("position"))])
BATCH_MAX = 10_000


class PositionIn(BaseModel):
    """Where an officer's device was, and when."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(allow_inf_nan=False, examples=[111.9943])
    lat: float = Field(allow_inf_nan=False, examples=[27.7283])
    crs: str = Field("wgs84", max_length=40)
    observed_at: AwareDatetime = Field(examples=["2026-10-01T19:30:00+08:00"])
    accuracy_m: float | None = Field(None, ge=0, le=100_000, allow_inf_nan=False)


class NamedPositionIn(PositionIn):
    """The same, of a batch."""

    id: str = Field(max_length=100, description="Staff number.", examples=["CG0001"])


class RefusedOut(BaseModel):
    """A fix that was not stored, and why."""

    index: int = Field(description="Place in the batch, from 0.")
    id: str
    type: str = Field(examples=["not-on-duty"])
    detail: str


class BatchOut(BaseModel):
    """What became of a batch."""

    stored: int
    refused: list[RefusedOut]


@router.put(
    "/v1/officers/{officer_id}/position", status_code=204, summary="上报位置 · where an officer is"
)
async def put_position(officer_id: str, position: PositionIn, services: ServicesDep) -> Response:
    """Store the last known place of an officer, and answer when it is durable.

    An older fix never replaces a newer one: it is let pass and not stored. Off duty nothing is
    stored: that is 409.
    """
    await services.live.positions.put([_fix(services, officer_id, position)])
    return Response(status_code=204)


@router.post("/v1/positions", summary="批量上报位置 · where many officers are")
async def post_positions(
    positions: Annotated[list[NamedPositionIn], Body(max_length=BATCH_MAX)], services: ServicesDep
) -> BatchOut:
    """Store a batch; each fix that is refused is named by its place in the batch."""
    good: list[tuple[int, Fix]] = []
    refused: list[RefusedOut] = []
    for index, position in enumerate(positions):
        try:
            good.append((index, _fix(services, position.id, position)))
        except TidegridError as error:
            refused.append(_refused(index, position.id, slug(type(error)), str(error)))
    stored = await services.live.positions.put([fix for _, fix in good])
    for (index, fix), is_stored in zip(good, stored, strict=True):
        if not is_stored:
            older = "a fix as new as this one, or newer, is stored already"
            refused.append(_refused(index, fix.code, "superseded", older))
    refused.sort(key=lambda one: one.index)
    return BatchOut(stored=sum(stored), refused=refused)


def _fix(services: Services, code: str, position: PositionIn) -> Fix:
    """The fix of a position that may be stored; raises what is wrong with it."""
    point = place(position.lon, position.lat, Crs.parse(position.crs))
    observed_at = usable_instant(position.observed_at)
    ahead = timedelta(seconds=services.settings.future_max_s)
    if observed_at > datetime.now(UTC) + ahead:
        raise InvalidInstant("observed_at lies in the future; check the clock of the device")
    roster = officers_of(services).roster
    if code not in roster.position:
        raise NotFound(f"no officer {code[:40]!r}")
    if not roster.on_duty(observed_at)[roster.position[code]]:
        raise NotOnDuty(f"officer {code} was off duty then; positions off duty are not stored")
    return Fix(code, point, observed_at, position.accuracy_m)


def _refused(index: int, code: str, kind: str, detail: str) -> RefusedOut:
    return RefusedOut(index=index, id=code, type=kind, detail=detail)
