"""`tidegrid serve`: the API and the pages."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from api.console import out, step
from api.database import Database, database
from api.settings import Settings
from geo.errors import ClusterError

Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
) -> None:
    """Serve the API and the pages; Ctrl-C stops."""
    settings = Settings()
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
    common = {"host": host, "port": port, "log_level": "warning", "server_header": False}
    if workers == 1:
        config = uvicorn.Config(create_app(settings, database), **common)  # type: ignore[arg-type]
        _Announcing(config, announce).run()
        return
    # Workers are started afresh and read the addresses from the environment.
    os.environ["TIDEGRID_DATABASE_URL"] = database.service_url
    os.environ["TIDEGRID_PUBLIC_DATABASE_URL"] = database.public_url
    announce()
    uvicorn.run("api.app:from_env", factory=True, workers=workers, **common)  # type: ignore[arg-type]


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
