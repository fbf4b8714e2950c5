"""The whole demo city: a made-up Loudi with the numbers that the real one has published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from data.demo import DEFAULT_SEED
from data.demo.areas import tiling_areas
from data.demo.cuts import draw_plan
from data.demo.facilities import facilities
from data.demo.landuse import business_districts, compounds, parks
from data.demo.people import staff
from data.demo.stalls import stall_zones
from data.demo.streets import basemap_areas, lay_out
from data.demo.terrain import Terrain
from data.demo.tiling import tile
from data.demo.town import roomy, without
from geo.records import (
    Area,
    Assignment,
    Facility,
    Officer,
    Position,
    Shift,
    Stall,
    StallZone,
)
from geo.schedules import CITY_TIME

OBSERVED_AT = datetime(2026, 9, 18, 19, 30, tzinfo=ZoneInfo(CITY_TIME))
"""A Friday evening: when the positions were reported, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class DemoCity:
    """Every record of the city, geometry in WGS 84."""

    areas: tuple[Area, ...]
    stall_zones: tuple[StallZone, ...]
    stalls: tuple[Stall, ...]
    facilities: tuple[Facility, ...]
    officers: tuple[Officer, ...]
    assignments: tuple[Assignment, ...]
    shifts: tuple[Shift, ...]
    positions: tuple[Position, ...]


def _silent(_: str) -> None:
    pass


def build_city(
    seed: int = DEFAULT_SEED,
    *,
    observed_at: datetime = OBSERVED_AT,
    progress: Callable[[str], None] = _silent,
) -> DemoCity:
    """Return the city of a seed; the same seed and instant give the same records everywhere.

    `observed_at` is when the newest positions were reported. Raises `InvalidGeometry` for a seed
    whose streets leave no room for something.
    """
    rng = Random(seed)
    progress("streets and river")
    terrain = Terrain.random(rng)
    plan = draw_plan(rng)
    progress("grids")
    areas = tiling_areas(plan.leaves, tile(plan, terrain), rng)
    town = lay_out(plan.cuts, terrain, areas)
    progress("parks and compounds")
    free = roomy(town.blocks)
    green = parks(town, free, rng)
    free = without(free, green)
    homes = compounds(free, rng)
    free = without(free, homes)
    progress("stall zones")
    zones, stalls = stall_zones(town, free, rng)
    progress("facilities")
    public = without(roomy(town.blocks), homes)
    furniture = facilities(town, public, zones, green.values(), rng)
    progress("officers")
    grids = [area for area in areas if area.kind == "responsibility_grid"]
    nights = {
        grid.code
        for grid in grids
        for zone in zones
        if zone.kind == "night_market" and grid.geometry.intersects(zone.geometry)
    }
    crew = staff(town, grids, nights, observed_at, rng)
    return DemoCity(
        (*areas, *homes.values(), *business_districts(town), *basemap_areas(town)),
        tuple(zones),
        tuple(stalls),
        (*green.values(), *furniture),
        crew.officers,
        crew.assignments,
        crew.shifts,
        crew.positions,
    )


def fingerprint(city: DemoCity) -> str:
    """Return the SHA-256 of the city written out in one canonical way."""
    digest = hashlib.sha256()
    for part in _written(city):
        digest.update(part.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _written(value: Any) -> Iterable[str]:
    """Text that is equal for equal values, whatever the order of sets."""
    if isinstance(value, BaseGeometry):
        yield shapely.to_wkb(value, hex=True, byte_order=1)
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for column in fields(value):
            yield from _written(getattr(value, column.name))
    elif isinstance(value, Mapping):
        yield f"{{{len(value)}"
        for key in sorted(value):
            yield key
            yield from _written(value[key])
    elif isinstance(value, tuple | list):
        yield f"[{len(value)}"
        for item in value:
            yield from _written(item)
    elif isinstance(value, frozenset):
        yield f"<{sorted(value)}>"
    elif isinstance(value, datetime):
        yield value.isoformat()
    else:
        yield repr(value)
