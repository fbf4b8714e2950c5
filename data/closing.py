"""What PostgreSQL lets everybody do by itself, taken back: nobody has a right that we did not give.

Done after every migration, in the connected database, and safe to do again. A copy or a restored
dump of a database may have lost the part that belongs to the database itself.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

logger = logging.getLogger("tidegrid.data")

# Who may make a temporary table makes types, casts and functions beside it, and functions of the
# owner would take them for their own.
_NO_TEMPORARY = """
DO $$ BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tidegrid_owner', current_database());
END $$
"""
_IS_OPEN = "SELECT has_database_privilege('public', current_database(), 'TEMPORARY')"

# Nobody here stores large objects, which fill the disk and keep their login from being dropped.
_NO_LARGE_OBJECTS = """
DO $$ DECLARE maker regprocedure; BEGIN
    FOR maker IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', maker);
    END LOOP;
END $$
"""

# The owner's functions look for a type among temporary things first, unless their path names these.
_LAST_AMONG_PLACES = """
DO $$ DECLARE made record; BEGIN
    FOR made IN SELECT p.oid::regprocedure AS called, substr(place, 13) AS path
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace, unnest(proconfig) AS place
        WHERE prosecdef AND nspname IN ('city', 'plan') AND place LIKE 'search_path=%'
        AND place NOT LIKE '%pg_temp'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %s, pg_temp', made.called, made.path);
    END LOOP;
END $$
"""
# Triggers need no right to run, but whoever makes one needs it: a function of the owner's on a
# table of one's own does the owner's work on what one likes.
_CLOSED_FUNCTIONS = (
    "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA city, plan FROM PUBLIC",
    _LAST_AMONG_PLACES,
)


def close(connection: Connection) -> None:
    """Take back what PostgreSQL grants to everybody; what only an administrator can is logged."""
    connection.execute(text("SET ROLE tidegrid_owner"))
    for statement in _CLOSED_FUNCTIONS:
        connection.execute(text(statement))
    connection.execute(text("RESET ROLE"))
    close_database(connection)
    try:
        with connection.begin_nested():
            connection.execute(text(_NO_LARGE_OBJECTS))
    except ProgrammingError:
        logger.warning("not a superuser: everybody can store large objects in this database")


def close_database(connection: Connection) -> None:
    """Let nobody but the owner make temporary tables in the connected database."""
    try:
        with connection.begin_nested():
            connection.execute(text(_NO_TEMPORARY))
    except ProgrammingError:
        pass  # told below
    if connection.scalar(text(_IS_OPEN)):
        logger.warning(
            "not the owner of the database: everybody can make temporary tables in it; have its "
            "owner run REVOKE TEMPORARY ON DATABASE … FROM PUBLIC"
        )
