"""A private cluster for one run of the bench, with a database for each city."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import shapely
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from bench.city import City
from bench.servers import free_port
from data.cluster import Cluster
from data.engine import make_engine
from data.models import SRID
from data.schema import migrate
from data.staff import store_officers, store_positions
from data.tokens import issue
from geo.records import Area

_LOGINS = ("tidegrid_owner", "tidegrid_service", "tidegrid_public", "tidegrid_planner")


@dataclass(frozen=True, slots=True)
class Base:
    """A database with a city in it, and a token for it."""

    service_url: str
    public_url: str
    admin_url: str
    token: str
    cluster: Cluster


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Hold a cluster in a folder of its own while inside; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="tidegrid-bench-") as folder:
        # The account that runs the server must get in.
        Path(folder).chmod(0o755)
        with Cluster.at(Path(folder), free_port()).running() as running:
            yield running


def make_empty(cluster: Cluster, name: str) -> Engine:
    """Return the superuser's engine of a new database at head, with no city in it."""
    admin = make_engine(cluster.url("postgres", "postgres"), role=None)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    owner = make_engine(cluster.url("postgres", name), role=None)
    with owner.begin() as connection:
        migrate(connection, passwords={login: cluster.password(login) for login in _LOGINS})
    return owner


def make_base(cluster: Cluster, name: str, city: City) -> Base:
    """Return a new database with the city in it."""
    owner = make_empty(cluster, name)
    with owner.begin() as connection:
        _copy(connection, city.areas)
    with Session(owner) as session, session.begin():
        session.execute(text("SET LOCAL ROLE tidegrid_owner"))
        token = _fill(session, city)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    return Base(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
        token,
        cluster,
    )


def _copy(connection: Connection, areas: Sequence[Area]) -> None:
    """Areas as one publication, without its history and drafts: publishing takes a minute."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    generation = connection.scalar(
        text(
            "INSERT INTO city.generations (published_by, note) "
            "VALUES ('bench', 'synthetic big city') RETURNING id"
        )
    )
    raw = connection.connection.cursor()
    with raw.copy(
        "COPY city.areas (kind, code, name, name_en, parent_code, attributes, geom, generation) "
        "FROM STDIN"
    ) as copy:
        for area in areas:
            shape = shapely.set_srid(shapely.multipolygons([area.geometry]), SRID)
            copy.write_row(
                (
                    area.kind,
                    area.code,
                    area.name,
                    area.name_en,
                    area.parent_code,
                    json.dumps(dict(area.attributes)),
                    shapely.to_wkb(shape, hex=True, include_srid=True),
                    generation,
                )
            )


def _fill(session: Session, city: City) -> str:
    store_officers(session, city.officers, city.assignments, city.shifts)
    store_positions(session, city.positions)
    return issue(session, "bench", ["query", "position"], timedelta(hours=2))


def rename(connection_url: str, codes: Sequence[str]) -> Iterator[int]:
    """Commit a change of one unit grid after another, and yield each time the areas' revision."""
    engine = make_engine(connection_url, role="tidegrid_owner")
    try:
        for number, code in enumerate(codes):
            with engine.begin() as connection:
                connection.execute(
                    text(
                        "UPDATE city.areas SET name = :name "
                        "WHERE kind = 'unit_grid' AND code = :code AND upper_inf(valid)"
                    ),
                    {"name": f"合成第{number}次改名", "code": code},
                )
                revision = connection.scalar(
                    text("SELECT revision FROM city.layers WHERE name = 'areas'")
                )
            yield int(revision)
    finally:
        engine.dispose()
