"""The index of areas is held equal to plain Shapely, whatever the areas and the points."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

import geo.locating
import geo.raster
from geo.columns import to_points
from geo.crs import Crs, from_wgs84, place
from geo.errors import InvalidCoordinate, UnknownKind
from geo.locating import AreaIndex, Hit, Label
from geo.raster import Raster
from geo.types import LonLat

ROOT = Path(__file__).parents[2]
KINDS = {"community": True, "unit_grid": True, "business_district": False, "compound": False}
# Few values, so that corners meet, borders are shared and slivers are thin.
STEPS = [0.0, 0.1, 0.2, 0.2 + 1e-12, 0.3, 1 / 3, 0.5, 0.7, 0.7 + 5e-17, 0.9, 1.0]


@dataclass(frozen=True)
class City:
    """Areas as they were drawn, and the index over them."""

    labels: list[Label]
    shapes: list[BaseGeometry]
    index: AreaIndex

    @property
    def vertices(self) -> list[tuple[float, float]]:
        return [(x, y) for x, y in shapely.get_coordinates(self.shapes).tolist()]


def city_of(areas: Sequence[tuple[str, BaseGeometry]]) -> City:
    ordered = sorted(areas, key=lambda area: area[0])
    labels = [
        Label(kind, f"{kind}-{n:03}", "", "", KINDS[kind], True)
        for n, (kind, _) in enumerate(ordered)
    ]
    shapes = [shape for _, shape in ordered]
    return City(labels, shapes, AreaIndex(labels, np.array(shapes, dtype=object)))


@st.composite
def shapes(draw: st.DrawFn) -> BaseGeometry:
    """Boxes, slivers, triangles, boxes with a hole, and areas of two parts."""
    x, y = (
        draw(st.lists(st.sampled_from(STEPS), min_size=2, max_size=2, unique=True)) for _ in "xy"
    )
    west, east = sorted(x)
    south, north = sorted(y)
    whole = box(west, south, east, north)
    form = draw(st.sampled_from(["box", "triangle", "hole", "parts", "many"]))
    if form == "triangle":
        return Polygon([(west, south), (east, south), (east, north)])
    if form == "hole" and min(east - west, north - south) > 0.05:
        inner = box(west + 0.01, south + 0.01, east - 0.02, north - 0.02)
        return Polygon(whole.exterior.coords, [inner.exterior.coords])
    if form == "parts":
        return shapely.union(whole, box(2 + west, south, 2 + east, north))
    # With so many vertices that the index prepares it.
    return (
        shapely.segmentize(whole, (east - west + north - south) / 40) if form == "many" else whole
    )


@st.composite
def cities(draw: st.DrawFn) -> City:
    area = st.tuples(st.sampled_from(sorted(KINDS)), shapes())
    return city_of(draw(st.lists(area, min_size=1, max_size=14)))


@st.composite
def points_of(draw: st.DrawFn, city: City) -> list[tuple[float, float]]:
    """Anywhere, on corners, on borders, and a hair off them."""
    near = st.sampled_from(city.vertices)
    ends = st.tuples(near, near).map(lambda p: ((p[0][0] + p[1][0]) / 2, (p[0][1] + p[1][1]) / 2))
    hair = st.sampled_from([0.0, 1e-16, -1e-16, 1e-12, -1e-12, 1e-9, -1e-7])
    off = st.tuples(near, hair, hair).map(lambda p: (p[0][0] + p[1], p[0][1] + p[2]))
    lines = st.tuples(st.sampled_from(STEPS), st.sampled_from(STEPS))
    anywhere = st.tuples(st.floats(-0.1, 3.1), st.floats(-0.1, 1.1))
    one = st.one_of(near, ends, off, lines, anywhere)
    return draw(st.lists(one, min_size=1, max_size=40))


def by_the_rule(city: City, kind: str, point: Point) -> list[tuple[int, bool]]:
    """All areas of a kind that hold the point, the winner first: inside before border, by code."""
    held = [
        (not shape.contains(point), label.code, position)
        for position, (label, shape) in enumerate(zip(city.labels, city.shapes, strict=True))
        if label.kind == kind and shape.intersects(point)
    ]
    return [(position, on_border) for on_border, _, position in sorted(held)]


@settings(max_examples=300)
@given(data=st.data(), city=cities())
def test_the_index_answers_as_plain_shapely_does_and_by_the_rule(
    data: st.DataObject, city: City
) -> None:
    points = data.draw(points_of(city))
    lon, lat = (np.array(axis, dtype=np.float64) for axis in zip(*points, strict=True))
    winners = {kind: city.index.winners(kind, lon, lat) for kind in city.index.kinds}

    for n, (x, y) in enumerate(points):
        everything = city.index.holding(LonLat(x, y))
        assert everything == sorted(everything, key=lambda hit: hit.position)
        for kind in KINDS:
            expected = by_the_rule(city, kind, Point(x, y))
            held = city.index.holding(LonLat(x, y), [kind])
            assert held == [h for h in everything if city.labels[h.position].kind == kind]
            if KINDS[kind]:
                assert held == [Hit(*one) for one in expected[:1]]
            else:
                assert held == [Hit(*one) for one in sorted(expected)]
            if kind in winners:
                assert winners[kind][n] == (expected[0][0] if expected else -1)


@settings(max_examples=50)
@given(city=cities(), seed=st.integers(0, 2**32 - 1), chunk=st.integers(1, 7))
def test_where_a_piece_ends_changes_nothing(city: City, seed: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    lon, lat = rng.choice(STEPS, 29) + rng.choice([0, 1e-9], 29), rng.choice(STEPS, 29)
    whole = {kind: city.index.winners(kind, lon, lat).tolist() for kind in city.index.kinds}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geo.locating, "_CHUNK", chunk)
        for kind, expected in whole.items():
            assert city.index.winners(kind, lon, lat).tolist() == expected


@settings(max_examples=400)
@given(data=st.data(), city=cities(), per_area=st.sampled_from([1, 40, 1_000, 20_000]))
def test_a_raster_changes_no_answer(data: st.DataObject, city: City, per_area: int) -> None:
    points = data.draw(points_of(city))
    lon, lat = (np.array(axis, dtype=np.float64) for axis in zip(*points, strict=True))
    expected = {kind: city.index.winners(kind, lon, lat).tolist() for kind in city.index.kinds}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geo.locating, "_POINTS_BEFORE_RASTER", 0)
        patch.setattr(geo.raster, "_CELLS_PER_AREA", per_area)
        patch.setattr(geo.raster, "_PIECES", 50)
        patch.setattr(geo.raster, "_SHAPES", 3)
        found = {kind: city.index.winners(kind, lon, lat).tolist() for kind in city.index.kinds}

    assert city.index._rasters.keys() == expected.keys()
    assert found == expected


@pytest.mark.parametrize("seed", range(8))
def test_a_raster_changes_no_answer_along_its_cells_and_around_the_world(seed: int) -> None:
    """Blobs of any size, some tiny and some huge; points on the lines between the cells."""
    rng = np.random.default_rng(seed)
    middles = shapely.points(rng.uniform(-40, 40, (60, 2)) * 10.0 ** rng.integers(-3, 1))
    blobs = shapely.buffer(middles, 10.0 ** rng.uniform(-6, 1, 60), quad_segs=5)
    holed = [shapely.difference(one, shapely.buffer(one.centroid, 1e-3)) for one in blobs]
    city = city_of([("unit_grid", one) for one in holed])
    raster = Raster(city.index.shapes, lambda lon, _: np.full(len(lon), -1))
    rows, columns = raster._shape
    lines = np.arange(-3, max(rows, columns) + 3) + rng.choice([0, 1e-9, -1e-9, 0.5])
    lon = (raster._west + rng.choice(lines, 20_000) * raster._size).clip(-180, 180)
    lat = (raster._south + rng.choice(lines, 20_000) * raster._size).clip(-90, 90)
    expected = city.index.winners("unit_grid", lon, lat).tolist()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geo.locating, "_POINTS_BEFORE_RASTER", 0)
        assert city.index.winners("unit_grid", lon, lat).tolist() == expected
    assert len(set(expected)) > 3


# --- the traps, one by one ---------------------------------------------------------------------

WEST, EAST = box(0, 0, 1, 1), box(1, 0, 2, 1)


def codes(city: City, x: float, y: float, *kinds: str) -> list[str]:
    hits = city.index.holding(LonLat(x, y), kinds or None)
    return [city.labels[hit.position].code for hit in hits]


def test_a_shared_border_and_a_corner_of_three_belong_to_the_lower_code() -> None:
    city = city_of([("unit_grid", WEST), ("unit_grid", EAST), ("unit_grid", box(0, 1, 2, 2))])

    assert codes(city, 1.0, 0.5) == ["unit_grid-000"]
    assert codes(city, 1.0, 1.0) == ["unit_grid-000"]
    assert codes(city, 1.5, 1.0) == ["unit_grid-001"]
    assert city.index.holding(LonLat(1.0, 1.0)) == [Hit(0, True)]
    assert city.index.winners("unit_grid", np.array([1.0, 1.5]), np.array([1.0, 1.0])).tolist() == [
        0,
        1,
    ]


def test_where_two_exclusive_areas_overlap_the_one_around_the_point_wins() -> None:
    city = city_of([("unit_grid", WEST), ("unit_grid", box(0.5, -1, 2, 2))])

    assert codes(city, 0.7, 0.5) == ["unit_grid-000"]
    assert codes(city, 1.0, 0.5) == ["unit_grid-001"]  # on the border of the first
    assert city.index.winners("unit_grid", np.array([1.0]), np.array([0.5])).tolist() == [1]


def test_a_gap_and_a_hole_belong_to_nobody_and_their_borders_to_somebody() -> None:
    holed = Polygon(WEST.exterior.coords, [box(0.4, 0.4, 0.6, 0.6).exterior.coords])
    city = city_of([("unit_grid", holed), ("unit_grid", box(1 + 1e-9, 0, 2, 1))])

    assert codes(city, 1 + 5e-10, 0.5) == []
    assert codes(city, 0.5, 0.5) == []
    assert city.index.holding(LonLat(0.4, 0.5)) == [Hit(0, True)]
    points = np.array([1 + 5e-10, 0.5, 0.4, 1.0])
    assert city.index.winners("unit_grid", points, np.full(4, 0.5)).tolist() == [-1, -1, 0, 0]


def test_kinds_that_overlap_are_all_answered() -> None:
    city = city_of(
        [("community", WEST), ("business_district", WEST), ("business_district", box(0, 0, 3, 3))]
    )

    assert codes(city, 0.5, 0.5) == [
        "business_district-000", "business_district-001", "community-002",
    ]  # fmt: skip
    # Of many points one of them: the first, as no border decides.
    assert city.index.winners("business_district", np.array([0.5]), np.array([0.5])).tolist() == [0]


def test_one_number_in_three_systems_is_three_places() -> None:
    shifted = from_wgs84([112.0], [27.7], Crs.parse("gcj02"))
    city = city_of([("unit_grid", box(111.999, 27.699, 112.001, 27.701))])

    for system, expected in (("wgs84", -1), ("bd09", -1), ("gcj02", 0)):
        lon, lat = to_points(*shifted, Crs.parse(system))
        assert city.index.winners("unit_grid", lon, lat).tolist() == [expected]


# --- no areas, no points, no places ------------------------------------------------------------


def test_an_empty_index_holds_nothing_and_knows_no_kinds() -> None:
    empty = AreaIndex([], [])

    assert len(empty) == 0
    assert empty.holding(LonLat(1, 1)) == []
    assert empty.holding(LonLat(1, 1), ["unit_grid"]) == []
    with pytest.raises(UnknownKind):
        empty.winners("unit_grid", np.zeros(1), np.zeros(1))


def test_no_points_have_no_winners() -> None:
    assert city_of([("unit_grid", WEST)]).index.winners("unit_grid", *np.zeros((2, 0))).size == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 180.0000001, -1e300])
def test_the_first_point_that_is_none_is_named_by_its_position(value: float) -> None:
    lon, lat = np.zeros(100_000), np.zeros(100_000)
    lon[[70_000, 90_000]] = value
    index = city_of([("unit_grid", WEST)]).index

    for refuse in (
        lambda: index.winners("unit_grid", lon, lat),
        lambda: to_points(lon, lat, WGS84),
    ):
        with pytest.raises(InvalidCoordinate, match=r"point 70000 \(counted from 0\).*2 of 100000"):
            refuse()


WGS84 = Crs.parse("wgs84")


def test_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(InvalidCoordinate, match="lon has 3 numbers and lat 2"):
        to_points(np.zeros(3), np.zeros(2), WGS84)


@settings(max_examples=200)
@given(
    x=st.floats(allow_nan=True, allow_infinity=True) | st.floats(3.75e7, 3.77e7),
    y=st.floats(allow_nan=True, allow_infinity=True) | st.floats(2e6, 4e6),
    system=st.sampled_from(
        ["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4326", "EPSG:4525", "EPSG:3857"]
    ),
)
def test_of_many_points_is_refused_what_is_refused_of_one(x: float, y: float, system: str) -> None:
    crs = Crs.parse(system)
    try:
        one = place(x, y, crs)
    except InvalidCoordinate:
        with pytest.raises(InvalidCoordinate):
            to_points(np.array([x]), np.array([y]), crs)
    else:
        lon, lat = to_points(np.array([x]), np.array([y]), crs)
        assert (lon[0], lat[0]) == (one.lon, one.lat)


# --- never edited, and asked by many -----------------------------------------------------------


def test_an_index_and_what_it_says_cannot_be_edited() -> None:
    city = city_of([("unit_grid", WEST)])
    before = city.index.winners("unit_grid", np.array([0.5]), np.array([0.5]))
    before[0] = 99

    with pytest.raises(FrozenInstanceError):
        city.index.labels[0].code = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        city.index.labels[0] = city.labels[0]  # type: ignore[index]
    assert city.index.winners("unit_grid", np.array([0.5]), np.array([0.5])).tolist() == [0]


def test_points_given_are_left_as_they_are() -> None:
    lon, lat = np.array([0.5, 3.0]), np.array([0.5, 0.5])
    lon.flags.writeable = lat.flags.writeable = False

    city_of([("unit_grid", WEST)]).index.winners("unit_grid", lon, lat)


def test_an_index_answers_for_its_time_only() -> None:
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    index = AreaIndex([], [], valid_from=first, valid_until=last)

    assert index.answers_for(first)
    assert not index.answers_for(last)
    assert not index.answers_for(datetime(2025, 12, 31, tzinfo=UTC))
    assert AreaIndex([], []).answers_for(first)


THREADS = """
import threading
import numpy as np, shapely
from geo.locating import AreaIndex, Label
from geo.types import LonLat

turn = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
circle = shapely.to_wkb(shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)])))
label = Label("city", "1", "", "", True, True)
for _ in range(20):
    index = AreaIndex([label], [shapely.from_wkb(circle)])
    together = threading.Barrier(3)
    def many():
        together.wait()
        assert (index.winners("city", np.linspace(-.5, .5, 500), np.full(500, .1)) == 0).all()
    def one():
        together.wait()
        assert all(index.holding(LonLat(.1, .1)) for _ in range(50))
    threads = [threading.Thread(target=work) for work in (many, many, one)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_a_new_index_may_be_asked_by_several_threads_at_once() -> None:
    """GEOS builds what a prepared shape needs at its first questions, not for two at a time."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=ROOT, capture_output=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr.decode()[-500:]
