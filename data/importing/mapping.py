"""Mappings: which column of a file is what, written in TOML and read strictly.

    layer = "facilities"              # areas, facilities, stall-zones or officers
    crs = "wgs84"                     # cgcs2000, gcj02, bd09, EPSG:n: where the file is silent
    encoding = "gb18030"              # of a CSV, or of a Shapefile without .cpg
    table = "Sheet1"                  # which layer of a GeoPackage, which sheet of a workbook
    kind = "toilet"                   # one kind for all rows, or: kind_field = "type"
    time_zone = "Asia/Taipei"         # of the hours; Asia/Shanghai if not said
    hours_format = "zh"               # "osm" (Mo-Fr 08:00-17:00) or "zh" (周一至周五8点到17点)

    [kinds]                           # what stands in kind_field = which kind
    public_toilet = "toilet"

    [fields]                          # ours = a column, a template, or several: the first not blank
    code = "id"
    name = "{district}{name}"
    hours = ["serviceTimeText", "note"]

    [attributes]                      # carried along; type is text, number, integer or boolean
    district = "district"
    seats = { field = "totalSeats", type = "integer" }

    [geometry]                        # only where it is not the file's own geometry
    lon = "Longitude"                 # longitude or easting; or: wkt = "Location"
    lat = "Latitude"                  # latitude or northing
    axis_order = "lat,lon"            # of the WKT or the file's geometry, if not "lon,lat"
    bbox = [121.4, 24.9, 121.7, 25.3] # west, south, east, north: what lies outside is refused
    repair = true                     # mend invalid polygons and say so, rather than refuse them
    point_radius_m = 6                # draw points as circles, for stall zones

    [schedule]                        # one row is one opening; rows of one code are one place
    day = "DayOfWeekStr"
    opens = "start24"
    closes = "end24"

Officers have `area_kind` (the kind of the areas in `area_code`) and `since` (first day of duty,
where no column says it); their kind is the role.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from data.importing.cells import TYPES
from data.importing.strict import StrictTable
from geo.errors import ImportRefused, InvalidBBox
from geo.schedules import CITY_TIME
from geo.types import BBox, Distance

LayerName = Literal["areas", "facilities", "stall-zones", "officers"]
Sources = tuple[str, ...]

FAMILIES: Mapping[LayerName, str] = {
    "areas": "area",
    "facilities": "facility",
    "stall-zones": "stall_zone",
    "officers": "officer_role",
}
_PLACED = {"code", "name", "name_en", "attributes"}
_SCHEDULED = {"address", "hours", "time_zone"}
FIELDS: Mapping[LayerName, frozenset[str]] = {
    "areas": frozenset(_PLACED | {"parent_code"}),
    "facilities": frozenset(_PLACED | _SCHEDULED | {"state"}),
    "stall-zones": frozenset(
        _PLACED
        | _SCHEDULED
        | {"capacity", "goods", "goods_banned", "rules", "fee", "how_to_apply"}
        | {"manager", "duty_phone", "phone", "overrides"}
    ),
    "officers": frozenset(
        {"code", "name", "phone", "area_code", "since", "until", "hours", "time_zone"}
    ),
}
SHIPPED = Path(__file__).parent.parent / "samples" / "mappings"


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """Where an attribute comes from, and as what; no type: as what the file holds it for."""

    sources: Sources
    type: str | None = None


@dataclass(frozen=True, slots=True)
class GeometryRules:
    """Where the geometry comes from and what is expected of it."""

    lon: str | None = None
    lat: str | None = None
    wkt: str | None = None
    is_lat_first: bool = False
    bbox: BBox | None = None
    repair: bool = False
    point_radius_m: float | None = None

    @property
    def is_in_columns(self) -> bool:
        """Whether it is read from cells, not from the file's own geometry."""
        return self.lon is not None or self.wkt is not None


@dataclass(frozen=True, slots=True)
class ScheduleColumns:
    """The columns of files that have one row per opening."""

    day: str
    opens: str
    closes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """Which column of a file is what; see the head of this module."""

    layer: LayerName
    fields: Mapping[str, Sources]
    kind: str | None = None
    kind_field: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, AttributeRule] = field(default_factory=dict)
    geometry: GeometryRules = GeometryRules()
    schedule: ScheduleColumns | None = None
    crs: str | None = None
    encoding: str | None = None
    table: str | None = None
    hours_format: str = "osm"
    time_zone: str = CITY_TIME
    area_kind: str | None = None
    since: date | None = None


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that come with the code."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_mapping(path: Path | str) -> ImportMapping:
    """Return the mapping of a TOML file, or the shipped one of that name.

    Raises `ImportRefused` naming the line or key that is wrong.
    """
    shipped = SHIPPED / f"{path}.toml"
    chosen = shipped if not Path(path).exists() and shipped.exists() else Path(path)
    try:
        content = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ImportRefused(
            f"no mapping {str(path)!r}; give a TOML file or one of {', '.join(shipped_mappings())}"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImportRefused(f"cannot read the mapping {str(path)!r}: {error}") from None
    return parse_mapping(content)


def parse_mapping(content: Mapping[str, Any]) -> ImportMapping:
    """Return the mapping of a decoded TOML document; raises `ImportRefused` on anything unknown."""
    top = StrictTable(content, "the mapping")
    layer = cast(LayerName, top.choice("layer", tuple(FAMILIES), needed=True))
    mapping = ImportMapping(
        layer=layer,
        fields=_fields(top.table("fields"), layer),
        kind=top.text("kind"),
        kind_field=top.text("kind_field"),
        kinds=_kinds(top.table("kinds")),
        attributes=_attributes(top.table("attributes")),
        geometry=_geometry(top.table("geometry")),
        schedule=_schedule(top.table("schedule")),
        crs=top.text("crs"),
        encoding=top.text("encoding"),
        table=top.text("table"),
        hours_format=top.choice("hours_format", ("osm", "zh")) or "osm",
        time_zone=time_zone(top.text("time_zone") or CITY_TIME),
        area_kind=top.text("area_kind"),
        since=top.value("since", date, "a date like 2026-01-31"),
    )
    top.finish()
    if (mapping.kind is None) == (mapping.kind_field is None):
        raise ImportRefused("the mapping needs either kind or kind_field, not both")
    if mapping.schedule is not None and layer not in ("facilities", "stall-zones"):
        raise ImportRefused(f"[schedule] is for facilities and stall-zones, not for {layer}")
    if (mapping.area_kind is None) != ("area_code" not in mapping.fields):
        raise ImportRefused("area_kind and the field area_code go together")
    return mapping


def time_zone(name: str) -> str:
    """Return the name if it is a time zone; raises `ImportRefused`."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ImportRefused(f"time_zone {name!r} is not one, like Asia/Shanghai") from None


def _fields(table: StrictTable, layer: LayerName) -> dict[str, Sources]:
    found = {name: _sources(table, name) for name in sorted(FIELDS[layer])}
    table.finish()
    needed = ("code",) if layer == "facilities" else ("code", "name")
    for name in needed:
        if not found[name]:
            raise ImportRefused(f"[fields] needs {name} for {layer}")
    return {name: sources for name, sources in found.items() if sources}


def _sources(table: StrictTable, key: str) -> Sources:
    found = table.value(key, (str, list), "a column or a list of columns")
    sources = (found,) if isinstance(found, str) else tuple(found or ())
    if not all(isinstance(source, str) and source for source in sources):
        raise ImportRefused(f"{key} in {table.where} must name columns, not {found!r}")
    return sources


def _kinds(table: StrictTable) -> dict[str, str]:
    return {word: cast(str, table.text(word, needed=True)) for word in table.content}


def _attributes(table: StrictTable) -> dict[str, AttributeRule]:
    found: dict[str, AttributeRule] = {}
    for name, rule in table.content.items():
        if isinstance(rule, dict):
            inner = StrictTable(rule, f"[attributes] {name}")
            kind = inner.choice("type", tuple(TYPES))
            found[name] = AttributeRule(_sources(inner, "field"), kind or None)
            inner.finish()
        else:
            found[name] = AttributeRule(_sources(table, name))
        if not found[name].sources:
            raise ImportRefused(f"[attributes] {name} needs a column")
    return found


def _geometry(table: StrictTable) -> GeometryRules:
    lon, lat, wkt = table.text("lon"), table.text("lat"), table.text("wkt")
    if (lon is None) != (lat is None) or (lon is not None and wkt is not None):
        raise ImportRefused("[geometry] takes lon and lat together, or wkt alone")
    box = table.value("bbox", list, "[west, south, east, north]")
    radius = table.value("point_radius_m", (int, float), "metres")
    if radius is not None:
        Distance(radius)
    rules = GeometryRules(
        lon=lon,
        lat=lat,
        wkt=wkt,
        is_lat_first=table.choice("axis_order", ("lon,lat", "lat,lon")) == "lat,lon",
        bbox=_box(box) if box is not None else None,
        repair=bool(table.value("repair", bool, "true or false")),
        point_radius_m=radius,
    )
    table.finish()
    return rules


def _box(numbers: list[Any]) -> BBox:
    try:
        return BBox(*(float(number) for number in numbers))
    except (TypeError, ValueError, InvalidBBox):
        raise ImportRefused(
            f"bbox in [geometry] must be [west, south, east, north] in degrees, not {numbers}"
        ) from None


def _schedule(table: StrictTable) -> ScheduleColumns | None:
    if not table:
        return None
    day, opens, closes = (
        cast(str, table.text(key, needed=True)) for key in ("day", "opens", "closes")
    )
    table.finish()
    return ScheduleColumns(day, opens, closes)
