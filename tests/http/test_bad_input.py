"""Whatever comes in: a problem that says what to change, never a trace, never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.errors import PROBLEMS
from api.settings import Settings
from data.engine import make_engine
from data.models import TokenRow
from data.tokens import issue
from geo.errors import TidegridError
from tests.http.support import ask

HERE = "lon=111.99&lat=27.72"
BAD = [
    ("/v1/locate", 422, "lon"),
    ("/v1/locate?lon=abc&lat=1", 422, "lon"),
    ("/v1/locate?lon=nan&lat=27", 422, "lon must be a number"),
    ("/v1/locate?lon=inf&lat=27", 422, "lon must be a number"),
    ("/v1/locate?lon=-1e400&lat=27", 422, "lon must be a number"),
    ("/v1/locate?lon=27.72&lat=111.99", 422, "swapped"),
    ("/v1/locate?lon=181&lat=0", 422, "-180 to 180"),
    (f"/v1/locate?{HERE}&crs=mars", 422, "wgs84, cgcs2000, gcj02, bd09 or EPSG:n"),
    (f"/v1/locate?{HERE}&crs=EPSG:999999", 422, "cannot be transformed|can be transformed"),
    (f"/v1/locate?{HERE}&crs=EPSG:99999999999", 422, "crs must be"),
    (f"/v1/locate?{HERE}&crs=EPSG:5773", 422, "EPSG:5773"),
    ("/v1/locate?lon=nan&lat=1&crs=EPSG:4546", 422, "finite"),
    ("/v1/locate?lon=37555555&lat=3064000&crs=EPSG:4526", 422, "outside the area"),
    ("/v1/locate?lon=3064000&lat=555555&crs=EPSG:4546", 422, "outside the area"),
    (f"/v1/locate?{HERE}&at=yesterday", 422, "RFC 3339"),
    (f"/v1/locate?{HERE}&at=2026-10-01T19:30:00", 422, "zone"),
    (f"/v1/locate?{HERE}&at=0001-01-01T00:00:00%2B08:00", 422, "RFC 3339"),
    (f"/v1/locate?{HERE}&kind=kingdom", 422, "unit_grid"),
    ("/v1/stall-zones?bbox=a,b,c,d", 422, "west,south,east,north"),
    ("/v1/stall-zones?bbox=1,2,3", 422, "west,south,east,north"),
    ("/v1/stall-zones?bbox=nan,0,1,1", 422, "longitudes"),
    ("/v1/stall-zones?bbox=0,1,1,0", 422, "south first"),
    ("/v1/stall-zones?within_m=100", 422, "near"),
    ("/v1/stall-zones?near=111.99,27.72&within_m=0", 422, "above 0"),
    ("/v1/stall-zones?near=111.99,27.72&within_m=nan", 422, "above 0"),
    ("/v1/stall-zones?near=111.99,27.72&within_m=1e300", 422, "at most"),
    ("/v1/stall-zones?near=111.99", 422, "lon,lat"),
    ("/v1/stall-zones?near=27.72,111.99", 422, "swapped"),
    ("/v1/stall-zones?limit=0", 422, "limit"),
    ("/v1/stall-zones?limit=100000", 422, "at most 1000"),
    ("/v1/stall-zones?cursor=%01%ff", 422, "cursor"),
    ("/v1/stall-zones?cursor=WzFd", 422, "cursor"),
    ("/v1/stall-zones?kind=bin", 422, "night_market"),
    ("/v1/stall-zones?open_at=tonight", 422, "RFC 3339"),
    ("/v1/stall-zones/none-such", 404, "lists them"),
    ("/v1/stall-zones/%3Cimg%20src=x%20onerror=alert(1)%3E", 404, "no stall zone"),
    ("/v1/facilities?kind=castle", 422, "toilet"),
    ("/v1/facilities?cursor=W251bGwsInRvaWxldCJd", 422, "cursor"),
    ("/v1/facilities/nonsense", 404, "kind:code"),
    ("/v1/facilities/toilet:%00", 422, "NUL"),
    ("/maps/stalls?lang=fr", 422, "lang"),
    ("/maps/stalls?at=never", 422, "RFC 3339"),
    ("/no/such/path", 404, "Not Found"),
]


def problem(answer: object, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body = answer.json()  # type: ignore[attr-defined]
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    assert any(word in body["detail"] for word in words.split("|")), body["detail"]
    assert "Traceback" not in body["detail"]


@pytest.mark.parametrize(("url", "status", "words"), BAD, ids=[url for url, _, _ in BAD])
def test_bad_input_is_a_problem_that_says_what_to_change(
    client: TestClient, url: str, status: int, words: str
) -> None:
    problem(client.get(url), status, words)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("k=0", "greater than or equal to 1"),
        ("k=1000000000", "at most 100"),
        ("k=1e9", "integer"),
        ("role=king", "enforcement"),
        ("within_m=-5", "above 0"),
        ("within_m=1e12", "at most"),
        ("max_age_s=nan", "greater than 0|less than or equal"),
    ],
)
def test_absurd_numbers_of_the_nearest_call_are_refused(
    client: TestClient, bearer: dict[str, dict[str, str]], query: str, words: str
) -> None:
    answer = client.get(f"/v1/officers/nearest?{HERE}&{query}", headers=bearer["query"])
    problem(answer, 422, words)


def test_a_query_of_ten_megabytes_is_refused_unread(client: TestClient) -> None:
    # The client refuses to build such an address, so the app is asked as a server would.
    status, headers, body = ask(client.app, "/v1/locate", b"lon=" + b"1" * 10_000_000)

    assert status == 414
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"8192 bytes" in body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not json", "JSON"),
        (b"", "required|Field"),
        (b"[]", "object|dictionary"),
        (b'{"lon": NaN, "lat": 27, "observed_at": "2026-10-01T00:00:00Z"}', "finite"),
        (b'{"lon": 111, "lat": 27}', "observed_at"),
        (b'{"lon": 111, "lat": 27, "observed_at": "2026-10-01T00:00:00"}', "zone"),
        (b'{"lon": 111, "lat": 27, "observed_at": "2100-10-01T00:00:00Z"}', "future"),
        (b'{"lon": 27, "lat": 111, "observed_at": "2026-10-01T00:00:00Z"}', "swapped"),
        (b'{"lon": 1, "lat": 2, "observed_at": "2026-10-01T00:00:00Z", "x": 1}', "x"),
    ],
)
def test_a_body_that_is_not_what_was_asked_for_is_refused(
    client: TestClient, bearer: dict[str, dict[str, str]], body: bytes, words: str
) -> None:
    headers = bearer["position"] | {"content-type": "application/json"}
    answer = client.put("/v1/officers/CG0001/position", content=body, headers=headers)
    problem(answer, 422, words)


def test_a_body_nested_too_deep_is_refused(
    client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    headers = bearer["position"] | {"content-type": "application/json"}
    answer = client.put("/v1/officers/CG0001/position", content=b"[" * 100_000, headers=headers)
    problem(answer, 400, "parsing the body")


def test_a_body_above_the_limit_is_413_also_without_a_length(
    client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    for content in (b"x" * 2_000_000, chunks()):
        answer = client.put(
            "/v1/officers/CG0001/position", content=content, headers=bearer["position"]
        )
        problem(answer, 413, "1048576 bytes")


def test_a_problem_is_in_chinese_for_those_who_ask_for_it(client: TestClient) -> None:
    answer = client.get("/v1/locate?lon=500&lat=1", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.json()["title"] == "坐标无效"


def test_every_error_of_ours_is_in_the_table() -> None:
    # Rows refused during an import become findings and never reach a request.
    assert set(TidegridError.__subclasses__()) == set(PROBLEMS)


@pytest.mark.parametrize("word", ["tg_unknown", "x" * 5000, "", "Bearer"])
def test_an_unknown_token_is_refused_even_on_public_paths(client: TestClient, word: str) -> None:
    answer = client.get("/v1/facilities", headers={"Authorization": f"Bearer {word}"})
    if word:
        problem(answer, 401, "not known")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_expired_and_a_revoked_token_are_refused(client: TestClient, database: Database) -> None:
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        expired = issue(session, "expired", ["query"], timedelta(days=1))
        revoked = issue(session, "revoked", ["query"], timedelta(days=1))
        for row in session.query(TokenRow).where(TokenRow.name.in_(["expired", "revoked"])):
            if row.name == "expired":
                row.expires_at = row.created_at - timedelta(days=1)
            else:
                row.revoked_at = row.created_at
    engine.dispose()
    for secret in (expired, revoked):
        answer = client.get(
            f"/v1/officers/nearest?{HERE}", headers={"Authorization": f"Bearer {secret}"}
        )
        problem(answer, 401, "expired or revoked")


def test_a_token_without_the_scope_is_403(
    client: TestClient, bearer: dict[str, dict[str, str]]
) -> None:
    answer = client.get(f"/v1/officers/nearest?{HERE}", headers=bearer["reading"])
    problem(answer, 403, "scope query")


def test_a_500_never_shows_an_exceptions_text(database: Database) -> None:
    app: FastAPI = create_app(Settings(), database)

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("password=hunter2")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/boom")
    problem(answer, 500, "logged")
    assert "hunter2" not in answer.text


def test_a_method_that_is_not_there_is_a_problem_too(client: TestClient) -> None:
    answer = client.delete("/v1/stall-zones")
    problem(answer, 405, "Method Not Allowed")
    assert answer.headers["allow"] == "GET"
