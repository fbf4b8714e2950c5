"""What a publication would bring to what the public sees: judged there, and not in the drafts.

Drafts hold everything at once: what waits for its date, and what is published before that. So a
plan without errors in the drafts can have some in between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.checking import MANY, Checked, Kept, internal_kinds, names_any, rules_of
from data.models import PublicationRow
from data.planning import SHOWN, Drafts
from geo.errors import PublicationRefused
from geo.planning.findings import Change, Finding, Rules
from geo.planning.judging import judge, rejudge
from geo.schedules import CITY_TIME
from geo.types import BBox

_SHOWN = 3
_HELD = text("""
    SELECT layer, feature, publication, takes_effect_at AT TIME ZONE :zone AS at FROM plan.held
    WHERE NOT is_just_this ORDER BY publication, layer, feature LIMIT 1
""")
# A feature as it is and as it is to be: what was judged near either has to be judged again.
_CHANGES = text("""
    SELECT layer, kind, code, ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east,
        ST_YMax(geom) AS north
    FROM (
        SELECT layer, coalesce(record ->> 'kind', 'stall') AS kind,
            coalesce(record ->> 'code', record ->> 'zone_code') AS code, geom
        FROM plan.publication_features WHERE publication = :number AND record IS NOT NULL
        UNION ALL SELECT f.layer, r.kind, r.code, r.geom FROM plan.publication_features AS f
        JOIN plan.rows_shown AS r ON r.layer = f.layer AND r.id = f.base_id
        WHERE f.publication = :number
    ) AS side
""")

_EARLIER = text("""
    SELECT e.id FROM plan.publications AS e, plan.publications AS mine
    WHERE mine.id = :number AND e.state = 'waiting'
        AND (e.takes_effect_at, e.id) < (mine.takes_effect_at, mine.id)
    ORDER BY e.takes_effect_at, e.id
""")


def freeze(session: Session, by: str, note: str, at: datetime | None) -> int | None:
    """Freeze all that nobody has published and return its number; None when that is nothing.

    Raises `PublicationRefused` where a publication that waits holds an older edit of a feature: one
    of the two would fail.
    """
    if something_waits(session):
        held = session.execute(_HELD, {"zone": CITY_TIME}).one_or_none()
        if held is not None:
            raise PublicationRefused(
                f"{held.layer} {held.feature} {waits_as(held.publication, held.at)}"
            )
    given = {"by": by, "note": note, "at": at}
    frozen: int | None = session.scalar(text("SELECT plan.freeze(:by, :note, :at)"), given)
    return frozen


def waits_as(number: int, at: datetime) -> str:
    """Return what is said of a feature that a publication holds, `at` on the clock of the city."""
    return f"waits as publication {number} for {at:%Y-%m-%d %H:%M}; cancel that first"


def something_waits(session: Session, but: int | None = None) -> bool:
    """Return whether a publication waits for its date, besides one."""
    waits = exists().where(
        PublicationRow.state == "waiting", PublicationRow.id.is_distinct_from(but)
    )
    return bool(session.scalar(select(waits)))


def take_effect(session: Session, number: int) -> tuple[int, list[Finding]]:
    """Publish what was frozen; return its generation and the findings that were not there before.

    What is judged is what the public sees, around what it changes.
    """
    rules, changes = rules_of(session), _changes(session, number)
    before = {one.key for one in _judged(session, changes, rules)}
    made = session.scalar(text("SELECT plan.take_effect(:number)"), {"number": number})
    found = [one for one in _judged(session, changes, rules) if one.key not in before]
    return int(made or 0), found


def rehearse(session: Session, number: int) -> list[Finding]:
    """Return what a publication will bring in at its date, after those that wait for one before.

    It takes effect, and all is undone; so numbers of generations have gaps.
    """
    with session.begin_nested() as trial:
        for earlier in session.scalars(_EARLIER, {"number": number}).all():
            if not overtaken(session, earlier):
                _try(session, earlier)
        _, found = take_effect(session, number)
        trial.rollback()
    return found


def overtaken(session: Session, number: int) -> list[str]:
    """Return the features of a publication that were changed since by others."""
    rows = session.scalars(text("SELECT plan.overtaken(:number)"), {"number": number})
    return sorted(rows)


def refusal(
    session: Session,
    found: Sequence[Kept | Finding],
    accept_warnings: bool,
    who: str = "the plan",
    remedy: str = "mend them first",
) -> PublicationRefused | None:
    """Return what is said of findings that may not be published: errors, or warnings as well.

    None where they may. `who` has them. What is of internal kinds is counted, not named.
    """
    for grave, wanted in (("error", remedy), ("warning", "mend or accept them")):
        those = [one for one in found if one.severity == grave]
        if those and not (accept_warnings and grave == "warning"):
            hidden = internal_kinds(session)
            named = [one.text_en for one in those if not names_any(one.features, hidden)]
            told = [f"{who} has {len(those)} {grave}s; {wanted}:", *named[:_SHOWN]]
            if len(named) > _SHOWN:
                told.append(f"And {len(named) - _SHOWN} more.")
            if len(named) < len(those):
                told.append(f"And {len(those) - len(named)} of internal kinds.")
            return PublicationRefused(" ".join(told))
    return None


def refusal_beside(
    session: Session, found: Sequence[Finding], checked: Checked, accept_warnings: bool
) -> PublicationRefused | None:
    """Return the same of what the public would see, but for what is known of the drafts."""
    known = {one.key for one in checked.findings}
    news = [one for one in found if one.key not in known]
    return refusal(session, news, accept_warnings, "what the public would see, beside what waits,")


def _try(session: Session, number: int) -> None:
    """What the database refuses now it will refuse at its date as well: then it is not there."""
    try:
        with session.begin_nested():
            session.execute(text("SELECT plan.take_effect(:number)"), {"number": number})
    except IntegrityError:
        return


def _changes(session: Session, number: int) -> list[Change]:
    return [
        Change(row.layer, row.kind, row.code, BBox(row.west, row.south, row.east, row.north))
        for row in session.execute(_CHANGES, {"number": number})
    ]


def _judged(session: Session, changes: Collection[Change], rules: Rules) -> Sequence[Finding]:
    """What the rules find in what is published, around changes that are few, else anywhere."""
    source = Drafts(session, datetime.now(UTC).astimezone(ZoneInfo(CITY_TIME)).date(), SHOWN)
    if len(changes) > MANY:
        return judge(source.whole(), rules)
    return rejudge(source, (), changes, rules).found
