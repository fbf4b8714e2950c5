"""What one cell says: text, code, number, yes or no; or that it says nothing of the sort."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from data.importing.findings import RowRefused

Row = Mapping[str, Any]

# PostgreSQL refuses NUL in text, and a line break in a name is a typist's, not the name's.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_YES = frozenset({"true", "t", "yes", "y", "1", "是", "有", "v", "✓", "√"})
_NO = frozenset({"false", "f", "no", "n", "0", "否", "无", "無", "x", "×"})


def columns_of(source: str) -> list[str]:
    """Return the columns that a source reads: those of a template `{a}{b}`, or the one it names."""
    return _PLACEHOLDER.findall(source) or [source]


def pick(row: Row, sources: tuple[str, ...]) -> Any:
    """Return the first source that is not blank in this row; blank is ``""``."""
    for source in sources:
        if "{" not in source:
            found = row.get(source)
        elif any(text(row.get(column)) for column in columns_of(source)):
            found = _PLACEHOLDER.sub(lambda match: text(row.get(match[1])), source)
        else:
            continue
        if not is_blank(found):
            return found
    return ""


def is_blank(value: Any) -> bool:
    """Return whether a cell is empty: nothing, blanks, or the NaN that libraries put there."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def text(value: Any) -> str:
    """Return a cell as one line of text; a whole number has no decimal point."""
    if is_blank(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # spreadsheets and GDAL hold 6301200042 as 6301200042.0
    return _BLANKS.sub(" ", str(value)).strip()


def code(value: Any) -> str:
    """Return a cell as a code: full-width digits, letters and blanks become ordinary ones."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text(value))).strip()


def number(value: Any, field: str) -> float | None:
    """Return a cell as a finite number, None if blank; refuses words, NaN and infinity."""
    if is_blank(value):
        return None
    if not isinstance(value, bool):
        plain = code(value)
        if _GROUPED.fullmatch(plain):
            plain = plain.replace(",", "")
        if _NUMBER.fullmatch(plain) and math.isfinite(found := float(plain)):
            return found
    raise RowRefused("not_a_number", f"{field} must be a number, not {str(value)[:40]!r}", field)


def integer(value: Any, field: str) -> int | None:
    """Return a cell as a whole number, None if blank."""
    found = number(value, field)
    if found is None or found.is_integer():
        return None if found is None else int(found)
    raise RowRefused("not_a_number", f"{field} must be a whole number, not {found}", field)


def boolean(value: Any, field: str) -> bool | None:
    """Return a cell as yes or no (true, Y, 1, 是, 有, v), None if blank."""
    word = code(value).lower()
    if word in _YES or word in _NO or not word:
        return word in _YES if word else None
    raise RowRefused("not_yes_or_no", f"{field} must be yes or no, not {word[:40]!r}", field)


def natural(value: Any, field: str) -> Any:
    """Return a cell as what the file holds it for, fit for JSON; None if blank."""
    if is_blank(value):
        return None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return number(value, field)
    return value if isinstance(value, list | dict) else text(value)


def plain_text(value: Any, _field: str) -> str | None:
    """Return a cell as text, None if blank."""
    return text(value) or None


def day(value: Any, field: str) -> date | None:
    """Return a cell as a date, None if blank; text must be like 2026-01-31."""
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    plain = code(value)
    try:
        return date.fromisoformat(plain.replace("/", "-")) if plain else None
    except ValueError:
        reason = f"{field} must be like 2026-01-31, not {plain!r}"
        raise RowRefused("not_a_date", reason, field) from None


TYPES: Mapping[str, Callable[[Any, str], Any]] = {
    "text": plain_text,
    "number": number,
    "integer": integer,
    "boolean": boolean,
}
