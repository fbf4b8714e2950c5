"""Batches of points in each of the three types, written and read with other means than ours."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from fastapi.testclient import TestClient
from httpx2 import Response

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
MEDIA = (JSON, CSV, ARROW)

Post = Callable[..., Response]
"""Sends a body; what else is to be said goes into the query."""


def poster(client: TestClient, token: dict[str, str]) -> Post:
    def post(
        body: bytes, media: str = JSON, accept: str = "*/*", kind: str = "unit_grid", **query: Any
    ) -> Response:
        headers = {"Content-Type": media, "Accept": accept} | token
        params = {"kind": kind} | query
        return client.post("/v1/locate", content=body, params=params, headers=headers)

    return post


def refused(answer: Response, status: int = 422) -> str:
    """Return what is said to be wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def stream_of(table: Any, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def body_of(media: str, lon: list[Any], lat: list[Any]) -> bytes:
    """Return the points as a body; what else is to be said goes into the query."""
    if media == JSON:
        return json.dumps({"lon": lon, "lat": lat}).encode()
    if media == CSV:
        rows = zip(map(str, lon), map(str, lat), strict=True)
        return "\n".join(["lon,lat", *map(",".join, rows)]).encode()
    return stream_of(pa.table({"lon": pa.array(lon), "lat": pa.array(lat)}))


def codes_in(answer: Response) -> list[str | None]:
    """Return the codes of an answer in any of the three types."""
    assert answer.status_code == 200, answer.text
    media = answer.headers["content-type"].partition(";")[0]
    if media == JSON:
        found: list[str | None] = answer.json()["codes"]
        return found
    if media == CSV:
        head, *rows = csv.reader(io.StringIO(answer.text))
        assert head == ["code"]
        return [code or None for (code,) in rows]
    column = pa.ipc.open_stream(answer.content).read_all().column("code")
    assert pa.types.is_dictionary(column.type)
    codes: list[str | None] = column.to_pylist()
    return codes
