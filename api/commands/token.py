"""`tidegrid token`: who may ask."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from api.commands.session import owner_session
from api.console import out, show_json
from data import tokens
from data.models import SCOPES

app = typer.Typer(help="访问令牌 · Issue, list and revoke access tokens.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def issue(
    name: Annotated[str, typer.Option(help="Whom or what it is for.")],
    scope: Annotated[list[str], typer.Option(help=f"One of {', '.join(SCOPES)}; repeatable.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")] = 90,
    json: Json = False,
) -> None:
    """Make a token and show it, this once."""
    with owner_session() as session:
        secret = tokens.issue(session, name, scope, timedelta(days=days))
    if json:
        show_json({"name": name, "scopes": scope, "token": secret})
    else:
        out.print(secret)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show all tokens, not the secrets: those are not kept."""
    with owner_session() as session:
        found = tokens.tokens(session)
    if json:
        show_json([asdict(token) | {"scopes": sorted(token.scopes)} for token in found])
        return
    for token in found:
        state = "revoked" if token.revoked_at else f"until {token.expires_at:%Y-%m-%d %H:%M %Z}"
        # Not out.print(), which makes blanks of the tabs that `cut` and spreadsheets split at.
        typer.echo(f"{token.name}\t{','.join(sorted(token.scopes))}\t{state}")


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Take back all tokens of a name, at once."""
    with owner_session() as session:
        out.print(f"revoked {tokens.revoke(session, name)}")
