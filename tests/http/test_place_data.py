"""The map of facilities through the running app: small kinds whole, large ones as tiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from shapely.geometry import Point
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.routes.place_data import KINDS
from api.settings import Settings
from data.cluster import Cluster
from data.demo.city import DemoCity
from data.engine import make_engine
from data.publishing import publish
from geo.records import Facility
from maps.places import NO_HOURS, WHOLE_MAX
from tests.conftest import CreateDatabase

INTERNAL = ("camera", "sensor")


def places(kind: str) -> str:
    return f"/maps/facilities/kinds/{kind}.json"


def test_the_kinds_are_the_public_ones_with_true_counts(
    client: TestClient, demo_city: DemoCity
) -> None:
    told = client.get(KINDS).json()["kinds"]
    public = [one for one in demo_city.facilities if one.kind not in INTERNAL]
    assert dict(zip(told["slug"], told["count"], strict=True)) == {
        kind: sum(one.kind == kind for one in public) for kind in {one.kind for one in public}
    }
    # What people look for comes first and is on; bins and boards have no hours to tell of.
    assert told["slug"][:5] == ["toilet", "park", "parking", "ebike_charging", "station"]
    assert told["shown"] == [True] * 5 + [False] * 2
    assert dict(zip(told["slug"], told["timed"], strict=True))["bin"] is False


def test_the_places_of_a_kind_are_those_of_the_city(
    client: TestClient, demo_city: DemoCity
) -> None:
    numbers = client.get(KINDS).json()["schedules"]["id"]
    for kind in ("toilet", "park", "ebike_charging", "bin"):
        mine = sorted(
            (one for one in demo_city.facilities if one.kind == kind), key=lambda one: one.code
        )
        told = client.get(places(kind)).json()
        assert told["code"] == [one.code for one in mine]
        assert told["name"] == [one.name for one in mine]
        assert [told["states"][n] for n in told["state"]] == [one.state for one in mine]
        assert set(told["schedule"]) <= set(numbers)
        assert [n == NO_HOURS for n in told["schedule"]] == [one.schedule is None for one in mine]
        west, south = told["origin"]
        for one, lon, lat in zip(mine, told["lon"], told["lat"], strict=True):
            spot = Point((west + lon) / 1e5, (south + lat) / 1e5)
            assert one.geometry.distance(spot) < 1.5e-5
        for one, flat in zip(mine, told["gates"], strict=True):
            gates = one.attributes.get("gates", [])
            here = np.array(flat).reshape(-1, 2) + told["origin"]
            assert np.allclose(here / 1e5, np.array(gates).reshape(-1, 2), atol=6e-6)


@pytest.mark.parametrize("kind", [*INTERNAL, "nothing", "Toilet", "x" * 50, "%3Cscript%3E"])
def test_what_is_no_public_kind_is_404_and_says_nothing(client: TestClient, kind: str) -> None:
    answer = client.get(places(kind))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_fills_the_memory_by_asking_for_kinds(client: TestClient) -> None:
    for n in range(100):
        client.get(places(f"kind_{n}"))
    assert len(client.app.state.place_data._places) <= 64  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", INTERNAL)
def test_no_page_of_a_facility_that_is_not_public(
    client: TestClient, demo_city: DemoCity, kind: str
) -> None:
    for one in [one for one in demo_city.facilities if one.kind == kind][:5]:
        answer = client.get(f"/maps/facilities/places/{kind}:{one.code}")
        assert answer.status_code == 404
        assert one.name not in answer.text
    assert client.get("/maps/facilities/list", params={"kind": kind}).status_code == 422


def test_each_kind_has_a_plain_list_that_can_be_paged_through(
    client: TestClient, demo_city: DemoCity
) -> None:
    found: list[str] = []
    path: str | None = "/maps/facilities/list?kind=bin&lang=en"
    while path:
        text = client.get(path).text
        found += [part.split("?")[0] for part in text.split("/maps/facilities/places/bin:")[1:]]
        after = text.partition("&amp;after=")[2].partition('"')[0]
        path = f"/maps/facilities/list?kind=bin&lang=en&after={after}" if after else None
    codes = sorted(one.code for one in demo_city.facilities if one.kind == "bin")
    assert sorted(found) == codes


def test_the_sheet_of_a_facility_tells_it_in_full(client: TestClient, demo_city: DemoCity) -> None:
    park = next(
        one for one in demo_city.facilities
        if one.kind == "park" and len(one.attributes["gates"]) > 1
    )  # fmt: skip
    text = client.get(f"/maps/facilities/places/park:{park.code}").text
    assert park.name in text
    assert text.count("data-gate=") == len(park.attributes["gates"])
    assert text.count("uri.amap.com/marker") == len(park.attributes["gates"])


@pytest.fixture(scope="module")
def town(
    cluster: Cluster, migrated: str, create_database: CreateDatabase
) -> Iterator[tuple[TestClient, Engine]]:
    name = create_database("place_data", migrated)
    service, public, owner = (
        cluster.url(login, name) for login in ("tidegrid_service", "tidegrid_public", "postgres")
    )
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    app = create_app(Settings(), Database(service, public, owner))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, engine
    engine.dispose()


def until(client: TestClient, path: str, holds: Callable[[Any], bool]) -> Any:
    """What is told once it is as it should be, which is promised within a second."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        told = client.get(path).json()
        if holds(told):
            return told
    raise AssertionError(f"{path} does not change")


def test_a_large_kind_comes_as_tiles_and_an_empty_city_has_none(
    town: tuple[TestClient, Engine],
) -> None:
    client, engine = town
    assert client.get(KINDS).json()["kinds"]["slug"] == []
    assert client.get("/maps/facilities").status_code == 200
    assert client.get("/maps/facilities/list").status_code == 200
    bins = [
        Facility("bin", f"B{n:05d}", f"果皮箱{n}", Point(112 + n % 50 * 1e-3, 27 + n // 50 * 1e-3))
        for n in range(WHOLE_MAX + 1)
    ]
    toilet = Facility("toilet", "T1", "公厕", Point(112, 27))
    for records in (bins, [toilet]):
        with Session(engine) as session, session.begin():
            publish(session, records, by="tester", note="")

    told = until(client, KINDS, lambda told: told["kinds"]["slug"] == ["toilet", "bin"])

    assert told["kinds"]["pieces"] == ["places", "tiles"]
    assert client.get(places("toilet")).json()["code"] == ["T1"]
    refused = client.get(places("bin"))
    assert refused.status_code == 404
    assert "/maps/tiles/facilities/" in refused.json()["detail"]
