"""Tiles that are kept: built once for all who ask, and never from before a change."""

from __future__ import annotations

import asyncio

from data.live.tiles import Kept, TileShelf
from geo.tiles import Tile
from geo.types import BBox


class Slow(TileShelf):
    """A shelf whose tiles come when they are let."""

    def __init__(self, most_bytes: int = 10**6) -> None:
        super().__init__(None, most_bytes)  # type: ignore[arg-type]
        self._extents = {"facilities": BBox(-180, -85, 180, 85)}
        self.let, self.built = asyncio.Event(), 0

    async def _body(self, _key: object) -> bytes:
        self.built += 1
        body = b"%d" % self.built
        await self.let.wait()
        return body


def test_many_who_ask_at_once_share_one_building_even_if_the_first_leaves() -> None:
    async def main() -> None:
        shelf, tile = Slow(), Tile(1, 0, 0)
        asking = [asyncio.create_task(shelf.tile("facilities", tile)) for _ in range(9)]
        await asyncio.sleep(0)
        asking[0].cancel()
        await asyncio.sleep(0)
        shelf.let.set()
        assert {one.body for one in await asyncio.gather(*asking[1:])} == {b"1"}
        assert shelf.at_hand("facilities", tile) is not None

    asyncio.run(main())


def test_what_was_begun_before_a_tick_is_not_kept_and_not_given_to_who_asks_after_it() -> None:
    async def main() -> None:
        shelf, tile = Slow(), Tile(1, 0, 0)
        before = asyncio.create_task(shelf.tile("facilities", tile))
        await asyncio.sleep(0.01)
        shelf.heard({"layer": "facilities", "bbox": [-100, 10, -90, 20]})
        after = asyncio.create_task(shelf.tile("facilities", tile))
        await asyncio.sleep(0.01)
        shelf.let.set()
        assert ((await before).body, (await after).body) == (b"1", b"2")
        found = shelf.at_hand("facilities", tile)
        assert found is not None
        assert found.body == b"2"

    asyncio.run(main())


def test_no_more_is_kept_than_there_is_room_for_and_the_oldest_goes_first() -> None:
    async def main() -> None:
        shelf = Slow(most_bytes=3 * Kept(b"1").cost)
        shelf.let.set()
        tiles = [Tile(2, x, 0) for x in range(4)]
        for tile in tiles[:3]:
            await shelf.tile("facilities", tile)
        shelf.at_hand("facilities", tiles[0])
        await shelf.tile("facilities", tiles[3])
        assert [shelf.at_hand("facilities", tile) is None for tile in tiles] == [
            False, True, False, False
        ]  # fmt: skip

    asyncio.run(main())
