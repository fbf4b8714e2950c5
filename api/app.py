"""The application: routes, errors and limits put together; nothing is opened until it starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from api import __version__
from api.compression import Compressed
from api.database import Database, given_database
from api.deps import Services
from api.errors import install_error_handlers
from api.events import Streams
from api.middleware import ClientGone, Limits, SecurityHeaders
from api.routes import (
    calendars,
    events,
    facilities,
    health,
    locate,
    locate_batch,
    map_data,
    maps,
    officers,
    place_data,
    place_pages,
    plan,
    plan_pages,
    positions,
    posters,
    readings,
    stall_zones,
    tiles,
    zone_pages,
)
from api.schemas import Problem
from api.settings import Settings
from api.shortcuts import ShortCuts
from api.site import basemap_of
from api.static import PageFiles
from api.stopping import told_to_stop
from data.engine import make_async_engine, make_engine
from data.live.city import LiveCity
from data.live.past import PastAreas
from data.live.tiles import TileShelf
from data.queries.schedules import read_hours

DESCRIPTION = """
The spatial service of a city-management bureau: which grid, whose duty, who is nearest, what is
open.

Coordinates go in as `lon`, `lat` and `crs` (`wgs84` by default, `cgcs2000`, `gcj02`, `bd09`,
`EPSG:n`); answers are in WGS 84 and say which system the point was read in. A point from WeChat or
Amap is GCJ-02: read as WGS 84 it lands 500 m away, in another grid. Times are RFC 3339 with a zone.
Errors are RFC 9457 problems whose `detail` says what to change. Answers carry an `ETag`.
"""
_PROBLEM = {"model": Problem, "content": {"application/problem+json": {}}}


def create_app(settings: Settings, database: Database) -> FastAPI:
    """Wire one service for one database; connections are opened when it starts.

    Raises `InvalidParameter` for a basemap that cannot be drawn or may not be shown: at once, not
    on every page.
    """
    basemap_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limits: dict[str, Any] = {
            "timeout_ms": settings.statement_timeout_ms, "pool_size": settings.pool_size
        }  # fmt: skip
        public = make_async_engine(database.public_url, role="tidegrid_public", **limits)
        service = make_async_engine(database.service_url, role="tidegrid_service", **limits)
        loader = make_engine(
            database.service_url, role="tidegrid_service", application="tidegrid-live"
        )
        # What takes long is read in threads, with the rights of the public.
        reader = make_engine(
            database.public_url,
            role="tidegrid_public",
            timeout_ms=settings.statement_timeout_ms,
            application="tidegrid-maps",
        )
        # Planners' publications take their turn and their time, in threads.
        planning = make_engine(
            database.service_url,
            role="tidegrid_service",
            timeout_ms=plan.TIMEOUT_MS,
            application="tidegrid-plan",
        )
        live = LiveCity(
            database.service_url,
            loader,
            service,
            reader,
            keep_fixes_days=settings.keep_fixes_days,
        )
        shelf = TileShelf(public)
        live.followers.append(shelf.heard)
        app.state.services = Services(settings, public, service, planning, live, shelf)
        app.state.batches = locate_batch.Batches(settings, live, PastAreas(loader))
        app.state.map_data = map_data.MapData(live, reader)
        app.state.place_data = place_data.PlaceData(live, reader)
        streams = app.state.streams = Streams(live, settings.streams_max)
        await live.start()
        try:
            with told_to_stop(streams.stop):
                yield
        finally:
            streams.stop()
            await live.stop()
            # Threads that are still loading hold connections, which nobody else would close.
            await asyncio.get_running_loop().shutdown_default_executor()
            await public.dispose()
            await service.dispose()
            loader.dispose()
            reader.dispose()
            planning.dispose()
            read_hours.cache_clear()

    app = FastAPI(
        title="tidegrid",
        summary="城市管理空间服务 · spatial service of city management",
        description=DESCRIPTION,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={422: {**_PROBLEM, "description": "Something to change"}},
    )
    for module in (
        locate,
        locate_batch,
        officers,
        positions,
        stall_zones,
        calendars,
        facilities,
        readings,
        plan,
        plan_pages,
        events,
        map_data,
        maps,
        posters,
        tiles,
        zone_pages,
        place_data,
        place_pages,
        health,
    ):
        app.include_router(module.router)
    install_error_handlers(app)
    _serve_static(app)
    own = (*map_data.PATHS, place_data.KINDS, place_data.PREFIX, tiles.PREFIX, events.PATH)
    app.add_middleware(Compressed, ("/static/", *own))
    app.add_middleware(ClientGone)
    app.add_middleware(
        ShortCuts,
        {
            "/v1/locate": locate.short_cut,
            "/v1/officers/nearest": officers.short_cut,
            **map_data.short_cuts(),
            place_data.KINDS: place_data.kinds_short_cut,
        },
        {tiles.PREFIX: tiles.short_cut, place_data.PREFIX: place_data.places_short_cut},
    )
    app.add_middleware(
        Limits,
        settings.query_max_bytes,
        settings.body_max_bytes,
        {"POST /v1/locate": settings.batch_max_bytes},
    )
    app.add_middleware(SecurityHeaders)
    return app


def from_env() -> FastAPI:
    """Entry point of the workers: the database's addresses are in the environment by then."""
    settings = Settings()
    return create_app(settings, given_database(settings))


def _serve_static(app: FastAPI) -> None:
    """Scripts and styles come from here, none from elsewhere; the API's own manual too."""
    app.mount("/static", PageFiles(), name="static")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="tidegrid",
            swagger_js_url="/static/vendor/swagger-ui-dist/swagger-ui-bundle.js",
            swagger_css_url="/static/vendor/swagger-ui-dist/swagger-ui.css",
            swagger_favicon_url="/static/icon.svg",
        )
