"""Tiles: their numbers, their boxes, and which of them a box touches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import NotFound
from geo.tiles import MAX_ZOOM, Block, Tile
from geo.types import BBox

LONS, LATS = st.floats(-180, 180), st.floats(-85, 85)


@st.composite
def tiles(draw: st.DrawFn) -> Tile:
    z = draw(st.integers(0, MAX_ZOOM))
    numbers = st.integers(0, 2**z - 1)
    return Tile(z, draw(numbers), draw(numbers))


def test_a_tile_of_loudi_is_where_everybody_has_it() -> None:
    assert [*Block.touching(BBox(112.0, 27.7, 112.0, 27.7), 14).tiles()] == [Tile(14, 13289, 6879)]


@pytest.mark.parametrize(
    "words",
    [
        ("18", "0", "0"),
        ("0", "1", "0"),
        ("3", "0", "8"),
        ("-1", "0", "0"),
        ("1", "+1", "0"),
        ("1", "01", "0"),
        ("1", "1.0", "0"),
        ("1", "１", "0"),
        ("1", "0", ""),
        ("1", "0", "9" * 5000),
        ("1", "0", "0\n"),
        ("nan", "0", "0"),
    ],
)
def test_numbers_of_no_tile_are_not_found(words: tuple[str, str, str]) -> None:
    with pytest.raises(NotFound, match="tile"):
        Tile.parse(*words)


@given(tiles())
def test_a_tile_is_read_back_from_its_numbers(tile: Tile) -> None:
    assert Tile.parse(str(tile.z), str(tile.x), str(tile.y)) == tile


@given(tiles())
def test_the_middle_of_a_tile_is_in_it_and_its_box_touches_it(tile: Tile) -> None:
    box = tile.box
    lon, lat = (box.west + box.east) / 2, (box.south + box.north) / 2

    assert [*Block.touching(BBox(lon, lat, lon, lat), tile.z).tiles()] == [tile]
    assert Block.touching(box, tile.z).holds(tile)


@given(LONS, LATS, LONS, LATS, st.integers(0, 6))
def test_a_box_touches_the_tiles_whose_boxes_meet_it(
    lon: float, lat: float, other_lon: float, other_lat: float, z: int
) -> None:
    box = BBox(min(lon, other_lon), min(lat, other_lat), max(lon, other_lon), max(lat, other_lat))
    block = Block.touching(box, z)
    found = list(block.tiles())

    assert len(found) == block.size
    assert all(block.holds(tile) for tile in found)
    for tile in found:
        theirs, slack = tile.box, 1e-9
        assert theirs.west - slack <= box.east
        assert theirs.east + slack >= box.west
        assert theirs.south - slack <= box.north
        assert theirs.north + slack >= box.south
