"""The plane of a small piece of ground, against geodesics and areas on the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.measure import area_m2, circle, distance_m
from geo.planning.ground import Ground, merged, thickness_m, worth_telling
from geo.types import BBox, LonLat

lats = st.floats(3, 54)


@given(lats, st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_lengths_nearby_are_right_to_a_thousandth(lat: float, dx: float, dy: float) -> None:
    here, there = LonLat(112.0, lat), LonLat(112.0 + dx, lat + dy)
    ground = Ground.at(lat)
    flat = np.hypot(dx * ground.lon_m, dy * ground.lat_m)

    assert flat == pytest.approx(distance_m(here, there), rel=1e-3, abs=1e-3)


@given(lats)
def test_areas_nearby_are_right_to_a_thousandth(lat: float) -> None:
    shape = circle(LonLat(112.0, lat), 300.0)
    (area,), _ = thickness_m(np.array([shape], dtype=object), Ground.of(shape))

    assert area == pytest.approx(area_m2(shape), rel=1e-3)


def test_what_is_thin_or_small_is_not_told_and_the_rest_is() -> None:
    ground = Ground.at(27.7)
    strip, square, dot = (
        shapely.transform(
            shapely.box(*box), lambda xy: xy / [ground.lon_m, ground.lat_m] + [112, 27.7]
        )
        for box in ((0, 0, 100, 0.4), (200, 0, 210, 10), (300, 0, 300.5, 0.5))
    )
    both = shapely.union_all([strip, square, dot])

    assert [part.equals(square) for part in worth_telling(both, 0.5, 1.0)] == [True]
    assert worth_telling(shapely.Point(112, 27.7), 0.0, 0.0) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 9), st.integers(1, 9)),
        max_size=12,
    )
)
def test_merged_boxes_hold_all_and_do_not_touch(given: list[tuple[int, int, int, int]]) -> None:
    boxes = [BBox(x, y, x + w, y + h) for x, y, w, h in given]
    found = [shapely.box(*box.bounds) for box in merged(boxes)]

    assert all(any(one.covers(shapely.box(*box.bounds)) for one in found) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(found) for b in found[:i])
