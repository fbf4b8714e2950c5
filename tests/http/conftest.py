"""The whole app on a real database, with the roles that it has in service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from data.engine import make_engine
from data.models import SCOPES
from data.tokens import issue


@pytest.fixture(scope="session")
def database(cluster: Cluster, demo: str) -> Database:
    """The demo city, by the logins that the service uses."""
    return Database(
        cluster.url("tidegrid_service", demo),
        cluster.url("tidegrid_public", demo),
        cluster.url("postgres", demo),
    )


@pytest.fixture(scope="session")
def secrets(database: Database) -> dict[str, str]:
    """A token for each scope."""
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        found = {s: issue(session, f"test-{s}", [s], timedelta(days=1)) for s in SCOPES}
    engine.dispose()
    return found


@pytest.fixture(scope="session")
def client(database: Database) -> Iterator[TestClient]:
    """The app, as somebody without a token meets it."""
    with TestClient(create_app(Settings(), database), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def bearer(secrets: dict[str, str]) -> dict[str, dict[str, str]]:
    """Headers that carry the token of a scope."""
    return {scope: {"Authorization": f"Bearer {word}"} for scope, word in secrets.items()}
