"""What a route may ask for by name: settings, connections as a role, the caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.types import Scope

from api.settings import Settings
from api.shortcuts import header
from data.engine import translated
from data.live.city import LiveCity
from data.live.tiles import TileShelf
from data.tokens import digest, token_in
from geo.errors import NotAllowed, NotAuthenticated


@dataclass(frozen=True, slots=True)
class Services:
    """What one running app holds."""

    settings: Settings
    public: AsyncEngine
    service: AsyncEngine
    planning: Engine
    live: LiveCity
    tiles: TileShelf


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: nobody in particular, or the holder of a token."""

    name: str | None
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raise `NotAuthenticated` without a token, `NotAllowed` without the scope."""
        if self.name is None:
            raise NotAuthenticated(
                f"this needs a token with the scope {scope}: send Authorization: Bearer ..., "
                f"made with `tidegrid token issue --scope {scope}`"
            )
        if scope not in self.scopes:
            raise NotAllowed(f"this needs the scope {scope}; the token {self.name!r} has it not")


NOBODY = Caller(None, frozenset())


def services(request: Request) -> Services:
    """Return what the app holds."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]
_bearer = HTTPBearer(auto_error=False, description="A token from `tidegrid token issue`.")


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection for one answer; a database in trouble is `Unavailable`."""
    with translated():
        async with engine.connect() as connection:
            yield connection


async def public_connection(services: ServicesDep) -> AsyncIterator[AsyncConnection]:
    """Lend a connection that cannot read anything internal, whatever is asked of it."""
    async with connected(services.public) as connection:
        yield connection


async def caller(
    services: ServicesDep,
    sent: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    """Return who asks; a token that does not hold is refused, never ignored."""
    if sent is None:
        return NOBODY
    known = known_caller(services.live, sent.credentials)
    if known is not None:
        return known
    # Issued this very moment, expired, revoked, or never ours: the table knows.
    async with connected(services.service) as connection:
        token = await token_in(connection, sent.credentials)
    if token is None:
        raise NotAuthenticated("this token is not known; ask for one that is")
    if not token.holds_at(datetime.now(UTC)):
        raise NotAuthenticated(f"the token {token.name!r} is expired or revoked; ask for a new one")
    return Caller(token.name, token.scopes)


def known_caller(live: LiveCity, secret: str) -> Caller | None:
    """Return the holder of a token that memory knows to be in force, None where it does not."""
    held = live.tokens.get(digest(secret)) if live.tokens is not None else None
    if held is None or held[2] <= datetime.now(UTC):
        return None
    return Caller(held[0], held[1])


def caller_of(scope: Scope, live: LiveCity) -> Caller | None:
    """Return who asks as far as memory knows, None where only the table can tell."""
    sent = header(scope, b"authorization")
    if sent is None:
        return NOBODY
    scheme, _, secret = sent.decode("latin-1").partition(" ")
    return known_caller(live, secret) if scheme.lower() == "bearer" else None


CallerDep = Annotated[Caller, Depends(caller)]
PublicDep = Annotated[AsyncConnection, Depends(public_connection)]


def needs(scope: str) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that lets only holders of the scope pass."""

    async def check(caller: CallerDep) -> Caller:
        caller.require(scope)
        return caller

    return check


async def visible_connection(
    services: ServicesDep, caller: CallerDep
) -> AsyncIterator[AsyncConnection]:
    """Lend the service's connection to holders of `query`, the public's to everybody else."""
    engine = services.service if "query" in caller.scopes else services.public
    async with connected(engine) as connection:
        yield connection


VisibleDep = Annotated[AsyncConnection, Depends(visible_connection)]
