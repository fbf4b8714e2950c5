"""Closing thin gaps and overlaps of the drafts by ordinary edits, with history and versions."""

from __future__ import annotations

from datetime import UTC, datetime

from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Polygon
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.checking import rules_of
from data.models import SRID, AreaDraft
from data.planning import Drafts
from data.restoring import refused
from geo.errors import InvalidParameter
from geo.planning.plan import ABOVE
from geo.planning.snapping import Moved, snap


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
    shape = moved.after
    whole = MultiPolygon([shape]) if isinstance(shape, Polygon) else shape
    session.execute(
        update(AreaDraft)
        .where(AreaDraft.kind == moved.kind, AreaDraft.code == moved.code)
        # On top of what was judged: nobody's edit is lost by it.
        .values(geom=from_shape(whole, srid=SRID), base_version=AreaDraft.row_version)
        .execution_options(synchronize_session=False)
    )
