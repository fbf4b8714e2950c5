"""Rules of the plan that a city has switched off or made milder than they are shipped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import RuleRow
from data.models.planning import SEVERITIES
from data.reference import plan_rules

# What these name is to be kept, so less of it is milder; of all others it is a tolerance.
_KEPT = {"capacity_room", "near_crossing", "near_hydrant", "near_school"}


@dataclass(frozen=True, slots=True)
class Softened:
    """A rule that lets pass what it would not as shipped: what is set, and what was shipped."""

    rule: str
    name: str
    is_set: bool | str | float | None
    shipped: bool | str | float | None
    edited_by: str

    def __str__(self) -> str:
        if self.name == "is_on":
            return f"rule {self.rule} is off (set by {self.edited_by})"
        return (
            f"rule {self.rule} has the {self.name} {self.is_set}, shipped: {self.shipped} "
            f"(set by {self.edited_by})"
        )


def softened(session: Session) -> tuple[Softened, ...]:
    """Return what is milder than shipped, by rule: whether it is on, how grave, which numbers."""
    rows = {row.rule: row for row in session.scalars(select(RuleRow))}
    found = []
    for shipped in plan_rules():
        row = rows.get(shipped["rule"])
        if row is None:
            continue
        for name in ("is_on", "severity", "distance_m", "area_m2"):
            ours, theirs = getattr(row, name), shipped[name]
            theirs = float(theirs) if name.endswith(("_m", "_m2")) and theirs else theirs
            if _is_milder(shipped["rule"], name, ours, theirs):
                found.append(Softened(shipped["rule"], name, ours, theirs, row.edited_by))
    return tuple(found)


def _is_milder(rule: str, name: str, ours: object, theirs: object) -> bool:
    if name == "is_on":
        return not ours
    if name == "severity":
        return SEVERITIES.index(str(ours)) > SEVERITIES.index(str(theirs))
    number, shipped = (float(str(one or 0)) for one in (ours, theirs))
    return number < shipped if rule in _KEPT else number > shipped
