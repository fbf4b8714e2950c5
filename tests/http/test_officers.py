"""Nearest officers: right in metres, honest about who was left out, closed to the public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.database import Database
from data.demo.city import DemoCity
from data.engine import make_engine
from geo.measure import distance_m
from geo.types import LonLat

HERE = {"lon": 111.9943, "lat": 27.7283}
Bearer = dict[str, dict[str, str]]


def nearest(client: TestClient, bearer: Bearer, **params: Any) -> dict[str, Any]:
    answer = client.get("/v1/officers/nearest", params=HERE | params, headers=bearer["query"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_without_a_token_nobody_is_told(client: TestClient) -> None:
    answer = client.get("/v1/officers/nearest", params=HERE)

    assert answer.status_code == 401
    assert "officers" not in answer.json()


@pytest.fixture
def fixes(database: Database) -> dict[str, LonLat]:
    """Where everybody is now: other tests move some."""
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    asked = text("SELECT officer_code, ST_X(geom), ST_Y(geom) FROM city.positions")
    with engine.connect() as connection:
        found = {code: LonLat(x, y) for code, x, y in connection.execute(asked)}
    engine.dispose()
    return found


def test_the_nearest_are_those_of_a_geodesic_search(
    client: TestClient, bearer: Bearer, fixes: dict[str, LonLat]
) -> None:
    away = sorted((distance_m(LonLat(**HERE), place), code) for code, place in fixes.items())

    found = nearest(client, bearer, k=10, on_duty=False, max_age_s=86400)["officers"]

    assert [one["id"] for one in found] == [code for _, code in away[:10]]
    for one, (metres, _) in zip(found, away, strict=False):
        assert one["distance_m"] == pytest.approx(metres, abs=0.06)


def test_everybody_is_counted_once(client: TestClient, bearer: Bearer) -> None:
    for params in ({}, {"role": "enforcement"}, {"within_m": 1000}, {"max_age_s": 1}):
        found = nearest(client, bearer, k=100, **params)
        counted = len(found["officers"]) + sum(found["excluded"].values())
        assert counted == 315 or len(found["officers"]) == 100


def test_an_officer_without_a_fix_is_never_invented(
    client: TestClient, bearer: Bearer, fixes: dict[str, LonLat]
) -> None:
    found = nearest(client, bearer, k=1, on_duty=False, max_age_s=86400)
    assert found["excluded"]["no_position"] == 315 - len(fixes) > 0


def test_a_role_leaves_out_the_others(client: TestClient, bearer: Bearer) -> None:
    found = nearest(client, bearer, k=100, role="lighting", on_duty=False, max_age_s=86400)

    assert {tuple(one["roles"]) for one in found["officers"]} == {("lighting",)}
    assert found["excluded"]["role"] == 315 - 63


def test_responsible_are_those_of_the_grid_that_holds_the_point(
    client: TestClient, bearer: Bearer, demo_city: DemoCity
) -> None:
    areas = client.get("/v1/locate", params=HERE | {"kind": "responsibility_grid"}).json()["areas"]
    grid = areas[0]["code"]
    theirs = {a.officer_code for a in demo_city.assignments if a.area_code == grid}
    assert len(theirs) == 5

    found = nearest(client, bearer, k=100, on_duty=False, max_age_s=86400)["officers"]

    assert {one["id"] for one in found if one["responsible"]} <= theirs
    assert any(one["responsible"] for one in found)


def test_a_stale_fix_is_left_out_and_counted(client: TestClient, bearer: Bearer) -> None:
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()

    found = nearest(client, bearer, at=later, on_duty=False)

    assert found["officers"] == []
    assert found["excluded"]["stale"] > 200


def test_a_new_position_counts_at_once_and_an_older_one_never(
    client: TestClient, bearer: Bearer
) -> None:
    now = datetime.now(UTC)

    def put(lon: float, at: datetime) -> int:
        body = {"lon": lon, "lat": HERE["lat"], "observed_at": at.isoformat()}
        return client.put(
            "/v1/officers/CG0001/position", json=body, headers=bearer["position"]
        ).status_code

    assert put(HERE["lon"], now) == 204
    assert put(HERE["lon"] + 1, now - timedelta(minutes=5)) == 204
    first = nearest(client, bearer, k=1, on_duty=False)["officers"][0]
    assert (first["id"], first["distance_m"]) == ("CG0001", 0.0)


def test_a_position_of_nobody_is_404(client: TestClient, bearer: Bearer) -> None:
    body = {**HERE, "observed_at": datetime.now(UTC).isoformat()}
    answer = client.put("/v1/officers/nobody/position", json=body, headers=bearer["position"])
    assert answer.status_code == 404


def test_a_position_in_gcj02_is_stored_unshifted(client: TestClient, bearer: Bearer) -> None:
    body = {
        "lon": 111.999516, "lat": 27.696685, "crs": "gcj02",
        "observed_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    assert client.put(
        "/v1/officers/CG0002/position", json=body, headers=bearer["position"]
    ).is_success

    found = nearest(client, bearer, lon=111.994, lat=27.7, k=100, on_duty=False)["officers"]

    mine = next(one for one in found if one["id"] == "CG0002")
    assert mine["distance_m"] < 0.2
