"""A made-up city of very many facilities, written by PostgreSQL itself: only their places matter.

Half of them around the middle, the others everywhere, and a crowd on one spot. The codes are no
city's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from bench.database import make_empty
from data.cluster import Cluster
from data.engine import make_engine
from geo.types import BBox

BOX = BBox(111.8, 27.55, 112.2, 27.95)
MIDDLE, CROWD = (112.0, 27.75), (112.15, 27.6)
_CROWD_OF = 20_000

# Without what slows down writing: row by row through indexes and checks of keys, two million take
# six minutes. The index that tiles are read by is made afterwards.
_BEFORE = """
    SET LOCAL session_replication_role = replica;
    DROP INDEX city.ix_facilities_geom;
    ALTER TABLE city.facilities DROP CONSTRAINT ex_facilities_code;
    INSERT INTO city.generations (published_by, note) VALUES ('bench', 'synthetic facilities');
    INSERT INTO city.schedules (hours) SELECT 'Mo-Su 0' || n || ':00-20:00'
        FROM generate_series(1, 8) AS n;
    SELECT setseed(0.4);
"""
_ROWS = f"""
    INSERT INTO city.facilities (kind, code, name, name_en, geom, schedule_id, generation)
    SELECT kinds[1 + floor(random() * random() * 6)::int], 'F' || n, '合成设施第' || n || '号',
        'Made-up Facility ' || n, ST_SetSRID(CASE
            WHEN n <= {_CROWD_OF} THEN ST_MakePoint({CROWD[0]}, {CROWD[1]})
            WHEN n % 2 = 0 THEN ST_MakePoint(
                {MIDDLE[0]} + 0.08 * cos(6.2832 * turn) * far,
                {MIDDLE[1]} + 0.08 * sin(6.2832 * turn) * far)
            ELSE ST_MakePoint(
                {BOX.west} + random() * {BOX.east - BOX.west},
                {BOX.south} + random() * {BOX.north - BOX.south})
            END, 4326),
        CASE WHEN n % 3 = 0 THEN 1 + n % 8 END, 1
    FROM (SELECT n, random() AS turn, sqrt(-2 * ln(1 - random())) AS far,
            ARRAY['toilet', 'parking', 'bin', 'ebike_charging', 'park', 'station'] AS kinds
        FROM generate_series(1, :count) AS n) AS drawn
"""
_AFTER = """
    CREATE INDEX ix_facilities_geom ON city.facilities USING gist (geom);
    SELECT city.recount_facilities();
"""


@dataclass(frozen=True, slots=True)
class FacilityBase:
    """A database with facilities in it."""

    cluster: Cluster
    name: str

    def url(self, role: str) -> str:
        """Return the address of a role."""
        return self.cluster.url(role, self.name)

    def forget(self) -> None:
        """Let every worker drop its tiles, as a change without a box does."""
        engine = make_engine(self.url("postgres"), role="tidegrid_owner")
        with engine.begin() as connection:
            connection.execute(text("SELECT city.raise_clock('facilities', NULL)"))
        engine.dispose()


def make_facilities(cluster: Cluster, name: str, count: int) -> FacilityBase:
    """Return a new database with so many facilities."""
    owner = make_empty(cluster, name)
    with owner.begin() as connection:
        connection.exec_driver_sql(_BEFORE)
        connection.execute(text(_ROWS), {"count": count})
        connection.exec_driver_sql(_AFTER)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    return FacilityBase(cluster, name)
