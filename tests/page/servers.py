"""The real service on a real port, for pages that ask it for everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from tests.serving import served


@contextmanager
def serving(cluster: Cluster, name: str) -> Iterator[str]:
    """Serve a database of the cluster while inside; yields the address."""
    database = Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )
    with served(create_app(Settings(), database)) as address:
        yield address
