"""The data of the public map: the same for everybody, kept until one of its layers changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.types import Scope

from api.held import Content, Held, Version
from api.params import InstantDep
from api.schemas import GEOJSON
from api.shortcuts import ShortCut
from data.live.city import LiveCity
from data.live.snapshots import snapshot
from data.queries.areas import areas_now
from data.queries.kinds import kinds_of
from data.queries.schedules import calendar_of
from data.queries.stall_zones import FAMILY, zone_count, zones_shown
from geo.errors import NotFound
from geo.schedules import CITY_TIME
from maps.columns import written
from maps.ground import ground
from maps.names import names
from maps.shapes import SHAPES_MAX, shapes
from maps.site import GROUND
from maps.week import Frame, week

router = APIRouter(tags=["maps"])

WEEK, NAMES = "/maps/stalls/week.json", "/maps/stalls/names.json"
SHAPES, GROUND_PATH = "/maps/stalls/shapes.json", "/maps/ground.json"
PATHS = (WEEK, NAMES, SHAPES, GROUND_PATH)

_OTHER_DAYS = 4
_JSON = "application/json"


class MapData:
    """The answers of one worker, each built when it is first asked for.

    `reader` has the rights of the public: what it cannot read, no mistake here can tell.
    """

    def __init__(self, live: LiveCity, reader: Engine) -> None:
        self._live, self._reader = live, reader
        zones = ("stall_zones", "kinds")
        self._week_layers = (*zones, "overrides", "calendar")
        self.held = {
            WEEK: Held(live, self._week_layers, self._week, _JSON, today),
            NAMES: Held(live, zones, self._names, _JSON),
            SHAPES: Held(live, zones, self._shapes, GEOJSON),
            GROUND_PATH: Held(live, ("areas", "kinds"), self._ground, _JSON),
        }
        self._other_days: OrderedDict[date, Held] = OrderedDict()

    async def week_at(self, at: datetime, scope: Scope) -> Response:
        """Return the week around an instant; the last few days asked for are kept."""
        frame = Frame.around(at, CITY_TIME)
        held = self._week_from(frame.first)
        content = await held.content()
        told = b'{"at_min":%d,%b' % (frame.minute(at), bytes(content.plain.body)[1:])
        own = await asyncio.to_thread(Content.of, told, _JSON)
        return own.answer(scope, held.age_header())

    def _week_from(self, first: date) -> Held:
        if first == today():
            return self.held[WEEK]
        held = self._other_days.pop(first, None)
        if held is None:
            held = Held(self._live, self._week_layers, self._week, _JSON, lambda: first)
        self._other_days[first] = held
        while len(self._other_days) > _OTHER_DAYS:
            self._other_days.popitem(last=False)
        return held

    def _week(self, version: Version) -> bytes:
        assert isinstance(version.part, date)
        with self._session() as session:
            zones, kinds = zones_shown(session), kinds_of(session, FAMILY)
            calendar = calendar_of(session)
        told = week(zones, kinds, calendar, Frame(version.part, CITY_TIME))
        return written({"revision": version.revision} | told)

    def _names(self, version: Version) -> bytes:
        with self._session() as session:
            zones = zones_shown(session)
        return written({"revision": version.revision} | names(zones))

    def _shapes(self, _: Version) -> bytes:
        with self._session() as session:
            count = zone_count(session)
            if count > SHAPES_MAX:
                raise NotFound(
                    f"the shapes of {count} zones do not come in one piece: "
                    "ask for /maps/tiles/stalls/{z}/{x}/{y}.mvt"
                )
            return written(shapes(zones_shown(session)))

    def _ground(self, _: Version) -> bytes:
        with self._session() as session:
            areas = areas_now(session, GROUND)
        return written(ground(areas))

    def _session(self) -> AbstractContextManager[Session]:
        return one_state(self._reader)


@contextmanager
def one_state(reader: Engine) -> Iterator[Session]:
    """Lend a session in which every question sees the same state."""
    with snapshot(reader) as connection, Session(connection) as session:
        yield session


def short_cuts() -> dict[str, ShortCut]:
    """Return the short cuts: what is kept and true is sent without asking FastAPI."""
    return {path: partial(_at_hand, path) for path in PATHS}


def _at_hand(path: str, scope: Scope) -> Response | None:
    if scope["query_string"]:
        return None
    return data_of(scope).held[path].at_hand(scope)


def data_of(scope: Scope) -> MapData:
    """Return what the app holds for the map."""
    found: MapData = scope["app"].state.map_data
    return found


def today() -> date:
    """Return the first day of the week that holds now: yesterday, in the city."""
    return Frame.around(datetime.now(UTC), CITY_TIME).first


def readable(
    router: APIRouter, path: str, **told: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that routes GET and HEAD."""

    def route(handler: Callable[..., Any]) -> Callable[..., Any]:
        router.head(path, include_in_schema=False)(handler)
        return router.get(path, response_class=Response, **told)(handler)

    return route


@readable(router, WEEK, summary="一周开放时间 · the week of all stall zones")
async def stalls_week(request: Request, at: InstantDep) -> Response:
    """When every zone is open, in nine days from the day before `at`, as columns."""
    data = data_of(request.scope)
    if "at" in request.query_params:
        return await data.week_at(at, request.scope)
    return await data.held[WEEK].answer(request.scope)


@readable(router, NAMES, summary="名称与拼音首字母 · names to search")
async def stalls_names(request: Request) -> Response:
    """Names, addresses and pinyin initials of the zones, in the order of the week's."""
    return await data_of(request.scope).held[NAMES].answer(request.scope)


@readable(router, SHAPES, summary="摊区范围 · shapes of all stall zones")
async def stalls_shapes(request: Request) -> Response:
    """The zones' shapes as GeoJSON; 404 in a city with too many for that."""
    return await data_of(request.scope).held[SHAPES].answer(request.scope)


@readable(router, GROUND_PATH, summary="底图 · the ground under the map")
async def ground_data(request: Request) -> Response:
    """City, districts, grids, water and roads as simplified rings of whole numbers."""
    return await data_of(request.scope).held[GROUND_PATH].answer(request.scope)
