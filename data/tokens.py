"""Bearer tokens: shown once at creation, kept as hashes, with scopes and an end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from data.models import SCOPES, TokenRow
from geo.errors import InvalidParameter, NotFound

PREFIX = "tg_"  # so that a leaked one is recognised by scanners and people


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime
    revoked_at: datetime | None = None

    def holds_at(self, instant: datetime) -> bool:
        """Whether it is neither expired nor revoked."""
        return self.revoked_at is None and instant < self.expires_at


def issue(session: Session, name: str, scopes: Sequence[str], lifetime: timedelta) -> str:
    """Make a token and return it, the only time that anybody sees it; the caller commits."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidParameter(
            f"scopes are {', '.join(SCOPES)}, not {', '.join(unknown) or 'none'}"
        )
    if lifetime <= timedelta(0):
        raise InvalidParameter("a token must live longer than no time at all")
    secret = PREFIX + secrets.token_urlsafe(32)
    session.add(
        TokenRow(
            name=name,
            digest=digest(secret),
            scopes=sorted(set(scopes)),
            expires_at=datetime.now(UTC) + lifetime,
        )
    )
    session.flush()
    return secret


def revoke(session: Session, name: str) -> int:
    """Take back all tokens of a name and return how many; raises `NotFound` if there are none."""
    taken = session.scalars(
        update(TokenRow)
        .where(TokenRow.name == name, TokenRow.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(TokenRow.id)
    ).all()
    if not taken:
        raise NotFound(f"no token named {name!r} is in force; `tidegrid token list` shows all")
    return len(taken)


def tokens(session: Session) -> list[Token]:
    """Return all tokens, the newest first."""
    found = session.scalars(select(TokenRow).order_by(TokenRow.id.desc()))
    return [_token(row.name, row.scopes, row.expires_at, row.revoked_at) for row in found]


async def token_in(connection: AsyncConnection, secret: str) -> Token | None:
    """Return what is kept of a token, None if it was never issued."""
    columns = (TokenRow.name, TokenRow.scopes, TokenRow.expires_at, TokenRow.revoked_at)
    asked = select(*columns).where(TokenRow.digest == digest(secret))
    found = (await connection.execute(asked)).one_or_none()
    return _token(*found) if found else None


def digest(secret: str) -> str:
    """Return the hash that is stored; a random token needs no salt and no slow hash."""
    return sha256(secret.encode()).hexdigest()


def _token(
    name: str, scopes: Sequence[str], expires_at: datetime, revoked_at: datetime | None
) -> Token:
    return Token(name, frozenset(scopes), expires_at, revoked_at)
