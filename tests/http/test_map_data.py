"""The data of the map through the running app: once built, kept, and never held to be newer."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.routes.map_data import GROUND_PATH, NAMES, PATHS, SHAPES, WEEK
from api.settings import Settings
from data.cluster import Cluster
from data.demo.city import DemoCity
from data.engine import make_engine
from data.models import OverrideRow
from data.publishing import publish
from data.queries.schedules import override_row
from geo.records import StallZone
from geo.schedules import Override
from maps.columns import shortened
from maps.shapes import SHAPES_MAX
from tests.conftest import CreateDatabase
from tests.many_zones import many_zones


@pytest.mark.parametrize("path", PATHS)
def test_everybody_gets_the_same_compressed_or_not_or_304(client: TestClient, path: str) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 200, plain.text
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"].startswith('W/"')

    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as coded:
        raw = b"".join(coded.iter_raw())
    assert coded.headers["content-encoding"] == "gzip"
    assert int(coded.headers["content-length"]) == len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content
    assert coded.headers["etag"] == plain.headers["etag"]

    again = client.get(path, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == plain.headers["etag"]
    head = client.head(path, headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(plain.content))
    assert json.loads(plain.content)


# --- another day --------------------------------------------------------------------------------


def test_the_week_of_another_day_says_which_minute_was_asked_for(client: TestClient) -> None:
    told = client.get(WEEK, params={"at": "2027-02-06T15:00:00+08:00"}).json()
    assert told["at_min"] == 1440 + 15 * 60
    assert told["epoch_min"] * 60 == datetime.fromisoformat("2027-02-05T00:00+08:00").timestamp()
    assert "at_min" not in client.get(WEEK).json()
    now = client.get(WEEK, params={"at": datetime.now(UTC).isoformat()}).json()
    assert now.pop("at_min") >= 1440
    assert now == client.get(WEEK).json()


def test_a_day_asked_for_again_is_304_and_few_days_are_kept(client: TestClient) -> None:
    params = {"at": "2027-03-01T12:00:00+08:00"}
    tag = client.get(WEEK, params=params).headers["etag"]
    for day in range(2, 20):
        assert client.get(WEEK, params={"at": f"2027-03-{day:02d}T12:00:00Z"}).status_code == 200
    again = client.get(WEEK, params=params, headers={"If-None-Match": tag})
    assert again.status_code == 304
    app = client.app
    assert isinstance(app, FastAPI)
    assert len(app.state.map_data._other_days) == 4


@pytest.mark.parametrize("at", ["tomorrow", "2026-11-25T20:30:00", "0001-01-01T00:00:00Z", ""])
def test_an_instant_that_is_none_is_refused(client: TestClient, at: str) -> None:
    answer = client.get(WEEK, params={"at": at})
    assert answer.status_code == 422
    assert "RFC 3339" in answer.json()["detail"]


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
def test_the_ends_of_time_have_a_week(client: TestClient, at: str) -> None:
    assert len(client.get(WEEK, params={"at": at}).json()["zones"]["code"]) == 42


def test_no_answer_carries_a_managers_phone(client: TestClient, demo_city: DemoCity) -> None:
    phones = {zone.phone for zone in demo_city.stall_zones}
    text = "".join(client.get(path).text for path in PATHS)
    assert not any(phone in text for phone in phones)


# --- what changes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Town:
    """A small city of its own, whose map may change."""

    client: TestClient
    engine: Engine

    def publish(self, records: list[StallZone]) -> None:
        with Session(self.engine) as session, session.begin():
            publish(session, records, by="tester", note="test")

    def until(self, path: str, holds: Callable[[Any], bool]) -> Any:
        """What is told once it is as it should be, which is promised within a second."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            told = self.client.get(path).json()
            if holds(told):
                return told
        raise AssertionError(f"{path} does not change")


@pytest.fixture(scope="module")
def town(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Town]:
    name = create_database("map_data", migrated)
    service, public, owner = (
        cluster.url(login, name) for login in ("tidegrid_service", "tidegrid_public", "postgres")
    )
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    app = create_app(Settings(), Database(service, public, owner))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Town(client, engine)
    engine.dispose()


def test_an_empty_city_has_an_empty_map(town: Town) -> None:
    assert town.client.get(WEEK).json()["zones"]["code"] == []
    assert town.client.get(NAMES).json()["name"] == []
    assert town.client.get(SHAPES).json() == {"type": "FeatureCollection", "features": []}
    assert town.client.get(GROUND_PATH).json() == {"origin": [0, 0], "areas": []}


def test_what_is_published_is_seen_and_what_did_not_change_is_304(town: Town) -> None:
    zones = many_zones(3)
    ground_tag = town.client.get(GROUND_PATH).headers["etag"]
    week_tag = town.client.get(WEEK).headers["etag"]

    town.publish(zones)

    codes = [zone.code for zone in zones]
    told = town.until(WEEK, lambda told: told["zones"]["code"] == shortened(codes))
    assert [told["kinds"]["slug"][n] for n in told["zones"]["kind"]] == [z.kind for z in zones]
    town.until(NAMES, lambda told: told["name"] == [zone.name for zone in zones])
    town.until(SHAPES, lambda told: [one["id"] for one in told["features"]] == codes)
    same = {"If-None-Match": ground_tag}
    assert town.client.get(GROUND_PATH, headers=same).status_code == 304
    assert town.client.get(WEEK, headers={"If-None-Match": week_tag}).status_code == 200


def test_an_exception_for_all_zones_of_a_kind_changes_the_week(town: Town) -> None:
    zones = [replace(zone, kind="creative") for zone in many_zones(1)]
    town.publish(zones)
    town.until(WEEK, lambda told: told["kinds"]["slug"][told["zones"]["kind"][0]] == "creative")
    today = datetime.now(UTC).date()
    rule = Override(today - timedelta(days=3), today + timedelta(days=20), False, (), "停", "Shut")
    with Session(town.engine) as session, session.begin():
        session.add(OverrideRow(**override_row(rule, "stall_zone", "creative", None)))

    def is_shut(told: Any) -> bool:
        pattern = told["patterns"][told["zones"]["pattern"][0]]
        return pattern["spans"] == [] and [note[2:] for note in pattern["notes"]] == [
            ["停", "Shut"]
        ]

    told = town.until(WEEK, is_shut)
    assert told["patterns"][told["zones"]["pattern"][0]]["notes"][0][:2] == [0, 9 * 1440]


def test_hostile_texts_come_as_texts(town: Town) -> None:
    hostile = "</script><img src=x onerror=alert(1)>&{{ 7*191 }}\u2028"
    town.publish([replace(many_zones(1)[0], name=hostile, address=hostile, goods=(hostile,))])
    town.until(NAMES, lambda told: told["name"][0] == hostile)
    town.until(WEEK, lambda told: hostile in told["goods"]["zh"])
    for path in (WEEK, NAMES):
        answer = town.client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert not any(sign in answer.text for sign in "<>&\u2028")
        assert hostile in json.dumps(answer.json(), ensure_ascii=False)


def test_a_big_city_has_tiles_in_place_of_shapes(town: Town) -> None:
    town.publish(many_zones(SHAPES_MAX + 1))

    told = town.until(WEEK, lambda told: told["shapes"] == "tiles")

    assert len(told["zones"]["code"]) == SHAPES_MAX + 1
    for _ in range(2):
        answer = town.client.get(SHAPES)
        assert answer.status_code == 404
        assert "/maps/tiles/stalls/" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("page", "data"), [("/maps/stalls", WEEK), ("/maps/facilities", "/maps/facilities/kinds.json")]
)
def test_a_page_lets_its_first_data_come_beside_its_scripts_unless_it_is_of_another_hour(
    client: TestClient, page: str, data: str
) -> None:
    assert f'<link rel="preload" as="fetch" crossorigin href="{data}">' in client.get(page).text
    assert 'rel="preload"' not in client.get(page, params={"at": "2027-03-01T12:00:00Z"}).text


def test_the_places_that_everybody_is_shown_first_come_beside_the_scripts_too(
    client: TestClient,
) -> None:
    told = client.get("/maps/facilities/kinds.json").json()["kinds"]
    rows = zip(told["slug"], told["pieces"], told["shown"], strict=True)
    usual = [slug for slug, pieces, shown in rows if shown and pieces == "places"]
    page = client.get("/maps/facilities").text
    of_some = client.get("/maps/facilities", params={"kind": "bin"}).text

    assert usual
    for slug in usual:
        link = (
            f'<link rel="preload" as="fetch" crossorigin href="/maps/facilities/kinds/{slug}.json">'
        )
        assert link in page
        assert link not in of_some
    assert page.count('rel="preload"') == len(usual) + 1
