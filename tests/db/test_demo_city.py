"""The demo city as the database holds it: the published numbers, and grids that tile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.demo.city import DemoCity
from data.demo.load import load_city
from data.engine import make_engine

AREAS = {
    "city": 1, "district": 1, "zone": 4, "street": 7, "responsibility_grid": 63, "community": 94,
    "unit_grid": 1588,
}  # fmt: skip
FACILITIES = {
    "toilet": 124, "park": 49, "station": 7, "notice_board": 288, "parking": 43, "camera": 68,
}  # fmt: skip


@pytest.fixture(scope="module")
def connection(cluster: Cluster, demo: str) -> Iterator[Connection]:
    engine = make_engine(cluster.url("postgres", demo), role="tidegrid_owner")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def number(connection: Connection, question: str) -> float:
    return float(connection.scalar(text(question)) or 0)


@pytest.mark.parametrize(("kind", "count"), AREAS.items())
def test_areas_are_as_many_as_published(connection: Connection, kind: str, count: int) -> None:
    assert number(connection, f"SELECT count(*) FROM city.areas WHERE kind = '{kind}'") == count


@pytest.mark.parametrize(("kind", "count"), FACILITIES.items())
def test_facilities_are_as_many_as_published(connection: Connection, kind: str, count: int) -> None:
    asked = f"SELECT count(*) FROM city.facilities WHERE kind = '{kind}'"
    assert number(connection, asked) == count


def test_42_zones_hold_2624_stalls(connection: Connection) -> None:
    assert number(connection, "SELECT count(*) FROM city.stall_zones") == 42
    assert number(connection, "SELECT sum(capacity) FROM city.stall_zones") == 2624
    assert number(connection, "SELECT count(*) FROM city.stalls") == 2624
    astray = """SELECT count(*) FROM city.stalls s JOIN city.stall_zones z ON z.code = s.zone_code
        WHERE NOT ST_Contains(z.geom, s.geom)"""
    assert number(connection, astray) == 0


def test_five_roles_serve_each_of_63_grids(connection: Connection) -> None:
    found = connection.execute(
        text("SELECT area_code, array_agg(role ORDER BY role) FROM city.assignments GROUP BY 1")
    ).all()
    assert len(found) == 63
    roles = ["enforcement", "landscaping", "lighting", "sanitation", "street"]
    assert all(row[1] == roles for row in found)
    assert number(connection, "SELECT count(*) FROM city.officers") == 315


@pytest.mark.parametrize(
    "kind", ["district", "zone", "street", "responsibility_grid", "community", "unit_grid"]
)
def test_areas_of_a_kind_tile_the_city(connection: Connection, kind: str) -> None:
    union = f"(SELECT ST_Union(geom) FROM city.areas WHERE kind = '{kind}')"
    city = "(SELECT geom FROM city.areas WHERE kind = 'city')"
    gap_m2 = number(connection, f"SELECT ST_Area(ST_SymDifference({union}, {city})::geography)")
    assert gap_m2 < 0.01
    parts = f"SELECT sum(ST_Area(geom::geography)) FROM city.areas WHERE kind = '{kind}'"
    whole = number(connection, f"SELECT ST_Area({city}::geography)")
    assert number(connection, parts) == pytest.approx(whole, abs=0.1)
    overlaps = f"""SELECT count(*) FROM city.areas a JOIN city.areas b ON a.geom && b.geom
        WHERE a.kind = '{kind}' AND b.kind = '{kind}' AND a.id < b.id
        AND ST_Relate(a.geom, b.geom, 'T********')"""
    assert number(connection, overlaps) == 0


def test_unit_grids_nest_in_communities_and_responsibility_grids(connection: Connection) -> None:
    outside = """SELECT count(*) FROM city.areas u
        JOIN city.areas c ON c.kind = 'community' AND c.code = u.parent_code
        JOIN city.areas r ON r.kind = 'responsibility_grid'
            AND r.code = u.attributes ->> 'responsibility_grid'
        WHERE u.kind = 'unit_grid'
            AND NOT (ST_Covers(c.geom, u.geom) AND ST_Covers(r.geom, u.geom))"""
    joined = outside.split("AND NOT", maxsplit=1)[0]
    assert number(connection, joined) == AREAS["unit_grid"]
    assert number(connection, outside) == 0


def test_grid_codes_have_15_digits_and_start_with_their_community(connection: Connection) -> None:
    wrong = """SELECT count(*) FROM city.areas WHERE kind = 'unit_grid'
        AND (code !~ '^431302[0-9]{9}$' OR left(code, 12) <> parent_code)"""
    assert number(connection, wrong) == 0


def test_only_cameras_and_sensors_are_internal(
    connection: Connection,
) -> None:
    hidden = """SELECT count(*) FROM city.facilities f JOIN city.kinds k
        ON k.family = f.family AND k.slug = f.kind WHERE NOT k.is_public"""
    assert number(connection, hidden) == FACILITIES["camera"] + 5  # sensors


def test_loading_the_same_city_again_changes_nothing(
    connection: Connection, demo_city: DemoCity
) -> None:
    def state() -> list[tuple[object, ...]]:
        asked = text("SELECT name, revision FROM city.layers ORDER BY name")
        return [tuple(row) for row in connection.execute(asked)]

    before = state()
    with connection.begin_nested() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            load_city(session, demo_city)
        assert state() == before
        outer.rollback()


def test_the_city_says_that_it_is_synthetic(connection: Connection) -> None:
    asked = "SELECT attributes FROM city.areas WHERE kind = 'city'"
    attributes = connection.scalar(text(asked))
    assert attributes is not None
    assert attributes["synthetic"] is True
    assert "synthetic" in attributes["note"]
    assert "虚构" in attributes["note"]
