"""Where the things of a table are: geometry read, checked and converted, all rows at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point

from data.importing.cells import is_blank, number, text
from data.importing.findings import Finding, RowRefused
from data.importing.mapping import GeometryRules, LayerName
from data.importing.tables import Shapes, Table
from geo.crs import CHINESE, WGS84, Crs, Floats, to_wgs84, within_area_of_use
from geo.errors import ImportRefused
from geo.measure import circle, lonlat_of
from geo.types import BBox

Mask = npt.NDArray[np.bool_]

_POINT, _POLYGONS = 0, (3, 6)
_TYPE_IDS = {"areas": _POLYGONS, "stall-zones": _POLYGONS, "facilities": (_POINT, *_POLYGONS)}
_TYPE_NAMES = {
    "areas": "a polygon",
    "stall-zones": "a polygon",
    "facilities": "a point or a polygon",
}

_SENTINELS = (999.0, 9999.0, 99999.0, 999999.0)


@dataclass(slots=True)
class Places:
    """Geometry on WGS 84 by row, None where refused, and what is wrong with it."""

    shapes: Shapes
    refused: dict[int, RowRefused] = field(default_factory=dict)
    remarks: list[Finding] = field(default_factory=list)

    def refuse(self, row: int, problem: str, reason: str, where: str = "geometry") -> None:
        """Note the first thing that is wrong with a row; what follows from it is not repeated."""
        self.refused.setdefault(row, RowRefused(problem, reason, where))


def crs_of(table: Table, declared: str | None, *, in_columns: bool) -> Crs:
    """Return the CRS of the coordinates: as declared, or as the file states; never guessed.

    Raises `ImportRefused` when neither says it, or the two contradict each other. GCJ-02 and BD-09
    have no EPSG code, so tools label such files EPSG:4326 or 4490: there the declaration wins.
    """
    wanted = Crs.parse(declared) if declared else None
    found = None if in_columns or table.crs is None else Crs.parse(table.crs)
    if wanted is None and found is None:
        raise ImportRefused(
            "the file does not say which coordinate system it is in; give it with --crs or crs in "
            "the mapping: wgs84, cgcs2000, gcj02 (Amap, Tencent), bd09 (Baidu) or EPSG:n"
        )
    if wanted is None or found is None:
        return _unless_labelled(table, wanted or found or WGS84)
    mislabelled = wanted.name in CHINESE and found.epsg in (4326, 4490)
    if table.is_stated and wanted.epsg != found.epsg and not mislabelled:
        raise ImportRefused(
            f"the file says {table.crs}, you say {declared}; leave --crs and crs in the mapping "
            "away, or correct the file"
        )
    return _unless_labelled(table, wanted)


def _unless_labelled(table: Table, crs: Crs) -> Crs:
    """Refuse GCJ-02 taken for WGS 84 where the file's own column `datum` says so, row by row."""
    for said in {text(value) for value in table.columns.get("datum", ())} - {""}:
        name = said.lower().replace("-", "").replace(" ", "")
        if name in ("wgs84", "cgcs2000", *CHINESE) and name != crs.name:
            raise ImportRefused(
                f"column datum says {said}, but the file would be read as {crs.name}, hundreds of "
                f"metres off if one is wrong; give --crs {name}, or drop the column"
            )
    return crs


def read_places(table: Table, rules: GeometryRules, crs: Crs, layer: LayerName) -> Places:
    """Return where each row is, on WGS 84, with what is wrong and what was repaired."""
    places = _raw_places(table, rules)
    if rules.is_lat_first:
        places.shapes = shapely.transform(places.shapes, lambda c: c[:, ::-1])
    for row in np.flatnonzero(shapely.is_missing(places.shapes)).tolist():
        places.refuse(row, "no_geometry", "has no place; give its coordinates")
    for row in np.flatnonzero(shapely.is_empty(places.shapes)).tolist():
        places.refuse(row, "empty_geometry", "its geometry is empty; draw it")
    _convert(places, crs, rules.bbox)
    places.shapes[list(places.refused)] = None
    if rules.point_radius_m is not None:
        _draw_circles(places, rules.point_radius_m)
    _check_types(places, layer)
    _check_validity(places, rules.repair)
    # One direction for all rings, as RFC 7946 has it: Shapefiles turn them the other way.
    places.shapes = shapely.orient_polygons(places.shapes)
    return places


def _raw_places(table: Table, rules: GeometryRules) -> Places:
    if rules.lon is not None and rules.lat is not None:
        return _points(table, rules.lon, rules.lat)
    if rules.wkt is not None:
        words = [text(value) or None for value in table.columns[rules.wkt]]
        places = Places(shapely.force_2d(shapely.from_wkt(words, on_invalid="ignore")))
        lost = [row for row, word in enumerate(words) if word and places.shapes[row] is None]
    elif table.shapes is not None:
        places, lost = Places(table.shapes.copy()), sorted(table.unreadable)
    else:
        raise ImportRefused(
            "the file has no geometry of its own; name lon and lat, or wkt, in [geometry] of the "
            "mapping"
        )
    for index in lost:
        reason = "its geometry cannot be read (rings must close and have four points); draw it anew"
        places.refuse(index, "unreadable_geometry", reason)
    return places


def _points(table: Table, lon: str, lat: str) -> Places:
    places = Places(np.full(table.size, None, dtype=object))
    xy = np.full((table.size, 2), np.nan)
    for axis, column in enumerate((lon, lat)):
        for row, value in enumerate(table.columns[column]):
            try:
                found = number(value, column)
            except RowRefused as refusal:
                places.refused.setdefault(row, refusal)
            else:
                xy[row, axis] = np.nan if found is None else found
    half = np.isnan(xy).sum(axis=1) == 1
    for row in np.flatnonzero(half).tolist():
        missing = lon if is_blank(table.columns[lon][row]) else lat
        places.refuse(row, "no_geometry", f"{missing} is blank; give it", missing)
    whole = ~np.isnan(xy).any(axis=1)
    places.shapes[whole] = shapely.points(xy[whole])
    return places


@dataclass(frozen=True, slots=True)
class _Coordinates:
    """All coordinates of all rows, as the file has them, with the row that each belongs to."""

    x: Floats
    y: Floats
    owner: npt.NDArray[np.int64]
    is_point: Mask
    crs: Crs
    bbox: BBox | None

    @property
    def is_geographic(self) -> bool:
        return not self.crs.is_projected

    def first(self, bad: Mask) -> Iterator[tuple[int, float, float]]:
        """Yield each row that has a bad coordinate, with the first of them."""
        rows, at = np.unique(self.owner[bad], return_index=True)
        for row, x, y in zip(rows, self.x[bad][at], self.y[bad][at], strict=True):
            yield int(row), float(x), float(y)

    def fits(self, x: Floats, y: Floats) -> tuple[Mask, Mask, Mask, Floats, Floats]:
        """Which are in range, in the area of use, and in the box too; longitudes, latitudes."""
        in_range = np.isfinite(x) & np.isfinite(y)
        if self.is_geographic:
            in_range &= (np.abs(x) <= 180) & (np.abs(y) <= 90)
        with np.errstate(all="ignore"):
            lon, lat = to_wgs84(
                np.where(in_range, x, np.nan), np.where(in_range, y, np.nan), self.crs
            )
        used = within_area_of_use(lon, lat, self.crs)
        boxed = used if self.bbox is None else used & _within(self.bbox, lon, lat)
        return in_range, used, boxed, lon, lat


def _convert(places: Places, crs: Crs, bbox: BBox | None) -> None:
    """Check the coordinates and bring them to WGS 84."""
    xy, owner = shapely.get_coordinates(places.shapes, return_index=True)
    is_point = (shapely.get_type_id(places.shapes) == _POINT)[owner]
    given = _Coordinates(xy[:, 0], xy[:, 1], owner, is_point, crs, bbox)
    in_range, used, boxed, lon, lat = given.fits(given.x, given.y)
    _refuse_placeholders(places, given)
    _refuse_swapped(places, given, boxed)
    for row, x, y in given.first(~in_range):
        places.refuse(row, "out_of_range", f"{x:g}, {y:g} is no place on earth; correct it")
    for row, x, y in given.first(~used):
        reason = (
            f"{x:.10g}, {y:.10g} is outside the area where {crs.name} is used; check the "
            "system, and whether eastings carry the number of their zone"
        )
        places.refuse(row, "outside_area_of_use", reason)
    for row, x, y in given.first(~boxed):
        reason = f"{x:.10g}, {y:.10g} is outside the bbox of the mapping; correct it, or widen bbox"
        places.refuse(row, "outside_bbox", reason)
    places.shapes = shapely.set_coordinates(places.shapes.copy(), np.column_stack([lon, lat]))


def _within(box: BBox, lon: Floats, lat: Floats) -> Mask:
    found = np.zeros(lon.shape, dtype=bool)
    for half in box.halves():
        west, south, east, north = half.bounds
        found |= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return found


def _refuse_placeholders(places: Places, given: _Coordinates) -> None:
    """Refuse what people type when they do not know: 0,0; 1,1; 121,25; 999.

    Chance puts one surveyed point in 10¹² on a whole degree both ways, and one in 10⁶ one way: that
    is a warning, for it is mostly a number cut off.
    """
    x, y = given.x, given.y
    typed = (x == 0) & (y == 0)
    if given.is_geographic:
        typed |= np.isin(np.abs(x), _SENTINELS) | np.isin(np.abs(y), _SENTINELS)
        whole_x, whole_y = x == np.round(x), y == np.round(y)
        typed |= given.is_point & ((x == 0) | (y == 0) | (x == y) | (whole_x & whole_y))
        for row, a, b in given.first(given.is_point & (whole_x ^ whole_y) & ~typed):
            reason = f"{a:.10g}, {b:.10g} is on a whole degree; was a number cut off?"
            places.remarks.append(
                Finding(row + 1, "warning", "whole_degree", reason, field="geometry")
            )
    for row, a, b in given.first(typed):
        reason = f"{a:g}, {b:g} stands for an unknown place; give the real coordinates"
        places.refuse(row, "placeholder", reason)


def _refuse_swapped(places: Places, given: _Coordinates, boxed: Mask) -> None:
    """Refuse rows that are where they should be only with x and y exchanged."""
    suspects = np.isin(given.owner, given.owner[~boxed])
    if not suspects.any():
        return
    mirrored = given.fits(given.y, given.x)[2]
    rows_off = set(given.owner[suspects & ~mirrored].tolist())
    for row, x, y in given.first(suspects):
        if row not in rows_off:
            reason = (
                f'{x:.10g}, {y:.10g} has latitude (northing) first; say axis_order = "lat,lon" in '
                "[geometry], or exchange the columns lon and lat"
            )
            places.refuse(row, "swapped_axes", reason)


def _draw_circles(places: Places, radius_m: float) -> None:
    for row, shape in enumerate(places.shapes):
        if isinstance(shape, Point):
            places.shapes[row] = circle(lonlat_of(shape), radius_m)


def _check_types(places: Places, layer: LayerName) -> None:
    types = shapely.get_type_id(places.shapes)
    for row in np.flatnonzero(~np.isin(types, _TYPE_IDS[layer]) & (types >= 0)).tolist():
        shape = places.shapes[row].geom_type.lower()
        places.refuse(row, "wrong_geometry_type", f"must be {_TYPE_NAMES[layer]}, not a {shape}")
        places.shapes[row] = None


def _check_validity(places: Places, repair: bool) -> None:
    invalid = ~shapely.is_valid(places.shapes) & ~shapely.is_missing(places.shapes)
    for row in np.flatnonzero(invalid).tolist():
        shape = places.shapes[row]
        reason = str(shapely.is_valid_reason(shape))  # with the place, longitude first
        mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        if repair and not mended.is_empty and shapely.get_type_id(mended) in _POLYGONS:
            places.shapes[row] = mended
            places.remarks.append(
                Finding(row + 1, "repaired", "invalid_geometry", reason, field="geometry")
            )
        else:
            advice = "draw it anew there" if repair else "correct it there, or set repair = true"
            places.refuse(row, "invalid_geometry", f"{reason}: {advice}")
