# Parameters are validated and not used: that is the point.
# ruff: noqa: ARG001
"""The floors of the hot calls: apps that validate the same parameters and do nothing.

Their answers are as long as ours. `flat` is one string, the cheapest for FastAPI to write; `model`
has the shape of ours and passes through pydantic. Run as `python -m bench.floors APP PORT SAMPLES`.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import sys
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.commands.serve import GRACE_S
from api.schemas import LocateOut

Samples = dict[str, dict[str, Any]]
Lon = Annotated[float, Query(description="Longitude or easting.", examples=[111.9943])]
Lat = Annotated[float, Query(description="Latitude or northing.", examples=[27.7283])]
CrsText = Annotated[str, Query(description="System of the coordinates given.", max_length=40)]
At = Annotated[str | None, Query(description="RFC 3339 instant; default now.")]
Kinds = Annotated[list[str] | None, Query(max_length=30, description="Only these kinds.")]


def flat_app(samples: Samples) -> FastAPI:
    """Return FastAPI with parameters like ours and answers of one string."""
    app = FastAPI()
    locate, nearest = (_filler(samples[name]) for name in ("locate", "nearest"))

    @app.get("/v1/locate")
    async def _locate(
        lon: Lon, lat: Lat, crs: CrsText = "wgs84", at: At = None, kind: Kinds = None
    ) -> dict[str, str]:
        return locate

    @app.get("/v1/officers/nearest")
    async def _nearest(
        lon: Lon,
        lat: Lat,
        crs: CrsText = "wgs84",
        at: At = None,
        k: Annotated[int, Query(ge=1)] = 5,
        role: Annotated[str | None, Query(max_length=40)] = None,
        roles: Annotated[str | None, Query(max_length=400)] = None,
        within_m: Annotated[float | None, Query()] = None,
        max_age_s: Annotated[float, Query(gt=0, le=31_536_000)] = 900,
        on_duty: Annotated[bool, Query()] = True,
        same_grid: Annotated[bool, Query()] = False,
    ) -> dict[str, str]:
        return nearest

    return app


def model_app(samples: Samples) -> FastAPI:
    """Return FastAPI with parameters and an answer of the shape of ours, written by pydantic."""
    app = FastAPI()
    locate = LocateOut.model_validate(samples["locate"])

    @app.get("/v1/locate")
    async def _locate(
        lon: Lon, lat: Lat, crs: CrsText = "wgs84", at: At = None, kind: Kinds = None
    ) -> LocateOut:
        return locate

    return app


def starlette_app(samples: Samples) -> Starlette:
    """Return Starlette with an answer as long as ours and no validation at all."""
    content = json.dumps(_filler(samples["locate"]), ensure_ascii=False).encode()

    async def locate(_: Request) -> Response:
        return Response(content, media_type="application/json")

    return Starlette(routes=[Route("/v1/locate", locate)])


def tile_app(samples: Samples) -> FastAPI:
    """Return FastAPI that takes the numbers of a tile and sends one that it holds."""
    app = FastAPI()
    content = bytes.fromhex(str(samples["tile"]))

    @app.get("/maps/tiles/{layer}/{z}/{x}/{y}.mvt")
    async def _tile(layer: str, z: int, x: int, y: int) -> Response:
        return Response(content, media_type="application/vnd.mapbox-vector-tile")

    return app


def unchanged_app(_: Samples) -> FastAPI:
    """Return FastAPI that says of the map's data that it has not changed."""
    app = FastAPI()

    @app.get("/maps/stalls/week.json")
    @app.get("/maps/stalls/shapes.json")
    async def _same() -> Response:
        return Response(status_code=304, headers={"ETag": 'W/"0123456789abcdef"'})

    return app


def folder_app(samples: Samples) -> Starlette:
    """Return Starlette that sends files, each compressed once; `samples` has them by path."""
    sent = {path: _file(Path(str(file))) for path, file in samples.items()}

    async def any_file(request: Request) -> Response:
        return sent.get(request.url.path) or Response(status_code=404)

    return Starlette(routes=[Route("/{path:path}", any_file)])


def _file(path: Path) -> Response:
    headers = {"Content-Encoding": "gzip", "Cache-Control": "no-cache"}
    media_type, _ = mimetypes.guess_type(path)
    return Response(gzip.compress(path.read_bytes()), headers=headers, media_type=media_type)


def _filler(sample: dict[str, Any]) -> dict[str, str]:
    size = len(json.dumps(sample, ensure_ascii=False, separators=(",", ":")).encode())
    return {"answer": "x" * (size - len('{"answer":""}'))}


APPS = {
    "flat": flat_app,
    "model": model_app,
    "starlette": starlette_app,
    "tile": tile_app,
    "unchanged": unchanged_app,
    "folder": folder_app,
}


def main() -> None:
    """Serve one of the apps with the options of `tidegrid serve`."""
    name, port, samples = sys.argv[1:]
    app = APPS[name](json.loads(Path(samples).read_text()))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(port),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


if __name__ == "__main__":
    main()
