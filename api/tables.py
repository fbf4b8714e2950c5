"""Many points in a table: CSV or an Arrow stream in, an Arrow stream out.

Nothing imports this before a table comes: Arrow takes 45 MiB of a worker's memory for as long as it
lives, and most workers are never sent one.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]

from api.batch import WORDS, Batch, Codes, check_count
from data.columns import check_number, numbers, numbers_in_text, only_field
from geo.columns import by_position
from geo.errors import InvalidParameter

_HEAD_BYTES = 65_536

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
            check_count(rows, most)
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
        check_count(rows, most)
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


def _sentence(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
