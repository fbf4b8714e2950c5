"""The real service on a real port, for pages that ask it for everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from tests.conftest import free_port


@contextmanager
def serving(cluster: Cluster, name: str) -> Iterator[str]:
    """Serve a database of the cluster while inside; yields the address."""
    database = Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )
    config = uvicorn.Config(create_app(Settings(), database), port=free_port(), log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{config.port}"
    server.should_exit = True
    thread.join()
