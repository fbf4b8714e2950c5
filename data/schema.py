"""The schema's life: up to head, down to nothing, what Alembic thinks is missing."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from data.bootstrap import bootstrap
from data.reference import load_reference

# Any number will do; it must be the same for all who migrate one database.
_MIGRATION_LOCK = 4313_02


def migrate(
    connection: Connection, revision: str = "head", passwords: dict[str, str] | None = None
) -> str | None:
    """Bring the connected database up to a revision, with its lists, and return it.

    The caller commits. Two at once wait for each other. Raises `ClusterError` without the rights.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    bootstrap(connection, passwords)
    command.upgrade(_config(connection), revision)
    if revision == "head":
        connection.execute(text("SET ROLE tidegrid_owner"))
        load_reference(connection)
        connection.execute(text("RESET ROLE"))
    return current(connection)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Take the connected database down to a revision; the caller commits."""
    command.downgrade(_config(connection), revision)


def current(connection: Connection) -> str | None:
    """Return the revision of the connected database, None before the first migration."""
    if connection.scalar(text("SELECT to_regclass('city.alembic_version')")) is None:
        return None
    found = connection.scalar(text("SELECT version_num FROM city.alembic_version"))
    return None if found is None else str(found)


def autogenerate(connection: Connection, message: str, revision: str) -> None:
    """Write the migration that Alembic thinks is missing, for a developer to edit."""
    command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "data:migrations")
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the revision that this program knows."""
    config = Config()
    config.set_main_option("script_location", "data:migrations")
    found = ScriptDirectory.from_config(config).get_current_head()
    assert found is not None
    return found
