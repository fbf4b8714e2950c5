"""How things look in QGIS: the colours of the web map, read from its own style sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement

_COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
# Shapes differ, not colours alone; a kind that a city adds gets the first.
_MARKS = {
    "bin": "square",
    "toilet": "diamond",
    "park": "hexagon",
    "parking": "pentagon",
    "ebike_charging": "triangle",
    "station": "star",
    "notice_board": "cross_fill",
    "waste_point": "equilateral_triangle",
}
_AREAS = {
    "district": ("brand", 0.9, "dash"),
    "zone": ("brand", 0.8, "dash dot"),
    "street": ("brand", 0.6, "solid"),
    "community": ("brand", 0.4, "dash"),
    "responsibility_grid": ("later", 0.5, "solid"),
    "unit_grid": ("closed", 0.2, "solid"),
}
_GROUND = {
    "city": ("land", "brand", 1.0),
    "water": ("water", "water", 0.2),
    "road": ("road", "border", 0.2),
}
"""What lies under all else: its colour, and that of its outline with its width in mm."""
SEVERITIES = {"error": "here", "warning": "later", "notice": "open"}


@cache
def colours() -> Mapping[str, str]:
    """Return the colours of the page by day, by name, like `#0072b2`."""
    sheet = files("maps").joinpath("static", "page.css").read_text("utf-8")
    return dict(_COLOUR.findall(sheet[: sheet.index("@media")]))


def fill(
    name: str,
    *,
    alpha: int = 60,
    width_mm: float = 0.5,
    dash: str = "solid",
    outline: str | None = None,
) -> Element:
    """Return the symbol of a polygon: an outline, and a fill that lets the ground through."""
    parts = {
        "color": rgba(name, alpha),
        "outline_color": rgba(outline or name),
        "outline_width": str(width_mm),
        "outline_style": dash,
        "style": "solid" if alpha else "no",
    }
    return symbol("fill", "SimpleFill", parts)


def mark(name: str, shape: str = "circle", size_mm: float = 2.6) -> Element:
    """Return the symbol of a point."""
    parts = {
        "color": rgba(name),
        "outline_color": rgba("paper"),
        "outline_width": "0.3",
        "name": shape,
        "size": str(size_mm),
    }
    return symbol("marker", "SimpleMarker", parts)


def symbol_of(layer: str, kind: str, *, points: bool) -> Element:
    """Return the symbol of a kind in a layer of the plan."""
    if points:
        stall = layer == "stalls"
        shape = "circle" if stall else _MARKS.get(kind, "circle")
        return mark("open" if stall else "brand", shape, 1.4 if stall else 2.8)
    if layer == "stall_zones":
        return fill("open", alpha=90, width_mm=0.6)
    if layer == "facilities":
        return fill("brand", alpha=50)
    if kind in _GROUND:
        name, outline, width_mm = _GROUND[kind]
        return fill(name, alpha=255, width_mm=width_mm, outline=outline)
    name, width_mm, dash = _AREAS.get(kind, ("later", 0.4, "dot"))
    return fill(name, alpha=0, width_mm=width_mm, dash=dash)


def symbol(kind: str, layer: str, parts: Mapping[str, str]) -> Element:
    """Return a symbol of one layer."""
    made = Element("symbol", type=kind, name="0", alpha="1", clip_to_extent="1", force_rhr="0")
    inside = SubElement(made, "layer", {"class": layer, "enabled": "1", "locked": "0", "pass": "0"})
    options(inside, parts)
    return made


def single(made: Element) -> Element:
    """Return a renderer that draws everything alike."""
    renderer = Element("renderer-v2", type="singleSymbol", enableorderby="0", forceraster="0")
    SubElement(renderer, "symbols").append(made)
    return renderer


def by_value(attribute: str, looks: Sequence[tuple[str, str, Element]]) -> Element:
    """Return a renderer with a symbol for each value: value, label, symbol."""
    renderer = Element("renderer-v2", type="categorizedSymbol", attr=attribute, forceraster="0")
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, (value, label, made) in enumerate(looks):
        made.set("name", str(number))
        symbols.append(made)
        SubElement(
            categories, "category", value=value, label=label, symbol=str(number), render="true",
            type="string",
        )  # fmt: skip
    return renderer


def labels(field: str, *, scales: tuple[int, int], size_pt: float = 8) -> Element:
    """Return names on the map, between two scales: the near one and the far one."""
    made = Element("labeling", type="simple")
    inside = SubElement(made, "settings", calloutType="simple")
    style = SubElement(
        inside, "text-style", fieldName=field, isExpression="0", fontSize=str(size_pt),
        fontSizeUnit="Point", textColor=rgba("ink"), fontFamily="Noto Sans CJK SC", textOpacity="1",
    )  # fmt: skip
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor=rgba("paper"), bufferOpacity="0.8",
    )  # fmt: skip
    SubElement(inside, "placement", placement="0", centroidWhole="0", centroidInside="1")
    SubElement(
        inside, "rendering", scaleVisibility="1", scaleMin=str(scales[0]), scaleMax=str(scales[1]),
        drawLabels="1", obstacle="0",
    )  # fmt: skip
    return made


def options(parent: Element, parts: Mapping[str, str]) -> None:
    """Add a map of texts, as QGIS 3 keeps all its options."""
    inside = SubElement(parent, "Option", type="Map")
    for name, value in parts.items():
        SubElement(inside, "Option", name=name, type="QString", value=value)


def rgb(name: str) -> tuple[int, int, int]:
    """Return a colour of the page as red, green and blue up to 255."""
    code = colours()[name]
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def rgba(name: str, alpha: int = 255) -> str:
    """Return a colour of the page as QGIS writes it."""
    return ",".join(map(str, (*rgb(name), alpha)))
