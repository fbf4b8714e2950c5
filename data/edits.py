"""Changes of rows of the plan, as history keeps them: who did what, when, with which program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.layers import LAYERS
from geo.errors import InvalidParameter

_EDITS = text("""
    SELECT change AS number, layer, feature, row_id, action, changed_by, changed_at, application,
        ARRAY(SELECT key FROM jsonb_each(after)
            WHERE value IS DISTINCT FROM before -> key AND before IS NOT NULL
            AND key NOT IN ('row_version', 'edited_by', 'edited_at') ORDER BY 1) AS columns
    FROM plan.history WHERE layer = :layer
        AND :feature IN (plan.id_of(layer, before), plan.id_of(layer, after))
    ORDER BY change DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a row: its number in history, and the columns that an update changed."""

    number: int
    layer: str
    feature: str
    row_id: int
    action: str
    changed_by: str
    changed_at: datetime
    application: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        what = f" ({', '.join(self.columns)})" if self.columns else ""
        when = self.changed_at.isoformat(timespec="seconds")
        return f"{self.number} {when} {self.changed_by} {self.application}: {self.action}{what}"


def edits_of(session: Session, layer: str, feature: str, limit: int = 100) -> list[Edit]:
    """Return the changes of a feature, the newest first, also those of rows that had its name.

    Features of kinds that planners do not see have none.
    """
    asked = {"layer": named_layer(layer), "feature": feature, "limit": limit}
    return [
        Edit(**(dict(row._mapping) | {"columns": tuple(row.columns)}))
        for row in session.execute(_EDITS, asked)
    ]


def named_layer(layer: str) -> str:
    """Return the name of a layer, which may be written with a hyphen; raises otherwise."""
    names = [known.name for known in LAYERS]
    if layer.replace("-", "_") not in names:
        raise InvalidParameter(f"the layer is one of {', '.join(names)}, not {layer!r}")
    return layer.replace("-", "_")
