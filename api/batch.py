"""Many points in one body: JSON columns in and out, CSV out; `api.tables` has the other forms.

No Python object is made per point except where JSON leaves no choice, and what a body may make us
allocate is bounded before it is parsed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import orjson

from geo.columns import Floats, by_position
from geo.errors import InvalidCoordinate, InvalidParameter, TooLarge
from geo.locating import Positions

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
WORDS = ("kind", "crs", "at")
"""What may be said of all points, beside them or in the query."""

# Joined piece by piece: one join of a million would keep every other thread waiting.
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of coordinates as they were sent, and the words that came with them."""

    x: Floats
    y: Floats
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Codes:
    """For each point a position in `names` or -1, their revision, and the system that was read."""

    names: Sequence[str]
    positions: Positions
    revision: int
    crs: str


# --- JSON --------------------------------------------------------------------------------------


def read_json(body: bytes, most: int) -> Batch:
    """Return the points of `{"lon": [...], "lat": [...], "kind": ..., "crs": ..., "at": ...}`."""
    # Every value but the first has a comma before it: so many points, or a body that is none.
    if body.count(b",") > 2 * most + len(WORDS):
        _too_many(most)
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidParameter(f"the body is not JSON: {error}") from None
    if not isinstance(sent, dict):
        raise InvalidParameter('the body must be an object: {"lon": [...], "lat": [...], ...}')
    strange = sorted(sent.keys() - {"lon", "lat", *WORDS})
    if strange:
        known = ", ".join(("lon", "lat", *WORDS))
        raise InvalidParameter(f"the member {strange[0][:40]!r} is not known; there are {known}")
    x, y = (_plain_numbers(sent.get(name), name) for name in ("lon", "lat"))
    check_count(max(len(x), len(y)), most)
    return Batch(
        x, y, {word: _text(sent[word], word) for word in WORDS if sent.get(word) is not None}
    )


def _plain_numbers(values: Any, name: str) -> Floats:
    if not isinstance(values, list):
        raise InvalidParameter(f"{name} must be a list of numbers")
    # NumPy would take true for 1 and "1" for 1.0; the set of types costs no loop of ours.
    if not set(map(type, values)) <= {int, float}:
        first = next(i for i, one in enumerate(values) if type(one) not in (int, float))
        said = orjson.dumps(values[first]).decode()[:40]
        raise InvalidCoordinate(f"{by_position(first)}: its {name} is {said}, which is no number")
    return np.array(values, dtype=np.float64)


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    raise InvalidParameter(f"{name} must be a text")


def write_json(codes: Codes) -> bytes:
    """Return `{"codes": [...], "revision": n, "crs": ...}`, null outside."""
    cells = _cells(codes, [orjson.dumps(name) for name in codes.names], b"null", b",")
    tail = orjson.dumps({"revision": codes.revision, "crs": codes.crs})
    return b'{"codes":[%b],%b' % (b",".join(cells), tail[1:])


# --- CSV ---------------------------------------------------------------------------------------


def write_csv(codes: Codes) -> bytes:
    """Return one column `code`; outside it is empty, in quotes, so that no reader skips the row."""
    lines = _cells(codes, [_csv_line([name]) for name in codes.names], _csv_line([""]), b"")
    return _csv_line(["code"]) + b"".join(lines)


def _csv_line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


# --- common to all -----------------------------------------------------------------------------


def _cells(codes: Codes, written: list[bytes], outside: bytes, between: bytes) -> Iterator[bytes]:
    """Yield what is written for the points, many of them joined at a time."""
    # -1 is the last one.
    cells = np.array([*written, outside], dtype=object)
    for start in range(0, len(codes.positions), _PIECE):
        yield between.join(cells[codes.positions[start : start + _PIECE]])


def check_count(points: int, most: int) -> None:
    """Raise `TooLarge` for more points than there may be."""
    if points > most:
        _too_many(most)


def _too_many(most: int) -> NoReturn:
    raise TooLarge(
        f"there may be {most} points in one request; send several requests, or use the command "
        "`tidegrid locate` for a file of any size"
    )
