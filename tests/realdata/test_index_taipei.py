"""Real borders, drawn by hand over decades: the index and PostGIS agree on the Taipei villages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import make_engine
from data.importing.mapping import load_mapping, parse_mapping
from data.importing.run import import_file
from data.live.areas import load_areas
from data.queries.areas import areas_now
from geo.locating import AreaIndex
from geo.types import LonLat
from tests.conftest import CreateDatabase
from tests.db.equality import assert_equal, told, tricky_points


@pytest.fixture(scope="module")
def taipei(
    realdata: Path, cluster: Cluster, migrated: str, create_database: CreateDatabase
) -> Iterator[Engine]:
    """A database of its own with the 456 villages, the two invalid ones mended."""
    name = create_database("taipei", migrated)
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    fields = {to: list(sources) for to, sources in load_mapping("taipei-villages").fields.items()}
    mending = parse_mapping(
        {"layer": "areas", "kind": "community", "fields": fields, "geometry": {"repair": True}}
    )
    path = realdata / "taipei-villages/taipei_village.geojson"
    with Session(engine) as session, session.begin():
        import_file(session, path, "areas", mending, by="tester")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def index(taipei: Engine) -> AreaIndex:
    return load_areas(taipei).index


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_holder_in_the_villages_is_the_one_that_postgis_finds(
    taipei: Engine, index: AreaIndex, seed: int
) -> None:
    with Session(taipei) as session:
        shapes = [area.geometry for area in areas_now(session)]
    lon, lat = tricky_points(shapes, seed, 2_000)

    with taipei.begin() as connection:
        borders = assert_equal(connection, index, lon, lat)

    assert len(index) == 456
    assert borders > 2_000


def test_a_border_two_nanometres_long_is_still_a_border(index: AreaIndex) -> None:
    """Two villages share a segment of 1.4e-14 degrees; PostGIS has two answers for its middle."""
    middle = LonLat(121.55682673200012, 25.121865766000052)

    (hit,) = index.holding(middle)

    assert told(index, hit) == ("community", "6301100044", True)
