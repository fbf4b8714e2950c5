"""Which database we talk to: the embedded one, held up while we run, or one of the city's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from api.settings import Settings
from data.cluster import Cluster
from data.embedded import prepare
from data.engine import make_engine
from data.schema import migrate
from geo.errors import ClusterError


@dataclass(frozen=True, slots=True)
class Database:
    """Addresses of one database, for each of our roles."""

    service_url: str
    public_url: str
    owner_url: str
    cluster: Cluster | None = None


@contextmanager
def database(settings: Settings, progress: Callable[[str], None]) -> Iterator[Database]:
    """Hold a database while inside: the embedded one at head, or the settings' own as it is."""
    if settings.database_url is not None:
        yield given_database(settings)
        return
    with Cluster.at(settings.home, settings.database_port).running(progress) as cluster:
        prepare(cluster, progress)
        yield Database(
            cluster.url("tidegrid_service"),
            cluster.url("tidegrid_public"),
            cluster.url("postgres"),
            cluster,
        )


def migrate_given(settings: Settings) -> str | None:
    """Bring the settings' own database to head and return its revision."""
    engine = make_engine(given_database(settings).owner_url, role=None)
    passwords = {
        "tidegrid_service": settings.service_password,
        "tidegrid_public": settings.public_password,
        "tidegrid_planner": settings.planner_password,
    }
    given = {role: word.get_secret_value() for role, word in passwords.items() if word}
    try:
        with engine.begin() as connection:
            return migrate(connection, passwords=given)
    finally:
        engine.dispose()


def given_database(settings: Settings) -> Database:
    """Return the addresses in the settings; raises `ClusterError` where there are none."""
    service = settings.database_url
    if service is None:
        raise ClusterError("TIDEGRID_DATABASE_URL is not set")
    return Database(
        _with_driver(service),
        _with_driver(settings.public_database_url or service),
        _with_driver(settings.owner_database_url or service),
    )


def _with_driver(secret: SecretStr) -> str:
    """The address with our driver in it: people write postgresql://, as libpq does."""
    try:
        url = make_url(secret.get_secret_value())
    except (ArgumentError, ValueError):
        raise ClusterError(
            "a database address must look like postgresql://login:password@host:5432/name"
        ) from None
    if not url.drivername.startswith("postgres"):
        raise ClusterError(f"the database must be PostgreSQL, not {url.drivername}")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
