"""A million points in one request, in three types, each answer the same as one by one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.demo.city import DemoCity
from geo.crs import Crs, from_wgs84
from tests.http.batches import (
    ARROW,
    CSV,
    JSON,
    MEDIA,
    Post,
    body_of,
    codes_in,
    poster,
    refused,
    stream_of,
)

LON, LAT = 111.9943, 27.7283


@pytest.fixture
def post(client: TestClient, bearer: dict[str, dict[str, str]]) -> Post:
    return poster(client, bearer["query"])


@pytest.fixture(scope="module")
def points(demo_city: DemoCity) -> tuple[list[float], list[float]]:
    """Points inside, outside and on borders and corners of the city's grids."""
    rng = np.random.default_rng(4)
    grids = np.array([a.geometry for a in demo_city.areas if a.kind == "unit_grid"], dtype=object)
    corners = shapely.get_coordinates(grids)[::97][:40]
    west, south, east, north = shapely.total_bounds(grids)
    spread = rng.uniform((west, south), (east, north), (40, 2))
    found = np.vstack([corners, spread, [(0, 0), (LON, LAT)]])
    return found[:, 0].tolist(), found[:, 1].tolist()


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("kind", ["unit_grid", "street", "business_district"])
def test_every_type_answers_what_is_answered_point_by_point(
    client: TestClient,
    post: Post,
    points: tuple[list[float], list[float]],
    media: str,
    kind: str,
) -> None:
    lon, lat = points
    answer = post(body_of(media, lon, lat), media, kind=kind)

    assert answer.headers["content-type"].startswith(media)
    for x, y, code in zip(lon, lat, codes_in(answer), strict=True):
        one = client.get("/v1/locate", params={"lon": x, "lat": y, "kind": kind}).json()["areas"]
        # Kinds that may overlap hold a point more than once; of them the batch names one.
        assert code in ({area["code"] for area in one} or {None})
        if kind != "business_district":
            assert len(one) == (code is not None)


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("accept", MEDIA)
def test_accept_chooses_the_type_of_the_answer(
    post: Post, points: tuple[list[float], list[float]], media: str, accept: str
) -> None:
    answer = post(body_of(media, *points), media, accept=f"{accept};q=0.9, text/html")

    assert answer.headers["content-type"].startswith(accept)
    assert codes_in(answer) == codes_in(post(body_of(JSON, *points)))


def test_a_type_that_nobody_can_write_is_not_acceptable(post: Post) -> None:
    body = body_of(JSON, [LON], [LAT])

    assert "text/csv" in refused(post(body, accept="image/png, text/csv;q=0"), 406)


def test_the_revision_and_the_system_are_told_in_every_type(
    client: TestClient, post: Post, points: tuple[list[float], list[float]]
) -> None:
    revision = client.get("/v1/locate", params={"lon": LON, "lat": LAT}).json()["revision"]
    answers = {media: post(body_of(media, *points), media) for media in MEDIA}

    for answer in answers.values():
        assert answer.headers["tidegrid-revision"] == str(revision)
        assert answer.headers["tidegrid-crs"] == "wgs84"
    assert answers[JSON].json()["revision"] == revision
    assert answers[JSON].json()["crs"] == "wgs84"
    told = pa.ipc.open_stream(answers[ARROW].content).schema.metadata
    assert told == {b"revision": str(revision).encode(), b"crs": b"wgs84"}


@pytest.mark.parametrize(
    "crs", ["gcj02", "bd09", "cgcs2000", "EPSG:4546", "EPSG:4525", "EPSG:3857"]
)
def test_one_place_is_in_the_same_grid_in_every_system(post: Post, crs: str) -> None:
    x, y = from_wgs84([LON, LON + 0.01], [LAT, LAT - 0.01], Crs.parse(crs))
    plain = codes_in(post(body_of(JSON, [LON, LON + 0.01], [LAT, LAT - 0.01])))

    answer = post(body_of(ARROW, x.tolist(), y.tolist()), ARROW, crs=crs)

    assert codes_in(answer) == plain
    assert answer.headers["tidegrid-crs"] == Crs.parse(crs).name


def test_gcj02_points_read_as_wgs84_land_in_other_grids(post: Post) -> None:
    x, y = (list(map(float, axis)) for axis in from_wgs84([LON], [LAT], Crs.parse("gcj02")))

    assert codes_in(post(body_of(JSON, x, y))) != codes_in(post(body_of(JSON, x, y), crs="gcj02"))


def test_what_holds_for_all_points_may_stand_in_the_body(
    post: Post, client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    x, y = (list(map(float, axis)) for axis in from_wgs84([LON], [LAT], Crs.parse("gcj02")))
    plain = codes_in(post(body_of(JSON, [LON], [LAT]), kind="street"))
    said = {"kind": "street", "crs": "gcj02", "at": "2100-01-01T00:00:00Z"}
    table = pa.table({"lon": x, "lat": y}).replace_schema_metadata({**said, "pandas": "{}"})
    for media, body in (
        (JSON, json.dumps({"lon": x, "lat": y, **said}).encode()),
        (ARROW, stream_of(table)),
    ):
        headers = {"Content-Type": media} | bearer["query"]
        assert codes_in(client.post("/v1/locate", content=body, headers=headers)) == plain
        twice = client.post("/v1/locate?crs=wgs84", content=body, headers=headers)
        assert "say it once" in refused(twice)


def test_before_the_first_publication_there_was_nothing(post: Post) -> None:
    body = body_of(JSON, [LON, LON], [LAT, LAT])

    assert codes_in(post(body, at="2020-01-01T00:00:00Z")) == [None, None]
    assert codes_in(post(body, at="2020-01-01T08:00:00+08:00")) == [None, None]
    assert None not in codes_in(post(body))


@pytest.mark.parametrize("media", MEDIA)
def test_no_points_have_no_codes(post: Post, media: str) -> None:
    body = body_of(media, [], [])
    if media == ARROW:
        empty = pa.array([], pa.float64())
        body = stream_of(pa.table({"lon": empty, "lat": empty}))

    assert codes_in(post(body, media)) == []


# --- who may ask -------------------------------------------------------------------------------


def test_without_a_token_and_with_another_scope_nothing_is_answered(
    client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    body = body_of(JSON, [LON], [LAT])
    url = "/v1/locate?kind=unit_grid"

    refused(client.post(url, content=body), 401)
    refused(client.post(url, content=body, headers=bearer["position"]), 403)


# --- large, and many ---------------------------------------------------------------------------


def test_a_million_points_are_located_in_one_request(post: Post, demo_city: DemoCity) -> None:
    shapes = {a.code: a.geometry for a in demo_city.areas if a.kind == "unit_grid"}
    west, south, east, north = shapely.total_bounds(list(shapes.values()))
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(west, east, 1_000_000), rng.uniform(south, north, 1_000_000)

    answer = post(stream_of(pa.table({"lon": lon, "lat": lat})), ARROW)

    codes = codes_in(answer)
    assert len(codes) == 1_000_000
    assert 100_000 < sum(code is not None for code in codes) < 1_000_000
    for at in range(0, 1_000_000, 9973):
        code = codes[at]
        if code is not None:
            assert shapes[code].intersects(shapely.Point(lon[at], lat[at]))


@pytest.mark.parametrize("media", MEDIA)
def test_one_point_more_than_a_million_is_too_large(post: Post, media: str) -> None:
    many = 1_000_001
    body = (
        b'{"lon":[' + b"1," * (many - 1) + b'1],"lat":[' + b"1," * (many - 1) + b"1]}"
        if media == JSON
        else b"lon,lat\n" + b"1,1\n" * many
        if media == CSV
        else stream_of(pa.table({"lon": np.ones(many), "lat": np.ones(many)}))
    )

    assert "1000000 points" in refused(post(body, media), 413)


def test_lists_that_would_fill_the_memory_are_too_large_before_they_are_parsed(post: Post) -> None:
    refused(post(b'{"lon":[' + b"[]," * 3_000_000 + b"1]}"), 413)


def test_a_body_above_its_limit_is_too_large_and_other_calls_keep_theirs(
    database: Database, client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    headers = bearer["query"] | {"Content-Type": CSV}
    rows = b"lon,lat\n" + b"111.9943,27.7283\n" * 200_000  # 3.4 MB
    url = "/v1/locate?kind=unit_grid"
    assert client.post(url, content=rows, headers=headers).status_code == 200
    assert client.post("/v1/positions", content=rows, headers=headers).status_code == 413

    with TestClient(create_app(Settings(batch_max_bytes=1024), database)) as small:
        assert "1024 bytes" in refused(small.post(url, content=rows, headers=headers), 413)


def test_batches_at_once_wait_for_each_other_and_all_are_answered(
    post: Post, client: TestClient, points: tuple[list[float], list[float]]
) -> None:
    bodies = [body_of(JSON, points[0][i:] * 500, points[1][i:] * 500) for i in range(6)]
    alone = [codes_in(post(body)) for body in bodies]

    with ThreadPoolExecutor(7) as threads:
        answers = [threads.submit(post, body) for body in bodies]
        single = threads.submit(client.get, "/v1/locate", params={"lon": LON, "lat": LAT})
        assert [codes_in(answer.result()) for answer in answers] == alone
        assert single.result().status_code == 200


def test_the_manual_shows_a_body_and_an_answer_of_every_type(client: TestClient) -> None:
    told = client.get("/openapi.json").json()["paths"]["/v1/locate"]["post"]

    assert set(told["requestBody"]["content"]) == set(MEDIA)
    assert set(told["responses"]["200"]["content"]) == set(MEDIA)
    for content in (told["requestBody"]["content"], told["responses"]["200"]["content"]):
        assert all("example" in one for one in content.values())
