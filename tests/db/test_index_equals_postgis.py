"""The index in memory answers as PostGIS does: inside, on borders, a hair off, in holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.demo.city import DemoCity
from data.engine import make_engine
from data.live.areas import load_areas
from data.live.past import PastAreas
from data.publishing import publish
from geo.locating import AreaIndex
from geo.records import Area
from geo.types import LonLat
from tests.conftest import CreateDatabase
from tests.db.equality import assert_equal, tricky_points

GRID = Area("unit_grid", "431302001001001", "一号网格", box(111.99, 27.7, 112.0, 27.71))


@pytest.fixture(scope="module")
def engine(cluster: Cluster, demo: str) -> Iterator[Engine]:
    engine = make_engine(cluster.url("tidegrid_service", demo), role="tidegrid_service")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def index(engine: Engine) -> AreaIndex:
    return load_areas(engine).index


def test_the_index_has_every_area_of_the_city(index: AreaIndex, demo_city: DemoCity) -> None:
    assert len(index) == len(demo_city.areas)
    assert [(label.kind, label.code) for label in index.labels] == sorted(
        (area.kind, area.code) for area in demo_city.areas
    )
    assert index.revision > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_every_holder_of_thousands_of_points_is_the_one_that_postgis_finds(
    engine: Engine, index: AreaIndex, demo_city: DemoCity, seed: int
) -> None:
    lon, lat = tricky_points([area.geometry for area in demo_city.areas], seed, 1_500)

    with engine.begin() as connection:
        borders = assert_equal(connection, index, lon, lat)

    assert len(lon) == 9_000
    assert borders > 5_000


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["street", "unit_grid", "compound"]))
def test_whatever_points_are_asked_postgis_agrees(
    engine: Engine, index: AreaIndex, demo_city: DemoCity, seed: int, kind: str
) -> None:
    shapes = [area.geometry for area in demo_city.areas if area.kind == kind]
    lon, lat = tricky_points(shapes, seed, 60)

    with engine.begin() as connection:
        assert_equal(connection, index, lon, lat)


def test_where_three_grids_or_more_meet_postgis_agrees(
    engine: Engine, index: AreaIndex, demo_city: DemoCity
) -> None:
    grids = [area.geometry for area in demo_city.areas if area.kind == "unit_grid"]
    corners, count = np.unique(
        np.vstack([shapely.get_coordinates(grid)[:-1] for grid in grids]),
        axis=0,
        return_counts=True,
    )
    met = corners[count >= 3]
    assert len(met) > 500

    with engine.begin() as connection:
        borders = assert_equal(connection, index, met[:, 0], met[:, 1])

    assert borders >= 3 * len(met)


@pytest.fixture
def own(
    cluster: Cluster, migrated: str, create_database: CreateDatabase
) -> Iterator[Callable[[str], Engine]]:
    """Engines on databases of a test's own: what it commits harms nobody."""
    engines: list[Engine] = []

    def make(name: str) -> Engine:
        create_database(name, migrated)
        engines.append(make_engine(cluster.url("postgres", name), role="tidegrid_owner"))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def put(engine: Engine, *areas: Area) -> None:
    with Session(engine) as session, session.begin():
        publish(session, areas, by="tester", note="test")


def test_in_holes_slivers_overlaps_and_gaps_postgis_agrees(own: Callable[[str], Engine]) -> None:
    engine = own("index_oddities")
    holed = Polygon(
        box(112, 27, 112.01, 27.01).exterior.coords,
        [box(112.004, 27.004, 112.006, 27.006).exterior.coords],
    )
    odd: list[Any] = [
        holed,
        box(112.0045, 27.0045, 112.0055, 27.0055),  # an island in the hole, touching nothing
        box(112.009, 27.0, 112.02, 27.01),  # overlaps the first
        box(112.02 + 1e-9, 27.0, 112.03, 27.01),  # a gap of a tenth of a millimetre
        box(112.03, 27.0, 112.03 + 1e-9, 27.01),  # a sliver
        Polygon([(112.03, 27.01), (112.03 + 1e-9, 27.01), (112.04, 27.02)]),
        shapely.union(box(112.05, 27, 112.06, 27.01), box(112.07, 27, 112.08, 27.01)),
        shapely.segmentize(Polygon(shapely.Point(112.05, 27.02).buffer(0.01).exterior), 1e-4),
    ]
    put(engine, *(Area("unit_grid", f"{n:015}", "", one) for n, one in enumerate(odd)))
    index = load_areas(engine).index

    for seed in range(3):
        lon, lat = tricky_points(odd, seed, 300)
        with engine.begin() as connection:
            assert assert_equal(connection, index, lon, lat) > 200


def test_a_redrawn_grid_answers_for_its_time_and_the_new_one_from_then_on(
    own: Callable[[str], Engine],
) -> None:
    engine = own("index_redrawn")
    past = PastAreas(engine)
    point = LonLat(111.995, 27.705)
    put(engine, GRID)
    with engine.connect() as connection:
        reported = connection.scalar(text("SELECT clock_timestamp()"))
    before = load_areas(engine).index
    put(engine, replace(GRID, geometry=box(111.99, 27.7, 111.994, 27.71)))

    now = load_areas(engine).index

    assert now.revision > before.revision
    assert not now.answers_for(reported)
    assert now.holding(point) == []
    then = past.at(reported, now.revision)
    assert [then.labels[hit.position].code for hit in then.holding(point)] == [GRID.code]
    assert then.answers_for(reported)
    assert then.valid_until == now.valid_from
    assert past.at(reported, now.revision) is then
    # What was known before a publication is not what is known after it.
    put(engine, replace(GRID, code="431302001001002"))
    assert past.at(reported, load_areas(engine).index.revision) is not then


def test_before_anything_was_published_the_index_is_empty(engine: Engine) -> None:
    at = load_areas(engine).index.valid_from
    assert at is not None

    empty = PastAreas(engine).at(at.replace(year=2000), 0)

    assert len(empty) == 0
    assert empty.valid_until == at
