"""Areas that are refreshed again and again are those that are read anew, whatever was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from data.cluster import Cluster
from data.engine import make_engine
from data.live.areas import LoadedAreas, load_areas
from geo.types import LonLat
from tests.conftest import CreateDatabase

CODES = [f"G{n:02d}" for n in range(12)]


@pytest.fixture(scope="module")
def engine(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Iterator[Engine]:
    name = create_database("loaded_areas", migrated)
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO city.generations (published_by, note) VALUES ('tester', 'test')")
        )
    yield engine
    engine.dispose()


# What may be done to a code, each as SQL: by publishing, by hand, and what nobody should do.
NOW = "clock_timestamp()"
CLOSE = (
    f"UPDATE city.areas SET valid = tstzrange(lower(valid), {NOW}) "
    f"WHERE code = :code AND valid @> {NOW} AND lower(valid) < {NOW}"
)
OPEN = (
    "INSERT INTO city.areas (kind, code, name, geom, generation, valid) "
    "SELECT :kind, :code, :name, ST_Multi(ST_MakeEnvelope(:x, :y, :x + 0.01, :y + 0.01, 4326)), "
    "max(id), tstzrange({since}, NULL) FROM city.generations "
    "HAVING NOT EXISTS (SELECT FROM city.areas WHERE code = :code AND upper_inf(valid))"
)
DEEDS = {
    "open": OPEN.format(since=NOW),
    "close": CLOSE,
    "rename": f"UPDATE city.areas SET name = :name WHERE code = :code AND valid @> {NOW}",
    "redraw": (
        "UPDATE city.areas SET geom = ST_Multi(ST_MakeEnvelope(:x, :y, :x + 0.02, :y + 0.01, 4326))"
        f" WHERE code = :code AND valid @> {NOW}"
    ),
    "plan": OPEN.format(since=f"{NOW} + interval '30 milliseconds'"),
    "delete": f"DELETE FROM city.areas WHERE code = :code AND valid @> {NOW}",
    "wait": "SELECT pg_sleep(0.03)",
}
deeds = st.tuples(
    st.sampled_from(list(DEEDS)),
    st.sampled_from(CODES),
    st.sampled_from(["unit_grid", "community", "compound"]),
    st.integers(0, 5),
    st.integers(0, 5),
)


def do(connection: Connection, deed: tuple[str, str, str, int, int]) -> None:
    what, code, kind, x, y = deed
    given = {"code": code, "kind": kind, "name": f"{what} {x} {y}"}
    connection.execute(text(DEEDS[what]), given | {"x": 112 + x / 100, "y": 27.7 + y / 100})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(deeds, max_size=6), min_size=1, max_size=6))
def test_refreshed_areas_are_those_that_are_read_anew(
    engine: Engine, rounds: list[list[tuple[str, str, str, int, int]]]
) -> None:
    known = load_areas(engine)
    for round_ in rounds:
        with engine.begin() as connection:
            for deed in round_:
                do(connection, deed)
        known = known.refreshed(engine)
        # At one instant, so that nothing takes effect in between.
        assert_same(known, load_areas(engine, known.at))


def assert_same(known: LoadedAreas, anew: LoadedAreas) -> None:
    assert known.index.labels == anew.index.labels
    assert known.numbers.tolist() == anew.numbers.tolist()
    assert shapely.equals_identical(known.index.shapes, anew.index.shapes).all()
    assert known.index.valid_from == anew.index.valid_from
    assert known.index.valid_until == anew.index.valid_until
    assert known.index.kinds == anew.index.kinds
    for lon, lat in np.random.default_rng(1).uniform((112, 27.7), (112.08, 27.77), (40, 2)):
        point = LonLat(float(lon), float(lat))
        assert known.index.holding(point) == anew.index.holding(point)
        assert known.index.holding(point, ["unit_grid"]) == anew.index.holding(point, ["unit_grid"])


def test_what_a_transaction_writes_that_was_open_while_areas_were_read_is_not_missed(
    engine: Engine,
) -> None:
    code = "LATE"
    with engine.begin() as slow:
        do(slow, ("open", code, "unit_grid", 1, 1))
        known = load_areas(engine)
    assert code not in {label.code for label in known.index.labels}

    known = known.refreshed(engine)

    assert code in {label.code for label in known.index.labels}
    assert_same(known, load_areas(engine, known.at))


def test_a_kind_that_is_hidden_is_hidden_in_what_is_known_already(engine: Engine) -> None:
    known = load_areas(engine)
    change = text("UPDATE city.kinds SET is_public = NOT is_public WHERE slug = 'unit_grid'")
    with engine.begin() as connection:
        connection.execute(change)
    try:
        assert_same(known.refreshed(engine), load_areas(engine))
    finally:
        with engine.begin() as connection:
            connection.execute(change)


def test_a_future_change_has_an_instant_at_which_it_takes_effect(engine: Engine) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    with engine.begin() as connection:
        do(connection, ("open", "SOON", "unit_grid", 1, 1))
        connection.execute(
            text(
                "UPDATE city.areas SET valid = tstzrange(lower(valid), :until) WHERE code = 'SOON'"
            ),
            {"until": until},
        )

    known = load_areas(engine)

    assert known.index.valid_until == until
    assert known.index.answers_for(until - timedelta(seconds=1))
    assert not known.index.answers_for(until)
