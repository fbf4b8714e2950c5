"""Cells over the areas of a kind: most points of a batch are settled by the cell they are in.

A cell that no border touches lies in the same areas everywhere, so one question answers for all of
it, and for its neighbours as far as no border comes between. Only points in the cells along the
borders have to be asked about one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Settle = Callable[[Floats, Floats], npt.NDArray[np.int64]]
"""The winner of each point, -1 where there is none, found without a raster."""

UNSURE = -2
"""The label of a cell that a border touches."""

_CELLS_PER_AREA = 100
_MOST_CELLS = 4_000_000
# Rounding moves a place by less than a millionth of a cell that is no smaller than this.
_LEAST_DEG = 1e-6
_SLACK = 1e-6
# Shapes, and pieces of long segments, that are looked at together: bounds the memory.
_SHAPES = 2_000
_PIECES = 1_000_000


class Raster:
    """The winners of whole cells. Never edited; two million cells take 8 MB."""

    def __init__(self, shapes: npt.NDArray[np.object_], settle: Settle) -> None:
        """Raster valid polygons, asking `settle` about one point for each patch of cells."""
        west, south, east, north = shapely.total_bounds(shapes)
        width, height = east - west, north - south
        cells = min(_MOST_CELLS, _CELLS_PER_AREA * len(shapes))
        # The second keeps one long thin area from taking a row of millions.
        size = max((width * height / cells) ** 0.5, 4 * (width + height) / cells, _LEAST_DEG)
        # A rim of free cells on every side stands for all that is beyond.
        self._west, self._south, self._size = west - 1.5 * size, south - 1.5 * size, size
        self._shape = int(height / size) + 4, int(width / size) + 4
        self._labels = self._labelled(self._touched(shapes), settle).ravel()

    def cells(self, lon: Floats, lat: Floats) -> npt.NDArray[np.intp]:
        """Return the number of the cell that each point is in, row by row from the south."""
        column, row = self._columns_rows(lon, lat)
        rows, columns = self._shape
        # Whatever is beyond the rim is as free as the rim.
        return row.clip(0, rows - 1).astype(np.intp) * columns + column.clip(0, columns - 1).astype(
            np.intp
        )

    def labels(self, cells: npt.NDArray[np.intp]) -> Numbers:
        """Return the winner in each of the cells, -1 where there is none, or `UNSURE`."""
        return self._labels[cells]

    def _columns_rows(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Numbers in cells. Growing with lon and lat, rounded or not: no point leaves its side."""
        return (lon - self._west) / self._size, (lat - self._south) / self._size

    # --- which cells are touched --------------------------------------------------------------

    def _touched(self, shapes: npt.NDArray[np.object_]) -> Flags:
        touched = np.zeros(self._shape, dtype=np.bool_)
        for start in range(0, len(shapes), _SHAPES):
            rings = shapely.get_rings(shapely.get_parts(shapes[start : start + _SHAPES]))
            xy, ring = shapely.get_coordinates(rings, return_index=True)
            at = np.column_stack(self._columns_rows(xy[:, 0], xy[:, 1]))
            same = ring[1:] == ring[:-1]
            begin, end = at[:-1][same], at[1:][same]
            low, high = _corners(begin, end)
            is_long = (high - low).max(axis=1, initial=0) > 1
            _mark(touched, low[~is_long], high[~is_long])
            for piece in _pieces(begin[is_long], end[is_long]):
                _mark(touched, *_corners(*piece))
        return touched

    # --- what the others are in ---------------------------------------------------------------

    def _labelled(self, touched: Flags, settle: Settle) -> Numbers:
        """Ask once for each patch: runs of free cells, and what they touch in the row before."""
        free = ~touched
        starts = free.copy()
        starts[:, 1:] &= touched[:, :-1]
        run = np.cumsum(starts, dtype=np.int32).reshape(self._shape)
        run[touched] = 0
        first = np.concatenate(([0], np.flatnonzero(starts)))
        above = np.arange(len(first), dtype=np.int32)
        both = free[1:] & free[:-1]
        above[run[1:][both]] = run[:-1][both]
        while not np.array_equal(further := above[above], above):
            above = further
        asked = np.unique(above[1:])
        row, column = np.divmod(first[asked], self._shape[1])
        winner = np.full(len(first), UNSURE, dtype=np.int32)
        winner[asked] = settle(
            self._west + (column + 0.5) * self._size, self._south + (row + 0.5) * self._size
        )
        found: Numbers = winner[above][run]
        return found


def _corners(begin: Floats, end: Floats) -> tuple[Numbers, Numbers]:
    """Return the lowest and the highest column and row that a segment may touch."""
    low, high = np.minimum(begin, end) - _SLACK, np.maximum(begin, end) + _SLACK
    return low.astype(np.int32), high.astype(np.int32)


def _mark(touched: Flags, low: Numbers, high: Numbers) -> None:
    """Mark the cells of segments that touch no more than two columns and two rows."""
    for column in (low[:, 0], high[:, 0]):
        for row in (low[:, 1], high[:, 1]):
            touched[row, column] = True


def _pieces(begin: Floats, end: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield segments, in cells, cut into pieces of half a cell at most, not too many at a time."""
    many = np.ceil(2 * np.abs(end - begin).max(axis=1, initial=0)).astype(np.intp)
    portion = np.cumsum(many) // _PIECES
    for each in np.split(np.arange(len(many)), np.flatnonzero(np.diff(portion)) + 1):
        of = np.repeat(each, many[each])
        number = np.arange(len(of)) - np.repeat(np.cumsum(many[each]) - many[each], many[each])
        share, step = (number / many[of])[:, None], (1 / many[of])[:, None]
        along = end[of] - begin[of]
        yield begin[of] + share * along, begin[of] + (share + step) * along
