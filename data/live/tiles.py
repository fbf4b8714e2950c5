"""Tiles in memory: kept until a change touches them, built by one however many ask."""

from __future__ import annotations

import asyncio
import gzip
import math
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, get_args

from sqlalchemy.ext.asyncio import AsyncEngine

from data.queries.tiles import TileLayer, extent_of, lent_driver, tile_of
from geo.tiles import MAX_ZOOM, Block, Tile
from geo.types import BBox

KEPT_BYTES = 64 * 2**20
"""Tiles of one worker take no more memory than that."""

_OVERHEAD_BYTES = 600
_LEVEL = 5

Key = tuple[TileLayer, Tile]

# Which tiles a tick of the clock may change.
_LAYERS: Mapping[str, tuple[TileLayer, ...]] = {
    "facilities": ("facilities",),
    "stall_zones": ("stalls",),
    "stalls": ("stalls",),
    "kinds": ("facilities", "stalls"),
}


class Kept:
    """The content of a tile; an empty one is a tile, too."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    @cached_property
    def tag(self) -> str:
        """A short hash of the content."""
        return blake2b(self.body, digest_size=8).hexdigest()

    @cached_property
    def zipped(self) -> bytes:
        """The content as gzip, made when it is first asked for."""
        return gzip.compress(self.body, _LEVEL, mtime=0)

    @property
    def is_zipped(self) -> bool:
        """Whether that was done."""
        return "zipped" in self.__dict__

    @property
    def cost(self) -> int:
        """How much memory it may take, bytes; compressed it is hardly longer than plain."""
        return _OVERHEAD_BYTES + 2 * len(self.body)


NOTHING = Kept(b"")


class TileShelf:
    """The tiles of one worker. `heard` must be told every tick of the clock, and every deafness.

    A notification comes after its commit. So what was begun before it may be old and is not kept,
    and what is begun after it is not.
    """

    def __init__(self, engine: AsyncEngine, most_bytes: int = KEPT_BYTES) -> None:
        self._engine, self._most = engine, most_bytes
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._cost = 0
        self._building: dict[Key, asyncio.Task[Kept]] = {}
        self._extents: dict[TileLayer, BBox | None] = {}
        self._measuring: dict[TileLayer, asyncio.Task[None]] = {}

    def at_hand(self, layer: TileLayer, tile: Tile) -> Kept | None:
        """Return the tile if it is known without asking the database, None if it is not."""
        key = layer, tile
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        if layer not in self._extents:
            return None
        extent = self._extents[layer]
        if extent is None or not Block.touching(extent, tile.z).holds(tile):
            return NOTHING
        return None

    async def tile(self, layer: TileLayer, tile: Tile) -> Kept:
        """Return the tile, built if need be; raises `Unavailable`."""
        if layer not in self._extents:
            if layer not in self._measuring:
                self._measuring[layer] = _started(self._measure(layer))
            await asyncio.shield(self._measuring[layer])
        found = self.at_hand(layer, tile)
        if found is not None:
            return found
        key = layer, tile
        if key not in self._building:
            self._building[key] = _started(self._build(key))
        # Whoever leaves takes nothing from those who wait on.
        return await asyncio.shield(self._building[key])

    def heard(self, tick: Mapping[str, Any] | None) -> None:
        """Drop what a tick may have changed; everything when None: nobody knows what was missed.

        A tick without a box is of a layer without places, of something that is not public, or not
        ours: then all tiles of the layer go.
        """
        if tick is None:
            for layer in get_args(TileLayer):
                self._drop_all(layer)
            return
        box = _box_of(tick.get("bbox"))
        for layer in _LAYERS.get(str(tick.get("layer")), ()):
            if box is None:
                self._drop_all(layer)
            else:
                self._drop_touched(layer, box)

    # --- building ---------------------------------------------------------------------------

    async def _measure(self, layer: TileLayer) -> None:
        mine = asyncio.current_task()
        try:
            async with lent_driver(self._engine) as driver:
                extent = await extent_of(driver, layer)
            if self._measuring.get(layer) is mine:
                self._extents[layer] = extent
        finally:
            if self._measuring.get(layer) is mine:
                del self._measuring[layer]

    async def _build(self, key: Key) -> Kept:
        mine = asyncio.current_task()
        try:
            body = await self._body(key)
            kept = Kept(body) if body else NOTHING
            # One that a tick has taken off the list meanwhile may be old.
            if self._building.get(key) is mine:
                self._keep(key, kept)
            return kept
        finally:
            if self._building.get(key) is mine:
                del self._building[key]

    async def _body(self, key: Key) -> bytes:
        async with lent_driver(self._engine) as driver:
            return await tile_of(driver, *key)

    def _keep(self, key: Key, kept: Kept) -> None:
        self._forget(key)
        self._kept[key] = kept
        self._cost += kept.cost
        while self._cost > self._most:
            self._forget(next(iter(self._kept)))

    # --- dropping ---------------------------------------------------------------------------

    def _forget(self, key: Key) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._cost -= found.cost

    def _drop_all(self, layer: TileLayer) -> None:
        self._extents.pop(layer, None)
        self._measuring.pop(layer, None)
        for key in [key for key in self._building if key[0] == layer]:
            del self._building[key]
        for key in [key for key in self._kept if key[0] == layer]:
            self._forget(key)

    def _drop_touched(self, layer: TileLayer, box: BBox) -> None:
        self._measuring.pop(layer, None)
        if layer in self._extents:
            # Larger than need be is no harm: the database knows what is empty.
            self._extents[layer] = _union(self._extents[layer], box)
        blocks = [Block.touching(box, z) for z in range(MAX_ZOOM + 1)]
        for key in [k for k in self._building if k[0] == layer and blocks[k[1].z].holds(k[1])]:
            del self._building[key]
        # A small box has few tiles, a large one more than are kept.
        if sum(block.size for block in blocks) < len(self._kept):
            touched = [(layer, tile) for block in blocks for tile in block.tiles()]
        else:
            touched = [k for k in self._kept if k[0] == layer and blocks[k[1].z].holds(k[1])]
        for key in touched:
            self._forget(key)


def _started(work: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.create_task(work)
    # Those who wait are told; when nobody does, it is no news.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _union(known: BBox | None, box: BBox) -> BBox:
    if known is None:
        return box
    return BBox(
        min(known.west, box.west),
        min(known.south, box.south),
        max(known.east, box.east),
        max(known.north, box.north),
    )


def _box_of(told: Any) -> BBox | None:
    """The box of a tick, a little larger, so that borders belong to both sides.

    None for anything else: whoever may log in may notify.
    """
    if not (isinstance(told, list) and len(told) == 4):
        return None
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in told):
        return None
    west, south, east, north = told
    if not (west <= east and south <= north):
        return None
    slack = 1e-7
    return BBox(
        max(west - slack, -180.0),
        max(south - slack, -90.0),
        min(east + slack, 180.0),
        min(north + slack, 90.0),
    )
