"""Bringing back what a planner's row was: from history, as a new edit like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.layers import LAYERS
from geo.errors import EditRefused, InvalidParameter, NotFound

_REFUSAL = "TG"
"""Class of the SQLSTATEs of the plan's triggers."""

_CHANGES = """
    SELECT id, row_id, action, before, after, changed_by, changed_at FROM city.history
    WHERE table_name = 'plan.' || :layer
        AND :feature IN (plan.id_of(:layer, before), plan.id_of(:layer, after))
        AND id = coalesce(:change, id) AND changed_at <= coalesce(:at, changed_at)
    ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: the row as a change of history left it, or as it was before."""

    feature: str
    change: int
    is_before: bool
    changed_by: str
    changed_at: datetime

    def __str__(self) -> str:
        side = "before" if self.is_before else "after"
        return (
            f"restored {self.feature} as it was {side} change {self.change} "
            f"({self.changed_by}, {self.changed_at:%Y-%m-%d %H:%M %Z})"
        )


def restore(
    session: Session,
    layer: str,
    feature: str,
    *,
    at: datetime | None = None,
    change: int | None = None,
) -> Restored:
    """Bring a row of the plan back as it was at an instant, or after a change; the caller commits.

    Without either, its last change is undone. The feature is named `kind:code`, a stall
    `stall:zone/number`. Raises `NotFound` where history has no such row, and `EditRefused` when it
    breaks a rule today.
    """
    layer = layer.replace("-", "_")
    if layer not in {known.name for known in LAYERS}:
        names = ", ".join(known.name for known in LAYERS)
        raise InvalidParameter(f"the layer is one of {names}, not {layer!r}")
    asked = {"layer": layer, "feature": feature, "at": at, "change": change}
    found = session.execute(text(_CHANGES), asked).one_or_none()
    if found is None:
        raise NotFound(f"history knows no {feature!r} in {layer} that answers to this")
    # A deletion can only be undone; without an instant or a number, so is the last change.
    is_before = change is None and at is None
    if found.after is None and at is not None:
        raise NotFound(f"{feature} had been deleted by then: change {found.id}")
    if found.after is None or (is_before and found.before is not None):
        is_before, state = True, found.before
    else:
        is_before, state = False, found.after
    try:
        _write(session, layer, found, state)
    except DBAPIError as error:
        raise refused(error) from None
    return Restored(feature, found.id, is_before, found.changed_by, found.changed_at)


def refused(error: DBAPIError) -> Exception:
    """Return what the plan's triggers said as `EditRefused`, any other error as it is."""
    if not str(getattr(error.orig, "sqlstate", "")).startswith(_REFUSAL):
        return error
    return EditRefused(str(error.orig).splitlines()[0])


def _write(session: Session, layer: str, found: Row[tuple[object, ...]], state: object) -> None:
    """Into the row that is there, else into one with the number that it had."""
    session.execute(
        text("SELECT plan.write_over(:layer, :id, cast(:state AS jsonb))"),
        {"layer": layer, "id": found.row_id, "state": json.dumps(state)},
    )
