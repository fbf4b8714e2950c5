"""The published city as files, which the import takes back unchanged."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data.queries.areas import areas_now
from data.queries.facilities import facilities_now
from data.queries.stall_zones import zones_now
from geo.crs import CHINESE, WGS84, Crs, from_wgs84
from geo.errors import InvalidParameter, NotFound
from geo.hours import format_hours
from geo.records import Area, Facility, StallZone
from geo.schedules import Override, Schedule

Place = Area | StallZone | Facility

LAYERS: Mapping[str, Callable[[Session], Sequence[Place]]] = {
    "areas": areas_now,
    "facilities": facilities_now,
    "stall-zones": zones_now,
}
ENDINGS = (".geojson", ".gpkg", ".shp", ".csv", ".xlsx")
_DBF_BYTES = 254
_CELL_CHARACTERS = 32_767


def export_layer(
    session: Session, layer: str, path: Path, *, kind: str | None = None, crs: str = "wgs84"
) -> int:
    """Write a published layer to a file and return how many records; the ending is the format.

    GeoJSON, GeoPackage, Shapefile, CSV or XLSX (geometry as WKT there, and `lon`, `lat` of points).
    GCJ-02 and BD-09 have no EPSG code: such a file says so in a column `datum`, and in nothing
    else. Raises `InvalidParameter` for what a format cannot hold, `NotFound` if there is nothing.
    """
    if layer not in LAYERS:
        raise InvalidParameter(f"there is no layer {layer!r} to export; one of {', '.join(LAYERS)}")
    if path.suffix.lower() not in ENDINGS:
        raise InvalidParameter(f"{path.name} must end in {', '.join(ENDINGS)}")
    records = [record for record in LAYERS[layer](session) if kind in (None, record.kind)]
    if not records:
        raise NotFound(f"no {layer} of kind {kind} are published" if kind else f"no {layer} yet")
    write_records(records, path, Crs.parse(crs))
    return len(records)


def write_records(records: Sequence[Place], path: Path, crs: Crs = WGS84) -> None:
    """Write records of one layer to a file; the ending is the format."""
    frame = gpd.GeoDataFrame(
        [_columns(record) for record in records],
        geometry=_shapes(records, crs),
        crs=None if crs.epsg is None else f"EPSG:{crs.epsg}",
    )
    if crs.name in CHINESE:
        frame.insert(0, "datum", crs.name)
    ending = path.suffix.lower()
    if ending in (".csv", ".xlsx"):
        _write_table(_with_wkt(frame), path)
    else:
        _write_vector(frame, path)


def _columns(record: Place) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": record.kind,
        "code": record.code,
        "name": record.name,
        "name_en": record.name_en,
    }
    if isinstance(record, Area):
        found["parent_code"] = record.parent_code or ""
    elif isinstance(record, Facility):
        found |= {"state": record.state, "address": record.address, **_hours(record.schedule)}
    else:
        found |= {
            "capacity": record.capacity,
            "goods": "、".join(record.goods),
            "goods_banned": "、".join(record.goods_banned),
            **{name: getattr(record, name) for name in _ZONE_TEXTS},
            **_hours(record.schedule),
            "overrides": _json([_override(rule) for rule in record.overrides]),
        }
    return found | {"attributes": _json(record.attributes)}


_ZONE_TEXTS = ("address", "rules", "fee", "how_to_apply", "manager", "duty_phone", "phone")


def _hours(schedule: Schedule | None) -> dict[str, str]:
    if schedule is None:
        return {"hours": "", "time_zone": ""}
    return {"hours": format_hours(schedule), "time_zone": schedule.time_zone}


def _override(rule: Override) -> dict[str, Any]:
    return {
        "first": rule.first.isoformat(),
        "last": rule.last.isoformat(),
        "opens": rule.opens,
        "hours": format_hours(Schedule(rule.windows)) if rule.windows else "",
        "reason_zh": rule.reason_zh,
        "reason_en": rule.reason_en,
    }


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True) if content else ""


def _shapes(records: Sequence[Place], crs: Crs) -> npt.NDArray[np.object_]:
    shapes = np.array([record.geometry for record in records], dtype=object)

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], crs))

    moved: npt.NDArray[np.object_] = shapely.transform(shapes, move)
    return moved


def _with_wkt(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    shapes = frame.geometry
    if len(frame) and bool((shapes.geom_type == "Point").all()):
        table["lon"], table["lat"] = shapes.x, shapes.y
    table["wkt"] = shapely.to_wkt(shapes.to_numpy(), rounding_precision=-1)
    return table


def _write_table(table: pd.DataFrame, path: Path) -> None:
    if path.suffix.lower() == ".csv":
        table.to_csv(path, index=False)
        return
    _check_lengths(table, path, _CELL_CHARACTERS, len)
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        table.to_excel(book, index=False, sheet_name="tidegrid")
        # A name that begins with "=" is a name: a workbook must not compute what strangers typed.
        for row in book.sheets["tidegrid"].iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"


def _write_vector(frame: gpd.GeoDataFrame, path: Path) -> None:
    options: dict[str, Any] = {}
    if path.suffix.lower() == ".shp":
        _check_lengths(frame.drop(columns="geometry"), path, _DBF_BYTES, lambda t: len(t.encode()))
        if frame.geom_type.isin(["Point"]).any() and not frame.geom_type.isin(["Point"]).all():
            raise InvalidParameter(
                f"{path.name}: a Shapefile holds points or polygons, not both; write one kind at a "
                "time, or a GeoPackage"
            )
        options["encoding"] = "UTF-8"
    with warnings.catch_warnings():
        # Names cut at ten characters, no CRS for GCJ-02: both are known and documented.
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **options)


def _check_lengths(
    table: pd.DataFrame, path: Path, most: int, length: Callable[[str], int]
) -> None:
    """Formats cut long texts without a word; we do not."""
    for column in table.columns:
        for code, value in zip(table["code"], table[column], strict=True):
            if isinstance(value, str) and length(value) > most:
                raise InvalidParameter(
                    f"{path.name} cannot hold {column} of {code}: {length(value)} of {most} "
                    "characters; write a GeoPackage or a CSV"
                )
