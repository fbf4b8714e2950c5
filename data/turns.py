"""Whoever checks or publishes the plan does it in turn, on one snapshot, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.errors import Unavailable

# LOCK, and no advisory lock: it takes no snapshot, so who has waited sees what the other wrote.
WAIT_FOR_TURN = text("LOCK TABLE plan.checks IN SHARE ROW EXCLUSIVE MODE")
_NAME_TOKEN = text("SELECT set_config('tidegrid.token', :token, true)")
# A check of a large city takes seconds: who waits longer waits for somebody who forgot something.
_PATIENCE = text("SET LOCAL lock_timeout = '30s'")
_ATTEMPTS = 4
_MEANWHILE = ("40001", "40P01")
"""SQLSTATEs of a row that somebody else wrote after our snapshot, and of a deadlock."""
_WAITED = "55P03"
# Who reads holds nobody up.
_HOLDERS = text("""
    SELECT string_agg(DISTINCT a.usename, ', ') FROM pg_locks AS l
    JOIN pg_class AS c ON c.oid = l.relation JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE c.relnamespace = 'plan'::regnamespace AND c.relkind = 'r' AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') AND l.pid <> pg_backend_pid()
""")

Result = TypeVar("Result")


def on_behalf(engine: Engine, token: str) -> Engine:
    """Return the engine for work that the holder of a token asked for: history names the token."""
    return engine.execution_options(token=token)


def in_turn(engine: Engine, work: Callable[[Session], Result]) -> Result:
    """Do the work in one transaction on one snapshot and return what it returns.

    It is done again on a newer snapshot when a planner saved just what it wanted to write, and
    must be fit for that. Raises `Unavailable` when that happens again and again, and when somebody
    holds the plan for long: it says who.
    """
    for _ in range(_ATTEMPTS):
        try:
            with engine.connect() as connection:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    connection.execute(_PATIENCE)
                    connection.execute(WAIT_FOR_TURN)
                    if token := engine.get_execution_options().get("token"):
                        connection.execute(_NAME_TOKEN, {"token": token})
                    with Session(connection) as session:
                        result = work(session)
                        session.flush()
                return result
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state == _WAITED:
                raise _held(engine) from error
            if state not in _MEANWHILE:
                raise
    raise Unavailable("planners are saving the same features just now; try again shortly")


def _held(engine: Engine) -> Unavailable:
    with engine.connect() as connection:
        holders = connection.scalar(_HOLDERS)
    return Unavailable(
        f"the plan is held by {holders or 'somebody who has just ended'}: an edit that was not "
        "finished, or another check or publication; ask them to finish, or try again shortly"
    )
