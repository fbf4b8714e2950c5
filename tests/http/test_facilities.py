"""Facilities: public kinds for everybody, cameras for nobody without a token."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from data.demo.city import DemoCity
from tests.http.test_stall_zones import pages

COUNTS = {"toilet": 124, "park": 49, "station": 7, "notice_board": 288, "parking": 43}
Bearer = dict[str, dict[str, str]]


@pytest.mark.parametrize(("kind", "count"), COUNTS.items())
def test_the_published_numbers_are_there(client: TestClient, kind: str, count: int) -> None:
    found = list(pages(client, f"/v1/facilities?kind={kind}&limit=50"))

    assert len({one["id"] for one in found}) == len(found) == count


def test_paging_by_distance_holds_everything_once(client: TestClient) -> None:
    found = list(pages(client, "/v1/facilities?kind=toilet,bin&near=111.99,27.72&limit=100"))

    distances = [one["properties"]["distance_m"] for one in found]
    assert distances == sorted(distances)
    assert len({one["id"] for one in found}) == len(found) > 500


def test_within_m_and_paging_agree(client: TestClient) -> None:
    near = "/v1/facilities?kind=bin&near=111.99,27.72&limit=10"
    every = [one for one in pages(client, near) if one["properties"]["distance_m"] <= 1500]

    found = list(pages(client, near + "&within_m=1500"))

    assert [one["id"] for one in found] == [one["id"] for one in every]


def test_open_at_pages_what_is_open(client: TestClient) -> None:
    night = list(
        pages(client, "/v1/facilities?kind=toilet&limit=20&open_at=2026-11-25T03:00:00%2B08:00")
    )

    assert {one["properties"]["state"] for one in night} == {"open"}
    assert 0 < len(night) < 124
    assert all(one["properties"]["hours"] == "24/7" for one in night)


def test_one_facility_by_its_id(client: TestClient) -> None:
    first = client.get("/v1/facilities?kind=park&limit=1").json()["features"][0]

    one = client.get(f"/v1/facilities/{first['id']}").json()

    assert one["geometry"] == first["geometry"]
    assert one["properties"]["name"] == first["properties"]["name"]


CAMERA_PATHS = [
    "/v1/facilities?limit=1000",
    "/v1/facilities?bbox=-180,-90,180,90&limit=1000",
    "/v1/facilities?near=111.9943,27.7283&limit=1000",
    "/v1/stall-zones",
    "/maps/stalls",
    "/openapi.json",
]


@pytest.mark.parametrize("path", CAMERA_PATHS)
def test_no_public_answer_holds_a_camera(
    client: TestClient, demo_city: DemoCity, path: str
) -> None:
    cameras = [one for one in demo_city.facilities if one.kind == "camera"]
    assert len(cameras) == 68
    text = client.get(path).text
    if path.startswith("/v1"):
        text = "".join(str(one) for one in pages(client, path))

    for camera in cameras:
        assert camera.code not in text
        assert camera.name not in text


def test_cameras_are_401_without_a_token_and_403_without_the_scope(
    client: TestClient, bearer: Bearer, demo_city: DemoCity
) -> None:
    camera = next(one for one in demo_city.facilities if one.kind == "camera")
    for path in ("/v1/facilities?kind=camera", f"/v1/facilities/camera:{camera.code}"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=bearer["reading"]).status_code == 403
        assert client.get(path, headers=bearer["query"]).status_code == 200


def test_a_camera_that_is_not_there_answers_the_public_like_one_that_is(client: TestClient) -> None:
    """Else the error would tell which codes exist."""
    there, not_there = (
        client.get("/v1/facilities/camera:4313020136000001"),
        client.get("/v1/facilities/camera:none"),
    )
    assert there.json() == not_there.json()


def test_cameras_have_direction_and_angle_of_view(client: TestClient, bearer: Bearer) -> None:
    found = list(pages(client, "/v1/facilities?kind=camera&limit=30", bearer["query"]))

    assert len(found) == 68
    for one in found:
        attributes: dict[str, Any] = one["properties"]["attributes"]
        assert 0 <= attributes["direction_deg"] < 360
        assert 0 < attributes["view_deg"] <= 360


def test_an_answer_for_one_reader_is_not_given_to_another(
    client: TestClient, bearer: Bearer
) -> None:
    mine = client.get("/v1/facilities?limit=1000", headers=bearer["query"])

    assert "Authorization" in mine.headers["vary"]
    public = client.get(
        "/v1/facilities?limit=1000", headers={"If-None-Match": mine.headers["etag"]}
    )
    assert public.status_code == 200
