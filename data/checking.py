"""Checking the plan: only what changed since the last check, or all of it; findings are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from data.models import SRID, CheckRow, FindingRow, KindRow, LayerRow, PublicationRow, RuleRow
from data.planning import Drafts
from data.queries.rows import shape_of
from data.softening import Softened, softened
from geo.planning.findings import RULES, Change, Finding, Rule, Rules
from geo.planning.judging import Judgement, judge, rejudge
from geo.records import StallZone
from geo.schedules import CITY_TIME
from geo.types import BBox, LonLat

MANY = 500
"""More changes than these are judged faster all at once."""
_OF_ALL = ("areas", "kinds")
_OF_HOURS = ("calendar", "overrides")

# What a row was before and after is in history. Saves that are not committed yet are not
# seen, and stay for the next check.
_TAKEN = text("""
    WITH taken AS (DELETE FROM plan.dirty RETURNING change)
    SELECT replace(h.table_name, 'plan.', '') AS layer, side.r ->> 'kind' AS kind,
        coalesce(side.r ->> 'code', side.r ->> 'zone_code') AS code,
        ST_XMin(side.geom) AS west, ST_YMin(side.geom) AS south,
        ST_XMax(side.geom) AS east, ST_YMax(side.geom) AS north
    FROM taken AS t LEFT JOIN city.history AS h ON h.id = t.change LEFT JOIN LATERAL (
        SELECT r, (r ->> 'geom')::geometry AS geom FROM (VALUES (h.before), (h.after)) AS v (r)
        WHERE r IS NOT NULL
    ) AS side ON true
""")


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding as it is kept: of the judge, or of what was overwritten or failed."""

    id: int
    key: str
    rule: str
    severity: str
    layer: str
    features: tuple[str, ...]
    place: LonLat | None
    text_zh: str
    text_en: str
    hint_zh: str
    hint_en: str
    found_at: datetime
    size_m2: float | None
    is_internal: bool = False
    """Whether it names something of a kind that the public and planners do not know of."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: all findings that hold, the gravest first, and which rules are milder."""

    is_full: bool
    findings: tuple[Kept, ...]
    softened: tuple[Softened, ...] = ()

    def count(self, severity: str) -> int:
        """Return how many findings are that grave."""
        return Counter(one.severity for one in self.findings)[severity]

    def __str__(self) -> str:
        what = "all of the plan" if self.is_full else "what had changed"
        counts = (f"{self.count(one)} {one}s" for one in ("error", "warning", "notice"))
        return f"checked {what}: {', '.join(counts)}"


def check(session: Session, *, full: bool = False) -> Checked:
    """Bring the findings in line with the drafts and return them; call it in turn.

    Only what changed since the last check is judged, unless everything is asked for, rules, kinds
    or what is published changed by other ways, or changes are many.
    """
    rules, day = rules_of(session), datetime.now(UTC).astimezone(ZoneInfo(CITY_TIME)).date()
    grounds = _grounds(session, rules, day)
    last = session.scalar(select(CheckRow.grounds).order_by(CheckRow.id.desc()).limit(1)) or {}
    changes, unknown = _taken(session)
    drafts = Drafts(session, day)
    is_full = full or unknown or last.get("all") != grounds["all"] or len(changes) > MANY
    known = _known(session)
    if is_full:
        found = judge(drafts.whole(), rules)
        judgement = Judgement(frozenset(one.key for one in known), tuple(found))
    else:
        if last.get("hours") != grounds["hours"]:
            changes += [_whole(zone) for zone in drafts.stall_zones()]
        judgement = rejudge(drafts, known, changes, rules)
    _keep(session, judgement)
    session.execute(insert(CheckRow).values(is_full=is_full, grounds=grounds))
    return Checked(is_full, findings(session), softened(session))


def forget_moves(session: Session) -> None:
    """Say that all drafts are published now, so that no grid moves and nothing is judged anew.

    While some wait for their date that is not so: then the next check judges all.
    """
    if session.scalar(select(exists().where(PublicationRow.state == "waiting"))):
        return
    session.execute(delete(FindingRow).where(FindingRow.rule == "grid_changed"))
    latest = select(func.max(CheckRow.id)).scalar_subquery()
    revisions = _revisions(session, _OF_ALL)
    kept = session.scalar(select(CheckRow.grounds).where(CheckRow.id == latest)) or {}
    grounds = kept | {"all": kept.get("all", {}) | {"revisions": revisions}}
    session.execute(update(CheckRow).where(CheckRow.id == latest).values(grounds=grounds))


def findings(session: Session) -> tuple[Kept, ...]:
    """Return the findings that are kept, the gravest first, then by rule and key."""
    gravity = func.array_position(["error", "warning", "notice"], FindingRow.severity)
    asked = select(
        FindingRow,
        func.ST_X(FindingRow.place).label("lon"),
        func.ST_Y(FindingRow.place).label("lat"),
    ).order_by(gravity, FindingRow.rule.collate("C"), FindingRow.key.collate("C"))
    hidden = internal_kinds(session)
    return tuple(
        Kept(
            row.id, row.key, row.rule, row.severity, row.layer, tuple(row.features),
            None if lon is None else LonLat(lon, lat), row.words_zh, row.words_en, row.hint_zh,
            row.hint_en, row.found_at, row.size_m2, names_any(row.features, hidden),
        )
        for row, lon, lat in session.execute(asked)
    )  # fmt: skip


def internal_kinds(session: Session) -> frozenset[str]:
    """Return the kinds that only the service and administrators know of."""
    return frozenset(session.scalars(select(KindRow.slug).where(~KindRow.is_public)))


def names_any(features: Iterable[str], kinds: Collection[str]) -> bool:
    """Return whether one of the features, as `kind:code`, is of one of the kinds."""
    return any(feature.partition(":")[0] in kinds for feature in features)


def rules_of(session: Session) -> Rules:
    """Return the rules of the judge as the city has set them; those that are off are not there."""
    rows = session.execute(
        select(RuleRow.rule, RuleRow.severity, RuleRow.distance_m, RuleRow.area_m2)
        .where(RuleRow.is_on, RuleRow.rule.in_(RULES))
        .order_by(RuleRow.rule)
    )
    return {row.rule: Rule(row.rule, row.severity, row.distance_m, row.area_m2) for row in rows}


def _grounds(session: Session, rules: Rules, day: date) -> dict[str, Any]:
    """What findings hang on besides the drafts: all of them, and those about hours."""
    told = {rule.name: [rule.severity, rule.distance_m, rule.area_m2] for rule in rules.values()}
    return {
        "all": {"rules": told, "revisions": _revisions(session, _OF_ALL)},
        "hours": {"day": day.isoformat(), "revisions": _revisions(session, _OF_HOURS)},
    }


def _revisions(session: Session, layers: Iterable[str]) -> dict[str, int]:
    rows = session.execute(
        select(LayerRow.name, LayerRow.revision).where(LayerRow.name.in_(list(layers)))
    )
    return {row.name: row.revision for row in rows}


def _taken(session: Session) -> tuple[list[Change], bool]:
    """What changed, and whether something did of which nobody knows what it was."""
    rows = session.execute(_TAKEN).all()
    changes = [
        Change(
            row.layer, row.kind or "stall", row.code, BBox(row.west, row.south, row.east, row.north)
        )
        for row in rows
        if row.code is not None
    ]
    return changes, len(changes) < len(rows)


def _whole(zone: StallZone) -> Change:
    return Change("stall_zones", zone.kind, zone.code, BBox(*zone.geometry.bounds))


def _known(session: Session) -> list[Finding]:
    asked = select(
        FindingRow,
        func.ST_X(FindingRow.place).label("lon"),
        func.ST_Y(FindingRow.place).label("lat"),
        func.ST_AsBinary(FindingRow.shape).label("wkb"),
    ).where(FindingRow.rule.in_(RULES))
    return [
        Finding(
            row.rule, row.severity, row.layer, row.kind, tuple(row.features), LonLat(lon, lat),
            row.words_zh, row.words_en, row.hint_zh, row.hint_en, row.key,
            None if wkb is None else shape_of(wkb), row.size_m2,
        )
        for row, lon, lat, wkb in session.execute(asked)
    ]  # fmt: skip


def _keep(session: Session, judgement: Judgement) -> None:
    """A finding that was there before keeps its number and the time when it was first found."""
    gone = judgement.gone - {one.key for one in judgement.found}
    session.execute(delete(FindingRow).where(FindingRow.key.in_(gone)))
    if not judgement.found:
        return
    rows = _rows(judgement.found)
    adding = upsert(FindingRow)
    ours = {name: adding.excluded[name] for name in rows[0] if name != "key"}
    session.execute(
        adding.on_conflict_do_update(index_elements=["key"], set_=ours).returning(FindingRow.id),
        rows,
    )


def _rows(found: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.key,
            "rule": one.rule,
            "severity": one.severity,
            "layer": one.layer,
            "kind": one.kind,
            "features": list(one.features),
            "place": from_shape(shapely.Point(one.place.lon, one.place.lat), srid=SRID),
            "shape": None if one.shape is None else from_shape(one.shape, srid=SRID),
            "words_zh": one.text_zh,
            "words_en": one.text_en,
            "hint_zh": one.hint_zh,
            "hint_en": one.hint_en,
            "size_m2": one.size_m2,
        }
        for one in found
    ]
