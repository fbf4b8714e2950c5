"""The data of the map of facilities: its kinds with their hours, and the places of small kinds."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import date

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from starlette.types import Scope

from api.held import Held, Version
from api.routes.map_data import one_state, readable, today
from data.live.city import LiveCity
from data.queries.facilities import (
    FAMILY,
    facilities_numbered,
    facility_counts,
    facility_schedules,
)
from data.queries.kinds import kinds_of
from data.queries.schedules import calendar_of
from geo.errors import NotFound
from geo.schedules import CITY_TIME
from maps.columns import written
from maps.places import NO_HOURS, KindInUse, Place, kinds, places, whole_kinds
from maps.week import Frame

router = APIRouter(tags=["maps"])

KINDS = "/maps/facilities/kinds.json"
PLACES = "/maps/facilities/kinds/{kind}.json"
PREFIX = "/maps/facilities/kinds/"

_LAYERS = ("facilities", "kinds")
_KIND = re.compile(r"[a-z0-9_]{1,40}")
# A city has some ten public kinds; whoever asks for others must not fill the memory.
_MOST_KINDS = 64


class PlaceData:
    """The answers of one worker, each built when it is first asked for.

    `reader` has the rights of the public: what it cannot read, no mistake here can tell.
    """

    def __init__(self, live: LiveCity, reader: Engine) -> None:
        self._live, self._reader = live, reader
        self.kinds = Held(live, (*_LAYERS, "calendar"), self._kinds, part=today)
        self._places: OrderedDict[str, Held] = OrderedDict()

    def places(self, kind: str) -> Held:
        """Return the answer with the places of a kind; raises `NotFound` for what is no kind."""
        if not _KIND.fullmatch(kind):
            raise NotFound(f"no facility kind {kind[:40]!r}")
        held = self._places.pop(kind, None)
        if held is None:
            held = Held(self._live, _LAYERS, lambda version: self._places_of(kind, version))
        self._places[kind] = held
        while len(self._places) > _MOST_KINDS:
            self._places.popitem(last=False)
        return held

    def _kinds(self, version: Version) -> bytes:
        assert isinstance(version.part, date)
        with one_state(self._reader) as session:
            known, counts = kinds_of(session, FAMILY), facility_counts(session)
            by_kind, calendar = facility_schedules(session), calendar_of(session)
        used = [
            KindInUse(known[slug], count, frozenset(n or NO_HOURS for n in by_kind.get(slug, {})))
            for slug, count in counts.items()
            if slug in known
        ]
        hours = {
            number: schedule
            for held in by_kind.values()
            for number, schedule in held.items()
            if number is not None and schedule is not None
        }
        told = kinds(used, hours, calendar, Frame(version.part, CITY_TIME))
        return written({"revision": version.revision} | told)

    def _places_of(self, kind: str, version: Version) -> bytes:
        with one_state(self._reader) as session:
            counts = facility_counts(session)
            if kind not in counts:
                raise NotFound(f"no facilities of the kind {kind!r}")
            if kind not in whole_kinds(counts):
                raise NotFound(
                    f"{counts[kind]} places of the kind {kind!r} do not come in one piece: "
                    "ask for /maps/tiles/facilities/{z}/{x}/{y}.mvt"
                )
            found = facilities_numbered(session, kind)
        held = [Place(facility, number or NO_HOURS) for facility, number in found]
        return written({"revision": version.revision, "kind": kind} | places(held))


def kinds_short_cut(scope: Scope) -> Response | None:
    """Answer with the kinds if they are kept and hold."""
    return None if scope["query_string"] else data_of(scope).kinds.at_hand(scope)


def places_short_cut(scope: Scope) -> Response | None:
    """Answer with the places of a kind if they are kept and hold."""
    path: str = scope["path"]
    kind = path.removeprefix(PREFIX).removesuffix(".json")
    if scope["query_string"] or not path.endswith(".json") or not _KIND.fullmatch(kind):
        return None
    return data_of(scope).places(kind).at_hand(scope)


def data_of(scope: Scope) -> PlaceData:
    """Return what the app holds for the map of facilities."""
    found: PlaceData = scope["app"].state.place_data
    return found


@readable(router, KINDS, summary="设施种类与开放时间 · kinds of facilities and their hours")
async def facility_kinds(request: Request) -> Response:
    """The public kinds that the city has, and the hours that their places refer to."""
    return await data_of(request.scope).kinds.answer(request.scope)


@readable(router, PLACES, summary="一类设施 · the facilities of one kind")
async def facility_places(request: Request, kind: str) -> Response:
    """All places of a kind as columns; 404 for a kind with too many, which comes as tiles."""
    return await data_of(request.scope).places(kind).answer(request.scope)
