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
from sqlalchemy.exc import DBAPIError, ProgrammingError

from geo.errors import ClusterError, InvalidParameter, NotFound, Unavailable

LANGUAGES = ("zh", "en")
GROUP = "tidegrid_planner"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_RESERVED = re.compile(r"(tidegrid|pg_).*|postgres|public|none|user|current_.*|session_.*", re.I)
_END_TIMEOUT_S = 10
_STILL_OWNS = "2BP01"
"""SQLSTATE of a login that cannot be dropped, for what it owns."""
# What a planner forgets must not hold up the others, nor a check: QGIS saves in one go, and no
# transaction of its own stays open.
_LIMITS = ("idle_in_transaction_session_timeout = '5min'", "lock_timeout = '15s'")

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
        *(f'ALTER ROLE "{name}" SET {limit}' for limit in _LIMITS),
    )
    return secret


def remove_planner(connection: Connection, name: str) -> int:
    """End the sessions of a login, drop it with what it owns, and return how many they were.

    Takes a connection without a transaction: whole or not at all, in one of its own. What the
    planner edited stays, under that name. Raises `NotFound` for who is no planner.
    """
    with connection.begin():
        if name not in [planner.name for planner in planners(connection)]:
            raise NotFound(f"no planner is called {name!r}; `tidegrid planner list` shows all")
        number = connection.scalar(
            text("SELECT oid FROM pg_roles WHERE rolname = :name"), {"name": name}
        )
        # Only its members may end a login's sessions, and drop what it has: default privileges,
        # grants, large objects.
        _as_administrator(connection, f'GRANT "{name}" TO CURRENT_USER')
        ended = _end_sessions(connection, name, number)
        _as_administrator(connection, f'DROP OWNED BY "{name}"', f'DROP ROLE "{name}"')
    with connection.begin():
        # Who came back in that moment works for nobody, and cannot come again.
        return ended + _end_sessions(connection, name, number)


def _end_sessions(connection: Connection, name: str, number: int) -> int:
    """Sessions are found by the login's number: of a login that is dropped the name is not told."""
    mine = "FROM pg_stat_activity WHERE usesysid = :number"
    try:
        ended = connection.scalar(
            text(f"SELECT count(pg_terminate_backend(pid)) {mine}"), {"number": number}
        )
    except ProgrammingError as error:
        raise _not_an_administrator(error) from None
    deadline = time.monotonic() + _END_TIMEOUT_S
    while connection.scalar(text(f"SELECT count(*) {mine}"), {"number": number}):
        if time.monotonic() > deadline:
            raise Unavailable(f"a session of {name} does not end; try again shortly")
        time.sleep(0.02)
        # Within a transaction it tells what it told before.
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
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
        raise _not_an_administrator(error) from None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _STILL_OWNS:
            raise
        detail = " ".join(str(error.orig).split())
        raise ClusterError(
            f"the login still has something in another database of the server; have its "
            f"administrator run DROP OWNED BY there ({detail})"
        ) from None


def _not_an_administrator(error: ProgrammingError) -> ClusterError:
    return ClusterError(
        f"this login may not manage planners ({str(error.orig).strip().splitlines()[0]}); set "
        "TIDEGRID_OWNER_DATABASE_URL to the login that ran `tidegrid migrate`"
    )
