"""CSV, Parquet and GeoPackage in pieces, as Arrow tables, in and out."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio  # type: ignore[import-untyped]

from data.columns import check_number, only_field
from geo.errors import InvalidParameter

_ROWS = 131_072
_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layer:
    """The geometry of a GeoPackage: its column, its system (None: not said), its type."""

    geometry: str
    crs: str | None
    shape: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file being read: about how many rows, the columns' names, the rows, one piece at least."""

    total: int
    names: list[str]
    tables: Iterator[Any]
    is_text: bool = False
    layer: Layer | None = None


Read = Callable[[Path, str, str], AbstractContextManager[Pieces]]
Write = Callable[[Any], None]


@contextmanager
def _csv_pieces(path: Path, lon: str, lat: str) -> Iterator[Pieces]:
    with _told(path):
        with path.open(encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text), [])
        for name in (lon, lat):
            only_field(names, name)
        # Texts stay as they are: read as a number, the code 0136 would come out as 136.
        reader = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BYTES),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}
            ),
        )
        yield Pieces(_lines(path), names, _tables(reader.schema, reader), is_text=True)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BYTES), b""))


@contextmanager
def _parquet_pieces(path: Path, lon: str, lat: str) -> Iterator[Pieces]:
    with _told(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        for name in (lon, lat):
            check_number(name, schema.field(only_field(schema.names, name)).type)
        batches = file.iter_batches(batch_size=_ROWS)
        yield Pieces(file.metadata.num_rows, schema.names, _tables(schema, batches))


@contextmanager
def _gpkg_pieces(path: Path, _lon: str, _lat: str) -> Iterator[Pieces]:
    with _told(path):
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(layers) != 1:
            raise InvalidParameter(f"{path.name} must have one layer; it has {', '.join(layers)}")
        info = pyogrio.read_info(path)
        if info["geometry_type"] is None:
            raise InvalidParameter(f"{path.name} has no geometry; it must hold points")
        with pyogrio.raw.open_arrow(path, batch_size=_ROWS, use_pyarrow=True) as (meta, reader):
            column = meta["geometry_name"] or "wkb_geometry"
            layer = Layer(column, meta["crs"], meta["geometry_type"])
            names = [name for name in reader.schema.names if name != column]
            yield Pieces(info["features"], names, _tables(reader.schema, reader), layer=layer)


def _tables(schema: Any, batches: Any) -> Iterator[Any]:
    """Yield the pieces; of an empty file one without rows, so that its columns are written."""
    found = (pa.Table.from_batches([batch]) for batch in batches)
    return chain([next(found, schema.empty_table())], found)


@contextmanager
def _csv_out(path: Path, _layer: Layer | None) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")

        def write(table: Any) -> None:
            if file.tell() == 0:
                writer.writerow(table.column_names)
            texts = [_texts(table, at).to_pylist() for at in range(table.num_columns)]
            writer.writerows(zip(*texts, strict=True))

        yield write


def _texts(table: Any, at: int) -> Any:
    kind = table.schema.field(at).type
    try:
        return pc.cast(table.column(at), pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        name = table.column_names[at]
        raise InvalidParameter(f"a CSV cannot hold {name} ({kind}); write Parquet") from None


@contextmanager
def _parquet_out(path: Path, _layer: Layer | None) -> Iterator[Write]:
    writers: list[Any] = []

    def write(table: Any) -> None:
        if not writers:
            writers.append(pq.ParquetWriter(path, table.schema))
        writers[0].write_table(table)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


@contextmanager
def _gpkg_out(path: Path, layer: Layer | None) -> Iterator[Write]:
    assert layer is not None

    def write(table: Any) -> None:
        with _told(path), warnings.catch_warnings():
            # A system that is not known is not known in the result, either.
            warnings.filterwarnings("ignore", message=".*'crs' was not provided")
            pyogrio.write_arrow(
                table,
                path,
                driver="GPKG",
                layer=path.stem,
                geometry_name=layer.geometry,
                geometry_type=layer.shape,
                crs=layer.crs,
                append=path.exists(),
            )

    yield write


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the libraries say of a file into a sentence about it."""
    try:
        yield
    except (pa.ArrowException, pyogrio.errors.DataSourceError, UnicodeDecodeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
        utf8 = "; save it as UTF-8" if "utf" in said.lower() else ""
        raise InvalidParameter(f"{path.name}: {said}{utf8}") from None


READERS: Mapping[str, Read] = {
    ".csv": _csv_pieces, ".parquet": _parquet_pieces, ".gpkg": _gpkg_pieces
}  # fmt: skip
WRITERS: Mapping[str, Callable[[Path, Layer | None], AbstractContextManager[Write]]] = {
    ".csv": _csv_out, ".parquet": _parquet_out, ".gpkg": _gpkg_out
}  # fmt: skip
