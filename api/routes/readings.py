"""Live readings: coming in by PUT and POST, acknowledged when durable; told while they hold."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.answers import fingerprint, tagged
from api.deps import Services, ServicesDep, needs
from api.errors import slug
from api.events import Wanted
from api.params import KindsText, wanted_kinds
from data.engine import translated
from data.live.readings import is_of
from data.queries.readings import NewReading, capacities, store_readings
from geo.errors import InvalidInstant, InvalidParameter, NotFound, TidegridError, UnknownKind
from geo.types import usable_instant

router = APIRouter(tags=["readings"])
BATCH_MAX = 5_000
_TARGET = re.compile(r"(stall_zone|facility):[^:\0]+:[^\0]+")
_TARGET_MAX = 300

Text = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class ReadingIn(BaseModel):
    """A value, when it was so, and for how long it may be believed."""

    model_config = ConfigDict(extra="forbid")

    value: float = Field(examples=[12])
    observed_at: AwareDatetime = Field(examples=["2026-10-01T19:30:00+08:00"])
    valid_for_s: int = Field(description="How long it holds, seconds.", examples=[600])
    source: Text = Field("", description="Who says so; never told.", examples=["gate counter 3"])
    measure: str = Field(
        "free", description="What is counted.", pattern=r"^[a-z][a-z0-9_]{0,59}$", examples=["free"]
    )


class NamedReadingIn(ReadingIn):
    """The same, of a batch."""

    target: str = Field(
        description="What it is about, `family:kind:code`.",
        examples=["stall_zone:night_market:LD-T-01"],
    )


class RefusedReadingOut(BaseModel):
    """A reading that was not stored, and why."""

    index: int = Field(description="Place in the batch, from 0.")
    target: str
    type: str = Field(examples=["not-found"])
    detail: str


class ReadingBatchOut(BaseModel):
    """What became of a batch."""

    stored: int
    refused: list[RefusedReadingOut]


class ReadingOut(BaseModel):
    """A value that holds."""

    target: str = Field(examples=["stall_zone:night_market:LD-T-01"])
    measure: str = Field(examples=["free"])
    value: float
    observed_at: datetime
    valid_until: datetime


class ReadingsOut(BaseModel):
    """All that holds now."""

    readings: list[ReadingOut]


def wanted(
    services: ServicesDep,
    family: Annotated[
        Literal["stall_zone", "facility"] | None, Query(description="Only of this family.")
    ] = None,
    kind: KindsText = None,
) -> Wanted:
    """Read `family` and `kind`; raises `UnknownKind` for one that is not public, or none at all."""
    kinds = wanted_kinds(kind)
    if kinds is not None:
        known = services.live.readings.kinds
        offered = sorted(set().union(*(known[one] for one in known if family in (None, one))))
        for word in kinds:
            if word not in offered:
                there_are = f"there are {', '.join(offered)}"
                raise UnknownKind(f"no public kind {word[:40]!r} here; {there_are}")
    return lambda reading: is_of(reading, family, kinds)


WantedDep = Annotated[Wanted, Depends(wanted)]


@router.get(
    "/v1/readings",
    response_model=ReadingsOut,
    response_class=Response,
    summary="实时读数 · what holds now",
)
async def get_readings(request: Request, services: ServicesDep, wanted: WantedDep) -> Response:
    """The readings of public kinds that hold now, from memory.

    What is past its validity is not told: then the value is unknown.
    """
    held = [one.told for one in services.live.readings.holding() if wanted(one)]
    body = b'{"readings":[%b]}' % b",".join(held)
    age = services.live.age_header()
    return tagged(request.scope, body, fingerprint(body), "application/json", age)


@router.put(
    "/v1/readings/{target:path}",
    status_code=204,
    summary="上报读数 · a live value",
    dependencies=[Depends(needs("reading"))],
)
async def put_reading(
    target: Annotated[str, Path(examples=["stall_zone:night_market:LD-T-01"])],
    reading: ReadingIn,
    services: ServicesDep,
) -> Response:
    """Store a value, and answer when it is durable.

    An older one never replaces a newer one: it is let pass and not stored.
    """
    found = _checked(services, target, reading)
    async with _writing(services) as connection:
        _within_capacity(found, await capacities(connection, [target]))
        await store_readings(connection, [found])
    return Response(status_code=204)


@router.post(
    "/v1/readings",
    summary="批量上报读数 · many live values",
    dependencies=[Depends(needs("reading"))],
)
async def post_readings(
    readings: Annotated[list[NamedReadingIn], Body(max_length=BATCH_MAX)], services: ServicesDep
) -> ReadingBatchOut:
    """Store a batch; each reading that is refused is named by its place in the batch."""
    good: list[tuple[int, NewReading]] = []
    refused: list[RefusedReadingOut] = []

    def refuse(index: int, kind: str, detail: str) -> None:
        target = readings[index].target[:_TARGET_MAX]
        refused.append(RefusedReadingOut(index=index, target=target, type=kind, detail=detail))

    for index, reading in enumerate(readings):
        try:
            good.append((index, _checked(services, reading.target, reading)))
        except TidegridError as error:
            refuse(index, slug(type(error)), str(error))
    async with _writing(services) as connection:
        known = await capacities(connection, {one.target for _, one in good})
        fitting: list[tuple[int, NewReading]] = []
        for index, one in good:
            try:
                _within_capacity(one, known)
                fitting.append((index, one))
            except TidegridError as error:
                refuse(index, slug(type(error)), str(error))
        latest = {_key(one): index for index, one in sorted(fitting, key=_observed)}
        newest = [one for index, one in fitting if latest[_key(one)] == index]
        stored = await store_readings(connection, newest)
    for index, one in fitting:
        if latest[_key(one)] != index or _key(one) not in stored:
            refuse(index, "superseded", "a reading as new as this one, or newer, is stored already")
    refused.sort(key=lambda one: one.index)
    return ReadingBatchOut(stored=len(stored), refused=refused)


def _key(reading: NewReading) -> tuple[str, str]:
    return reading.target, reading.measure


def _observed(one: tuple[int, NewReading]) -> datetime:
    return one[1].observed_at


@asynccontextmanager
async def _writing(services: Services) -> AsyncIterator[AsyncConnection]:
    """One transaction with the rights of the service."""
    with translated():
        async with services.service.begin() as connection:
            yield connection


def _checked(services: Services, target: str, reading: ReadingIn) -> NewReading:
    """The reading as far as it can be judged by itself; raises what is wrong with it."""
    settings, now = services.settings, datetime.now(UTC)
    if not (_TARGET.fullmatch(target) and len(target) <= _TARGET_MAX):
        raise NotFound(
            f"no target {target[:60]!r}; one is stall_zone:kind:code or facility:kind:code"
        )
    if not (math.isfinite(reading.value) and reading.value >= 0):
        raise InvalidParameter("value is a number from 0 upwards")
    if reading.measure == "free" and not reading.value.is_integer():
        raise InvalidParameter("value is a whole number of free places")
    if not 1 <= reading.valid_for_s <= settings.reading_valid_max_s:
        raise InvalidParameter(
            f"valid_for_s is from 1 to {settings.reading_valid_max_s}; send again before it ends"
        )
    observed_at = usable_instant(reading.observed_at)
    if observed_at > now + timedelta(seconds=settings.future_max_s):
        raise InvalidInstant("observed_at lies in the future; check the clock of the device")
    valid_for = timedelta(seconds=reading.valid_for_s)
    if observed_at + valid_for <= now:
        raise InvalidInstant(
            "this reading has lapsed: observed_at and valid_for_s lie behind us; check the clock "
            "and the zone of the device, or send sooner"
        )
    return NewReading(
        target, reading.measure, reading.value, observed_at, valid_for, reading.source
    )


def _within_capacity(reading: NewReading, known: Mapping[str, float | None]) -> None:
    """Raise `NotFound` for a target that does not exist, `InvalidParameter` for too many places."""
    if reading.target not in known:
        raise NotFound(f"no target {reading.target[:60]!r} is published; check kind and code")
    capacity = known[reading.target]
    if reading.measure == "free" and capacity is not None and reading.value > capacity:
        raise InvalidParameter(
            f"value is {reading.value:g}, but {reading.target} has {capacity:g} places; "
            "correct the value, or the places where they are published"
        )
