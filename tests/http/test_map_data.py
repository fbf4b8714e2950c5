"""The data of the map through the running app: once built, kept, and never held to be newer."""

from __future__ import annotations

import gzip
import json

import pytest
from fastapi.testclient import TestClient

from api.routes.map_data import PATHS


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
