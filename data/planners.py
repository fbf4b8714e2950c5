"""Planners: a login for each person, so that history and conflicts name who it was.

A login may do what the group tidegrid_planner may, and nothing of its own. It belongs to the whole
cluster, as all logins do.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from geo.errors import ClusterError, InvalidParameter, NotFound, Unavailable

LANGUAGES = ("zh", "en")
GROUP = "tidegrid_planner"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_RESERVED = re.compile(r"(tidegrid|pg_).*|postgres|public|none|user|current_.*|session_.*", re.I)
_END_TIMEOUT_S = 10

_MEMBERS = """
    SELECT r.rolname AS name, coalesce((SELECT split_part(one, '=', 2) FROM unnest(rolconfig) AS one
            WHERE one LIKE 'tidegrid.language=%'), 'zh') AS language,
        (SELECT count(*) FROM pg_stat_activity AS a WHERE a.usesysid = r.oid) AS sessions
    FROM pg_roles AS r JOIN pg_auth_members AS m ON m.member = r.oid
    WHERE m.roleid = :group ::regrole AND r.rolcanlogin AND NOT r.rolsuper ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Planner:
    """One planner's login, and how many connections it has open."""

    name: str
    language: str
    sessions: int


def planners(connection: Connection) -> list[Planner]:
    """Return all planners by name."""
    found = connection.execute(text(_MEMBERS), {"group": GROUP})
    return [Planner(row.name, row.language, row.sessions) for row in found]


def add_planner(connection: Connection, name: str, language: str) -> str:
    """Make a login and return its password, the only time that anybody sees it.

    The caller commits. Raises `InvalidParameter` for a name that cannot be had.
    """
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise InvalidParameter(
            f"a planner's name has letters, digits and _, starts with a letter and is nobody "
            f"else's, like zhang_wei; {name[:80]!r} cannot be one"
        )
    if language not in LANGUAGES:
        raise InvalidParameter(f"the language is one of {', '.join(LANGUAGES)}, not {language!r}")
    taken = text("SELECT FROM pg_roles WHERE lower(rolname) = lower(:name)")
    if connection.execute(taken, {"name": name}).first() is not None:
        raise InvalidParameter(f"there is a login {name!r} already; choose another name")
    secret = secrets.token_urlsafe(18)
    _as_administrator(
        connection,
        f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{_verifier(connection, name, secret)}' "
        f"IN ROLE {GROUP}",
        f"ALTER ROLE \"{name}\" SET tidegrid.language = '{language}'",
    )
    return secret


def remove_planner(connection: Connection, name: str) -> int:
    """End the sessions of a login, drop it, and return how many they were.

    Takes a connection that commits each statement: nobody must come back in before the end. What
    the planner edited stays, under that name. Raises `NotFound` for who is no planner.
    """
    if name not in [planner.name for planner in planners(connection)]:
        raise NotFound(f"no planner is called {name!r}; `tidegrid planner list` shows all")
    _as_administrator(connection, f'ALTER ROLE "{name}" NOLOGIN')
    mine = "FROM pg_stat_activity WHERE usename = :name"
    ended = connection.scalar(
        text(f"SELECT count(pg_terminate_backend(pid)) {mine}"), {"name": name}
    )
    deadline = time.monotonic() + _END_TIMEOUT_S
    while connection.scalar(text(f"SELECT count(*) {mine}"), {"name": name}):
        if time.monotonic() > deadline:
            raise Unavailable(f"{name} may not log in any more, but a session does not end")
        time.sleep(0.02)
    _as_administrator(connection, f'DROP ROLE "{name}"')
    return int(ended or 0)


def _verifier(connection: Connection, name: str, secret: str) -> str:
    """What the server keeps of a password: the word itself would stand in its log."""
    libpq = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    made: bytes = libpq.encrypt_password(secret.encode(), name.encode(), b"scram-sha-256")
    return made.decode()


def _as_administrator(connection: Connection, *statements: str) -> None:
    try:
        for statement in statements:
            connection.exec_driver_sql(statement)
    except ProgrammingError as error:
        raise ClusterError(
            f"this login may not manage planners ({str(error.orig).strip().splitlines()[0]}); set "
            "TIDEGRID_OWNER_DATABASE_URL to the login that ran `tidegrid migrate`"
        ) from None
