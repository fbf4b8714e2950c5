"""Which areas hold a point."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from data.demo.city import DemoCity
from geo.crs import Crs, from_wgs84

LON, LAT = 111.9943, 27.7283
EXCLUSIVE = {"city", "district", "zone", "street", "community", "unit_grid", "responsibility_grid"}


def locate(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/v1/locate", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(answer: dict[str, Any]) -> dict[str, str]:
    return {area["kind"]: area["code"] for area in answer["areas"]}


def test_a_point_in_the_city_is_in_one_area_of_every_exclusive_kind(client: TestClient) -> None:
    found = locate(client, lon=LON, lat=LAT)

    kinds = [area["kind"] for area in found["areas"] if area["exclusive"]]
    assert sorted(kinds) == sorted(EXCLUSIVE)
    grid = codes(found)["unit_grid"]
    assert grid.startswith(codes(found)["community"])
    assert codes(found)["community"].startswith(codes(found)["street"])


def test_the_answer_repeats_point_system_and_instant(client: TestClient) -> None:
    found = locate(client, lon=LON, lat=LAT, at="2030-01-01T08:00:00+08:00")

    assert (found["lon"], found["lat"], found["crs"]) == (LON, LAT, "wgs84")
    assert found["at"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "crs", ["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4525", "epsg:4546", "EPSG:3857"]
)
def test_one_place_is_the_same_in_every_system(client: TestClient, crs: str) -> None:
    x, y = from_wgs84(LON, LAT, Crs.parse(crs))

    found = locate(client, lon=float(x), lat=float(y), crs=crs)

    assert codes(found) == codes(locate(client, lon=LON, lat=LAT))
    assert found["lon"] == pytest.approx(LON, abs=1e-8)
    assert found["lat"] == pytest.approx(LAT, abs=1e-8)


def test_a_gcj02_point_read_as_wgs84_lands_in_another_grid(client: TestClient) -> None:
    x, y = from_wgs84(LON, LAT, Crs.parse("gcj02"))

    wrong = locate(client, lon=float(x), lat=float(y))

    assert codes(wrong)["unit_grid"] != codes(locate(client, lon=LON, lat=LAT))["unit_grid"]


def test_only_the_kinds_asked_for_are_answered(client: TestClient) -> None:
    assert list(codes(locate(client, lon=LON, lat=LAT, kind="zone"))) == ["zone"]
    both = client.get(f"/v1/locate?lon={LON}&lat={LAT}&kind=zone&kind=street,city").json()
    assert sorted(codes(both)) == ["city", "street", "zone"]


def test_outside_the_city_there_is_nothing(client: TestClient) -> None:
    assert locate(client, lon=0, lat=0)["areas"] == []


def test_before_the_first_publication_there_was_nothing(client: TestClient) -> None:
    assert locate(client, lon=LON, lat=LAT, at="2020-01-01T00:00:00Z")["areas"] == []


def test_a_corner_of_grids_has_one_winner_and_says_border(
    client: TestClient, demo_city: DemoCity
) -> None:
    grids = [area for area in demo_city.areas if area.kind == "unit_grid"]
    corners: dict[tuple[float, float], list[str]] = {}
    for grid in grids:
        for corner in map(tuple, shapely.get_coordinates(grid.geometry)[:-1]):
            corners.setdefault(corner, []).append(grid.code)
    shared = [(corner, held) for corner, held in corners.items() if len(held) >= 3]
    assert len(shared) > 500

    for (lon, lat), held in shared[::100]:
        found = locate(client, lon=lon, lat=lat, kind="unit_grid")["areas"]
        (winner,) = found
        assert winner["code"] in held
        assert winner["on_border"] is True
        again = locate(client, lon=lon, lat=lat, kind="unit_grid")["areas"]
        assert again == found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_any_point_is_in_the_grid_that_shapely_finds(
    client: TestClient, demo_city: DemoCity, x: float, y: float
) -> None:
    outline = next(area.geometry for area in demo_city.areas if area.kind == "city")
    west, south, east, north = outline.bounds
    point = Point(west + x * (east - west), south + y * (north - south))

    found = locate(client, lon=point.x, lat=point.y, kind="unit_grid")["areas"]

    expected = {
        area.code
        for area in demo_city.areas
        if area.kind == "unit_grid" and area.geometry.intersects(point)
    }
    if expected:
        assert {area["code"] for area in found} <= expected
        assert len(found) == 1
    else:
        assert found == []


def test_asking_again_with_the_etag_costs_nothing(client: TestClient) -> None:
    first = client.get("/v1/locate", params={"lon": LON, "lat": LAT})
    again = client.get(
        "/v1/locate",
        params={"lon": LON, "lat": LAT},
        headers={"If-None-Match": first.headers["etag"]},
    )
    other = client.get(
        "/v1/locate",
        params={"lon": LON, "lat": 27.7},
        headers={"If-None-Match": first.headers["etag"]},
    )

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
