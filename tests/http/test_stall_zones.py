"""Stall zones: what is open when, near what, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import box as rectangle

from data.demo.city import DemoCity
from geo.measure import distance_m
from geo.types import BBox, LonLat

HERE = "111.9943,27.7283"
EVENING = "2026-11-25T20:30:00+08:00"


def zones(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/v1/stall-zones", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    found: dict[str, Any] = answer.json()
    return found


def pages(
    client: TestClient, url: str, headers: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    while url:
        page = client.get(url, headers=headers).json()
        yield from page["features"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")


def test_all_zones_come_in_one_page_by_default(client: TestClient) -> None:
    found = zones(client)

    assert found["numberReturned"] == 42
    assert sum(one["properties"]["capacity"] for one in found["features"]) == 2624
    assert [link["rel"] for link in found["links"]] == ["self"]


@pytest.mark.parametrize("size", [1, 7, 41])
@pytest.mark.parametrize("query", ["", f"near={HERE}", f"near={HERE}&open_at=2026-11-25T12:30:00Z"])
def test_pages_hold_every_zone_once_in_order(client: TestClient, size: int, query: str) -> None:
    whole = client.get(f"/v1/stall-zones?{query}").json()["features"]

    found = list(pages(client, f"/v1/stall-zones?{query}&limit={size}"))

    assert [one["id"] for one in found] == [one["id"] for one in whole]
    assert len(whole) > 5


def test_open_at_keeps_what_is_open_then(client: TestClient) -> None:
    found = zones(client, open_at=EVENING)["features"]

    assert 0 < len(found) < 42
    assert {one["properties"]["state"] for one in found} == {"open"}
    assert all(one["properties"]["closes_at"] for one in found)
    closed = zones(client, open_at="2026-11-25T04:45:00+08:00")
    assert closed["numberReturned"] < len(found)


def test_near_sorts_by_the_geodesic_distance(client: TestClient, demo_city: DemoCity) -> None:
    found = zones(client, near=HERE)["features"]

    distances = [one["properties"]["distance_m"] for one in found]
    assert distances == sorted(distances)
    nearest = next(z for z in demo_city.stall_zones if z.code == found[0]["id"])
    corners = [LonLat(*pair) for pair in nearest.geometry.exterior.coords]  # type: ignore[union-attr]
    assert distances[0] <= min(distance_m(LonLat(111.9943, 27.7283), c) for c in corners) + 0.1


def test_within_m_leaves_out_what_is_farther(client: TestClient) -> None:
    every = zones(client, near=HERE)["features"]
    cut = every[9]["properties"]["distance_m"] + 0.5

    near = zones(client, near=HERE, within_m=cut)["features"]

    assert [one["id"] for one in near] == [one["id"] for one in every[:10]]


def test_near_takes_other_systems(client: TestClient) -> None:
    # The Loudi point of the published pairs is 657 m from itself in GCJ-02.
    as_gcj = zones(client, near="111.999516,27.696685", crs="gcj02")["features"]
    as_wgs = zones(client, near="111.994,27.7")["features"]

    assert [one["id"] for one in as_gcj] == [one["id"] for one in as_wgs]
    for a, b in zip(as_gcj, as_wgs, strict=True):
        assert a["properties"]["distance_m"] == pytest.approx(
            b["properties"]["distance_m"], abs=0.3
        )


def test_a_box_holds_what_touches_it(client: TestClient, demo_city: DemoCity) -> None:
    box = BBox(111.97, 27.70, 112.0, 27.73)

    found = {one["id"] for one in zones(client, bbox="111.97,27.70,112.0,27.73")["features"]}

    expected = {
        z.code for z in demo_city.stall_zones if z.geometry.intersects(rectangle(*box.bounds))
    }
    assert found == expected
    assert 0 < len(found) < 42


def test_a_box_over_the_antimeridian_is_the_other_way_round(client: TestClient) -> None:
    assert zones(client, bbox="170,-10,-170,60")["numberReturned"] == 0
    assert zones(client, bbox="100,-10,-170,60")["numberReturned"] == 42


def test_kind_and_goods_narrow(client: TestClient) -> None:
    melons = zones(client, kind="seasonal_fruit")["features"]
    assert {one["properties"]["kind_name"] for one in melons} == {"季节瓜果点"}

    snacks = zones(client, goods="小吃")["features"]
    assert all(any("小吃" in word for word in one["properties"]["goods"]) for one in snacks)
    assert 0 < len(snacks) < 42
    assert zones(client, goods="100%_")["numberReturned"] == 0


def test_one_zone_and_its_stalls(client: TestClient) -> None:
    first = zones(client, limit=1)["features"][0]

    one = client.get(f"/v1/stall-zones/{first['id']}").json()
    stalls = client.get(f"/v1/stall-zones/{first['id']}/stalls").json()

    assert one["geometry"] == first["geometry"]
    assert stalls["numberReturned"] == first["properties"]["capacity"]


def test_no_answer_carries_a_managers_phone(client: TestClient, demo_city: DemoCity) -> None:
    phones = {zone.phone for zone in demo_city.stall_zones} - {""}
    assert phones

    text = client.get("/v1/stall-zones").text + client.get("/maps/stalls").text

    assert not any(phone in text for phone in phones)


def test_the_spring_festival_opens_what_its_season_had_closed(client: TestClient) -> None:
    november = zones(client, kind="festival", open_at="2026-11-25T15:00:00+08:00")
    festival = zones(client, kind="festival", open_at="2027-02-06T15:00:00+08:00")

    assert november["numberReturned"] == 0
    assert festival["numberReturned"] > 0


def test_an_unchanged_answer_is_304(client: TestClient) -> None:
    first = client.get("/v1/stall-zones", params={"at": EVENING})
    again = client.get(
        "/v1/stall-zones", params={"at": EVENING}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_zone_says_which_rule_decided_and_since_when(client: TestClient) -> None:
    def told(at: str) -> dict[str, Any]:
        found = client.get("/v1/stall-zones/LD-T-01", params={"at": at}).json()["properties"]
        return {key: found[key] for key in ("state", "since", "rule", "reason_en")}

    assert told("2026-10-03T18:30:00+08:00") == {
        "state": "open",
        "since": "2026-10-03T17:00:00+08:00",
        "rule": "override",
        "reason_en": "Longer hours over the National Day holiday",
    }
    assert told("2026-11-25T12:00:00+08:00") == {
        "state": "closed",
        "since": "2026-11-25T00:00:00+08:00",
        "rule": "weekly",
        "reason_en": "",
    }
