"""A city of a few rows for tiles: its app, and what its tiles hold, read by another library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile  # type: ignore[import-untyped]
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.layers import Record
from data.live.tiles import TileShelf
from data.publishing import publish
from geo.tiles import Block, Tile
from geo.types import BBox

Features = list[dict[str, Any]]
EXTENT = 4096


def tile_at(lon: float, lat: float, z: int) -> Tile:
    block = Block.touching(BBox(lon, lat, lon, lat), z)
    return Tile(z, block.west, block.north)


def path_of(layer: str, tile: Tile) -> str:
    return f"/maps/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt"


def decoded(content: bytes) -> dict[str, Features]:
    """The features of each layer, as an independent reader finds them; y grows to the south."""
    told = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    return {name: layer["features"] for name, layer in told.items()}


@dataclass(frozen=True)
class Town:
    """An app that runs, and the database behind it."""

    client: TestClient
    owner: Engine
    asked: list[str]
    """Every statement that was sent for tiles."""

    @property
    def shelf(self) -> TileShelf:
        found: TileShelf = self.client.app.state.services.tiles  # type: ignore[attr-defined]
        return found

    def publish(self, records: Sequence[Record]) -> None:
        with Session(self.owner) as session, session.begin():
            publish(session, records, by="tester", note="")

    def execute(self, statement: str) -> None:
        with self.owner.begin() as connection:
            connection.execute(text(statement))

    def get(self, layer: str, tile: Tile, **headers: str) -> Response:
        return self.client.get(path_of(layer, tile), headers=headers)

    def read(self, layer: str, tile: Tile) -> dict[str, Features]:
        answer = self.get(layer, tile)
        assert answer.status_code in (200, 204), answer.text
        return decoded(answer.content) if answer.content else {}

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, "it did not come to be"
            time.sleep(0.005)


@contextmanager
def running(database: Database, owner: Engine) -> Iterator[Town]:
    asked: list[str] = []
    with TestClient(create_app(Settings(), database), raise_server_exceptions=False) as client:
        pool = client.app.state.services.public.sync_engine.pool  # type: ignore[attr-defined]
        event.listen(pool, "checkout", lambda *_: asked.append("lent"))
        yield Town(client, owner, asked)
