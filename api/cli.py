"""The command `tidegrid`: everything that is not HTTP."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy.exc import OperationalError

from api import __version__
from api.commands import (
    demo,
    export,
    import_,
    locate,
    map_,
    migrate,
    plan,
    planner,
    qgis,
    serve,
    token,
)
from api.console import err, out
from geo.errors import TidegridError

app = typer.Typer(
    name="tidegrid",
    help="城市管理空间服务 · The spatial service of a city-management bureau.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("migrate")(migrate.migrate)
app.command("import")(import_.import_)
app.command("export")(export.export)
app.command("locate")(locate.locate)
app.add_typer(map_.app, name="map")
app.add_typer(token.app, name="token")
app.add_typer(planner.app, name="planner")
app.add_typer(plan.app, name="plan")
app.add_typer(qgis.app, name="qgis")


def _say_version(asked: bool) -> None:
    if asked:
        out.print(f"tidegrid {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is.", callback=_say_version, is_eager=True
        ),
    ] = False,
) -> None:
    """城市管理空间服务 · The spatial service of a city-management bureau."""


def main() -> None:
    """Run the command line.

    It ends with 0: done; 1: it could not be done, one sentence says why; 2: it was not understood;
    130: it was interrupted before it was done.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except TidegridError as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("; ".join(_setting(one["loc"], one["msg"]) for one in error.errors()))
    except OperationalError as error:
        _fail(f"the database cannot be used: {str(error.orig).strip().splitlines()[0]}")
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")


def _setting(place: tuple[int | str, ...], message: str) -> str:
    return f"TIDEGRID_{'_'.join(map(str, place)).upper()}: {message}"


def _fail(sentence: str) -> None:
    err.print(f"[red]✗[/] {escape(sentence)}")
    sys.exit(1)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM unwinds like Ctrl-C, so that the embedded database is stopped in both cases."""
    raise KeyboardInterrupt
