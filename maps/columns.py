"""What the data calls of the map have in common: whole units of place, and JSON that stays JSON."""

from __future__ import annotations

import string
from collections.abc import Hashable, Sequence
from itertools import takewhile
from operator import eq
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

UNITS_PER_DEGREE = 100_000
"""Places are told in units of 1e-5 degree, about a metre: on a map nobody sees less."""

_EMBEDDED = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}
_LINE_ENDS = {"\u2028": b"\\u2028", "\u2029": b"\\u2029"}

_DIGITS = string.digits + string.ascii_lowercase

Units = npt.NDArray[np.int64]
One = TypeVar("One", bound=Hashable)


def units(degrees: npt.NDArray[np.float64]) -> Units:
    """Return degrees in whole units of 1e-5 degree."""
    return np.rint(degrees * UNITS_PER_DEGREE).astype(np.int64)


def numbered(things: Sequence[One]) -> tuple[list[One], list[int]]:
    """Return each different thing once, the commonest first, and for each thing its place there.

    Small numbers are short, and few of them are most of the column.
    """
    counts: dict[One, int] = {}
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1
    distinct = sorted(counts, key=lambda thing: -counts[thing])
    place = {thing: number for number, thing in enumerate(distinct)}
    return distinct, [place[thing] for thing in things]


def points(shapes: Sequence[BaseGeometry]) -> tuple[Units, Units]:
    """Return the south-western corner, and a point on each shape as units from there."""
    on_them = shapely.point_on_surface(shapes)
    places = units(shapely.get_coordinates(on_them)).reshape(-1, 2)
    origin = places.min(axis=0) if len(places) else np.zeros(2, dtype=np.int64)
    return origin, places - origin


def shortened(texts: Sequence[str]) -> list[str]:
    """Return texts without what each has in common with the beginning of the one before.

    How many characters that are, 35 at most, stands before the rest as a digit of base 36.
    """
    found, before = [], ""
    for text in texts:
        common = sum(takewhile(bool, map(eq, before[:35], text)))
        found.append(f"{_DIGITS[common]}{text[common:]}")
        before = text
    return found


def written(told: Any) -> bytes:
    """Return the JSON of dicts, lists, texts and numbers.

    No text in it can end a `<script>` or a line of one: the same bytes may be put into a page.
    """
    found = orjson.dumps(told)
    for sign, escape in _EMBEDDED.items():
        # These signs stand in JSON inside of texts only.
        found = found.replace(sign, escape)
    for end, escape in _LINE_ENDS.items():
        found = found.replace(end.encode(), escape)
    return found
