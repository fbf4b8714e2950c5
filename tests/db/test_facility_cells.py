"""Facilities counted by squares: right after any change, for two at once, and for whose eyes."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import Role
from data.models import LEVELS
from data.publishing import publish
from geo.records import Facility
from tests.conftest import CreateDatabase

KINDS = ("toilet", "parking", "camera", "bin")
# So near to each other that squares of all sizes are shared.
CENTRES = [(112.0, 27.7), (112.0003, 27.7002), (112.01, 27.71), (110.0, 25.0), (-60.0, -33.0)]
Cells = dict[tuple[int, int, int, str], tuple[int, int, int]]

KEPT = "SELECT level, x, y, kind, n, sum_x, sum_y FROM city.facility_cells WHERE n <> 0"
HELD = """
    SELECT kind, ST_X(place), ST_Y(place) FROM (
        SELECT kind, ST_PointOnSurface(geom) AS place FROM city.facilities WHERE upper_inf(valid)
    ) AS placed
"""


def kept(connection: Connection) -> Cells:
    return {tuple(row[:4]): tuple(row[4:]) for row in connection.execute(text(KEPT))}


def counted(connection: Connection) -> Cells:
    """The same, counted here by the formula of Web Mercator."""
    found: dict[tuple[int, int, int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for kind, lon, lat in connection.execute(text(HELD)):
        x = math.floor((lon + 180) / 360 * 2**30)
        y = math.floor((0.5 - math.atanh(math.sin(math.radians(lat))) / (2 * math.pi)) * 2**30)
        for level in LEVELS:
            cell = found[level, x >> 30 - level, y >> 30 - level, kind]
            for position, more in enumerate((1, x, y)):
                cell[position] += more
    return {key: (n, sum_x, sum_y) for key, (n, sum_x, sum_y) in found.items()}


def shape(rng: random.Random) -> Point | Polygon:
    lon, lat = rng.choice(CENTRES)
    lon, lat = round(lon + rng.uniform(-2e-3, 2e-3), 7), round(lat + rng.uniform(-2e-3, 2e-3), 7)
    if rng.random() < 0.7:
        return Point(lon, lat)
    side = rng.uniform(1e-4, 1e-2)
    # An L: its centre of mass may lie outside.
    return Polygon([
        (lon, lat), (lon + side, lat), (lon + side, lat + side / 9),
        (lon + side / 9, lat + side / 9), (lon + side / 9, lat + side), (lon, lat + side),
    ])  # fmt: skip


def facility(rng: random.Random) -> Facility:
    return Facility(rng.choice(KINDS), f"F{rng.randrange(40)}", f"设施{rng.random()}", shape(rng))


def by_publishing(session: Session, rng: random.Random) -> None:
    wanted = {(one.kind, one.code): one for one in (facility(rng) for _ in range(rng.randrange(9)))}
    publish(session, list(wanted.values()), by="tester", note="")


def planned(session: Session, _: random.Random) -> None:
    """A row of tomorrow takes the place of today's, as all reading has it."""
    session.execute(
        text("""
        WITH closed AS (
            UPDATE city.facilities
            SET valid = tstzrange(lower(valid), greatest(lower(valid), now()) + interval '1 day')
            WHERE upper_inf(valid) AND code LIKE '%1' AND lower(valid) <= now() RETURNING *
        )
        INSERT INTO city.facilities (kind, code, name, geom, generation, valid)
        SELECT kind, code, name, ST_Translate(geom, 0.001, 0), generation,
            tstzrange(upper(valid), NULL) FROM closed
    """)
    )


STATEMENTS = (
    "UPDATE city.facilities SET geom = ST_Translate(geom, 0.0007, -0.0004) WHERE code LIKE '%3'",
    "UPDATE city.facilities SET name = name || '改'",
    "UPDATE city.facilities SET code = 'X' || code, kind = 'camera' "
    "WHERE kind = 'bin' AND code LIKE '%5'",
    "UPDATE city.facilities SET valid = tstzrange(lower(valid), lower(valid) + interval '1 us') "
    "WHERE upper_inf(valid) AND code LIKE '%7'",
    "DELETE FROM city.facilities WHERE code LIKE '%2'",
    "DELETE FROM city.facilities WHERE NOT upper_inf(valid)",
    "DELETE FROM city.facilities WHERE false",
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(0, len(STATEMENTS) + 5), max_size=12), st.randoms(use_true_random=False)
)
def test_any_sequence_of_changes_leaves_the_counts_right(
    session: Session, steps: list[int], rng: random.Random
) -> None:
    with session.begin_nested() as undone:
        for step in steps:
            if step < len(STATEMENTS):
                session.execute(text(STATEMENTS[step]))
            elif step == len(STATEMENTS):
                planned(session, rng)
            else:
                by_publishing(session, rng)
            assert kept(session.connection()) == counted(session.connection())
        undone.rollback()


def test_counting_anew_mends_what_came_past_the_triggers(session: Session) -> None:
    rng = random.Random(1)
    publish(
        session, [Facility("bin", f"B{n}", "桶", shape(rng)) for n in range(50)], by="t", note=""
    )
    right = kept(session.connection())
    session.execute(text("UPDATE city.facility_cells SET n = n + 3, sum_x = 0 WHERE level > 9"))
    assert kept(session.connection()) != right

    session.execute(text("SELECT city.recount_facilities()"))

    assert kept(session.connection()) == right == counted(session.connection())


def test_publishers_at_once_lose_no_count_and_wait_for_none_of_each_others_squares(
    cluster: Cluster,
    migrated: str,
    create_database: CreateDatabase,
    engine_of: Callable[[str, Role], Engine],
) -> None:
    url = cluster.url("postgres", create_database("counted_at_once", migrated))
    engine = engine_of(url, "tidegrid_owner")
    with engine.begin() as connection:
        made = "INSERT INTO city.generations (published_by) VALUES ('t') RETURNING id"
        generation = connection.scalar(text(made))

    def change(worker: int) -> None:
        # Without the lock of publishing: in any order, several statements in one transaction.
        rng = random.Random(worker)
        for turn in range(12):
            with engine.begin() as connection:
                for n in range(4):
                    lon, lat = rng.choice(CENTRES)
                    connection.execute(
                        text(
                            "INSERT INTO city.facilities (kind, code, name, geom, generation) "
                            "VALUES (:kind, :code, 'n', ST_SetSRID(ST_MakePoint(:x, :y), 4326), "
                            ":generation)"
                        ),
                        {"kind": rng.choice(KINDS), "code": f"{worker}-{turn}-{n}",
                         "x": lon, "y": lat, "generation": generation},
                    )  # fmt: skip
                connection.execute(
                    text("DELETE FROM city.facilities WHERE code LIKE :mine"),
                    {"mine": f"{worker}-%-{rng.randrange(4)}"},
                )

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, range(4))) == [None] * 4
    with engine.connect() as connection:
        found = kept(connection)
        assert found == counted(connection)
        assert sum(n for n, _, _ in found.values()) > 0


def test_the_public_counts_only_what_it_may_see(cluster: Cluster, demo: str, engine_of) -> None:  # type: ignore[no-untyped-def]
    asked = text("SELECT kind, sum(n) FROM city.facility_cells WHERE level = 9 GROUP BY kind")
    counts = {}
    for role in ("tidegrid_service", "tidegrid_public"):
        with engine_of(cluster.url(role, demo), role).connect() as connection:
            counts[role] = {row.kind: row.sum for row in connection.execute(asked)}

    assert counts["tidegrid_service"]["camera"] == 68
    assert counts["tidegrid_public"]["toilet"] == 124
    assert not {"camera", "sensor"} & counts["tidegrid_public"].keys()


@pytest.mark.parametrize("statement", [
    "DELETE FROM city.facility_cells", "SELECT city.recount_facilities()",
])  # fmt: skip
@pytest.mark.parametrize("role", ["tidegrid_service", "tidegrid_public", "tidegrid_planner"])
def test_nobody_but_the_owner_changes_counts(
    engine_as: Callable[[Role], Engine], role: Role, statement: str
) -> None:
    with (
        engine_as(role).connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(statement))
