"""What the data calls of the map have in common: whole units of place, and JSON that stays JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

UNITS_PER_DEGREE = 100_000
"""Places are told in units of 1e-5 degree, about a metre: on a map nobody sees less."""

_EMBEDDED = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}
_LINE_ENDS = {"\u2028": b"\\u2028", "\u2029": b"\\u2029"}

Units = npt.NDArray[np.int64]


def units(degrees: npt.NDArray[np.float64]) -> Units:
    """Return degrees in whole units of 1e-5 degree."""
    return np.rint(degrees * UNITS_PER_DEGREE).astype(np.int64)


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
