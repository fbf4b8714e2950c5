"""Coordinate systems: published pairs, round trips, an independent library, wrong axes."""

from __future__ import annotations

import geocoordinates_ffi as oracle  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import Crs, from_wgs84, place, to_wgs84
from geo.errors import InvalidCoordinate, UnknownCrs
from geo.measure import distance_m
from geo.types import LonLat

GCJ, BD = Crs.parse("gcj02"), Crs.parse("bd09")
# City: WGS 84, GCJ-02, BD-09, each lat, lon; made with the published formula and checked against
# Amap's and Baidu's own pair below.
PAIRS = {
    "Amap": ((39.990475, 116.481499), (39.991754, 116.487586), (39.997716, 116.49412)),
    "Loudi": ((27.7, 111.994), (27.696685, 111.999516), (27.70252, 112.006037)),
    "Ezhou": ((30.391, 114.895), (30.388304, 114.900041), (30.393964, 114.906651)),
    "Jingzhou": ((30.335, 112.24), (30.332443, 112.24571), (30.338191, 112.252258)),
    "Hefei": ((31.793, 117.31), (31.791058, 117.315572), (31.796814, 117.322129)),
    "Hai'an": ((32.533, 120.467), (32.531072, 120.471649), (32.537402, 120.478071)),
}
IN_CHINA = {"lon": st.floats(73.6, 134.7), "lat": st.floats(18.2, 53.5)}


@pytest.mark.parametrize("pairs", PAIRS.values(), ids=PAIRS)
def test_published_pairs_agree_to_six_decimals(pairs) -> None:  # type: ignore[no-untyped-def]
    (lat, lon), gcj, bd = pairs
    for crs, (expected_lat, expected_lon) in ((GCJ, gcj), (BD, bd)):
        x, y = from_wgs84(lon, lat, crs)
        # The published ones were made from each other after rounding to six decimals.
        assert (y, x) == pytest.approx((expected_lat, expected_lon), abs=1.1e-6)


@given(**IN_CHINA)
@pytest.mark.parametrize("crs", [GCJ, BD], ids=["gcj02", "bd09"])
def test_there_and_back_is_below_a_millimetre(crs: Crs, lon: float, lat: float) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, crs), crs)

    assert distance_m(LonLat(lon, lat), LonLat(float(back[0]), float(back[1]))) < 1e-3


@given(**IN_CHINA)
def test_an_independent_library_agrees(lon: float, lat: float) -> None:
    ours = from_wgs84(lon, lat, GCJ)
    theirs = oracle.wgs84_to_gcj02(oracle.Wgs84(lat=lat, lon=lon))

    assert (float(ours[0]), float(ours[1])) == pytest.approx((theirs.lon, theirs.lat), abs=1e-9)


def test_arrays_are_converted_at_once() -> None:
    lon, lat = np.array([111.994, 120.467]), np.array([27.7, 32.533])

    x, y = from_wgs84(lon, lat, GCJ)

    assert x.shape == y.shape == (2,)
    assert np.allclose(to_wgs84(x, y, GCJ), (lon, lat), atol=1e-9)


@pytest.mark.parametrize(
    ("code", "prefix"), [("EPSG:4525", 37_000_000), ("EPSG:4546", 0)], ids=["prefixed", "plain"]
)
def test_gauss_kruger_is_easting_before_northing_with_and_without_zone(
    code: str, prefix: int
) -> None:
    found = place(prefix + 500_000.0, 3_065_000.0, Crs.parse(code))

    assert found.lon == pytest.approx(111.0, abs=1e-9)
    assert found.lat == pytest.approx(27.7, abs=0.01)


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (3_065_000.0, 500_000.0, "EPSG:4546"),
        (37_500_000.0, 3_065_000.0, "EPSG:4526"),
        (500_000.0, 3_065_000.0, "EPSG:4525"),
        (111.99, 27.7, "EPSG:4546"),
    ],
    ids=["axes swapped", "zone 37 read as 38", "prefix missing", "degrees as metres"],
)
def test_survey_coordinates_in_the_wrong_system_are_refused(x: float, y: float, code: str) -> None:
    with pytest.raises(InvalidCoordinate, match="outside the area"):
        place(x, y, Crs.parse(code))


@pytest.mark.parametrize("code", ["EPSG:4326", "epsg:4490", "WGS84", "CGCS2000", "GCJ-02", "bd-09"])
def test_names_are_read_in_any_case(code: str) -> None:
    assert Crs.parse(code).name.islower() or Crs.parse(code).name.startswith("EPSG:")


@pytest.mark.parametrize(
    "word", ["", "mars", "EPSG:", "EPSG:0", "EPSG:999999", "4326;DROP", "EPSG:５"]
)
def test_what_is_no_system_is_refused(word: str) -> None:
    with pytest.raises(UnknownCrs, match="wgs84, cgcs2000, gcj02, bd09 or EPSG:n"):
        Crs.parse(word)


@pytest.mark.parametrize(("lon", "lat"), [(float("nan"), 1), (1, float("inf")), (200, 1), (1, 95)])
@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "EPSG:4546"])
def test_what_is_no_place_is_refused(lon: float, lat: float, crs: str) -> None:
    with pytest.raises(InvalidCoordinate):
        place(lon, lat, Crs.parse(crs))


@pytest.mark.parametrize("crs", [GCJ, BD], ids=["gcj02", "bd09"])
@pytest.mark.parametrize(("lon", "lat"), [(0.0, 90.0), (2.35, 48.86), (-118.2, 34.1), (180, -90)])
def test_a_shifted_point_far_from_china_is_refused(crs: Crs, lon: float, lat: float) -> None:
    with pytest.raises(InvalidCoordinate, match=f"outside the area where {crs.name} is used"):
        place(lon, lat, crs)
