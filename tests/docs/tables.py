"""The tables of the manual that are read off the code.

`.venv/bin/python -m tests.docs.tables` writes them anew; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from api.settings import Settings
from data.models import PLAN, Base
from data.reference import read_list
from geo.planning.findings import RULES
from geo.planning.words import WORDS
from tests.docs.pages import ROOT

# What the environment decides is said in words.
_DEFAULTS = {"home": "`/var/lib/tidegrid` as root, else `~/.local/share/tidegrid`"}


def settings_table() -> Iterator[str]:
    yield "| setting | default | bounds | what it is |"
    yield "| --- | --- | --- | --- |"
    for name, field in Settings.model_fields.items():
        cells = (f"`TIDEGRID_{name.upper()}`", _default(name, field), _bounds(field))
        yield f"| {' | '.join(cells)} | {field.description} |"


def _default(name: str, field: FieldInfo) -> str:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    if field.default in (None, "", PydanticUndefined):
        return "not set"
    return f"`{field.default}`"


def _bounds(field: FieldInfo) -> str:
    ends = {type(one): one for one in field.metadata}
    low, high = ends.get(annotated_types.Ge), ends.get(annotated_types.Le)
    said = [str(low.ge)] if isinstance(low, annotated_types.Ge) else []
    said += [str(high.le)] if isinstance(high, annotated_types.Le) else ["up"] if said else []
    choices = getattr(field.annotation, "__args__", ())
    words = [f"`{one}`" for one in choices if isinstance(one, str)]
    return " to ".join(said).replace("to up", "and up") or ", ".join(words)


def data_tables() -> Iterator[str]:
    """Every table with its comment and columns; of a planners' twin what it has of its own."""
    for table in sorted(Base.metadata.tables.values(), key=lambda t: (t.schema or "", t.name)):
        yield f"### `{table.schema}.{table.name}`"
        yield ""
        yield f"{table.comment}."
        yield ""
        yield "| column | type | what it is |"
        yield "| --- | --- | --- |"
        for column in _own_columns(table):
            yield f"| `{column.name}` | {_type_of(column)} | {column.comment} |"
        yield ""


def _own_columns(table: Table) -> list[Column[Any]]:
    published = Base.metadata.tables.get(f"city.{table.name}")
    if table.schema != PLAN or published is None:
        return list(table.columns)
    return [column for column in table.columns if column.name not in published.columns]


def _type_of(column: Column[Any]) -> str:
    written = str(column.type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    kind = written.lower().replace("timestamp with time zone", "timestamptz")
    return kind + (", may be empty" if column.nullable else "")


def kinds_table() -> Iterator[str]:
    yield "| family | kind | Chinese | English | public | exclusive | national code |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in read_list("kinds"):
        told = ("yes" if row["is_public"] else "no", "yes" if row["is_exclusive"] else "no")
        code = row["national_code"] or ""
        yield (
            f"| {row['family']} | `{row['slug']}` | {row['name_zh']} | {row['name_en']} "
            f"| {told[0]} | {told[1]} | {code} |"
        )


def rules_table() -> Iterator[str]:
    yield "| rule | 发现 · finding | grave | distance m | area m² |"
    yield "| --- | --- | --- | --- | --- |"
    for name, rule in RULES.items():
        told = WORDS.get(name) or WORDS[f"{name}.gap"]
        grave = {"error": "错误 · error", "warning": "警告 · warning", "notice": "提示 · notice"}
        sizes = ("–" if size is None else f"{size:g}" for size in (rule.distance_m, rule.area_m2))
        words = f"{told.text_zh}<br>{told.text_en}"
        yield f"| `{name}` | {words} | {grave[rule.severity]} | {' | '.join(sizes)} |"


TABLES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "settings": ("docs/settings.md", settings_table),
    "columns": ("docs/data.md", data_tables),
    "kinds": ("docs/data.md", kinds_table),
    "rules": ("docs/checks.md", rules_table),
}


def with_table(page: str, name: str) -> str:
    """Return the page with the table of that name between its marks, as the code has it now."""
    lines = "\n".join(TABLES[name][1]()).strip()
    marks = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    written, count = marks.subn(lambda match: f"{match[1]}{lines}\n{match[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} places for the table {name}")
    return written


if __name__ == "__main__":
    for table, (place, _) in TABLES.items():
        path = ROOT / place
        path.write_text(with_table(path.read_text(encoding="utf-8"), table), encoding="utf-8")
