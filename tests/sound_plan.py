"""A small sound plan, and what can be done to it.

Six by six unit grids of a hundred metres; two by two make a community, two columns a street, two
rows a responsibility grid. One grid has an enclave, one has two parts: neither is a mistake. All of
it is made up; the codes begin with 99, which is no province.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.hours import parse_hours
from geo.planning.plan import Plan, Unread
from geo.records import Area, Facility, Stall, StallZone

DAY = date(2026, 9, 18)
SIDE = 6
STEP_M = 100.0
ORIGIN = np.array([112.0, 27.7])
METRES_PER_DEGREE = np.array([98_600.0, 110_800.0])

Shape = TypeVar("Shape", bound=BaseGeometry)


def on_ground(shape: Shape) -> Shape:
    """Return a shape drawn in metres in lon/lat, with seven decimals as a survey gives them."""
    return shapely.transform(shape, lambda rows: (rows / METRES_PER_DEGREE + ORIGIN).round(7))


def at(x: float, y: float) -> Point:
    return on_ground(Point(x, y))


def box(west: float, south: float, east: float, north: float) -> Polygon:
    return on_ground(shapely.box(west, south, east, north))


def cut_out(shape: Polygon, hole: Polygon) -> Polygon:
    return Polygon(shape.exterior, [hole.exterior])


def grid_code(row: int, column: int) -> str:
    return f"{community_code(row, column)}{row % 2 * 2 + column % 2 + 1:03d}"


def community_code(row: int, column: int) -> str:
    return f"990101{column // 2 + 1:03d}{row // 2 + 1:03d}"


def grid(row: int, column: int) -> str:
    """Return what a finding calls a unit grid."""
    return f"unit_grid:{grid_code(row, column)}"


def sound_plan() -> Plan:
    """Return the plan without a mistake; what is published is the same."""
    shapes = {
        (row, column): box(column * STEP_M, row * STEP_M, (column + 1) * STEP_M, (row + 1) * STEP_M)
        for row in range(SIDE)
        for column in range(SIDE)
    }
    grids = {spot: _unit_grid(*spot, shape) for spot, shape in shapes.items()}
    enclave = box(230, 430, 260, 460)
    grids[4, 2] = replace(grids[4, 2], geometry=cut_out(shapes[4, 2], enclave))
    inner = Area(
        "unit_grid", f"{community_code(4, 2)}009", "飞地", enclave, "Enclave", community_code(4, 2)
    )
    strip = box(580, 100, 600, 200)
    grids[1, 4] = replace(grids[1, 4], geometry=MultiPolygon([shapes[1, 4], strip]))
    grids[1, 5] = replace(grids[1, 5], geometry=box(500, 100, 580, 200))
    areas = (*_above(shapes), *grids.values(), inner)
    return Plan(DAY, areas, in_force=areas)


def _unit_grid(row: int, column: int, shape: Polygon) -> Area:
    code = grid_code(row, column)
    said = {"responsibility_grid": f"R{row // 2}"}
    return Area("unit_grid", code, f"网格{code[-6:]}", shape, "", code[:12], said)


def _above(shapes: dict[tuple[int, int], Polygon]) -> Iterable[Area]:
    def union(holds: Callable[[int, int], bool]) -> Polygon:
        found = shapely.coverage_union_all([s for spot, s in shapes.items() if holds(*spot)])
        assert isinstance(found, Polygon)
        return found

    whole = union(lambda _, __: True)
    yield Area("city", "990100", "合成市", whole, "Made-up City")
    yield Area("district", "990101", "合成区", whole, "Made-up District", "990100")
    yield Area("zone", "Z", "合成片区", whole, "Made-up Zone", "990100")
    for n in range(3):
        code = f"990101{n + 1:03d}"
        street = union(lambda _, column, n=n: column // 2 == n)  # type: ignore[misc]
        yield Area("street", code, f"街道{n}", street, "", "990101")
        band = union(lambda row, _, n=n: row // 2 == n)  # type: ignore[misc]
        yield Area("responsibility_grid", f"R{n}", f"责任网格{n}", band, "", "Z")
        for m in range(3):
            here = union(lambda row, column, n=n, m=m: (row // 2, column // 2) == (m, n))  # type: ignore[misc]
            code = community_code(2 * m, 2 * n)
            yield Area("community", code, f"社区{code[-6:]}", here, "", code[:9])


# --- what can be done to a plan ---------------------------------------------------------------


def changed(plan: Plan, kind: str, named: str, /, **values: object) -> Plan:
    """Return the plan with one area changed."""
    found = [
        replace(area, **values) if (area.kind, area.code) == (kind, named) else area  # type: ignore[arg-type]
        for area in plan.drawn
    ]
    assert found != list(plan.drawn)
    return replace(plan, drawn=tuple(found))


def pulled(plan: Plan, codes: Iterable[str], corner: Point, to: Point) -> Plan:
    """Return the plan with a corner of unit grids moved."""
    for code in codes:
        shape = next(a.geometry for a in plan.drawn if a.kind == "unit_grid" and a.code == code)
        other = shapely.transform(
            shape,
            lambda rows: np.where((rows == corner.coords[0]).all(1)[:, None], to.coords[0], rows),
        )
        plan = changed(plan, "unit_grid", code, geometry=other)
    return plan


def cut_away(plan: Plan, code: str, parts: Iterable[Polygon]) -> Plan:
    """Return the plan with parts taken away from a unit grid."""
    shape = next(a.geometry for a in plan.drawn if a.kind == "unit_grid" and a.code == code)
    left = shapely.difference(shape, shapely.union_all(list(parts)))
    return changed(plan, "unit_grid", code, geometry=left)


def without(plan: Plan, code: str) -> Plan:
    return replace(plan, drawn=tuple(area for area in plan.drawn if area.code != code))


def zone(
    code: str, shape: Polygon, hours: str | None = "24/7", capacity: int | None = None
) -> StallZone:
    schedule = parse_hours(hours) if hours else None
    return StallZone(
        "night_market", code, f"夜市{code}", shape, capacity, f"Market {code}", schedule=schedule
    )


def adding(
    plan: Plan,
    *,
    areas: Iterable[Area] = (),
    zones: Iterable[StallZone] = (),
    stalls: Iterable[Stall] = (),
    facilities: Iterable[Facility] = (),
    unread: Iterable[Unread] = (),
) -> Plan:
    return replace(
        plan,
        drawn=(*plan.drawn, *areas),
        zones=(*plan.zones, *zones),
        all_stalls=(*plan.all_stalls, *stalls),
        all_facilities=(*plan.all_facilities, *facilities),
        unreadable=(*plan.unreadable, *unread),
    )
