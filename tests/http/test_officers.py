"""Nearest officers: right in metres, honest about who was left out, closed to the public."""

from __future__ import annotations

import time
from collections.abc import Callable
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


def test_almost_north_is_told_as_north_and_never_as_360_degrees(
    client: TestClient, bearer: Bearer, fixes: dict[str, LonLat]
) -> None:
    code, place = min(fixes.items())
    south = {"lon": place.lon + 6e-7, "lat": place.lat - 0.001}  # bearing 359.97

    found = nearest(client, bearer, k=100, on_duty=False, max_age_s=86400, **south)["officers"]

    assert {one["id"]: one["bearing_deg"] for one in found}[code] == 0.0


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


def officers_by_duty(client: TestClient, on_duty: bool) -> list[str]:
    """Staff numbers of those who are, or are not, on duty now."""
    roster = client.app.state.services.live.officers.roster  # type: ignore[attr-defined]
    mask = roster.on_duty(datetime.now(UTC))
    return [code for code, on in zip(roster.codes, mask.tolist(), strict=True) if on is on_duty]


def within_a_second(check: Callable[[], bool]) -> bool:
    """Whether it becomes true within a second."""
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.02)
    return False


def test_a_new_position_counts_within_a_second_and_an_older_one_never(
    client: TestClient, bearer: Bearer
) -> None:
    now, code = datetime.now(UTC), officers_by_duty(client, True)[0]

    def put(lon: float, at: datetime) -> int:
        body = {"lon": lon, "lat": HERE["lat"], "observed_at": at.isoformat()}
        path = f"/v1/officers/{code}/position"
        return client.put(path, json=body, headers=bearer["position"]).status_code

    def first() -> tuple[str, float]:
        found = nearest(client, bearer, k=1)["officers"][0]
        return found["id"], found["distance_m"]

    assert put(HERE["lon"], now) == 204
    assert within_a_second(lambda: first() == (code, 0.0))
    assert put(HERE["lon"] + 1, now - timedelta(seconds=5)) == 204
    assert not within_a_second(lambda: first() != (code, 0.0))


def test_a_position_off_duty_is_not_stored(client: TestClient, bearer: Bearer) -> None:
    code = officers_by_duty(client, False)[0]
    body = {**HERE, "observed_at": datetime.now(UTC).isoformat()}

    answer = client.put(f"/v1/officers/{code}/position", json=body, headers=bearer["position"])

    assert answer.status_code == 409
    assert "off duty" in answer.json()["detail"]


def test_a_batch_names_each_item_that_it_refuses(client: TestClient, bearer: Bearer) -> None:
    now = datetime.now(UTC)
    good, other = officers_by_duty(client, True)[1:3]
    idle = officers_by_duty(client, False)[0]

    def fix(code: str, **changes: object) -> dict[str, object]:
        return {"id": code, **HERE, "observed_at": now.isoformat(), **changes}

    batch = [
        fix(good),
        fix("nobody"),
        fix(idle),
        fix(other, observed_at=(now + timedelta(hours=1)).isoformat()),
        fix(other, lat=95.0),
        fix(good, observed_at=(now - timedelta(seconds=9)).isoformat()),
        fix(other, crs="mars"),
    ]
    answer = client.post("/v1/positions", json=batch, headers=bearer["position"])

    assert answer.status_code == 200, answer.text
    assert answer.json()["stored"] == 1
    assert [(one["index"], one["type"]) for one in answer.json()["refused"]] == [
        (1, "not-found"),
        (2, "not-on-duty"),
        (3, "invalid-instant"),
        (4, "invalid-coordinate"),
        (5, "superseded"),
        (6, "unknown-crs"),
    ]


def test_a_team_is_the_best_of_each_role(client: TestClient, bearer: Bearer) -> None:
    rules = {"on_duty": False, "max_age_s": 86400}
    roles = ["street", "lighting", "sanitation"]

    found = nearest(client, bearer, roles=",".join(roles), **rules)

    assert [one["best_of"] for one in found["officers"]] == roles
    for one in found["officers"]:
        alone = nearest(client, bearer, role=one["best_of"], k=1, **rules)["officers"][0]
        assert (one["id"], one["distance_m"]) == (alone["id"], alone["distance_m"])
    assert found["excluded"]["role"] == 315 - 3 * 63


def test_same_grid_keeps_those_inside_or_responsible(client: TestClient, bearer: Bearer) -> None:
    everybody = nearest(client, bearer, k=100, on_duty=False, max_age_s=86400)["officers"]

    found = nearest(client, bearer, k=100, on_duty=False, max_age_s=86400, same_grid=True)

    ids = {one["id"] for one in found["officers"]}
    assert {one["id"] for one in everybody if one["responsible"]} <= ids
    assert 0 < len(ids) < 60
    assert found["excluded"]["other_grid"] > 200


def test_names_of_who_is_responsible_are_for_those_who_may_query(
    client: TestClient, bearer: Bearer, demo_city: DemoCity
) -> None:
    public = client.get("/v1/locate", params=HERE).json()
    allowed = client.get("/v1/locate", params=HERE, headers=bearer["query"]).json()

    assert public["responsible"] is None
    assert sorted(one["role"] for one in allowed["responsible"]) == [
        "enforcement", "landscaping", "lighting", "sanitation", "street"
    ]  # fmt: skip
    names = {officer.code: officer.name for officer in demo_city.officers}
    assert all(names[one["id"]] == one["name"] for one in allowed["responsible"])


def test_a_position_of_nobody_is_404(client: TestClient, bearer: Bearer) -> None:
    body = {**HERE, "observed_at": datetime.now(UTC).isoformat()}
    answer = client.put("/v1/officers/nobody/position", json=body, headers=bearer["position"])
    assert answer.status_code == 404


def test_a_position_in_gcj02_is_stored_unshifted(client: TestClient, bearer: Bearer) -> None:
    code = officers_by_duty(client, True)[3]
    now = datetime.now(UTC).isoformat()
    body = {"lon": 111.999516, "lat": 27.696685, "crs": "gcj02", "observed_at": now}
    path = f"/v1/officers/{code}/position"
    assert client.put(path, json=body, headers=bearer["position"]).status_code == 204

    def is_there() -> bool:
        found = nearest(client, bearer, lon=111.994, lat=27.7, k=1)["officers"][0]
        return bool(found["id"] == code and found["distance_m"] < 0.2)

    assert within_a_second(is_there)
