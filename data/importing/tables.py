"""Files as tables: columns of plain values, geometry as the file has it, the CRS that it states."""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio  # type: ignore[import-untyped]
import shapely
from pyogrio import raw

from data.importing.cells import Row, is_blank, text
from data.importing.strict import nearest
from geo.errors import ImportRefused

Shapes = npt.NDArray[np.object_]

_NO_CPG = (
    "the Shapefile does not say how its text is encoded (no .cpg file beside it); give encoding, "
    'mostly "gb18030" for Chinese offices or "utf-8"'
)
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*(null)?')


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows. `crs` is what the file says of its geometry: an EPSG code, or nothing.

    `is_stated` is False for a GeoJSON file without a `crs` member: it is WGS 84 by RFC 7946, and
    that is also what many a file says that nobody ever thought about.
    """

    columns: Mapping[str, Sequence[Any]]
    size: int
    shapes: Shapes | None = None
    unreadable: frozenset[int] = field(default_factory=frozenset)
    crs: str | None = None
    is_stated: bool = False
    blank: frozenset[int] = field(default_factory=frozenset)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each row with its number, from 1, as a mapping from column to value.

        Blank lines of a sheet count, so that the number finds the row, but are not given.
        """
        names = tuple(self.columns)
        for number, values in enumerate(zip(*self.columns.values(), strict=True), 1):
            if number - 1 not in self.blank:
                yield number, dict(zip(names, values, strict=True))


def read_table(path: Path, *, encoding: str | None = None, table: str | None = None) -> Table:
    """Return the rows of a GeoJSON, GeoPackage, Shapefile, CSV or XLSX file, chosen by its ending.

    Raises `ImportRefused` when the file as a whole cannot be read.
    """
    readers: dict[str, Callable[[], Table]] = {
        ".geojson": lambda: _geojson(path),
        ".json": lambda: _geojson(path),
        ".gpkg": lambda: _vector(path, _only_layer(path, table), None),
        ".shp": lambda: _shapefile(path, encoding),
        ".csv": lambda: _csv(path, encoding or "utf-8-sig"),
        ".xlsx": lambda: _workbook(path, table),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ImportRefused(f"{path.name} must end in {', '.join(readers)}")
    if not path.is_file():
        raise ImportRefused(f"there is no file {str(path)!r}")
    try:
        return reader()
    except UnicodeDecodeError:
        raise ImportRefused(
            f"{path.name} is not in {encoding or 'UTF-8'}; give the encoding that it is in, "
            'such as "gb18030" or "big5"'
        ) from None
    except LookupError as error:
        raise ImportRefused(f"cannot read {path.name}: {error}") from None
    except (OSError, ValueError, csv.Error, BadZipFile, RuntimeError) as error:
        raise ImportRefused(f"cannot read {path.name}: {str(error)[:200]}") from None


def _geojson(path: Path) -> Table:
    # GDAL says EPSG:4326 with and without a crs member, and with `"crs": null`.
    head, _, body = path.read_bytes().partition(b'"features"')
    member = _CRS_MEMBER.search(head) or _CRS_MEMBER.search(body[body.rfind(b"]") :])
    table = _vector(path, None, None)
    if member and member[1]:
        return replace(table, crs=None, is_stated=False)
    return replace(table, is_stated=member is not None)


def _shapefile(path: Path, encoding: str | None) -> Table:
    table = _vector(path, None, encoding)
    told = encoding or any(path.with_suffix(ending).exists() for ending in (".cpg", ".CPG"))
    if not told and pyogrio.read_info(path)["encoding"] == "ISO-8859-1":
        words = (text(v) for values in table.columns.values() for v in values)
        if not all(word.isascii() for word in (*table.columns, *words)):
            raise ImportRefused(_NO_CPG)
    return table


def _only_layer(path: Path, wanted: str | None) -> str | None:
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    if wanted is not None and wanted not in layers:
        raise ImportRefused(f"{path.name} has no table {wanted!r}; {nearest(wanted, layers)}")
    if wanted is None and len(layers) > 1:
        raise ImportRefused(
            f"{path.name} has {len(layers)} tables; say in the mapping which one: table = one of "
            f"{', '.join(layers)}"
        )
    return wanted


def _vector(path: Path, layer: str | None, encoding: str | None) -> Table:
    with warnings.catch_warnings():
        # GDAL warns of broken geometry without the row; such rows become findings here.
        warnings.simplefilter("ignore", RuntimeWarning)
        meta, _, wkb, values = raw.read(
            path, layer=layer, encoding=encoding, force_2d=True, datetime_as_string=True
        )
    columns = {
        str(name): _plain(array, is_json=subtype == "OFSTJSON")
        for name, array, subtype in zip(meta["fields"], values, meta["ogr_subtypes"], strict=True)
    }
    if wkb is None:
        return Table(columns, len(values[0]) if values else 0)
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    lost = np.array([blob is not None for blob in wkb]) & shapely.is_missing(shapes)
    crs = _epsg(meta["crs"])
    return Table(
        columns, len(shapes), shapes, frozenset(np.flatnonzero(lost).tolist()), crs, crs is not None
    )


def _epsg(crs: str | None) -> str | None:
    """The EPSG code of what GDAL says; None when it has none, so that it must be given."""
    if crs is None or crs.upper().startswith("EPSG:"):
        return crs
    found = gpd.GeoSeries([], crs=crs).crs
    epsg = found.to_epsg() if found is not None else None
    return f"EPSG:{epsg}" if epsg else None


def _plain(array: npt.NDArray[Any], *, is_json: bool) -> list[Any]:
    values: list[Any] = array.tolist()
    if not is_json:
        return values
    return [_json(value) for value in values]


def _json(value: Any) -> Any:
    # A column with true here and "unknown" there is one of JSON text to GDAL.
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _csv(path: Path, encoding: str) -> Table:
    with path.open(encoding=encoding, newline="") as file:
        lines = csv.reader(file, strict=True)
        header = [text(cell) for cell in next(lines, [])]
        rows = [row or [""] * len(header) for row in lines]
    return _grid(path, header, rows)


def _workbook(path: Path, sheet: str | None) -> Table:
    with pd.ExcelFile(path, engine="openpyxl") as book:
        names = [str(name) for name in book.sheet_names]
        if sheet is not None and sheet not in names:
            raise ImportRefused(f"{path.name} has no table {sheet!r}; {nearest(sheet, names)}")
        frame = pd.read_excel(
            book,
            sheet or names[0],
            header=None,
            dtype=object,
            keep_default_na=False,
            na_filter=False,
        )
    rows: list[list[Any]] = frame.to_numpy(dtype=object).tolist()
    if not rows:
        raise ImportRefused(f"{path.name} is empty")
    return _grid(path, [text(cell) for cell in rows[0]], rows[1:])


def _grid(path: Path, header: list[str], rows: list[list[Any]]) -> Table:
    if not any(header):
        raise ImportRefused(f"{path.name} has no header: its first row must name the columns")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise ImportRefused(f"{path.name} has two columns {doubled[0]!r}; rename one")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ImportRefused(
                f"row {number} of {path.name} has {len(row)} cells, its header {len(header)}; put "
                "texts with commas or line breaks in quotes"
            )
    columns = {name: [row[index] for row in rows] for index, name in enumerate(header) if name}
    blank = frozenset(index for index, row in enumerate(rows) if all(map(is_blank, row)))
    return Table(columns, len(rows), blank=blank)
