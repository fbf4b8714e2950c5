"""Reference lists shipped as data: kinds, national codes, the calendar; loaded at every migration.

`kinds.csv` and `code_lists.csv` are ours to extend, a city adds its own rows in the database.
`calendar_days.csv` holds the State Council's yearly notices as far as they were announced.
`plan_rules.csv` says what each rule of the plan asks; a city sets its values, which are at first
those of `geo.planning` where that judges it. `plan_messages.csv` holds what planners are told.
Those words, and the patterns of `geo.hours`, are always this program's own.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from data.models import (
    Base,
    CalendarDayRow,
    CalendarYearRow,
    CodeListRow,
    KindRow,
    MessageRow,
    PatternRow,
    RuleRow,
)
from geo.hours import ADDITIONAL_PATTERN, BLANK, RULE_PATTERN
from geo.planning.findings import RULES

_TABLES: tuple[type[Base], ...] = (KindRow, CodeListRow, CalendarYearRow, CalendarDayRow)
PATTERNS = {
    # 1 to 60 characters, none of them a control character, no blank at either end.
    "code": rf"^(?!{BLANK})[^\u0000-\u001f\u007f-\u009f]{{1,60}}(?<!{BLANK})$",
    "hours_rule": RULE_PATTERN,
    "hours_additional": ADDITIONAL_PATTERN,
    "hours_blank": BLANK,
}


def load_reference(connection: Connection) -> None:
    """Bring the shipped lists into the database; rows that the city changed or added stay."""
    for table in _TABLES:
        rows = read_list(table.__tablename__)
        # DO NOTHING: a city that opened or closed a kind keeps its decision.
        connection.execute(insert(table).on_conflict_do_nothing(), rows)
    _load_anew(connection, RuleRow, plan_rules(), ("words_zh", "words_en"))
    _load_anew(connection, MessageRow, read_list("plan_messages"))
    patterns = [{"name": name, "pattern": pattern} for name, pattern in PATTERNS.items()]
    _load_anew(connection, PatternRow, patterns)


def plan_rules() -> list[dict[str, Any]]:
    """Return the rules of the plan as they are shipped."""
    rows = read_list("plan_rules")
    for row in rows:
        judged = RULES.get(row["rule"])
        if judged is not None:
            row |= {
                "severity": judged.severity,
                "distance_m": judged.distance_m,
                "area_m2": judged.area_m2,
            }
    return rows


def _load_anew(
    connection: Connection,
    table: type[Base],
    rows: list[dict[str, Any]],
    columns: tuple[str, ...] | None = None,
) -> None:
    """Put in the rows; of those that are there already, the columns (default: all) are ours."""
    adding = insert(table)
    ours = {name: adding.excluded[name] for name in columns or rows[0]}
    keys = list(table.__table__.primary_key)
    connection.execute(adding.on_conflict_do_update(index_elements=keys, set_=ours), rows)


def read_list(name: str) -> list[dict[str, Any]]:
    """Return the rows of one shipped list, empty cells as None, true and false as such."""
    text = files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return [
        {key: _value(cell) for key, cell in row.items()}
        for row in csv.DictReader(text.splitlines())
    ]


def _value(cell: str) -> Any:
    return {"": None, "true": True, "false": False}.get(cell, cell)
