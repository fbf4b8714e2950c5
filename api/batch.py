"""Many points in one body: JSON columns, CSV or an Arrow stream, in and out.

No Python object is made per point except where JSON leaves no choice, and what a body may make us
allocate is bounded before it is parsed.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]

from data.columns import check_number, numbers, numbers_in_text, only_field
from geo.columns import Floats, by_position
from geo.errors import InvalidCoordinate, InvalidParameter, TooLarge
from geo.locating import Positions

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
WORDS = ("kind", "crs", "at")
"""What may be said of all points, beside them or in the query."""

_HEAD_BYTES = 65_536
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
    _check_count(max(len(x), len(y)), most)
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


def read_csv(body: bytes, most: int) -> Batch:
    """Return the points of the columns `lon` and `lat`; other columns are not looked at."""
    # A blank line at the end is no point; one in between is, and has no coordinates.
    body = body.rstrip(b"\r\n") + b"\n"
    _check_head(body)
    rows = 0
    blocks = []
    try:
        for block in _csv_blocks(body):
            rows += block.num_rows
            _check_count(rows, most)
            blocks.append(block)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise InvalidParameter(f"the body is not CSV as we read it: {_sentence(error)}") from None
    table = pa.Table.from_batches(blocks, _CSV_SCHEMA)
    x, y = (numbers_in_text(table.column(name), name, by_position) for name in ("lon", "lat"))
    return Batch(x, y, {})


_CSV_SCHEMA = pa.schema([("lon", pa.string()), ("lat", pa.string())])


def _check_head(body: bytes) -> None:
    head, newline, _ = body[:_HEAD_BYTES].partition(b"\n")
    if not newline:
        raise InvalidParameter(f"the CSV has no header line within {_HEAD_BYTES} bytes")
    line = head.decode("utf-8-sig", errors="replace").rstrip("\r")
    names = next(csv.reader([line]), [])
    for name in ("lon", "lat"):
        only_field(names, name)


def _csv_blocks(body: bytes) -> Iterator[Any]:
    return iter(
        pa_csv.open_csv(
            pa.BufferReader(body),
            # One thread, so that a row that is not right can be told by its number.
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                include_columns=["lon", "lat"],
                column_types={"lon": pa.string(), "lat": pa.string()},
            ),
        )
    )


def write_csv(codes: Codes) -> bytes:
    """Return one column `code`; outside it is empty, in quotes, so that no reader skips the row."""
    lines = _cells(codes, [_csv_line([name]) for name in codes.names], _csv_line([""]), b"")
    return _csv_line(["code"]) + b"".join(lines)


def _csv_line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


# --- Arrow -------------------------------------------------------------------------------------


def read_arrow(body: bytes, most: int) -> Batch:
    """Return the points of the columns `lon` and `lat`, and the words of the schema's metadata."""
    buffer = pa.py_buffer(body)
    try:
        schema = pa.ipc.read_schema(buffer)
        wanted = [only_field(schema.names, name) for name in ("lon", "lat")]
        for at in wanted:
            check_number(schema.field(at).name, schema.field(at).type)
        _check_uncompressed(buffer)
        table = _arrow_table(buffer, wanted, most)
    # Arrow says OSError for bytes that are not what they should be.
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"the body is not an Arrow stream: {_sentence(error)}") from None
    x, y = (numbers(table.column(name), name, by_position) for name in ("lon", "lat"))
    told = schema.metadata or {}
    words = {word: told[word.encode()] for word in WORDS if word.encode() in told}
    return Batch(x, y, {word: said.decode(errors="replace") for word, said in words.items()})


def _arrow_table(buffer: Any, wanted: list[int], most: int) -> Any:
    stream = pa.ipc.open_stream(buffer, options=pa.ipc.IpcReadOptions(included_fields=wanted))
    rows = 0
    batches = []
    for batch in stream:
        # The length that a batch claims is only a claim: reading on would leave the buffer.
        batch.validate()
        rows += batch.num_rows
        _check_count(rows, most)
        batches.append(batch)
    return pa.Table.from_batches(batches, stream.schema)


def _check_uncompressed(buffer: Any) -> None:
    """A compressed buffer claims its size, and Arrow believes it: 1 MiB could become 100 GiB."""
    messages = pa.ipc.MessageReader.open_stream(buffer)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        if _is_compressed(message.metadata.to_pybytes()):
            raise InvalidParameter("the Arrow stream is compressed; send it uncompressed")


def _is_compressed(message: bytes) -> bool:
    """Read one field of the message's FlatBuffers header, which Arrow has verified.

    Message: version, header_type, header, ... RecordBatch: length, nodes, buffers, compression.
    DictionaryBatch: id, data (a RecordBatch), ...
    """
    (root,) = struct.unpack_from("<I", message, 0)
    kind = message[_field(message, root, 1)]
    if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH):
        return False
    table = _table(message, _field(message, root, 2))
    if kind == _DICTIONARY_BATCH:
        table = _table(message, _field(message, table, 1))
    return _field(message, table, 3) != 0


_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3


def _table(message: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", message, at)[0])


def _field(message: bytes, table: int, number: int) -> int:
    """Return where a field of a FlatBuffers table is, 0 if it is not there."""
    index = table - struct.unpack_from("<i", message, table)[0]
    (size,) = struct.unpack_from("<H", message, index)
    place = 4 + 2 * number
    offset = struct.unpack_from("<H", message, index + place)[0] if place < size else 0
    return table + offset if offset else 0


def write_arrow(codes: Codes) -> bytes:
    """Return a stream with the dictionary-encoded column `code`, null outside."""
    outside = codes.positions < 0
    column = pa.DictionaryArray.from_arrays(
        pa.array(codes.positions.astype(np.int32), mask=outside),
        pa.array(codes.names, type=pa.string()),
    )
    told = {"revision": str(codes.revision), "crs": codes.crs}
    schema = pa.schema([pa.field("code", column.type)], metadata=told)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch([column], schema=schema))
    written: bytes = sink.getvalue().to_pybytes()
    return written


# --- common to all -----------------------------------------------------------------------------


READERS: Mapping[str, Callable[[bytes, int], Batch]] = {
    JSON: read_json, CSV: read_csv, ARROW: read_arrow
}  # fmt: skip
WRITERS: Mapping[str, Callable[[Codes], bytes]] = {
    JSON: write_json, CSV: write_csv, ARROW: write_arrow
}  # fmt: skip


def _cells(codes: Codes, written: list[bytes], outside: bytes, between: bytes) -> Iterator[bytes]:
    """Yield what is written for the points, many of them joined at a time."""
    # -1 is the last one.
    cells = np.array([*written, outside], dtype=object)
    for start in range(0, len(codes.positions), _PIECE):
        yield between.join(cells[codes.positions[start : start + _PIECE]])


def _check_count(points: int, most: int) -> None:
    if points > most:
        _too_many(most)


def _too_many(most: int) -> NoReturn:
    raise TooLarge(
        f"there may be {most} points in one request; send several requests, or use the command "
        "`tidegrid locate` for a file of any size"
    )


def _sentence(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
