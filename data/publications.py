"""Publishing what planners drew: judged, frozen and written as one generation over all layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data.checking import Checked, check, forget_moves
from data.layers import LAYERS
from data.prospects import freeze, refusal, refusal_beside, something_waits, take_effect, waits_as
from data.turns import in_turn
from geo.errors import InvalidParameter, NotFound, PublicationRefused
from geo.schedules import CITY_TIME

_NOTE_MAX = 1_000

# A publication closes rows and opens rows at its instant: those are its changes.
_COUNTS = " UNION ALL ".join(
    f"""
    SELECT '{layer.name}' AS layer, coalesce(lower(a.valid), upper(b.valid)) AS instant,
        count(*) FILTER (WHERE b.id IS NULL) AS added,
        count(*) FILTER (WHERE a.id IS NOT NULL AND b.id IS NOT NULL) AS changed,
        count(*) FILTER (WHERE a.id IS NULL) AS withdrawn
    FROM city.{layer.name} AS a
    FULL JOIN (SELECT * FROM city.{layer.name} WHERE NOT upper_inf(valid)) AS b
        ON {" AND ".join(f"a.{key} = b.{key}" for key in layer.key)}
        AND lower(a.valid) = upper(b.valid)
    GROUP BY 2
    """
    for layer in LAYERS
)
_HELD = text("""
    SELECT layer || ' ' || feature AS name, publication, takes_effect_at AT TIME ZONE :zone AS at
    FROM plan.held WHERE layer || ' ' || feature = ANY(:asked) ORDER BY 1 LIMIT 1
""")
_GENERATIONS = text(f"""
    SELECT g.id, g.published_at, g.published_by, g.note, c.layer, c.added, c.changed, c.withdrawn
    FROM (SELECT * FROM city.generations WHERE id = coalesce(:only, id)
        ORDER BY id DESC LIMIT :limit) AS g
    LEFT JOIN ({_COUNTS}) AS c ON c.instant = g.published_at ORDER BY g.id DESC
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many features of a layer came, changed and went."""

    added: int
    changed: int
    withdrawn: int

    def __str__(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.withdrawn} withdrawn"


@dataclass(frozen=True, slots=True)
class Generation:
    """A publication that took place, with what it changed by layer."""

    number: int
    published_at: datetime
    published_by: str
    note: str
    counts: Mapping[str, Counts]

    def __str__(self) -> str:
        told = "; ".join(f"{layer} {counts}" for layer, counts in self.counts.items())
        when = self.published_at.isoformat(timespec="seconds")
        return f"{self.number} {when} {self.published_by}: {self.note} ({told or 'nothing'})"


@dataclass(frozen=True, slots=True)
class Published:
    """What came of a publication: its generation, None when there was nothing to publish."""

    generation: Generation | None
    checked: Checked


def publish_drafts(
    engine: Engine, *, by: str, note: str, accept_warnings: bool = False
) -> Published:
    """Publish all that planners drew and return the generation; whole or not at all.

    The plan is judged on the snapshot that is published; where something waits for its date, so is
    what the public will see until then. Raises `PublicationRefused` when there are errors, or
    warnings that are not accepted, and when a publication that waits holds one of the features;
    what was found is kept then, too.
    """
    note = noted(note)

    def work(session: Session) -> Published | PublicationRefused:
        checked = check(session)
        refused = refusal(session, checked.findings, accept_warnings)
        if refused:
            return refused
        try:
            with session.begin_nested():
                return Published(_publish(session, by, note, checked, accept_warnings), checked)
        except PublicationRefused as error:
            return error

    done = in_turn(engine, work)
    if isinstance(done, PublicationRefused):
        raise done
    return done


def history(session: Session, limit: int = 100) -> list[Generation]:
    """Return the latest publications with what they changed, the newest first."""
    return _generations(session, None, limit)


def generation_of(session: Session, number: int) -> Generation:
    """Return one publication; raises `NotFound`."""
    found = _generations(session, number, 1)
    if not found:
        raise NotFound(f"there is no generation {number}; `tidegrid plan history` shows all")
    return found[0]


def discard(
    engine: Engine, features: Sequence[tuple[str, str]] | None = None, *, is_dry: bool = False
) -> list[str]:
    """Bring drafts back to what is published and return them as `layer kind:code`.

    All of them, or those that are given as layer and `kind:code`; with one that got another name,
    the other comes along. What waits for its date stays: it is cancelled first. A dry run only
    tells. Raises `NotFound` for one that has nothing to discard, and `PublicationRefused` for one
    that waits; then nothing is.
    """
    asked = None if features is None else [" ".join(feature) for feature in features]

    def work(session: Session) -> list[str]:
        held = session.execute(_HELD, {"asked": asked, "zone": CITY_TIME}).one_or_none()
        if held is not None:
            raise PublicationRefused(f"{held.name} {waits_as(held.publication, held.at)}")
        with session.begin_nested() as step:
            rows = session.scalars(text("SELECT plan.discard(:asked)"), {"asked": asked})
            done = list(rows)
            if is_dry:
                step.rollback()
        missing = sorted(set(asked or ()) - set(done))
        if missing:
            raise NotFound(f"{missing[0]} is not edited: there is nothing to discard")
        return sorted(done)

    return in_turn(engine, work)


def _publish(
    session: Session, by: str, note: str, checked: Checked, accept_warnings: bool
) -> Generation | None:
    frozen = freeze(session, by, note, None)
    if frozen is None:
        return None
    if something_waits(session, but=frozen):
        made, found = take_effect(session, frozen)
        refused = refusal_beside(session, found, checked, accept_warnings)
        if refused:
            raise refused
    else:
        # Nothing is left of the drafts that was not judged just now.
        made = session.scalar(text("SELECT plan.take_effect(:frozen)"), {"frozen": frozen}) or 0
    forget_moves(session)
    return generation_of(session, made)


def _generations(session: Session, only: int | None, limit: int) -> list[Generation]:
    rows = session.execute(_GENERATIONS, {"only": only, "limit": limit}).all()
    counts: dict[int, dict[str, Counts]] = defaultdict(dict)
    for row in rows:
        if row.layer is not None:
            counts[row.id][row.layer] = Counts(row.added, row.changed, row.withdrawn)
    heads = {row.id: row for row in rows}
    return [
        Generation(row.id, row.published_at, row.published_by, row.note, counts[row.id])
        for row in heads.values()
    ]


def noted(note: str) -> str:
    """Return the note of a publication without blanks around; raises `InvalidParameter`."""
    if not note.strip() or len(note) > _NOTE_MAX or "\0" in note:
        raise InvalidParameter(f"a publication needs a note of up to {_NOTE_MAX} characters")
    return note.strip()
