"""The database inside the embedded cluster: there, at head, with logins that have passwords."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from data.cluster import DATABASE, ROLES, Cluster
from data.engine import make_engine
from data.schema import current, head, migrate

_CREATION_LOCK = 4313_01


def prepare(cluster: Cluster, progress: Callable[[str], None]) -> None:
    """Make the database of a running cluster if it is not there, and bring it to head."""
    admin = make_engine(cluster.url("postgres", "postgres"), role=None)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Two first starts at once: the second finds it made. The lock ends with the connection.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _CREATION_LOCK})
        asked = text("SELECT FROM pg_database WHERE datname = :name")
        if connection.execute(asked, {"name": DATABASE}).first() is None:
            connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    admin.dispose()
    owner = make_engine(cluster.url("postgres"), role=None)
    logins = {role: cluster.password(role) for role in ROLES if role != "postgres"}
    with owner.begin() as connection:
        if current(connection) != head():
            progress("bringing the schema up to date")
        migrate(connection, passwords=logins)
    owner.dispose()
