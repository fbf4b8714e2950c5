"""Connections: one way to open them, as one of our roles, with every limit set at the start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from geo.errors import Unavailable

Role = Literal["tidegrid_owner", "tidegrid_service", "tidegrid_public", "tidegrid_planner"]
CONNECT_TIMEOUT_S = 5


def make_engine(
    url: str, *, role: Role | None, timeout_ms: int = 0, application: str = "tidegrid"
) -> Engine:
    """Return an engine for the command line and loaders; nothing is opened yet."""
    return create_engine(
        url, connect_args=_connect_args(role, timeout_ms, application), pool_pre_ping=True
    )


def make_async_engine(
    url: str, *, role: Role, timeout_ms: int, pool_size: int, application: str = "tidegrid-api"
) -> AsyncEngine:
    """Return an engine for the API; nothing is opened yet."""
    return create_async_engine(
        url,
        connect_args=_connect_args(role, timeout_ms, application),
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
    )


def _connect_args(role: Role | None, timeout_ms: int, application: str) -> dict[str, Any]:
    """Set in the start-up packet, so that no statement ever runs without them."""
    options = [f"-c statement_timeout={timeout_ms}", "-c timezone=UTC"]
    if role is not None:
        options.append(f"-c role={role}")
    return {
        "options": " ".join(options),
        "application_name": application,
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A machine that vanished without a word is noticed, over TCP, within some twenty seconds.
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


@contextmanager
def translated() -> Iterator[None]:
    """Turn a lost, slow or unreachable database into `Unavailable`; anything else passes."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable("the database does not answer in time; try again shortly") from error
    except TimeoutError as error:
        raise Unavailable("all database connections are busy; try again shortly") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the connection to the database was lost; try again") from error
        raise
