"""Who the officers are and where they were reaches nobody without a token, by no public path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from data.demo.city import DemoCity

HERE: dict[str, float | str] = {"lon": 111.9943, "lat": 27.7283}
Bearer = dict[str, dict[str, str]]


def everything_public(client: TestClient) -> Iterator[Response]:
    """What anybody may ask: every path of ours, at many points, with and without sense."""
    paths = client.get("/openapi.json").json()["paths"]
    # Events go on without an end: tests/http/test_events.py follows them.
    for path in [path for path in paths if "{" not in path and path != "/v1/events"]:
        yield client.get(path)
        yield client.get(path, params=HERE | {"k": 100, "limit": 1000})
        yield client.get(path, params={"lon": "x", "limit": -1, "k": "CG", "bbox": "1"})
    for n in range(60):
        where = {"lon": 111.95 + n % 10 * 0.01, "lat": 27.70 + n // 10 * 0.01}
        yield client.get("/v1/locate", params=where)
        yield client.get("/v1/locate", params=where | {"at": datetime.now(UTC).isoformat()})
    yield client.get("/v1/locate", params=HERE | {"kind": "responsibility_grid"})
    yield client.get("/v1/locate", params=HERE | {"at": "2200-01-01T00:00:00Z"})
    for kind in ("officer", "officers", "position", "camera", "toilet", "responsibility_grid"):
        yield client.get("/v1/facilities", params={"kind": kind, "limit": 1000})
        yield client.get("/v1/stall-zones", params={"kind": kind, "limit": 1000})
    for path in ("/maps/stalls", "/v1/officers", "/v1/positions", "/v1/assignments"):
        yield client.get(path)


def everything_refused(client: TestClient, code: str) -> Iterator[Response]:
    """What asks for officers, or tells of them, without a token."""
    body = {**HERE, "observed_at": datetime.now(UTC).isoformat()}
    asked = "/v1/officers/nearest"
    yield client.get(asked, params=HERE)
    yield client.get(asked, params=HERE | {"k": 100, "on_duty": "false", "same_grid": "true"})
    yield client.get(asked, params=HERE | {"roles": "street,lighting", "within_m": 10})
    yield client.get(asked, params=HERE | {"role": "nonsense"})
    yield client.get(asked, params=HERE, headers={"Authorization": "Bearer tg_guessed"})
    yield client.put(f"/v1/officers/{code}/position", json=body)
    yield client.put(f"/v1/officers/{code}/position", json=body | {"lon": 999})
    yield client.post("/v1/positions", json=[body | {"id": code}])


def test_no_public_answer_names_or_places_an_officer(
    client: TestClient, demo_city: DemoCity
) -> None:
    code = demo_city.officers[0].code
    answers = [*everything_public(client), *everything_refused(client, code)]
    assert {answer.status_code for answer in answers} == {200, 401, 404, 405, 422}
    # The manual names a staff number as an example; it must not name a person or a place.
    told = [one.text for one in answers if one.request.url.path != "/openapi.json"]
    everything = "\n".join([*told, *(str(one.headers) for one in answers)])
    manual = client.get("/openapi.json").text
    assert len(everything) > 500_000

    for officer in demo_city.officers:
        assert officer.name not in everything + manual
        assert officer.phone not in everything + manual
        assert officer.code not in everything
    for position in demo_city.positions:
        for degrees in (position.geometry.x, position.geometry.y):
            assert f"{degrees:.8f}"[:-1] not in everything + manual


def test_a_token_for_telling_positions_cannot_ask_for_them(
    client: TestClient, bearer: Bearer, demo_city: DemoCity
) -> None:
    answer = client.get("/v1/officers/nearest", params=HERE, headers=bearer["position"])
    assert answer.status_code == 403
    assert not any(officer.code in answer.text for officer in demo_city.officers)
    located = client.get("/v1/locate", params=HERE, headers=bearer["position"]).json()
    assert located["responsible"] is None


def test_the_public_cannot_tell_an_officer_from_nobody(
    client: TestClient, demo_city: DemoCity
) -> None:
    first = demo_city.officers[0].code
    for known, unknown in zip(
        everything_refused(client, first), everything_refused(client, "CG9999"), strict=True
    ):
        assert known.status_code == unknown.status_code == 401
        assert known.text == unknown.text


ENDS = ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("instant", ENDS)
def test_the_ends_of_the_calendar_are_refused_not_failed_upon(
    client: TestClient, bearer: Bearer, instant: str
) -> None:
    for path, word in (
        ("/v1/officers/nearest", "at"), ("/v1/locate", "at"), ("/v1/stall-zones", "open_at")
    ):  # fmt: skip
        asked = (HERE if word == "at" else {}) | {word: instant}
        assert client.get(path, params=asked, headers=bearer["query"]).status_code == 422
    told = {**HERE, "observed_at": instant}
    path = "/v1/officers/CG0001/position"
    assert client.put(path, json=told, headers=bearer["position"]).status_code == 422
    batch = client.post("/v1/positions", json=[told | {"id": "x"}], headers=bearer["position"])
    assert [one["type"] for one in batch.json()["refused"]] == ["invalid-instant"]
