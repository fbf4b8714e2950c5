"""`tidegrid plan`: what planners draw, before it is published."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.session import owner_session
from api.console import out
from data.layers import LAYERS
from data.restoring import restore as restore_feature
from geo.errors import InvalidParameter
from geo.types import parse_instant

app = typer.Typer(help="规划编辑 · What planners draw.", no_args_is_help=True)


@app.callback()
def plan() -> None:
    """规划编辑 · What planners draw."""


@app.command()
def restore(
    layer: Annotated[
        str, typer.Argument(help=f"One of {', '.join(layer.name for layer in LAYERS)}.")
    ],
    feature: Annotated[str, typer.Argument(help="kind:code, or stall:zone/number.")],
    at: Annotated[
        str | None, typer.Option(help="As it was then, like 2026-11-25T18:00:00+08:00.")
    ] = None,
    change: Annotated[
        int | None, typer.Option(help="As it was after this change; a finding names it.")
    ] = None,
) -> None:
    """Bring back a deleted or spoiled feature from history, as a new edit.

    Without --at and --change, its last change is undone.
    """
    if at is not None and change is not None:
        raise InvalidParameter("--at and --change are two ways to say the same; give one")
    instant = parse_instant(at) if at else None
    with owner_session() as session:
        done = restore_feature(session, layer, feature, at=instant, change=change)
    out.print(str(done), markup=False)
