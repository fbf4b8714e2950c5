"""The schema's life: up to head, down to nothing, and who may bring it there.

Alembic is imported where it migrates: workers that serve ask for the head, and need none of it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from data.bootstrap import bootstrap
from data.closing import close
from data.reference import load_reference
from geo.errors import ClusterError

if TYPE_CHECKING:
    from alembic.config import Config

# Any number will do; it must be the same for all who migrate one database.
_MIGRATION_LOCK = 4313_02


def migrate(
    connection: Connection, revision: str = "head", passwords: dict[str, str] | None = None
) -> str | None:
    """Bring the connected database up to a revision, with its lists, and return it.

    The caller commits. Two at once wait for each other. Raises `ClusterError` without the rights.
    """
    from alembic import command

    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    bootstrap(connection, passwords)
    command.upgrade(_config(connection), revision)
    if revision == "head":
        connection.execute(text("SET ROLE tidegrid_owner"))
        load_reference(connection)
        connection.execute(text("RESET ROLE"))
    close(connection)
    return current(connection)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Take the connected database down to a revision; the caller commits."""
    from alembic import command

    command.downgrade(_config(connection), revision)


def current(connection: Connection) -> str | None:
    """Return the revision of the connected database, None before the first migration."""
    if connection.scalar(text("SELECT to_regclass('city.alembic_version')")) is None:
        return None
    found = connection.scalar(text("SELECT version_num FROM city.alembic_version"))
    return None if found is None else str(found)


def check_owner(connection: Connection) -> None:
    """Raise `ClusterError` unless the database is at head and the login may act as its owner."""
    may_own = connection.scalar(
        text("SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = 'tidegrid_owner'")
    )
    if may_own is False:
        raise ClusterError(
            "this login may not write to the city: set TIDEGRID_OWNER_DATABASE_URL to the login "
            "that ran `tidegrid migrate`"
        )
    found = current(connection) if may_own else None
    if found != head():
        raise ClusterError(
            f"the schema is at {found or 'nothing'}, this program needs {head()}: run "
            "`tidegrid migrate` with this program's version"
        )


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "data:migrations")
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the revision that this program knows: the last of its migrations, named by number."""
    versions = files("data").joinpath("migrations", "versions")
    numbers = (entry.name.partition("_")[0] for entry in versions.iterdir())
    return max(number for number in numbers if number.isdigit())
