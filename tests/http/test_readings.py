"""Live readings by the API: what comes in, what is refused and why, what is told to whom."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from data.engine import make_engine
from tests.cli.program import eventually
from tests.conftest import CreateDatabase
from tests.places import (
    CAMERA,
    OTHER_ZONE,
    PARKING,
    SENSOR,
    SHED,
    SHED_OF_BAYS,
    SHED_OF_MANY,
    TOILET,
    ZONE,
    founded,
)

Told = dict[str, Any]


@pytest.fixture(scope="module")
def database(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Database:
    name = create_database("readings_http", migrated)
    return Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )


@pytest.fixture(scope="module")
def secrets(database: Database) -> dict[str, str]:
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    found = founded(engine)
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def bearer(secrets: dict[str, str]) -> dict[str, dict[str, str]]:
    return {scope: {"Authorization": f"Bearer {word}"} for scope, word in secrets.items()}


@pytest.fixture(scope="module")
def mine(bearer: dict[str, dict[str, str]]) -> dict[str, str]:
    """The header of somebody who may tell readings."""
    return bearer["reading"]


@pytest.fixture(scope="module")
def client(database: Database, secrets: dict[str, str]) -> Iterator[TestClient]:
    assert secrets
    with TestClient(create_app(Settings(), database), raise_server_exceptions=False) as client:
        yield client


def reading(**changes: Any) -> Told:
    return {"value": 3, "observed_at": now_and(), "valid_for_s": 600, "source": "test"} | changes


def now_and(seconds: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def held(client: TestClient, **params: Any) -> dict[tuple[str, str], Told]:
    answer = client.get("/v1/readings", params=params)
    assert answer.status_code == 200, answer.text
    return {(one["target"], one["measure"]): one for one in answer.json()["readings"]}


def row(database: Database, target: str, measure: str = "free") -> Any:
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    asked = text("SELECT * FROM city.readings WHERE target = :target AND measure = :measure")
    with engine.connect() as connection:
        found = connection.execute(asked, {"target": target, "measure": measure}).one_or_none()
    engine.dispose()
    return found


# --- coming in ----------------------------------------------------------------------------------


def test_a_reading_is_durable_when_acknowledged_and_told_within_a_second(
    client: TestClient, database: Database, mine: dict[str, str]
) -> None:
    target, capacity = ZONE, 40
    told = reading(value=capacity, observed_at=now_and(-30), source="张三")

    answer = client.put(f"/v1/readings/{target}", json=told, headers=mine)

    assert (answer.status_code, answer.content) == (204, b"")
    stored = row(database, target)
    assert (stored.value, stored.valid_for, stored.source) == (
        capacity, timedelta(minutes=10), "张三"
    )  # fmt: skip
    assert eventually(lambda: (target, "free") in held(client), 1)
    seen = held(client)[target, "free"]
    assert seen["value"] == capacity
    observed = datetime.fromisoformat(seen["observed_at"])
    assert observed == datetime.fromisoformat(told["observed_at"])
    assert datetime.fromisoformat(seen["valid_until"]) == observed + timedelta(minutes=10)
    code = target.split(":")[2]
    assert client.get(f"/v1/stall-zones/{code}").json()["properties"]["free"] == capacity
    # Who says so may be a person.
    assert "张三" not in client.get("/v1/readings").text


def test_an_older_reading_is_let_pass_and_changes_nothing(
    client: TestClient, database: Database, mine: dict[str, str]
) -> None:
    target = PARKING
    for value, ago, stays in ((5, 10, 5), (4, 60, 5), (3, 5, 3)):
        told = reading(value=value, observed_at=now_and(-ago))
        assert client.put(f"/v1/readings/{target}", json=told, headers=mine).status_code == 204
        assert row(database, target).value == stays


def test_of_many_writers_at_once_the_newest_observation_wins(
    client: TestClient, database: Database, mine: dict[str, str]
) -> None:
    target = SHED
    began = datetime.now(UTC) - timedelta(minutes=1)

    def put(n: int) -> int:
        # The newest is neither the first nor the last to come.
        age = (n * 7) % 20
        told = reading(value=age, observed_at=(began - timedelta(seconds=age)).isoformat())
        return client.put(
            f"/v1/readings/{target}", json=told | {"measure": "waiting"}, headers=mine
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(put, range(1, 21))) == {204}
    assert row(database, target, "waiting").value == 0


WRONG: list[tuple[Told, int, str]] = [
    ({"value": -1}, 422, "from 0 upwards"),
    ({"value": 1.5}, 422, "whole number"),
    ({"value": 1e400}, 422, "from 0 upwards"),
    ({"value": "many"}, 422, "value"),
    ({"value": None}, 422, "value"),
    ({"seconds": 3600}, 422, "clock of the device"),
    ({"seconds": -601}, 422, "has lapsed"),
    ({"observed_at": "2026-10-01T19:30:00"}, 422, "observed_at"),
    ({"observed_at": "0001-01-01T00:00:00Z"}, 422, "year"),
    ({"observed_at": "9999-12-31T23:59:59-12:00"}, 422, "year"),
    ({"observed_at": "soon"}, 422, "observed_at"),
    ({"valid_for_s": 0}, 422, "from 1 to 86400"),
    ({"valid_for_s": -5}, 422, "from 1 to 86400"),
    ({"valid_for_s": 86_401}, 422, "from 1 to 86400"),
    ({"valid_for_s": 10**30}, 422, "valid_for_s"),
    ({"measure": ""}, 422, "measure"),
    ({"measure": "Free"}, 422, "measure"),
    ({"measure": "m" * 61}, 422, "measure"),
    ({"source": "x" * 101}, 422, "source"),
    ({"source": "\0"}, 422, "source"),
    ({"source": "\ud800"}, 422, "source"),
    ({"free": 3}, 422, "free"),
]


@pytest.mark.parametrize(("wrong", "status", "word"), WRONG, ids=lambda value: str(value)[:40])
def test_what_no_reading_can_be_is_refused_with_what_to_change(
    client: TestClient, mine: dict[str, str], wrong: Told, status: int,
    word: str,
) -> None:  # fmt: skip
    if "seconds" in wrong:
        # From the moment of the test, not from that of its collection.
        wrong = {"observed_at": now_and(wrong["seconds"])}
    body = json.dumps(reading() | wrong)
    asked = {"content": body, "headers": mine | {"Content-Type": "application/json"}}

    answer = client.put(f"/v1/readings/{ZONE}", **asked)  # type: ignore[arg-type]

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


def test_a_number_that_is_none_is_refused(client: TestClient, mine: dict[str, str]) -> None:
    for number in ("NaN", "Infinity", "-Infinity"):
        body = json.dumps(reading()).replace("3", number, 1)
        headers = mine | {"Content-Type": "application/json"}
        answer = client.put(f"/v1/readings/{ZONE}", content=body, headers=headers)
        assert answer.status_code == 422
        assert "from 0 upwards" in answer.json()["detail"]


@pytest.mark.parametrize(
    "target",
    [
        "stall_zone:night_market:nowhere",
        "stall_zone:camera:YS1",
        "facility:toilet:nowhere",
        "facility:nothing:1",
        "area:unit_grid:431302004001013",
        "YS1",
        "stall_zone::YS1",
        "facility:toilet:",
        "facility:toilet:" + "长" * 300,
        "facility:toilet:a/b",
        "' OR true --",
    ],
)
def test_a_target_that_does_not_exist_is_404(
    client: TestClient, mine: dict[str, str], target: str
) -> None:
    answer = client.put(f"/v1/readings/{target}", json=reading(), headers=mine)

    assert answer.status_code == 404, answer.text
    assert answer.json()["detail"].startswith("no target")


@pytest.mark.parametrize(
    ("target", "most"), [(ZONE, 40), (PARKING, 120), (SHED, 10), (SHED_OF_BAYS, 16)]
)
def test_more_places_than_there_are_cannot_be_free(
    client: TestClient, mine: dict[str, str], target: str, most: int
) -> None:
    path = f"/v1/readings/{target}"

    answer = client.put(path, json=reading(value=most + 1), headers=mine)

    assert answer.status_code == 422
    assert f"has {most} places" in answer.json()["detail"]
    assert client.put(path, json=reading(value=most), headers=mine).status_code == 204
    more = reading(value=most + 1, measure="waiting")
    assert client.put(path, json=more, headers=mine).status_code == 204


@pytest.mark.parametrize("target", [OTHER_ZONE, SHED_OF_MANY, TOILET])
def test_without_known_places_there_is_no_limit(
    client: TestClient, mine: dict[str, str], target: str
) -> None:
    path = f"/v1/readings/{target}"
    assert client.put(path, json=reading(value=4000), headers=mine).status_code == 204


def test_a_batch_stores_what_is_sound_and_names_what_is_not(
    client: TestClient, database: Database, mine: dict[str, str]
) -> None:  # fmt: skip
    targets = [ZONE, SHED, PARKING, OTHER_ZONE, SENSOR]
    batch = [
        reading(value=n % 3, target=target, measure="batch") for n, target in enumerate(targets)
    ]
    sound = len(batch)
    batch += [
        reading(target=ZONE, value=2, observed_at=now_and(-60), measure="batch"),
        reading(target="facility:ebike_charging:nowhere"),
        reading(target="\0"),
        reading(target=ZONE, value=40 + 1),
        reading(target=ZONE, value=-1),
        reading(target=ZONE, observed_at=now_and(3600)),
        reading(target=ZONE, valid_for_s=0),
        reading(target=ZONE, observed_at=now_and(-3600)),
    ]

    answer = client.post("/v1/readings", json=batch, headers=mine)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["stored"] == sound
    assert [(one["index"] - sound, one["type"]) for one in told["refused"]] == list(
        enumerate(
            ["superseded", "not-found", "not-found", "invalid-parameter", "invalid-parameter",
             "invalid-instant", "invalid-parameter", "invalid-instant"]
        )
    )  # fmt: skip
    assert [row(database, target, "batch").value for target in targets] == [0, 1, 2, 0, 1]
    again = client.post("/v1/readings", json=batch[:5], headers=mine).json()
    assert (again["stored"], {one["type"] for one in again["refused"]}) == (0, {"superseded"})
    assert client.post("/v1/readings", json=[], headers=mine).json() == {"stored": 0, "refused": []}


def test_only_a_token_of_the_scope_may_tell(
    client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    for path, body, verb in (
        (f"/v1/readings/{ZONE}", reading(), "PUT"),
        ("/v1/readings", [reading(target=ZONE)], "POST"),
    ):
        assert client.request(verb, path, json=body).status_code == 401
        for scope in ("query", "position", "publish"):
            answer = client.request(verb, path, json=body, headers=bearer[scope])
            assert answer.status_code == 403


# --- what is told -------------------------------------------------------------------------------


def test_what_is_past_its_validity_is_not_told(client: TestClient, mine: dict[str, str]) -> None:
    target = TOILET
    told = reading(valid_for_s=2)
    assert client.put(f"/v1/readings/{target}", json=told, headers=mine).status_code == 204
    assert eventually(lambda: (target, "free") in held(client), 1)
    time.sleep(2)
    assert (target, "free") not in held(client)


def test_readings_are_asked_for_by_family_and_kind(
    client: TestClient, mine: dict[str, str]
) -> None:
    parking, toilet = PARKING, TOILET
    batch = [reading(target=one, measure="seen") for one in (ZONE, parking, toilet)]
    assert client.post("/v1/readings", json=batch, headers=mine).json()["stored"] == 3
    assert eventually(lambda: (toilet, "seen") in held(client), 1)

    def told(**params: Any) -> set[str]:
        return {target for target, measure in held(client, **params) if measure == "seen"}

    assert told() == {ZONE, parking, toilet}
    assert told(family="stall_zone") == {ZONE}
    assert told(family="facility") == {parking, toilet}
    assert told(kind="parking,toilet") == {parking, toilet}
    assert told(family="facility", kind=["toilet", "park"]) == {toilet}
    other = {"family": "facility", "kind": "produce"}
    for wrong in ({"kind": "nothing"}, {"kind": "camera"}, {"family": "area"}, other):
        answer = client.get("/v1/readings", params=wrong)
        assert answer.status_code == 422, wrong


def test_an_answer_that_is_held_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/v1/readings")
    again = client.get("/v1/readings", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("kind", "target"), [("sensor", SENSOR), ("camera", CAMERA)])
def test_a_reading_of_a_kind_that_is_not_public_is_taken_and_told_to_nobody(
    client: TestClient, database: Database, mine: dict[str, str], target: str, kind: str,
    bearer: dict[str, dict[str, str]],
) -> None:  # fmt: skip
    told = reading(value=77777, measure="people")
    assert client.put(f"/v1/readings/{target}", json=told, headers=mine).status_code == 204
    assert row(database, target, "people").value == 77777
    seen = reading(target=TOILET, measure="seen_after")
    assert client.post("/v1/readings", json=[seen], headers=mine).json()["stored"] == 1
    assert eventually(lambda: (seen["target"], "seen_after") in held(client), 1)

    answers = [
        client.get("/v1/readings"),
        client.get("/v1/readings", params={"family": "facility"}),
        client.get("/v1/readings", params={"kind": kind}),
        client.get("/v1/readings", headers=mine),
        client.get("/v1/readings", headers=bearer["query"]),
        client.get(f"/v1/readings/{target}"),
        client.put(f"/v1/readings/{target}", json=told),
        client.put(f"/v1/readings/{target}", json=told, headers=bearer["position"]),
        client.get("/v1/facilities", params={"limit": 1000}),
    ]

    assert {answer.status_code for answer in answers} == {200, 401, 403, 405, 422}
    for answer in answers:
        assert "77777" not in answer.text
        assert target not in answer.text
