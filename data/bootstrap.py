"""What must exist before the first migration: roles, extensions, schemas. Safe to run again."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from geo.errors import ClusterError

logger = logging.getLogger("tidegrid.data")

GROUPS = ("tidegrid_owner", "tidegrid_service", "tidegrid_public", "tidegrid_planner")
EXTENSIONS = ("postgis", "btree_gist")

# Two migrations at once may race for a role: the loser sees duplicate_object or unique_violation.
_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""


def bootstrap(connection: Connection, passwords: dict[str, str] | None = None) -> None:
    """Make roles, extensions and the schemas `city` and `plan` in the connected database.

    Roles that are given a password may log in with it. Raises `ClusterError` when the login lacks
    the rights, naming what an administrator must run.
    """
    try:
        for role in GROUPS:
            connection.execute(text(_ROLE.format(role=role)))
        connection.execute(text("GRANT tidegrid_owner TO CURRENT_USER"))
        for extension in EXTENSIONS:
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
        _let_boxes_through(connection)
        for schema in ("city", "plan"):
            connection.execute(
                text(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION tidegrid_owner")
            )
    except ProgrammingError as error:
        raise ClusterError(
            f"this login may not prepare the database ({str(error.orig).strip()}); run "
            "`tidegrid migrate` once as a superuser, or have an administrator create the "
            f"extensions {', '.join(EXTENSIONS)} and the roles {', '.join(GROUPS)}"
        ) from None
    for role, password in (passwords or {}).items():
        _let_log_in(connection, role, password)


def _let_boxes_through(connection: Connection) -> None:
    """Let the GiST indexes serve roles that are bound by row-level security.

    Such a role's policies are judged before any function that is not leakproof, index or not, and
    PostGIS declares none of its functions so: every box query would read the whole table. The
    operator && compares two boxes and tells nothing else. Only a superuser may say so; without
    it answers are the same, but slow in a large city.
    """
    named = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'geometry_overlaps'"
    try:
        with connection.begin_nested():
            for function in connection.scalars(text(named)).all():
                connection.execute(text(f"ALTER FUNCTION {function} LEAKPROOF"))
    except ProgrammingError:
        logger.warning("not a superuser: spatial indexes will not serve the public role")


def _let_log_in(connection: Connection, role: str, password: str) -> None:
    if role not in GROUPS:
        raise ClusterError(f"{role} is not one of {', '.join(GROUPS)}")
    # ALTER ROLE takes no parameters, so PostgreSQL itself quotes the word.
    literal = connection.scalar(text("SELECT quote_literal(:word)"), {"word": password})
    connection.exec_driver_sql(f"ALTER ROLE {role} LOGIN PASSWORD {literal}".replace("%", "%%"))
