"""Closing thin gaps and overlaps of the drafts by ordinary edits, with history and versions."""

from __future__ import annotations

from datetime import UTC, datetime

import shapely
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.checking import Checked, check, rules_of
from data.models import SRID
from data.planning import Drafts
from data.restoring import refused
from geo.errors import InvalidParameter
from geo.planning.plan import ABOVE
from geo.planning.snapping import Moved, snap


def fix_and_check(
    session: Session, *, is_dry: bool = False, full: bool = False
) -> tuple[tuple[Moved, ...], Checked]:
    """Return the borders that were moved and what a check finds after that; call it in turn.

    A dry run tells what would be moved and what is found as it stands, and nothing of it stays.
    Raises as `fix` does.
    """
    with session.begin_nested() as trial:
        moved = fix(session, is_dry=is_dry)
        checked = check(session, full=full)
        if is_dry:
            trial.rollback()
    return moved, checked


def fix(session: Session, *, is_dry: bool = False) -> tuple[Moved, ...]:
    """Close what is thinner than the rule `sliver` says; return the borders that it moves.

    Call it in turn, before the check. Raises `InvalidParameter` where the rule is off, and
    `EditRefused` when a moved border breaks a rule of its row.
    """
    rule = rules_of(session).get("sliver")
    if rule is None or not rule.distance_m:
        raise InvalidParameter(
            "how wide a gap may be fixed is the distance of the rule sliver: set it"
        )
    drafts = Drafts(session, datetime.now(UTC).date())
    moved = snap([area for kind in ABOVE for area in drafts.areas(kind)], rule.distance_m).moved
    if not is_dry:
        try:
            for one in moved:
                _move(session, one)
        except DBAPIError as error:
            raise refused(error) from None
    return moved


def _move(session: Session, moved: Moved) -> None:
    asked = text("SELECT plan.move_border(:kind, :code, ST_GeomFromWKB(:shape, :srid))")
    shape = shapely.to_wkb(moved.after)
    session.execute(asked, {"kind": moved.kind, "code": moved.code, "shape": shape, "srid": SRID})
