"""What is judged and what comes out: the rules with their distances, findings, changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.measure import area_m2, lonlat_of
from geo.planning.words import WORDS
from geo.records import Area, Facility, Stall, StallZone
from geo.types import BBox, LonLat

Severity = Literal["error", "warning", "notice"]
LayerName = Literal["areas", "stall_zones", "stalls", "facilities"]
Coded = Area | StallZone | Facility


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as a city has it: how grave a breach is, and from which size on it is one.

    `distance_m` is a distance to keep, or the width below which a strip is not told; `area_m2` the
    area below which a piece is not told, or the room of a stall. None where the rule has no such
    measure.
    """

    name: str
    severity: Severity
    distance_m: float | None = None
    area_m2: float | None = None

    @property
    def width_m(self) -> float:
        """The distance, 0 where none is set."""
        return self.distance_m or 0.0

    @property
    def least_m2(self) -> float:
        """The area, 0 where none is set."""
        return self.area_m2 or 0.0


Rules = Mapping[str, Rule]
"""Rules by name. One that is not there is not judged."""

RULES: Rules = {
    rule.name: rule
    for rule in (
        # Two centimetres are what coordinates with seven decimals can be apart.
        Rule("gap", "error", 0.02, 0.1),
        Rule("overlap", "error", 0.02, 0.1),
        Rule("sliver", "warning", 0.5),
        Rule("nesting", "error", 0.5, 1.0),
        Rule("parent", "error"),
        Rule("code_prefix", "error"),
        Rule("code_unknown", "notice"),
        Rule("code_twice", "error"),
        Rule("hours_unreadable", "error"),
        Rule("zone_overlap", "error", 0.2, 1.0),
        Rule("near_crossing", "error", 20.0),
        Rule("on_green", "error", 0.0, 1.0),
        Rule("on_parking", "warning", 0.0, 1.0),
        Rule("near_hydrant", "error", 5.0),
        Rule("on_fire_lane", "error", 0.0, 1.0),
        Rule("near_school", "warning", 100.0),
        Rule("capacity_stalls", "warning"),
        Rule("capacity_room", "warning", None, 4.0),
        Rule("stall_outside", "error", 0.5),
        Rule("stall_zone_missing", "error"),
        Rule("stall_twice", "error"),
        Rule("grid_changed", "notice"),
    )
}
"""What holds where a city has not said otherwise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing, in a plan, and where.

    `kind` is that of what is judged: with a gap, of the areas that are missing. `features` are
    `kind:code`, of a stall `stall:zone/number`; what the finding is about comes first. `place` is
    where to look; `shape` the offending piece, WGS 84, and `size_m2` its area on the ellipsoid.
    Equal plans give equal keys, whatever the order of their records.
    """

    rule: str
    severity: Severity
    layer: LayerName
    kind: str
    features: tuple[str, ...]
    place: LonLat
    text_zh: str
    text_en: str
    hint_zh: str
    hint_en: str
    key: str
    shape: Polygon | MultiPolygon | None = None
    size_m2: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A feature that was edited: the box that holds it as it was and as it is.

    One that got another kind or code is two changes. Of a stall `code` is that of its zone.
    """

    layer: LayerName
    kind: str
    code: str
    box: BBox


class Pair(NamedTuple):
    """The same words in both languages."""

    zh: str
    en: str


def finding(
    rule: Rule,
    layer: LayerName,
    features: Iterable[str],
    place: BaseGeometry,
    facts: Mapping[str, object],
    *,
    words: str = "",
    kind: str = "",
    shape: Polygon | MultiPolygon | None = None,
    tag: str = "",
) -> Finding:
    """Return a finding in words; `facts` fill them in, a `Pair` by language.

    `kind` is that of the first feature unless it is given. `tag` tells findings apart that have
    rule and features in common; `@` puts the place there, to a tenth of a metre.
    """
    told = WORDS[words or rule.name]
    named = tuple(features)
    spot = shapely.point_on_surface(place)
    kind = kind or named[0].partition(":")[0]
    where = f"@{spot.x:.6f},{spot.y:.6f}" if tag == "@" else f"@{tag}" if tag else ""
    size = None if shape is None else area_m2(shape)
    both = [
        {name: one[side] if isinstance(one, Pair) else one for name, one in facts.items()}
        | {"area": "" if size is None else f"{size:,.1f}" if size < 100 else f"{size:,.0f}"}
        for side in (0, 1)
    ]
    return Finding(
        rule.name,
        rule.severity,
        layer,
        kind,
        named,
        lonlat_of(spot),
        told.text_zh.format(**both[0]),
        told.text_en.format(**both[1]),
        told.hint_zh.format(**both[0]),
        told.hint_en.format(**both[1]),
        f"{rule.name}:{kind}:{'+'.join(named)}{where}",
        shape,
        size,
    )


def ref(record: Coded | Stall) -> str:
    """Return what a finding calls a record."""
    if isinstance(record, Stall):
        return f"stall:{record.zone_code}/{record.number}"
    return f"{record.kind}:{record.code}"


def label(record: Coded) -> Pair:
    """Return what people call a record: its name and code."""
    zh = f"{record.name}（{record.code}）" if record.name else record.code
    name_en = record.name_en or record.name
    return Pair(zh, f"{name_en} ({record.code})" if name_en else record.code)


def listed(records: Iterable[Coded], most: int = 4) -> Pair:
    """Return the names of some records, joined."""
    named = [label(record) for record in records]
    shown, more = named[:most], len(named) - most
    zh, en = "、".join(one.zh for one in shown), ", ".join(one.en for one in shown)
    return Pair(f"{zh}等{len(named)}处", f"{en} and {more} more") if more > 0 else Pair(zh, en)
