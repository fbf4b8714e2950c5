"""A session of the schema's owner, for commands that write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from api.console import step
from api.database import Database, database
from api.settings import Settings
from data.engine import make_engine
from data.schema import check_owner


@contextmanager
def owner_session() -> Iterator[Session]:
    """Lend one transaction: committed when the block ends well, undone when it does not."""
    with database(Settings(), step) as found:
        check_ownership(found)
        with session_of(found) as session:
            yield session


@contextmanager
def owner_engine() -> Iterator[Engine]:
    """Lend an engine of the schema's owner, for work that takes its turn and may start anew."""
    with database(Settings(), step) as found:
        check_ownership(found)
        engine = make_engine(found.owner_url, role="tidegrid_owner", application="tidegrid-cli")
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def administrator() -> Iterator[Connection]:
    """Lend a connection of the login itself, which may manage logins; the borrower commits."""
    with database(Settings(), step) as found:
        check_ownership(found)
        engine = make_engine(found.owner_url, role=None, application="tidegrid-cli")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def check_ownership(database: Database) -> None:
    """Raise `ClusterError` unless the database is at head and we may write to it."""
    engine = make_engine(database.owner_url, role=None)
    try:
        with engine.connect() as connection:
            check_owner(connection)
    finally:
        engine.dispose()


@contextmanager
def session_of(database: Database) -> Iterator[Session]:
    """Lend one transaction on a database that is already up."""
    engine = make_engine(database.owner_url, role="tidegrid_owner", application="tidegrid-cli")
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()
