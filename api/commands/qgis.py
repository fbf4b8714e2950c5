"""`tidegrid qgis`: how QGIS gets to the plan."""

from __future__ import annotations

from typing import Annotated
from xml.etree.ElementTree import tostring

import typer
from sqlalchemy import Connection, make_url

from api.commands.session import administrator
from api.console import err, out
from api.database import given_database
from api.settings import Settings
from data.cluster import DATABASE
from data.qgis import column_names, drawn_kinds, extent, store_project, store_style
from geo.errors import InvalidParameter
from maps.qgis.forms import Field
from maps.qgis.project import Kind, Plan, packed, style
from maps.text import LANGUAGES, Language

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


@app.command()
def setup(
    lang: Annotated[str, typer.Option(help=f"{' or '.join(LANGUAGES)}.")] = "zh",
    name: Annotated[str, typer.Option(help="What the project is called.")] = "tidegrid",
    service: Annotated[
        str, typer.Option(help="Service of pg_service.conf that the layers come through.")
    ] = "tidegrid",
    host: Annotated[
        str | None,
        typer.Option(help="Instead of a service: the database's machine, as planners reach it."),
    ] = None,
) -> None:
    """Store a ready project in the database: Project > Open From > PostgreSQL in QGIS.

    It holds no name and no password: each planner comes with a login of their own.
    """
    if lang not in LANGUAGES:
        raise InvalidParameter(f"the language is one of {', '.join(LANGUAGES)}, not {lang!r}")
    language: Language = "en" if lang == "en" else "zh"
    place, port, database = address(Settings(), host)
    reached = f"host={place} port={port} dbname='{database}'" if host else f"service='{service}'"
    with administrator() as connection, connection.begin():
        plan = plan_of(connection, reached)
        store_project(connection, name, packed(plan, language))
        for table in ("areas", "stall_zones", "stalls", "facilities"):
            qml = tostring(style(plan, table, language), encoding="unicode")
            store_style(connection, table, qml)
    out.print(f"project {name} stored; layers come through {reached}", markup=False)


def plan_of(connection: Connection, reached: str) -> Plan:
    """Return what a project is made from."""
    kinds = [
        Kind(kind.family, kind.slug, kind.name_zh, kind.name_en, kind.has_shapes)
        for kind in drawn_kinds(connection)
    ]
    fields = {table: [Field(*one) for one in found] for table, found in column_names().items()}
    return Plan(reached, kinds, fields, extent(connection))


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
