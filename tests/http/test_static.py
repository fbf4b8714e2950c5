"""Scripts and styles: compressed once, kept by browsers under the address of their content."""

from __future__ import annotations

import gzip
import re

import pytest
from fastapi.testclient import TestClient

from api.static import FOR_EVER
from maps.files import FOLDER, address

SHEET = "/static/page.css"
CONTENT = (FOLDER / "page.css").read_bytes()


def raw(client: TestClient, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    with client.stream("GET", path, headers=headers) as answer:
        return b"".join(answer.iter_raw()), dict(answer.headers)


def test_a_style_comes_compressed_to_whoever_takes_that(client: TestClient) -> None:
    body, told = raw(client, SHEET, **{"Accept-Encoding": "br, gzip"})
    assert told["content-encoding"] == "gzip"
    assert told["vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == CONTENT
    assert len(body) < len(CONTENT) / 2

    body, plain = raw(client, SHEET, **{"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in plain
    assert plain["vary"] == "Accept-Encoding"
    assert body == CONTENT
    # Strong tags name bytes: other bytes, another tag.
    assert plain["etag"] != told["etag"]
    assert not plain["etag"].startswith("W/")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_it_is_not_sent_again_while_it_is_the_same(client: TestClient, coding: str) -> None:
    first = client.get(SHEET, headers={"Accept-Encoding": coding})
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]

    again = client.get(SHEET, headers={"Accept-Encoding": coding, "If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = client.get(SHEET, headers={"Accept-Encoding": coding, "If-None-Match": '"other"'})
    assert other.status_code == 200


def test_only_the_address_of_this_very_content_is_kept_for_ever(client: TestClient) -> None:
    assert client.get(address("/static", "page.css")).headers["cache-control"] == FOR_EVER
    for query in ("", "?v=", "?v=000000000000", "?w=1"):
        assert client.get(SHEET + query).headers["cache-control"] == "no-cache"


def test_every_page_asks_for_its_files_by_their_content(client: TestClient) -> None:
    page = client.get("/maps/stalls/zones/LD-T-01").text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) >= 3
    for one in addresses:
        answer = client.get(one)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER), one


def test_a_missing_file_is_a_problem_and_has_no_version(client: TestClient) -> None:
    assert address("/static", "none.js") == "/static/none.js"
    for path in (
        "/static/none.js",
        "/static/none.js?v=1",
        "/static/../text.toml",
        "/static/%2e%2e",
    ):
        assert client.get(path).status_code == 404
    assert client.post(SHEET).status_code == 405


def test_a_part_is_of_the_plain_bytes(client: TestClient) -> None:
    body, told = raw(client, SHEET, **{"Accept-Encoding": "gzip", "Range": "bytes=10-19"})
    assert told["content-range"] == f"bytes 10-19/{len(CONTENT)}"
    assert "content-encoding" not in told
    assert body == CONTENT[10:20]

    # A part of the compressed file cannot be continued with plain bytes: all comes anew.
    small = client.get(SHEET, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    body, told = raw(client, SHEET, **{"Range": "bytes=10-19", "If-Range": small})
    assert (body, "content-range" in told) == (CONTENT, False)
    body, _ = raw(client, SHEET, **{"Range": "bytes=10-19", "If-Range": told["etag"]})
    assert body == CONTENT[10:20]
    assert client.get(SHEET, headers={"Range": "bytes=9999999-"}).status_code == 416


def test_head_tells_what_get_would(client: TestClient) -> None:
    for coding in ("gzip", "identity"):
        headers = {"Accept-Encoding": coding}
        get, head = client.get(SHEET, headers=headers), client.head(SHEET, headers=headers)
        for name in ("etag", "content-length", "cache-control", "content-type", "vary"):
            assert head.headers[name] == get.headers[name]


def test_pages_and_long_answers_come_compressed_and_short_ones_as_they_are(
    client: TestClient,
) -> None:
    for path in ("/maps/stalls/zones/LD-T-01", "/v1/stall-zones", "/openapi.json"):
        body, told = raw(client, path, **{"Accept-Encoding": "gzip"})
        assert told["content-encoding"] == "gzip", path
        assert "Accept-Encoding" in told["vary"]
        assert int(told["content-length"]) == len(body)
        assert gzip.decompress(body)
    body, told = raw(client, "/v1/locate?lon=111.9943&lat=27.7283", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in told
    assert body.startswith(b"{")


def test_a_compressed_answer_is_304_when_it_is_asked_for_again(client: TestClient) -> None:
    path, headers = "/v1/stall-zones?at=2026-11-25T20:30:00%2B08:00", {"Accept-Encoding": "gzip"}
    tag = client.get(path, headers=headers).headers["etag"]
    again = client.get(path, headers=headers | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-encoding" not in again.headers


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_manifest_leads_to_both_maps_and_its_icon_is_there(
    client: TestClient, lang: str
) -> None:
    answer = client.get("/maps/manifest.webmanifest", params={"lang": lang})
    assert answer.headers["content-type"] == "application/manifest+json"
    told = answer.json()
    urls = [told["start_url"], *(one["url"] for one in told["shortcuts"])]
    assert {url.split("?")[0] for url in urls} == {"/maps/stalls", "/maps/facilities"}
    for url in (*urls, told["icons"][0]["src"]):
        assert client.get(url).status_code == 200
