"""Arrow columns as numbers: nulls and words are refused by the name of their point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from geo.columns import Floats, Named
from geo.errors import InvalidCoordinate, InvalidParameter


def only_field(names: list[str], wanted: str) -> int:
    """Return where the column of a name stands; raises `InvalidParameter` unless there is one."""
    if names.count(wanted) == 1:
        return names.index(wanted)
    many = "two or more columns are" if wanted in names else "no column is"
    there = ", ".join(name[:40] for name in names[:20]) or "none"
    raise InvalidParameter(f"{many} called {wanted!r}; there are: {there}")


def check_number(name: str, kind: Any) -> None:
    """Raise `InvalidParameter` for a column type that does not hold numbers."""
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise InvalidParameter(f"column {name} holds {kind}; send float64")


def numbers(column: Any, name: str, named: Named) -> Floats:
    """Return a column of numbers; raises `InvalidCoordinate` naming the first point without one."""
    check_number(name, column.type)
    if column.null_count:
        first = int(np.argmax(pc.is_null(column).to_numpy(zero_copy_only=False)))
        raise InvalidCoordinate(f"{named(first)} has no {name}: it is null")
    found: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return found


def numbers_in_text(column: Any, name: str, named: Named) -> Floats:
    """Return the numbers that a column of texts holds; raises `InvalidCoordinate` for the first
    that is none.
    """
    cells = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    if not _are_numbers(cells):
        first = _first_word(cells)
        word = cells[first].as_py()[:40]
        what = f"its {name} is {word!r}, which is no number" if word else f"it has no {name}"
        raise InvalidCoordinate(f"{named(first)} is no place: {what}")
    found: Floats = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _are_numbers(cells: Any) -> bool:
    try:
        pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _first_word(cells: Any) -> int:
    """Halve until it is found: which cell it was, the cast does not tell."""
    low, high = 0, len(cells)
    while high - low > 1:
        middle = (low + high) // 2
        if _are_numbers(cells[low:middle]):
            low = middle
        else:
            high = middle
    return low
