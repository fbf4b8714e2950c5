"""Tiles through the running app: what is in them, what is not, and how long they are kept."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from shapely.geometry import Point, box
from sqlalchemy import text

from api.database import Database
from data.cluster import Cluster
from data.engine import make_engine
from data.queries.tiles import MOST_BYTES, MOST_SINGLE
from geo.records import Facility, Stall, StallZone
from geo.tiles import MAX_ZOOM, Block, Tile
from geo.types import BBox
from tests.conftest import CreateDatabase
from tests.http.tiles import EXTENT, Town, decoded, path_of, running, tile_at

WEST, SOUTH = 112.0, 27.7
# On this spot of the town stand thousands.
CROWD = (112.3, 27.9)
HOSTILE = "<script>alert(1)</script>'; DROP TABLE city.facilities; --\u202e\"\\"


def facilities() -> list[Facility]:
    rng = random.Random(5)
    some = [
        Facility(
            rng.choice(("toilet", "park", "parking", "camera", "sensor")),
            f"F{n}",
            f"设施{n}",
            Point(WEST + rng.uniform(0, 0.03), SOUTH + rng.uniform(0, 0.03)),
            name_en=f"Facility {n}",
            state=rng.choice(("normal", "damaged")),
        )
        for n in range(300)
    ]
    # Over the borders of many tiles.
    wide = Facility("park", "P-wide", HOSTILE, box(WEST, SOUTH, WEST + 0.02, SOUTH + 0.02))
    crowd = [
        Facility("bin", f"B{n}", "桶" * 60, Point(CROWD[0] + n % 3 * 1e-6, CROWD[1]))
        for n in range(2_500)
    ]
    return [*some, wide, *crowd]


def zones() -> list[StallZone]:
    return [
        StallZone("night_market", "Z1", HOSTILE, box(WEST, SOUTH, WEST + 0.01, SOUTH + 0.004),
                  goods=(HOSTILE,), phone="13900000000"),
        StallZone("creative", "Z2", "小区", box(WEST, SOUTH, WEST + 1e-6, SOUTH + 1e-6)),
    ]  # fmt: skip


def stalls() -> list[Stall]:
    return [
        Stall("Z1", str(n), Point(WEST + 0.0001 * n, SOUTH + 0.001), HOSTILE, "normal")
        for n in range(20)
    ]


@pytest.fixture(scope="module")
def town(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Town]:
    name = create_database("tiles", migrated)
    owner = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    database = Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )
    with running(database, owner) as town:
        for records in (facilities(), zones(), stalls()):
            town.publish(records)
        yield town
    owner.dispose()


@pytest.fixture(autouse=True)
def heard(town: Town) -> None:
    """Whatever the test before published has been heard."""
    with town.owner.connect() as connection:
        told = connection.execute(text("SELECT name, revision FROM city.layers"))
        stored = {row.name: row.revision for row in told}
    live = town.client.app.state.services.live  # type: ignore[attr-defined]
    town.until(lambda: live.revisions == stored)


def everywhere(town: Town, z: int) -> dict[Tile, dict[str, list]]:  # type: ignore[type-arg]
    """Every tile of the town at a zoom that holds something."""
    block = Block.touching(BBox(WEST, SOUTH, WEST + 0.03, SOUTH + 0.03), z)
    found = {tile: town.read("facilities", tile) for tile in block.tiles()}
    return {tile: layers for tile, layers in found.items() if layers}


# --- what is in them ------------------------------------------------------------------------


@pytest.mark.parametrize("z", [14, 16])
def test_each_public_facility_is_in_one_tile_with_what_the_table_says(town: Town, z: int) -> None:
    asked = """
        SELECT kind || ':' || code AS id, kind, name, name_en, state,
            coalesce(schedule_id, 0) AS schedule, ST_X(p) AS lon, ST_Y(p) AS lat
        FROM (SELECT *, ST_PointOnSurface(geom) AS p FROM city.facilities) AS f
        WHERE upper_inf(valid) AND kind NOT IN ('camera', 'sensor', 'bin')
    """
    with town.owner.connect() as connection:
        rows = {row.id: row._mapping for row in connection.execute(text(asked))}
    seen: dict[str, dict[str, object]] = {}
    for tile, layers in everywhere(town, z).items():
        assert layers.keys() == {"facilities"}
        for one in layers["facilities"]:
            told = one["properties"]
            assert told["id"] not in seen, "drawn twice"
            seen[told["id"]] = told
            x, y = one["geometry"]["coordinates"]
            lon = tile.box.west + x / EXTENT * (tile.box.east - tile.box.west)
            lat = tile.box.north - y / EXTENT * (tile.box.north - tile.box.south)
            # Half a dot would be rounded; a whole one is cut off.
            dot = (tile.box.east - tile.box.west) / EXTENT
            assert lon == pytest.approx(rows[told["id"]]["lon"], abs=1.1 * dot)
            assert lat == pytest.approx(rows[told["id"]]["lat"], abs=1.1 * dot)
    assert seen == {
        key: {k: v for k, v in row.items() if k not in ("lon", "lat")} for key, row in rows.items()
    }
    assert seen["park:P-wide"]["name"] == HOSTILE


def test_from_the_top_to_the_street_counts_are_true(town: Town) -> None:
    with town.owner.connect() as connection:
        held = Counter(
            connection.scalars(
                text(
                    "SELECT kind FROM city.facilities WHERE upper_inf(valid) "
                    "AND kind NOT IN ('camera', 'sensor')"
                )
            )
        )
    for z in range(13):
        total: Counter[str] = Counter()
        for tile in Block.touching(BBox(111.9, 27.6, 112.4, 28.0), z).tiles():
            layers = town.read("facilities", tile)
            assert len(layers) <= 1
            for one in layers.get("clusters", []):
                told = dict(one["properties"])
                assert told.pop("n") == sum(told.values())
                total.update(told)
            total.update(one["properties"]["kind"] for one in layers.get("facilities", []))
        assert total == held


@pytest.mark.parametrize("z", [12, 15, MAX_ZOOM])
def test_thousands_on_one_spot_stay_a_cluster_at_their_place(town: Town, z: int) -> None:
    layers = town.read("facilities", tile_at(*CROWD, z))

    assert layers.keys() == {"clusters"}
    (crowd,) = layers["clusters"]
    assert crowd["properties"] == {"bin": 2500, "n": 2500}
    tile, (x, y) = tile_at(*CROWD, z), crowd["geometry"]["coordinates"]
    assert tile.box.west + x / EXTENT * (tile.box.east - tile.box.west) == pytest.approx(
        CROWD[0], abs=1e-3 / 2 ** (z - 12)
    )
    assert tile.box.north - y / EXTENT * (tile.box.north - tile.box.south) == pytest.approx(
        CROWD[1], abs=1e-3 / 2 ** (z - 12)
    )


def test_what_is_too_long_to_be_told_singly_is_told_in_clusters(town: Town) -> None:
    lon, lat = 112.35, 27.95
    long = [
        Facility("toilet", f"L{n}", f"{n}" + "长" * 400, Point(lon + n * 1e-7, lat))
        for n in range(MOST_SINGLE // 2)
    ]
    town.publish(long)
    tile = tile_at(lon, lat, MAX_ZOOM)
    town.until(lambda: bool(town.read("facilities", tile)))
    answer = town.get("facilities", tile)

    assert len(answer.content) < MOST_BYTES
    told = [one["properties"] for one in decoded(answer.content)["clusters"]]
    assert sum(one["toilet"] for one in told) == len(long)


def test_zones_are_whole_and_once_and_stalls_come_with_the_deepest(town: Town) -> None:
    centre = zones()[0].geometry.representative_point()
    layers = town.read("stalls", tile_at(centre.x, centre.y, 14))

    assert layers.keys() == {"zones"}
    by_id = {one["properties"]["id"]: one for one in layers["zones"]}
    assert by_id["Z1"]["properties"] == {"id": "Z1", "kind": "night_market"}
    found = 0
    numbers: list[str] = []
    for tile in Block.touching(BBox(WEST, SOUTH, WEST + 0.01, SOUTH + 0.004), MAX_ZOOM).tiles():
        layers = town.read("stalls", tile)
        for one in layers.get("zones", []):
            found += one["properties"]["id"] == "Z1"
            if one["properties"]["id"] == "Z1":
                xs = [x for x, _ in one["geometry"]["coordinates"][0]]
                # Wider than the tile: it is not cut at the border.
                assert max(xs) - min(xs) == pytest.approx(
                    0.01 / (tile.box.east - tile.box.west) * EXTENT, abs=2
                )
        for one in layers.get("stalls", []):
            numbers.append(one["properties"]["number"])
            assert one["properties"] == {
                "zone": "Z1", "number": numbers[-1], "goods": HOSTILE, "state": "normal"
            }  # fmt: skip
    assert found == 1
    assert sorted(numbers, key=int) == [str(n) for n in range(20)]


def test_a_zone_smaller_than_a_dot_is_not_lost(town: Town) -> None:
    layers = town.read("stalls", tile_at(WEST, SOUTH, 14))
    (small,) = (one for one in layers["zones"] if one["properties"]["id"] == "Z2")

    assert small["geometry"]["type"] == "Polygon"
    (ring,) = small["geometry"]["coordinates"]
    assert len({tuple(corner) for corner in ring}) == 4


def test_more_stalls_than_fit_are_counted(town: Town) -> None:
    lon, lat = 112.1, 27.8
    town.publish([StallZone("festival", "Z9", "大集", box(lon, lat, lon + 1e-3, lat + 1e-3))])
    many = [
        Stall("Z9", f"N{n}", Point(lon + 5e-4 + n * 1e-8, lat + 5e-4), f"货{n}" * 9, "normal")
        for n in range(4_000)
    ]
    town.publish(many)
    tile = tile_at(lon + 5e-4, lat + 5e-4, MAX_ZOOM)
    town.until(lambda: "stall_clusters" in town.read("stalls", tile))
    answer = town.get("stalls", tile)

    assert len(answer.content) < MOST_BYTES
    told = [one["properties"] for one in decoded(answer.content)["stall_clusters"]]
    assert sum(one["n"] for one in told) == len(many)


def test_no_tile_tells_of_a_camera_or_a_managers_phone(town: Town) -> None:
    for z in range(MAX_ZOOM + 1):
        for layer in ("facilities", "stalls"):
            for spot in ((WEST + 0.015, SOUTH + 0.015), (WEST + 0.005, SOUTH + 0.002)):
                content = town.get(layer, tile_at(*spot, z)).content
                for secret in (b"camera", b"sensor", b"13900000000"):
                    assert secret not in content


# --- asking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "bins/1/0/0.mvt",
        "facilities/18/0/0.mvt",
        "facilities/1/2/0.mvt",
        "facilities/1/0/-1.mvt",
        "facilities/x/0/0.mvt",
        "facilities/1/0/0.5.mvt",
        "facilities/1/0/" + "9" * 3000 + ".mvt",
        "stalls/１/0/0.mvt",
        "stalls/1/0/1e0.mvt",
        "stalls/01/0/0.mvt",
    ],
)
def test_what_is_no_tile_is_not_found_and_nobody_asks_the_database(town: Town, path: str) -> None:
    town.asked.clear()
    answer = town.client.get(f"/maps/tiles/{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "tile" in answer.json()["detail"]
    assert town.asked == []


@pytest.mark.parametrize("layer", ["facilities", "stalls"])
def test_outside_the_city_there_is_nothing_and_nobody_asks_the_database(
    town: Town, layer: str
) -> None:
    town.get(layer, tile_at(WEST, SOUTH, 14))
    town.asked.clear()
    for lon, lat, z in ((2.35, 48.85, 14), (-179.9, -80, 5), (113, 27.7, 12), (112, 40, 7)):
        answer = town.get(layer, tile_at(lon, lat, z))
        assert (answer.status_code, answer.content) == (204, b"")
    assert town.asked == []


def test_an_empty_tile_of_the_city_is_nothing(town: Town) -> None:
    tile = tile_at(112.2, 27.72, MAX_ZOOM)
    assert town.get("facilities", tile).status_code == 204
    town.asked.clear()
    assert town.get("facilities", tile).status_code == 204
    assert town.asked == []


def test_who_has_a_tile_is_told_so_and_compressed_it_is_the_same(town: Town) -> None:
    tile = tile_at(WEST + 0.015, SOUTH + 0.015, 12)
    plain = town.get("facilities", tile, **{"Accept-Encoding": "identity"})
    assert plain.status_code == 200
    assert plain.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert plain.headers["cache-control"] == "no-cache"
    town.asked.clear()
    for _ in range(2):
        with town.client.stream(
            "GET", path_of("facilities", tile), headers={"Accept-Encoding": "gzip"}
        ) as coded:
            raw = b"".join(coded.iter_raw())
        assert coded.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == plain.content
        assert coded.headers["etag"] == plain.headers["etag"]
        assert coded.headers["vary"] == "Accept-Encoding"
    again = town.get("facilities", tile, **{"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = town.client.head(path_of("facilities", tile), headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(plain.content))
    assert town.asked == []


# --- keeping --------------------------------------------------------------------------------


def kept(town: Town) -> set[tuple[str, Tile]]:
    return set(town.shelf._kept)


def test_two_publishes_drop_the_tiles_that_they_touch_and_no_others(town: Town) -> None:
    spots = [(WEST + 0.001, SOUTH + 0.001), (WEST + 0.029, SOUTH + 0.029), CROWD]
    tiles = {spot: tile_at(*spot, 16) for spot in spots}
    top = tile_at(*CROWD, 8)
    for tile in (*tiles.values(), top):
        town.get("facilities", tile)
        town.get("stalls", tile)
    stalls_before = {key for key in kept(town) if key[0] == "stalls"}

    for number, spot in enumerate(spots[:2]):
        town.publish([Facility("toilet", f"NEW{number}", "新公厕", Point(spot))])
        town.until(lambda spot=spot: ("facilities", tiles[spot]) not in kept(town))  # type: ignore[misc]
        assert ("facilities", top) not in kept(town)
        assert ("facilities", tiles[CROWD]) in kept(town)
        assert stalls_before <= kept(town)
        found = town.read("facilities", tiles[spot])["facilities"]
        assert f"toilet:NEW{number}" in {one["properties"]["id"] for one in found}
        # The other one's tile is not dropped by this.
        if number == 1:
            assert ("facilities", tiles[spots[0]]) in kept(town)


def test_another_kind_made_public_or_not_is_seen_at_once(town: Town) -> None:
    tile = tile_at(*CROWD, 15)
    assert town.get("facilities", tile).status_code == 200
    try:
        town.execute("UPDATE city.kinds SET is_public = false WHERE slug = 'bin'")
        town.until(lambda: town.get("facilities", tile).status_code == 204)
    finally:
        town.execute("UPDATE city.kinds SET is_public = true WHERE slug = 'bin'")
    town.until(lambda: town.get("facilities", tile).status_code == 200)


def test_a_city_that_grows_is_seen_where_there_was_nothing(town: Town) -> None:
    tile = tile_at(113.5, 28.5, 15)
    assert town.get("facilities", tile).status_code == 204
    town.publish([Facility("toilet", "FAR", "远处公厕", Point(113.5, 28.5))])
    town.until(lambda: town.get("facilities", tile).status_code == 200)


def test_whatever_may_have_been_missed_is_built_anew(town: Town) -> None:
    town.get("facilities", tile_at(*CROWD, 15))
    assert kept(town)
    town.shelf.heard(None)
    assert not kept(town)
    assert town.shelf._cost == 0


@pytest.mark.parametrize(
    "told",
    [None, [], [1, 2, 3], ["a"] * 4, [float("nan")] * 4, [9, 9, 1, 1], {"west": 1}, [1e400] * 4],
)
def test_a_tick_without_a_box_drops_its_layer_alone(town: Town, told: object) -> None:
    for layer in ("facilities", "stalls"):
        town.get(layer, tile_at(WEST, SOUTH, 14))
    town.shelf.heard({"layer": "facilities", "bbox": told})
    assert {layer for layer, _ in kept(town)} == {"stalls"}
