"""Bringing back what a planner's row was: from history, as a new edit like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.edits import edits_of, named_layer
from geo.errors import EditRefused, InvalidParameter, NotFound

_REFUSAL = "TG"
"""Class of the SQLSTATEs of the plan's triggers."""
_SHOWN = 5

_CHANGES = """
    SELECT id, row_id, action, before, after, changed_by, changed_at FROM city.history
    WHERE table_name = 'plan.' || :layer
        AND :feature IN (plan.id_of(:layer, before), plan.id_of(:layer, after))
        AND id = coalesce(:change, id) AND changed_at <= coalesce(:at, changed_at)
    ORDER BY id DESC LIMIT 1
"""
# Undone in reverse: who gave a code away has to get it back before another takes it again.
_CHANGES_BY = text("""
    WITH theirs AS (
        SELECT table_name, row_id, min(id) AS first FROM city.history
        WHERE changed_by = :by AND changed_at >= :since AND table_name IN
            ('plan.areas', 'plan.stall_zones', 'plan.stalls', 'plan.facilities')
        GROUP BY 1, 2
    )
    SELECT split_part(f.table_name, '.', 2) AS layer, f.row_id, f.id, f.before, f.changed_by,
        f.changed_at, plan.id_of(split_part(f.table_name, '.', 2), f.before) AS feature, (
            SELECT array_agg(DISTINCT h.changed_by) FROM city.history AS h
            WHERE h.table_name = t.table_name AND h.row_id = t.row_id AND h.id > t.first
            AND h.changed_by <> :by
        ) AS others, (
            SELECT max(h.id) FROM city.history AS h
            WHERE h.table_name = t.table_name AND h.row_id = t.row_id
        ) AS last
    FROM theirs AS t JOIN city.history AS f ON f.id = t.first
    WHERE f.before IS NOT NULL ORDER BY last DESC
""")

_TOLD = {
    "zh": {
        "before": "{verb} {feature}：变更 {change}（{by}，{when}）之前的内容",
        "after": "{verb} {feature}：变更 {change}（{by}，{when}）之后的内容",
        "same": "{feature} 已是该内容，没有可恢复的",
        "left": "未恢复 {feature}：{others} 此后也改过；请单独恢复",
        "did": "已恢复",
        "would": "将恢复",
    },
    "en": {
        "before": "{verb} {feature} as it was before change {change} ({by}, {when})",
        "after": "{verb} {feature} as it was after change {change} ({by}, {when})",
        "same": "{feature} is like that already: there is nothing to bring back",
        "left": "left {feature}: changed since by {others}; restore it by itself",
        "did": "restored",
        "would": "would restore",
    },
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: the row as a change of history left it, or as it was before.

    `is_written` is False where the row was like that already, and where others changed it since:
    those are `others`, and the row is left to them.
    """

    layer: str
    feature: str
    change: int
    is_before: bool
    changed_by: str
    changed_at: datetime
    is_written: bool = True
    others: tuple[str, ...] = ()

    def told(self, language: str, *, is_dry: bool = False) -> str:
        """Return it in words, zh or en; of a dry run as what would be."""
        words = _TOLD[language]
        which = "before" if self.is_before else "after"
        if not self.is_written:
            which = "left" if self.others else "same"
        return words[which].format(
            verb=words["would" if is_dry else "did"],
            feature=self.feature,
            change=self.change,
            by=self.changed_by,
            when=f"{self.changed_at:%Y-%m-%d %H:%M %Z}",
            others=", ".join(self.others),
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
    `stall:zone/number`. Raises `NotFound` where history has no such row, `InvalidParameter` when
    its last change is that it was drawn, and `EditRefused` when it breaks a rule today.
    """
    layer = named_layer(layer)
    asked = {"layer": layer, "feature": feature, "at": at, "change": change}
    found = session.execute(text(_CHANGES), asked).one_or_none()
    if found is None:
        raise NotFound(f"history knows no {feature!r} in {layer} that answers to this")
    # A deletion can only be undone; without an instant or a number, so is the last change.
    is_before = found.after is None or (change is None and at is None)
    if found.after is None and at is not None:
        raise NotFound(f"{feature} had been deleted by then: change {found.id}")
    if is_before and found.before is None:
        raise _unclear(session, layer, feature)
    is_written = _write(session, layer, found, found.before if is_before else found.after)
    return Restored(
        layer, feature, found.id, is_before, found.changed_by, found.changed_at, is_written
    )


def restore_all_of(
    session: Session, by: str, since: datetime, *, is_dry: bool = False
) -> list[Restored]:
    """Bring back all that one person changed or deleted since an instant; the caller commits.

    Each row as it was before; what the person drew anew stays. Rows that others changed after it
    are left as they are, and told. Raises `NotFound` where there is nothing, and `EditRefused`.
    """
    rows = session.execute(_CHANGES_BY, {"by": by, "since": since}).all()
    if not rows:
        raise NotFound(f"{by} changed and deleted nothing since {since.isoformat()}")
    done = []
    for row in rows:
        others = tuple(row.others or ())
        is_written = not others and (is_dry or _write(session, row.layer, row, row.before))
        done.append(
            Restored(
                row.layer, row.feature, row.id, True, row.changed_by, row.changed_at, is_written,
                others,
            )
        )  # fmt: skip
    return done


def refused(error: DBAPIError) -> Exception:
    """Return what the plan's triggers said, with the remedy, as `EditRefused`; others as it is."""
    said = getattr(error.orig, "diag", None)
    if said is None or not str(getattr(error.orig, "sqlstate", "")).startswith(_REFUSAL):
        return error
    stop = ". " if str(said.message_hint).isascii() else "。"
    return EditRefused(stop.join(one for one in (said.message_primary, said.message_hint) if one))


def _unclear(session: Session, layer: str, feature: str) -> InvalidParameter:
    """Two rows can have had one name: who asks for the last change may mean the one before."""
    known = [str(one) for one in edits_of(session, layer, feature, _SHOWN)]
    return InvalidParameter(
        f"the last change of {feature} is that it was drawn; say which is meant with --change: "
        f"{'; '.join(known)}"
    )


def _write(session: Session, layer: str, found: Row[Any], state: object) -> bool:
    """Into the row that is there, else into one with the number that it had."""
    asked = text("SELECT plan.write_over(:layer, :id, cast(:state AS jsonb))")
    given = {"layer": layer, "id": found.row_id, "state": json.dumps(state)}
    try:
        return bool(session.scalar(asked, given))
    except DBAPIError as error:
        raise refused(error) from None
