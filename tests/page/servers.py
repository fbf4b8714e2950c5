"""The real service on a real port, for pages that ask it for everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

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
        # The first page loads Folium, which takes seconds: that is not what visits are to try.
        for page in ("stalls", "facilities"):
            urlopen(f"{address}/maps/{page}").read()
        yield address
