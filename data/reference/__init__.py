"""Reference lists shipped as data: kinds, national codes, the calendar; loaded at every migration.

`kinds.csv` and `code_lists.csv` are ours to extend, a city adds its own rows in the database.
`calendar_days.csv` holds the State Council's yearly notices as far as they were announced.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from data.models import Base, CalendarDayRow, CalendarYearRow, CodeListRow, KindRow

_TABLES: tuple[type[Base], ...] = (KindRow, CodeListRow, CalendarYearRow, CalendarDayRow)


def load_reference(connection: Connection) -> None:
    """Bring the shipped lists into the database; rows that the city changed or added stay."""
    for table in _TABLES:
        rows = read_list(table.__tablename__)
        # DO NOTHING: a city that opened or closed a kind keeps its decision.
        connection.execute(insert(table).on_conflict_do_nothing(), rows)


def read_list(name: str) -> list[dict[str, Any]]:
    """Return the rows of one shipped list, empty cells as None, true and false as such."""
    text = files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return [
        {key: _value(cell) for key, cell in row.items()}
        for row in csv.DictReader(text.splitlines())
    ]


def _value(cell: str) -> Any:
    return {"": None, "true": True, "false": False}.get(cell, cell)
