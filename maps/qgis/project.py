"""The whole project: groups, layers, snapping, view; as the `.qgz` that QGIS stores."""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from maps.qgis import symbols
from maps.qgis.forms import Field, add_form
from maps.text import Language

VERSION = "3.22.16-Białowieża"
FAMILIES = {"areas": "area", "stall_zones": "stall_zone", "facilities": "facility"}
_ID = "tidegrid_"  # QGIS gives a name of its own to a layer whose id is short
# Small things lie on large ones; kinds that a city adds come between.
_ORDER = ("unit_grid", "community", "responsibility_grid", "street", "zone", "district", "road",
          "water", "city")  # fmt: skip
_SEEN_FROM = {"plan.stalls": 5_000, "plan.facilities": 20_000}
"""Scales above which there are too many to be told apart."""
_COARSE_FROM = 8_000
"""Nearer than this, the name of the whole city is no help."""
_SHOWN_AREAS = ("unit_grid", "street", "road", "water", "city")
_WGS84, _ELLIPSOID = 4326, "EPSG:7030"
_SELECTED = (255, 255, 0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of the city, and the shapes that it has in the plan."""

    family: str
    slug: str
    name_zh: str
    name_en: str
    has_shapes: bool

    def called(self, language: Language) -> str:
        """Return its name."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, slots=True)
class Plan:
    """What a project is made from: where the data is and what there is."""

    connection: str
    kinds: Sequence[Kind]
    fields: Mapping[str, Sequence[Field]]
    """Of each table, as `plan.areas`."""
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Layer:
    id: str
    name: str
    table: str
    geometry: str
    """Point, MultiPolygon, Geometry or NoGeometry."""
    where: str = ""
    key: str = "id"
    column: str = "geom"
    family: str = ""
    kind: str | None = None
    shown: bool = True


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return the project's words in one language."""
    text = files("maps").joinpath("qgis", "words.toml").read_text("utf-8")
    return {key: said[language] for key, said in tomllib.loads(text).items()}


def packed(plan: Plan, language: Language) -> bytes:
    """Return the project as `.qgz`, the same bytes for the same plan."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        name = zipfile.ZipInfo("tidegrid.qgs", (2020, 1, 1, 0, 0, 0))
        name.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(name, tostring(project(plan, language), encoding="unicode"))
    return into.getvalue()


def project(plan: Plan, language: Language) -> Element:
    """Return the project's XML."""
    said = words(language)
    root = Element("qgis", version=VERSION, projectname=said["title"])
    SubElement(root, "title").text = said["title"]
    # The layers' own system, though the map is wider than it should be: before 3.40, QGIS moves a
    # border that two areas share for both only where nothing is converted (its issue 51245).
    _crs(SubElement(root, "projectCrs"), _WGS84)
    tree = SubElement(root, "layer-tree-group")
    layers = SubElement(root, "projectlayers")
    for name, expanded, members in _groups(plan, said, language):
        group = SubElement(tree, "layer-tree-group", name=name, expanded=str(int(expanded)),
                           checked="Qt::Checked" if expanded else "Qt::Unchecked")  # fmt: skip
        for layer in members:
            SubElement(
                group, "layer-tree-layer", id=_ID + layer.id, name=layer.name, expanded="0",
                providerKey="postgres", source=_source(plan, layer),
                checked="Qt::Checked" if layer.shown else "Qt::Unchecked",
            )  # fmt: skip
            layers.append(_map_layer(plan, layer, said, language))
    _snapping(root)
    _view(root, plan.extent)
    return root


def style(plan: Plan, table: str, language: Language) -> Element:
    """Return the style of a whole table of the plan, for those who add it by themselves."""
    root = Element("qgis", version=VERSION, styleCategories="Symbology")
    family = FAMILIES.get(table)
    if family is None:
        root.append(symbols.single(symbols.symbol_of(table, "", points=True)))
        return root
    looks = [
        (kind.slug, kind.called(language), symbols.symbol_of(table, kind.slug, points=False))
        for kind in plan.kinds
        if kind.family == family
    ]
    root.append(symbols.by_value("kind", looks))
    return root


def _groups(
    plan: Plan, said: Mapping[str, str], language: Language
) -> list[tuple[str, bool, list[_Layer]]]:
    """From the top to the bottom of the map."""
    findings = [
        _Layer("finding_places", said["finding_places"], "plan.findings", "Point", column="place"),
        _Layer("finding_shapes", said["finding_shapes"], "plan.findings", "Geometry",
               where="GeometryType(shape) LIKE '%POLYGON'", column="shape"),
    ]  # fmt: skip
    today = "upper_inf(valid)"
    published = [
        _Layer(f"published_{name}", said[name], f"city.{name}", geometry, where=today, shown=False)
        for name, geometry in (
            ("stalls", "Point"), ("facilities", "Point"), ("stall_zones", "MultiPolygon"),
            ("areas", "MultiPolygon"),
        )
    ]  # fmt: skip
    lists = [
        _Layer("rules", said["rules"], "plan.rules", "NoGeometry", key="rule"),
        _Layer("kinds", said["kinds"], "city.kinds", "NoGeometry", key="family,slug"),
    ]
    stalls = [_Layer("stalls", said["stalls"], "plan.stalls", "Point")]
    return [
        (said["findings"], True, findings),
        (said["stall_zones"], True, stalls + _of_kinds(plan, "stall_zones", said, language)),
        (said["facilities"], True, _of_kinds(plan, "facilities", said, language)),
        (said["published"], False, published),
        (said["areas"], True, _of_kinds(plan, "areas", said, language)),
        (said["lists"], False, lists),
    ]


def _of_kinds(plan: Plan, table: str, said: Mapping[str, str], language: Language) -> list[_Layer]:
    family, found = FAMILIES[table], []
    for kind in sorted((k for k in plan.kinds if k.family == FAMILIES[table]), key=_depth):
        name, where = kind.called(language), f"\"kind\" = '{kind.slug}'"
        shown = family != "area" or kind.slug in _SHOWN_AREAS
        common: dict[str, Any] = {"where": where, "family": family, "kind": kind.slug}
        if family == "facility":
            found.append(_Layer(f"{kind.slug}_points", name, f"plan.{table}", "Point", **common))
            name = said["facility_shapes"].format(name=name)
        if family != "facility" or kind.has_shapes:
            found.append(
                _Layer(kind.slug, name, f"plan.{table}", "MultiPolygon", shown=shown, **common)
            )
    return found


def _depth(kind: Kind) -> tuple[int, str]:
    return (_ORDER.index(kind.slug) if kind.slug in _ORDER else 0, kind.slug)


def _source(plan: Plan, layer: _Layer) -> str:
    schema, table = layer.table.split(".")
    key = ",".join(f'"{name}"' for name in layer.key.split(",")) if "," in layer.key else layer.key
    place = "" if layer.geometry == "NoGeometry" else f" ({layer.column})"
    typed = "" if layer.geometry == "NoGeometry" else f" srid=4326 type={_typed(layer)}"
    where = f" sql={layer.where}" if layer.where else ""
    return (
        f"{plan.connection} key='{key}' estimatedmetadata=true{typed} checkPrimaryKeyUnicity='0' "
        f'table="{schema}"."{table}"{place}{where}'
    )


def _typed(layer: _Layer) -> str:
    return "MultiPolygon" if layer.geometry == "Geometry" else layer.geometry


def _map_layer(plan: Plan, layer: _Layer, said: Mapping[str, str], language: Language) -> Element:
    drawn = layer.geometry != "NoGeometry"
    points = layer.geometry == "Point"
    shape = ("Point" if points else "Polygon") if drawn else "No geometry"
    made = Element(
        "maplayer", type="vector", geometry=shape, readOnly=str(int(_is_read_only(layer))),
        hasScaleBasedVisibilityFlag=str(int(layer.table in _SEEN_FROM)), maxScale="0",
        minScale=str(_SEEN_FROM.get(layer.table, 0)),
    )  # fmt: skip
    SubElement(made, "id").text = _ID + layer.id
    SubElement(made, "datasource").text = _source(plan, layer)
    SubElement(made, "layername").text = layer.name
    SubElement(made, "provider", encoding="UTF-8").text = "postgres"
    flags = SubElement(made, "flags")
    for flag in ("Identifiable", "Searchable"):
        SubElement(flags, flag).text = "1"
    SubElement(flags, "Removable").text = str(int(layer.id != "kinds"))
    if drawn:
        _crs(SubElement(made, "srs"), _WGS84)
        made.append(_renderer(layer, said))
        _label(made, layer)
    add_form(
        made, plan.fields[layer.table], said, language, family=layer.family, kind=layer.kind,
        kinds_layer=f"{_ID}kinds", is_told=layer.table == "plan.findings",
    )  # fmt: skip
    SubElement(made, "previewExpression").text = _preview(layer, language)
    return made


def _is_read_only(layer: _Layer) -> bool:
    return layer.table.startswith("city.")


def _renderer(layer: _Layer, said: Mapping[str, str]) -> Element:
    points = layer.geometry == "Point"
    if layer.table == "plan.findings":
        looks = [
            (
                severity,
                said[severity],
                symbols.mark(colour, "cross2", 3.4) if points else symbols.fill(colour, alpha=110),
            )
            for severity, colour in symbols.SEVERITIES.items()
        ]
        return symbols.by_value("severity", looks)
    table = layer.table.split(".")[1]
    if layer.table.startswith("city."):
        return symbols.single(
            symbols.mark("closed", size_mm=1.8)
            if points
            else symbols.fill("closed", alpha=0, width_mm=0.3, dash="dot")
        )
    return symbols.single(symbols.symbol_of(table, layer.kind or "", points=points))


def _label(made: Element, layer: _Layer) -> None:
    table = layer.table.split(".")[1]
    named = {"stall_zones": ("name", 15_000), "stalls": ("number", 1_000), "areas": ("code", 8_000)}
    if layer.table.startswith("plan.") and table in named:
        field, scale = named[table]
        made.set("labelsEnabled", "1")
        coarse = layer.kind not in (None, "unit_grid") and table == "areas"
        scales = (_COARSE_FROM, 60_000) if coarse else (0, scale)
        made.append(symbols.labels("name" if coarse else field, scales=scales))


def _preview(layer: _Layer, language: Language) -> str:
    if layer.table == "plan.findings":
        return f'"words_{language}"'
    if layer.table.endswith(".stalls"):
        return '"zone_code" || \' \' || "number"'
    return '"code" || \' \' || "name"' if layer.family else ""


def _crs(parent: Element, epsg: int) -> None:
    inside = SubElement(parent, "spatialrefsys")
    # QGIS reads the EPSG number only beside a number of its own, whichever it is.
    SubElement(inside, "srsid").text = "1"
    SubElement(inside, "authid").text = f"EPSG:{epsg}"


def _snapping(root: Element) -> None:
    """Borders that two grids share are moved together and meet in the same points."""
    SubElement(
        root, "snapping-settings", attrib={
            "enabled": "1", "mode": "1", "type": "3", "tolerance": "12", "unit": "1",
            "intersection-snapping": "0", "self-snapping": "1", "scaleDependencyMode": "0",
            "maxScale": "0", "minScale": "0",
        },
    )  # fmt: skip
    properties = SubElement(root, "properties")
    digitizing = SubElement(properties, "Digitizing")
    SubElement(digitizing, "TopologicalEditing", type="int").text = "1"
    # Without it the project's own system is not read.
    system = SubElement(properties, "SpatialRefSys")
    SubElement(system, "ProjectionsEnabled", type="int").text = "1"
    # Without these what is selected is white, so is what is around the city, and degrees are
    # measured.
    gui = SubElement(properties, "Gui")
    for name, colour in (("SelectionColor", _SELECTED), ("CanvasColor", symbols.rgb("outside"))):
        for part, value in zip(("Red", "Green", "Blue", "Alpha"), (*colour, 255), strict=True):
            SubElement(gui, f"{name}{part}Part", type="int").text = str(value)
    SubElement(SubElement(properties, "Measure"), "Ellipsoid", type="QString").text = _ELLIPSOID
    measurement = SubElement(properties, "Measurement")
    SubElement(measurement, "DistanceUnits", type="QString").text = "meters"
    SubElement(measurement, "AreaUnits", type="QString").text = "m2"
    SubElement(root, "autotransaction", active="0")
    SubElement(root, "evaluateDefaultValues", active="0")


def _view(root: Element, extent: tuple[float, float, float, float]) -> None:
    names = ("xmin", "ymin", "xmax", "ymax")
    settings = SubElement(root, "ProjectViewSettings", UseProjectScales="0")
    view = SubElement(
        settings, "DefaultViewExtent", {name: str(v) for name, v in zip(names, extent, strict=True)}
    )
    _crs(view, _WGS84)
