"""Undoing a publication: the state before it is published again, as a new generation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data.checking import check, forget_moves
from data.prospects import refusal, take_effect
from data.publications import Generation, generation_of
from data.turns import in_turn
from geo.errors import PublicationRefused

_SHOWN = 5
_UNDONE = text("""
    SELECT u.layer || ' ' || u.feature AS feature, u.base_id IS DISTINCT FROM u.now_id AS is_newer,
        d.feature IS NOT NULL AS is_edited, EXISTS (SELECT FROM plan.waiting AS w
            WHERE w.layer = u.layer AND plan.marks_of(w.layer, w.feature, NULL)
                && plan.marks_of(u.layer, u.feature, NULL)) AS waits
    FROM plan.undoing(:number) AS u
    LEFT JOIN plan.differences AS d ON d.layer = u.layer AND d.feature = u.feature ORDER BY 1
""")


def revert(
    engine: Engine,
    number: int,
    *,
    by: str,
    note: str = "",
    keep_newer: bool = False,
    accept_errors: bool = False,
) -> Generation | None:
    """Publish the state before a generation again and return the new one; drafts follow.

    Only features that it changed. What was published there since refuses all, or stays as it is
    with `keep_newer`; None when nothing is left to undo. Raises `NotFound`, and
    `PublicationRefused` where drafts are edited or wait for a date, or when it brings errors that
    are not accepted into what the public sees.
    """

    def work(session: Session) -> Generation | None:
        generation_of(session, number)
        undone = _undone(session, number, keep_newer)
        if not undone:
            return None
        frozen = session.scalar(
            text("SELECT plan.freeze_undoing(:number, :by, :note)"),
            {"number": number, "by": by, "note": note.strip() or f"revert of {number}"},
        )
        made, found = take_effect(session, int(frozen or 0))
        who, remedy = f"without generation {number} the city", "accept them or mend the plan"
        refused = refusal(session, found, True, who, remedy)
        if refused and not accept_errors:
            raise refused
        session.execute(text("SELECT plan.discard(:features)"), {"features": undone})
        forget_moves(session)
        check(session)
        return generation_of(session, made)

    return in_turn(engine, work)


def _undone(session: Session, number: int, keep_newer: bool) -> list[str]:
    """What is to be undone, as `layer kind:code`; raises when that would undo more than it."""
    rows = session.execute(_UNDONE, {"number": number}).all()
    newer = [row.feature for row in rows if row.is_newer]
    if newer and not keep_newer:
        raise PublicationRefused(
            f"{_named(newer)} changed by a later publication; revert that first, or keep what "
            "is newer"
        )
    waiting = [row.feature for row in rows if row.waits and not row.is_newer]
    if waiting:
        raise PublicationRefused(
            f"{_named(waiting)} in a publication that waits for its date; cancel that first"
        )
    edited = [row.feature for row in rows if row.is_edited and not row.is_newer]
    if edited:
        raise PublicationRefused(
            f"{_named(edited)} edited and not published; publish or discard that first"
        )
    return [row.feature for row in rows if not row.is_newer]


def _named(features: Sequence[str]) -> str:
    more = f" and {len(features) - _SHOWN} more" if len(features) > _SHOWN else ""
    return f"{', '.join(features[:_SHOWN])}{more} {'is' if len(features) == 1 else 'are'}"
