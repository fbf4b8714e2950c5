"""`tidegrid serve`: the API and the pages."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Annotated, Any

import typer
import uvicorn

from api.console import out, step
from api.database import Database, database
from api.settings import Settings
from api.site import basemap_of
from geo.errors import ClusterError

if TYPE_CHECKING:
    from fastapi import FastAPI

# Requests under way when we are told to stop have this long; no client can hold us up for more.
GRACE_S = 5
Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
) -> None:
    """Serve the API and the pages; Ctrl-C stops."""
    settings = Settings()
    basemap_of(settings)
    check_port(host, port)
    with database(settings, step) as found:
        run(settings, found, host, port, workers, lambda: out.print(f"http://{host}:{port}"))


def run(
    settings: Settings,
    database: Database,
    host: str,
    port: int,
    workers: int,
    announce: Callable[[], None],
) -> None:
    """Serve until told to stop; `announce` is called when requests are answered."""
    common: dict[str, Any] = {
        "host": host,
        "port": port,
        "log_level": "warning",
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
    }
    if workers == 1:
        # FastAPI and Folium take a second to load: only those wait who serve.
        from api.app import create_app

        # Once all is answered, uvicorn raises again the signal that stopped it: that is no failure.
        with suppress(KeyboardInterrupt):
            _Announcing(uvicorn.Config(create_app(settings, database), **common), announce).run()
        return
    # Workers are started afresh and read the addresses from the environment.
    os.environ["TIDEGRID_DATABASE_URL"] = database.service_url
    os.environ["TIDEGRID_PUBLIC_DATABASE_URL"] = database.public_url
    announce()
    uvicorn.run("api.commands.serve:worker", factory=True, workers=workers, **common)


def worker() -> FastAPI:
    """Return the app of one of several workers, which leaves when its supervisor is gone."""
    from api.app import from_env

    threading.Thread(target=_leave_with_supervisor, name="supervisor", daemon=True).start()
    return from_env()


def _leave_with_supervisor() -> None:
    """After a `kill -9` of the supervisor its workers would hold the port for ever."""
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def check_port(host: str, port: int) -> None:
    """Raise `ClusterError` when another program listens there; asked before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ClusterError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with PORT="
            ) from None


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()
