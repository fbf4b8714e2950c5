"""`tidegrid qgis`: how QGIS gets to the plan."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import make_url

from api.console import err, out
from api.database import given_database
from api.settings import Settings
from data.cluster import DATABASE

app = typer.Typer(help="QGIS · How planners get in with QGIS.", no_args_is_help=True)


@app.callback()
def qgis() -> None:
    """QGIS · How planners get in with QGIS."""


@app.command()
def connection(
    name: Annotated[str, typer.Argument(help="The planner; see `tidegrid planner list`.")],
    host: Annotated[
        str | None, typer.Option(help="Name of the database's machine, as planners reach it.")
    ] = None,
    service: Annotated[str, typer.Option(help="What the connection is called.")] = "tidegrid",
    password_file: Annotated[
        bool, typer.Option("--password-file", help="Print the line for libpq's password file.")
    ] = False,
) -> None:
    """Print the entry for pg_service.conf; it holds no password."""
    place, port, database = address(Settings(), host)
    if password_file:
        err.print(
            "~/.pgpass (chmod 600), on Windows %APPDATA%\\postgresql\\pgpass.conf; put the "
            "planner's password in place of PASSWORD:",
            markup=False,
        )
        out.print(f"{place}:{port}:{database}:{name}:PASSWORD", markup=False)
        return
    err.print(
        "~/.pg_service.conf, on Windows %APPDATA%\\postgresql\\.pg_service.conf:", markup=False
    )
    lines = (f"[{service}]", f"host={place}", f"port={port}", f"dbname={database}", f"user={name}")
    out.print("\n".join(lines), markup=False)


def address(settings: Settings, host: str | None) -> tuple[str, int, str]:
    """Return the database's host, port and name for programs elsewhere."""
    if settings.database_url is None:
        return host or "127.0.0.1", settings.database_port, DATABASE
    url = make_url(given_database(settings).service_url)
    # A Unix socket is no address for others.
    known = url.host or url.query.get("host")
    named = known if isinstance(known, str) and not known.startswith("/") else "127.0.0.1"
    port = url.port or int(str(url.query.get("port", 5432)))
    return host or named, port, url.database or DATABASE
