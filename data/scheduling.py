"""Publications for a later date: frozen as they were judged, in effect by themselves.

Rows that are valid from the future would be simpler. But all that reads "now" takes the rows that
are valid without end, and hears of a change by the clock: it would show them at once, or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.checking import check, internal_kinds, names_any
from data.models import FindingRow, PublicationFeatureRow, PublicationRow
from data.prospects import (
    freeze,
    overtaken,
    refusal,
    refusal_beside,
    rehearse,
    something_waits,
    take_effect,
)
from data.publications import noted
from data.turns import in_turn
from geo.errors import InvalidInstant, NotFound, PublicationRefused
from geo.schedules import CITY_TIME
from geo.types import parse_instant

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A publication for a date: waiting, done, failed with a reason, or cancelled."""

    number: int
    takes_effect_at: datetime
    made_by: str
    note: str
    state: str
    reason: str
    generation: int | None
    features: int

    def __str__(self) -> str:
        when = self.takes_effect_at.isoformat(timespec="seconds")
        became = f" as generation {self.generation}" if self.generation else ""
        why = f": {self.reason}" if self.reason else f" ({self.features} features)"
        told = "" if self.state == "done" else why
        return f"{self.number} {self.state}{became} for {when} {self.made_by}: {self.note}{told}"


def effect_of(words: str) -> datetime:
    """Return the instant that is meant: 00:00 of the city on a day, or an RFC 3339 instant."""
    try:
        return datetime.combine(date.fromisoformat(words), time(), ZoneInfo(CITY_TIME))
    except ValueError:
        return parse_instant(words)


def schedule(
    engine: Engine, at: datetime, *, by: str, note: str, accept_warnings: bool = False
) -> Waiting | None:
    """Freeze all that planners drew, to be published at an instant; None when that is nothing.

    It is judged now, on top of what waits for an instant before, and again when it takes effect.
    Raises `InvalidInstant` for one that is not in the future, and `PublicationRefused` as
    publishing does.
    """
    note = noted(note)
    if at <= datetime.now(UTC):
        raise InvalidInstant("a date to publish on lies in the future; without one it is at once")

    def work(session: Session) -> Waiting | PublicationRefused | None:
        checked = check(session)
        refused = refusal(session, checked.findings, accept_warnings)
        if refused:
            return refused
        try:
            with session.begin_nested():
                frozen = freeze(session, by, note, at)
                if frozen is not None and something_waits(session, but=frozen):
                    found = rehearse(session, frozen)
                    refused = refusal_beside(session, found, checked, accept_warnings)
                    if refused:
                        raise refused
        except PublicationRefused as error:
            return error
        return None if frozen is None else _one(session, frozen)

    waiting = in_turn(engine, work)
    if isinstance(waiting, PublicationRefused):
        raise waiting
    return waiting


def scheduled(session: Session, limit: int = 100) -> list[Waiting]:
    """Return publications that have or had a date, the newest first."""
    count = (
        select(func.count())
        .where(PublicationFeatureRow.publication == PublicationRow.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PublicationRow, count)
        .where(PublicationRow.takes_effect_at.is_not(None))
        .order_by(PublicationRow.id.desc())
        .limit(limit)
    )
    return [_told(row, features) for row, features in rows]


def cancel(engine: Engine, number: int) -> Waiting:
    """Take back a publication that waits, or settle one that failed: its finding goes.

    What it held is unpublished again. Raises `NotFound` where none of that number waits or failed.
    """

    def work(session: Session) -> Waiting:
        found = session.get(PublicationRow, number)
        if found is None or found.state not in ("waiting", "failed"):
            raise NotFound(f"no publication {number} waits for its date or failed")
        session.execute(delete(FindingRow).where(FindingRow.key == f"publication_failed:{number}"))
        _end(session, number, "cancelled", found.reason)
        return _one(session, number)

    return in_turn(engine, work)


def take_due(engine: Engine) -> list[Waiting]:
    """Publish what waits and is due, each from its own instant on, and return what came of it.

    Whole or not at all: what was changed since by another publication fails with a reason, and what
    brings errors into what the public sees.
    """
    done: list[Waiting] = []
    while _is_due(engine):
        taken = in_turn(engine, _take)
        if taken is not None:
            done.append(taken)
    return done


_DUE = (
    select(PublicationRow.id)
    .where(PublicationRow.state == "waiting", PublicationRow.takes_effect_at <= func.now())
    .order_by(PublicationRow.takes_effect_at, PublicationRow.id)
    .limit(1)
)


def _is_due(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.scalar(_DUE) is not None


def _take(session: Session) -> Waiting | None:
    """The first that is due; another worker may have had it while we waited for our turn."""
    number = session.scalar(_DUE)
    if number is None:
        return None
    changed = overtaken(session, number)
    if changed:
        named = _listed(changed)
        _tell(session, number, "publication_overtaken", named)
        _end(session, number, "failed", f"changed since by other publications: {named}")
        return _one(session, number)
    try:
        with session.begin_nested():
            _, found = take_effect(session, number)
            hidden = internal_kinds(session)
            errors = [
                one.rule if names_any(one.features, hidden) else " ".join([one.rule, *one.features])
                for one in found
                if one.severity == "error"
            ]
            if errors:
                raise _Unfit(_listed(errors))
    except _Unfit as unfit:
        _tell(session, number, "publication_unfit", str(unfit))
        _end(session, number, "failed", f"it would bring in errors: {unfit}")
    except IntegrityError as error:
        reason = str(error.orig).splitlines()[0]
        _tell(session, number, "publication_failed", reason)
        _end(session, number, "failed", reason)
    return _one(session, number)


class _Unfit(Exception):
    """What took effect brings in errors, and is undone."""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" … ({len(names)})" if len(names) > _SHOWN else "")


def _tell(session: Session, number: int, because: str, which: str) -> None:
    """Make a finding of it: the office that planned for a date does not look at the log."""
    asked = text("SELECT plan.tell_failed(:number, :because, :which)")
    session.execute(asked, {"number": number, "because": because, "which": which})


def _end(session: Session, number: int, state: str, reason: str) -> None:
    mine = PublicationFeatureRow.publication == number
    session.execute(delete(PublicationFeatureRow).where(mine))
    session.execute(
        update(PublicationRow)
        .where(PublicationRow.id == number)
        .values(state=state, reason=reason)
        .execution_options(synchronize_session=False)
    )


def _one(session: Session, number: int) -> Waiting:
    session.expire_all()
    row = session.get_one(PublicationRow, number)
    mine = PublicationFeatureRow.publication == number
    features = session.scalar(select(func.count()).where(mine).select_from(PublicationFeatureRow))
    return _told(row, features or 0)


def _told(row: PublicationRow, features: int) -> Waiting:
    assert row.takes_effect_at is not None
    return Waiting(
        row.id, row.takes_effect_at, row.made_by, row.note, row.state, row.reason, row.generation,
        features,
    )  # fmt: skip
