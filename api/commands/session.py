"""A session of the schema's owner, for commands that write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from api.console import step
from api.database import Database, database
from api.settings import Settings
from data.engine import make_engine


@contextmanager
def owner_session() -> Iterator[Session]:
    """Lend one transaction: committed when the block ends well, undone when it does not."""
    with database(Settings(), step) as found, session_of(found) as session:
        yield session


@contextmanager
def session_of(database: Database) -> Iterator[Session]:
    """Lend one transaction on a database that is already up."""
    engine = make_engine(database.owner_url, role="tidegrid_owner", application="tidegrid-cli")
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()
