"""Bodies of batches that cannot be read are refused by what is wrong and where."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient

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


# --- coordinates that are none -----------------------------------------------------------------


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize(("x", "y"), [(181.0, 27.0), (112.0, -90.5), (27.7283, 111.9943)])
def test_a_coordinate_out_of_range_is_named_by_its_position(
    post: Post, media: str, x: float, y: float
) -> None:
    lon, lat = [LON] * 70_000, [LAT] * 70_000
    lon[66_000], lat[66_000] = x, y
    lon[69_999] = 500.0

    detail = refused(post(body_of(media, lon, lat), media))

    assert detail.startswith("point 66000 (counted from 0) is no place")
    assert f"lon {x}, lat {y}" in detail
    assert "2 of 70000" in detail
    assert ("swapped" in detail) == (y > 90)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_not_a_number_is_named_by_its_position_in_arrow(post: Post, value: float | None) -> None:
    detail = refused(post(body_of(ARROW, [LON, LON, LON], [LAT, LAT, value]), ARROW))

    assert "point 2 (counted from 0)" in detail


@pytest.mark.parametrize("value", [True, "112.0", None, [112.0], {}])
def test_what_is_no_number_is_named_by_its_position_in_json(post: Post, value: object) -> None:
    detail = refused(post(body_of(JSON, [LON, 112, value, value], [LAT] * 4)))

    assert detail.startswith("point 2 (counted from 0): its lon is ")
    assert json.dumps(value) in detail


@pytest.mark.parametrize("value", ["", "nan", "inf", "一", "１１２", "112,0", "0x70", "1e400"])
def test_what_is_no_number_is_named_by_its_position_in_csv(post: Post, value: str) -> None:
    body = f'lon,lat\n112,27.7\n"{value}",27.7\n112,27.7\n'.encode()

    assert "point 1 (counted from 0)" in refused(post(body, CSV))


def test_a_blank_line_between_points_is_not_passed_over(post: Post) -> None:
    assert "point 1 (counted" in refused(post(b"lon,lat\n112,27.7\n\n112,27.7\n\n\n", CSV))


def test_a_point_outside_the_zone_of_its_system_is_named(post: Post) -> None:
    x, y = from_wgs84([LON, LON], [LAT, LAT], Crs.parse("EPSG:4525"))  # zone 37, with its number
    x[1] += 1_000_000  # zone 38

    detail = refused(post(body_of(JSON, x.tolist(), y.tolist()), crs="EPSG:4525"))

    assert detail.startswith("point 1 (counted from 0) is outside the area where EPSG:4525 is used")


@pytest.mark.parametrize("media", [JSON])
def test_columns_of_two_lengths_are_refused(post: Post, media: str) -> None:
    assert refused(post(body_of(media, [LON, LON], [LAT]), media)) == (
        "lon has 2 numbers and lat 1: give as many"
    )


def test_an_unknown_kind_system_or_time_is_refused(post: Post) -> None:
    body = body_of(JSON, [LON], [LAT])

    assert "unit_grid" in refused(post(body, kind="galaxy"))
    assert "unit_grid" in refused(post(body, kind=""))
    assert "gcj02" in refused(post(body, crs="mars"))
    assert "EPSG:999999" in refused(post(body, crs="EPSG:999999"))
    assert "RFC 3339" in refused(post(body, at="yesterday"))


# --- bodies that are none ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "", "a" * 300]
)
def test_other_types_are_not_supported(post: Post, media: str) -> None:
    assert "application/json, text/csv" in refused(post(b"x", media), 415)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b'{"lon": 1, "lat": [2]}', b'{"lon": [NaN], "lat": [1]}',
     b'{"lon": [1e400], "lat": [1]}', b'{"lat": [1]}', b'{"lon": [], "lat": [], "CRS": "gcj02"}',
     b'{"lon": [], "lat": [], "kind": 3}', b"[" * 100_000, b"\xff\xfe", b'{"lon": [], "lat": {}}'],
)  # fmt: skip
def test_broken_json_is_refused(post: Post, body: bytes) -> None:
    refused(post(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"1,2\n3,4\n", b"lon\n1\n", b"lon,lat,lon\n1,2,3\n", b"lon,lat\n1,2\n3\n",
     b"lon,lat\n1,2,3\n", "lon,lat\n1,2\n".encode("utf-16"), b"lon,lat\n\xff,2\n",
     b"lon;lat\n1;2\n", b'lon,lat\n"1,2\n', b"\0" * 9, b"," * 200_000],
)  # fmt: skip
def test_broken_csv_is_refused(post: Post, body: bytes) -> None:
    refused(post(body, CSV))


def test_a_row_of_csv_with_another_number_of_cells_is_named(post: Post) -> None:
    assert "Row #3" in refused(post(b"lon,lat\n1,2\n3\n5,6\n", CSV))


@pytest.mark.parametrize(
    "body",
    [
        "\ufefflon,lat\r\n{0},{1}\r\n0,0\r\n".encode(),
        b'"lat","lon"\n"{1}","{0}"\n 0 , 0 ',
        'name,lon,note,lat\n一号,{0},"two\nlines, ""quoted""",{1}\n,0,,0\n'.encode(),
        "编号,lon,lat\n一,{0},{1}\n二,0,0\n\n\n".encode("gbk"),
    ],
    ids=["byte order mark and CRLF", "quoted", "more columns", "more columns in GBK"],
)
def test_csv_as_spreadsheets_write_it_is_read(post: Post, body: bytes) -> None:
    filled = body.replace(b"{0}", str(LON).encode()).replace(b"{1}", str(LAT).encode())

    inside, outside = codes_in(post(filled, CSV))

    assert inside is not None
    assert outside is None


def test_the_csv_answer_has_a_line_for_every_point_that_no_reader_skips(post: Post) -> None:
    answer = post(body_of(CSV, [0, LON, 0], [0, LAT, 0]), CSV)

    head, first, second, third, end = answer.text.split("\r\n")
    assert (head, first, third, end) == ("code", '""', '""', "")
    assert second


ARROWS: dict[str, Any] = {
    "text": pa.table({"lon": ["112"], "lat": ["27"]}),
    "truth": pa.table({"lon": [True], "lat": [27.0]}),
    "a list": pa.table({"lon": [[112.0]], "lat": [27.0]}),
    "a dictionary": pa.table({"lon": pa.array(["a"]).dictionary_encode(), "lat": [27.0]}),
    "nothing": pa.table({"lon": pa.nulls(1), "lat": [27.0]}),
    "no lat": pa.table({"lon": [112.0]}),
    "lon twice": pa.Table.from_arrays([pa.array([1.0])] * 3, names=["lon", "lat", "lon"]),
}


@pytest.mark.parametrize("name", ARROWS)
def test_arrow_columns_without_numbers_are_refused(post: Post, name: str) -> None:
    assert "lon" in refused(post(stream_of(ARROWS[name]), ARROW))


@pytest.mark.parametrize("kind", [pa.float32(), pa.int64(), pa.uint8(), pa.float16()])
def test_other_numbers_of_arrow_are_read_beside_columns_of_any_type(post: Post, kind: Any) -> None:
    table = pa.table(
        {
            "name": pa.array(["a", "b"]).dictionary_encode(),
            "lat": pa.array([27, 28], kind),
            "tags": [["x"], None],
            "lon": pa.array([112, 113], kind),
        }
    )

    assert codes_in(post(stream_of(table), ARROW)) == codes_in(
        post(body_of(JSON, [112, 113], [27, 28]))
    )


def test_compressed_arrow_is_refused_before_it_is_unpacked(post: Post) -> None:
    table = pa.table({"lon": np.zeros(1000), "lat": np.zeros(1000)})
    extra = table.append_column("n", pa.array(["word" * 99] * 1000).dictionary_encode())

    for codec in ("zstd", "lz4"):
        assert "compressed" in refused(post(stream_of(table, compression=codec), ARROW))
        assert "compressed" in refused(post(stream_of(extra, compression=codec), ARROW))


def test_arrow_with_any_byte_broken_is_answered_or_refused_and_harms_nobody(post: Post) -> None:
    whole = stream_of(pa.table({"lon": [LON] * 8, "lat": [LAT] * 8, "n": list("abcdefgh")}))
    rng = np.random.default_rng(7)
    refused(post(b"", ARROW))
    refused(post(b"\x00" * 64, ARROW))
    for cut in range(8, len(whole) - 8, 40):
        assert post(whole[:cut], ARROW).status_code in (200, 422)
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(0, len(whole), 2):
            broken[place] = rng.integers(0, 256)
        assert post(bytes(broken), ARROW).status_code in (200, 413, 422)
