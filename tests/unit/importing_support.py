"""Small files and mappings for the import tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.importing.findings import Finding
from data.importing.mapping import parse_mapping
from data.importing.reading import Reading, read_records
from geo.records import Kind

KINDS = {
    slug: Kind(family, slug, slug, slug)
    for family, slug in (
        ("facility", "bin"),
        ("facility", "toilet"),
        ("area", "community"),
        ("stall_zone", "night_market"),
        ("officer_role", "enforcement"),
    )
}
FIELDS = {"code": "code", "name": "name"}


def feature(code: str, geometry: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    properties = {"code": code, "name": f"name of {code}", **more}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def polygon(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def geojson(path: Path, features: Sequence[Mapping[str, Any]], **members: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}))
    return path


def read(path: Path, *, crs: str | None = None, **content: Any) -> Reading:
    """Read a file by a mapping for bins, in which a test says only what it is about."""
    mapping = {"layer": "facilities", "fields": FIELDS} | content
    if "kind_field" not in mapping:
        mapping = {"kind": "bin"} | mapping
    return read_records(path, parse_mapping(mapping), KINDS, crs=crs)


def problems(reading: Reading) -> list[tuple[int, str, str]]:
    return [(found.row, found.severity, found.problem) for found in reading.findings]


def only(reading: Reading) -> Finding:
    (found,) = reading.findings
    return found
