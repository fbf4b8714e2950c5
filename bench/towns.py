"""Cities whose maps are measured: the demo city, and a made-up one of many zones and facilities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.database import make_empty
from bench.facilities import make_facilities
from bench.servers import Server, tidegrid
from data.cluster import Cluster
from data.demo.city import build_city
from data.demo.load import load_city
from data.engine import make_engine
from data.publishing import publish
from maps.site import GROUND
from tests.many_zones import many_zones

ZONES, STALLS_OF_EACH, FACILITIES = 2_000, 15, 200_000

# One after another along a line in the zone: only their number matters here.
_STALLS = f"""
    INSERT INTO city.stalls (zone_code, number, geom, generation)
    SELECT code, 'S' || lpad(n::text, 3, '0'),
        ST_Translate(ST_PointOnSurface(geom), n * 1e-6, 0), generation
    FROM city.stall_zones, generate_series(1, {STALLS_OF_EACH}) AS n
"""
_FEATURES = """
    SELECT jsonb_build_object(
        'type', 'Feature', 'geometry', ST_AsGeoJSON(geom, 6)::jsonb,
        'properties', to_jsonb(thing) - '{{id,geom,family,valid,generation,phone}}'::text[])
    FROM city.{layer} AS thing WHERE upper_inf(valid) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Town:
    """A database with a city whose maps are looked at, and what to call the city."""

    name: str
    cluster: Cluster
    database: str

    def url(self, role: str) -> str:
        """Return the address of the database for a role."""
        return self.cluster.url(role, self.database)

    def serving(self) -> AbstractContextManager[Server]:
        """Run `tidegrid serve` on the city while inside."""
        return tidegrid(self.url("tidegrid_service"), self.url("tidegrid_public"))

    def features(self, layer: str) -> list[dict[str, Any]]:
        """Return what a table of the city holds now as GeoJSON features, with hours as text."""
        engine = make_engine(self.url("postgres"), role="tidegrid_owner")
        with engine.connect() as connection:
            schedules = connection.execute(text("SELECT id, hours FROM city.schedules"))
            hours = {row.id: row.hours for row in schedules}
            found = list(connection.scalars(text(_FEATURES.format(layer=layer))))
        engine.dispose()
        for feature in found:
            told = feature["properties"]
            told["hours"] = hours.get(told.pop("schedule_id", None))
        return found


def demo_town(cluster: Cluster, database: str) -> Town:
    """Return the demo city in a new database of that name."""
    make_empty(cluster, database).dispose()
    town = Town("demo city", cluster, database)
    with _publishing(town) as session:
        load_city(session, build_city(observed_at=datetime.now(UTC)))
    return town


def large_town(cluster: Cluster) -> Town:
    """Return 2,000 zones, 30,000 stalls and 200,000 facilities on the demo city's ground."""
    make_facilities(cluster, "large", FACILITIES)
    town = Town(f"{ZONES:,} zones", cluster, "large")
    ground = [area for area in build_city().areas if area.kind in GROUND]
    with _publishing(town) as session:
        publish(session, ground, by="bench", note="the demo city's ground")
        zones = many_zones(ZONES, first_day=date.today())
        publish(session, zones, by="bench", note="synthetic zones")
        session.execute(text(_STALLS))
    return town


@contextmanager
def _publishing(town: Town) -> Iterator[Session]:
    """As the owner, in one transaction; afterwards the planner of queries knows the tables."""
    engine = make_engine(town.url("postgres"), role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        yield session
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
