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
_ATTEMPTS = 4
_MEANWHILE = ("40001", "40P01")
"""SQLSTATEs of a row that somebody else wrote after our snapshot, and of a deadlock."""

Result = TypeVar("Result")


def on_behalf(engine: Engine, token: str) -> Engine:
    """Return the engine for work that the holder of a token asked for: history names the token."""
    return engine.execution_options(token=token)


def in_turn(engine: Engine, work: Callable[[Session], Result]) -> Result:
    """Do the work in one transaction on one snapshot and return what it returns.

    It is done again on a newer snapshot when a planner saved just what it wanted to write, and
    must be fit for that. Raises `Unavailable` when that happens again and again.
    """
    for _ in range(_ATTEMPTS):
        try:
            with engine.connect() as connection:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    connection.execute(WAIT_FOR_TURN)
                    if token := engine.get_execution_options().get("token"):
                        connection.execute(_NAME_TOKEN, {"token": token})
                    with Session(connection) as session:
                        result = work(session)
                        session.flush()
                return result
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _MEANWHILE:
                raise
    raise Unavailable("planners are saving the same features just now; try again shortly")
