"""A file of points into the same file with a column more: which area holds each.

Read and written in pieces, so that no file is too large. The result stands beside its final place
until it is whole; what goes wrong before leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import shapely

from data.columns import numbers, numbers_in_text
from data.pieces import READERS, WRITERS, Layer, Pieces
from geo.columns import Floats, Named, to_points
from geo.crs import CHINESE, WGS84, Crs
from geo.errors import InvalidCoordinate, InvalidParameter
from geo.locating import AreaIndex, Positions

_POINT = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are called: those with the place, and the one that is added."""

    lon: str = "lon"
    lat: str = "lat"
    code: str = "code"


@dataclass(frozen=True, slots=True)
class Located:
    """How many rows there were, and how many of them some area holds."""

    rows: int
    inside: int
    crs: str
    revision: int

    @property
    def outside(self) -> int:
        """How many rows no area holds."""
        return self.rows - self.inside


def locate_file(
    source: Path,
    target: Path,
    index: AreaIndex,
    kind: str,
    *,
    columns: Columns | None = None,
    crs: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Located:
    """Write the rows of a file, in their order, with the code of the area that holds each.

    CSV and Parquet have their places in two columns, in WGS 84 unless `crs` says otherwise; a
    GeoPackage has points and says its system itself. From one to the other, columns become points
    and points columns, in WGS 84. The cells of a CSV stay the texts that they are. Outside the
    code is missing (null, or an empty cell). Raises `InvalidParameter` for a file that cannot be
    read or written, `InvalidCoordinate` naming the first row that is no place, `UnknownKind`.
    """
    _check_files(source, target)
    names = columns or Columns()
    with TemporaryDirectory(prefix=".tidegrid-", dir=target.parent) as folder:
        half = Path(folder) / target.name
        with READERS[_ending(source)](source, names.lon, names.lat) as pieces:
            job = _Job(pieces, index, kind, names, _system(pieces, crs), _ending(target))
            with WRITERS[_ending(target)](half, job.layer) as write:
                for table in pieces.tables:
                    write(job.located(table))
                    progress(job.rows, max(job.rows, pieces.total))
        half.replace(target)
    progress(job.rows, job.rows)
    return Located(job.rows, job.inside, job.crs.name, index.revision)


def _check_files(source: Path, target: Path) -> None:
    if not source.is_file():
        raise InvalidParameter(f"there is no file {source}")
    for path in (source, target):
        if _ending(path) not in READERS:
            raise InvalidParameter(f"{path.name} must end in {', '.join(READERS)}")
    if not target.parent.is_dir():
        raise InvalidParameter(f"there is no folder {target.parent}")


def _ending(path: Path) -> str:
    return path.suffix.lower()


def _system(pieces: Pieces, declared: str | None) -> Crs:
    """GCJ-02 and BD-09 have no EPSG code: tools label such files WGS 84, and there we are told."""
    wanted = None if declared is None else Crs.parse(declared)
    if pieces.layer is None:
        return wanted or WGS84
    if pieces.layer.crs is None and wanted is None:
        raise InvalidParameter("the file does not say its coordinate system; give it with --crs")
    found = None if pieces.layer.crs is None else Crs.parse(pieces.layer.crs)
    if wanted is None or found is None:
        return wanted or found or WGS84
    if wanted.epsg != found.epsg and not (wanted.name in CHINESE and found.epsg in (4326, 4490)):
        raise InvalidParameter(f"the file says {found.name}, you say {wanted.name}; drop --crs")
    return wanted


class _Job:
    """One file on its way: how its rows are read, and what they become."""

    def __init__(
        self,
        pieces: Pieces,
        index: AreaIndex,
        kind: str,
        columns: Columns,
        crs: Crs,
        ending: str,
    ) -> None:
        self._from, self._index, self._kind, self._names = pieces.layer, index, kind, columns
        self._is_text, self.crs = pieces.is_text, crs
        self._stays = (ending == ".gpkg") == (pieces.layer is not None)
        self.layer = pieces.layer if self._stays else Layer("geometry", "EPSG:4326", "Point")
        self._check_free(pieces.names)
        self.rows = self.inside = 0

    def _check_free(self, there: list[str]) -> None:
        added = [self._names.code]
        if not self._stays:
            added += [self._names.lon, self._names.lat] if self._from else ["geometry"]
        for name in added:
            if name.lower() in [other.lower() for other in there]:
                raise InvalidParameter(
                    f"there is a column {name!r} already; give --column another name, or have the "
                    "answer in the format of the file"
                )

    def located(self, table: Any) -> Any:
        """Return some rows with their codes."""
        lon, lat = self._points(table)
        positions = self._index.winners(self._kind, lon, lat)
        self.rows += len(positions)
        self.inside += int((positions >= 0).sum())
        if not self._stays:
            table = self._moved(table, lon, lat)
        return table.append_column(self._names.code, self._codes(positions))

    def _points(self, table: Any) -> tuple[Floats, Floats]:
        named = self._named()
        if self._from is not None:
            x, y = _coordinates(table.column(self._from.geometry), named)
        else:
            read = numbers_in_text if self._is_text else numbers
            x, y = (read(table.column(n), n, named) for n in (self._names.lon, self._names.lat))
        return to_points(x, y, self.crs, named)

    def _named(self) -> Named:
        done = self.rows
        return lambda position: f"row {done + position + 1}"

    def _moved(self, table: Any, lon: Floats, lat: Floats) -> Any:
        if self._from is None:
            return table.append_column(
                "geometry", pa.array(shapely.to_wkb(shapely.points(lon, lat)))
            )
        table = table.drop_columns([self._from.geometry])
        return table.append_column(self._names.lon, pa.array(lon)).append_column(
            self._names.lat, pa.array(lat)
        )

    def _codes(self, positions: Positions) -> Any:
        part = self._index.kinds[self._kind]
        codes = pa.array([label.code for label in self._index.labels[part]], pa.string())
        return codes.take(pa.array(positions - part.start, mask=positions < 0))


def _coordinates(column: Any, named: Named) -> tuple[Floats, Floats]:
    shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    bad = (shapely.get_type_id(shapes) != _POINT) | shapely.is_empty(shapes)
    if bad.any():
        raise InvalidCoordinate(f"{named(int(np.argmax(bad)))} is no point; give it one")
    xy: Floats = shapely.get_coordinates(shapes)
    return xy[:, 0], xy[:, 1]
