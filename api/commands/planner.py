"""`tidegrid planner`: who may draw."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from api.commands.session import administrator
from api.console import err, out, show_json
from data.planners import LANGUAGES, add_planner, planners, remove_planner

app = typer.Typer(help="规划人员 · Add, list and remove planners.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Letters, digits and _, like zhang_wei.")]


@app.command()
def add(
    name: Name,
    lang: Annotated[
        str, typer.Option(help=f"Language of messages: {' or '.join(LANGUAGES)}.")
    ] = "zh",
    json: Json = False,
) -> None:
    """Make a login for one person and show its password, this once."""
    with administrator() as connection, connection.begin():
        secret = add_planner(connection, name, lang)
    if json:
        show_json({"name": name, "language": lang, "password": secret})
        return
    out.print(secret, markup=False)
    err.print(f"`tidegrid qgis connection {name}` says how QGIS gets there", markup=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show all planners."""
    with administrator() as connection:
        found = planners(connection)
    if json:
        show_json([asdict(planner) for planner in found])
        return
    for planner in found:
        typer.echo(f"{planner.name}\t{planner.language}\t{planner.sessions} connected")


@app.command()
def remove(name: Name) -> None:
    """End a planner's sessions and drop the login; what was edited stays, under that name."""
    with administrator() as connection:
        ended = remove_planner(connection, name)
    out.print(f"removed {name}, {ended} sessions ended", markup=False)
