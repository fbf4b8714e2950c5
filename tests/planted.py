"""A small sound plan, and one of every mistake that is to be found in it, each named.

Six by six unit grids of a hundred metres; two by two make a community, two columns a street, two
rows a responsibility grid. One grid has an enclave, one has two parts: neither is a mistake. All of
it is made up; the codes begin with 99, which is no province.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
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
Expected = tuple[str, tuple[str, ...]]
"""A rule, and the features that its finding names."""


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


@dataclass(frozen=True)
class Mistake:
    """What a planner did wrong, and every finding that it deserves."""

    name: str
    make: Callable[[Plan], Plan]
    expected: tuple[Expected, ...]


def _beside(
    plan: Plan, name: str, x: float, thing: Polygon | Point, *, kind: str, is_area: bool = False
) -> Plan:
    """A zone of ten by ten metres at x, 2000, and something that has to stay free."""
    stand = zone(name, box(x, 2000, x + 10, 2010))
    code = f"{kind}-{name}"
    if is_area:
        assert isinstance(thing, Polygon)
        return adding(plan, zones=[stand], areas=[Area(kind, code, kind, thing)])
    return adding(plan, zones=[stand], facilities=[Facility(kind, code, kind, thing)])


def _unread(plan: Plan) -> Plan:
    """A market and a toilet with hours that nobody can read, and a market without any."""
    market = zone("W1", box(0, 4000, 10, 4010), None)
    silent = zone("W2", box(50, 4000, 60, 4010), None)
    toilet = Facility("toilet", "W3", "公厕", at(100, 4000))
    unread = [Unread(market, "每晚"), Unread(toilet, "Feb 30 18:00-20:00")]
    return adding(plan, zones=[market, silent], facilities=[toilet], unread=unread)


def _near(name: str, rule: str, kind: str) -> tuple[Expected, ...]:
    return ((rule, (f"night_market:{name}", f"{kind}:{kind}-{name}")),)


MISTAKES = (
    Mistake(
        "a gap between grids",
        lambda p: pulled(p, [grid_code(0, 0)], at(100, 100), at(80, 80)),
        (("gap", (grid(0, 0), grid(0, 1), grid(1, 0))),),
    ),
    Mistake(
        "an overlap of grids",
        lambda p: pulled(p, [grid_code(0, 2)], at(300, 100), at(320, 100)),
        (("overlap", (grid(0, 2), grid(0, 3))),),
    ),
    Mistake(
        "a strip of nobody's ground",
        lambda p: pulled(p, [grid_code(0, 4)], at(500, 100), at(499.8, 100)),
        (("sliver", (grid(0, 4), grid(0, 5), grid(1, 4))),),
    ),
    Mistake(
        "a strip of two grids",
        lambda p: pulled(p, [grid_code(2, 0)], at(100, 300), at(100.2, 300)),
        (("sliver", (grid(2, 0), grid(2, 1))),),
    ),
    Mistake(
        "a hole that a crack leads to",
        lambda p: cut_away(p, grid_code(3, 0), [box(97, 350, 100, 353), box(99.99, 320, 100, 380)]),
        (("gap", (grid(3, 0), grid(3, 1))),),
    ),
    Mistake(
        "grids across the border of their community",
        lambda p: pulled(
            p, [grid_code(r, c) for r in (2, 3) for c in (3, 4)], at(400, 300), at(380, 300)
        ),
        tuple(("nesting", (grid(r, 4), f"community:{community_code(r, 4)}")) for r in (2, 3)),
    ),
    Mistake(
        "a grid outside the city",
        lambda p: adding(
            p, areas=[Area("unit_grid", "990101001001099", "远", box(900, 0, 950, 50))]
        ),
        (("nesting", ("unit_grid:990101001001099",)),) * 2,
    ),
    Mistake(
        "a grid that names another community",
        lambda p: changed(p, "unit_grid", grid_code(4, 0), parent_code=community_code(0, 0)),
        (("parent", (grid(4, 0), f"community:{community_code(4, 0)}")),),
    ),
    Mistake(
        "a grid that names another responsibility grid",
        lambda p: changed(
            p, "unit_grid", grid_code(4, 1), attributes={"responsibility_grid": "R0"}
        ),
        (("parent", (grid(4, 1), "responsibility_grid:R2")),),
    ),
    Mistake(
        "a grid that names a community into which it comes by a centimetre",
        lambda p: changed(
            pulled(p, [grid_code(1, 1)], at(200, 200), at(200.01, 200)),
            "unit_grid", grid_code(1, 1), parent_code=community_code(1, 2),
        ),
        (("parent", (grid(1, 1), f"community:{community_code(1, 1)}")),),
    ),
    Mistake(
        "a code of another community",
        lambda p: changed(p, "unit_grid", grid_code(5, 0), code="990101001001088"),
        (("code_prefix", ("unit_grid:990101001001088", f"community:{community_code(5, 0)}")),),
    ),
    Mistake(
        "a code of the city's own",
        lambda p: changed(p, "unit_grid", grid_code(5, 1), code="HX-7"),
        (("code_unknown", ("unit_grid:HX-7",)),),
    ),
    Mistake(
        "two bins of one code",
        lambda p: adding(p, facilities=[Facility("bin", "B1", "桶", at(n, 3000)) for n in (0, 9)]),
        (("code_twice", ("bin:B1",)),),
    ),
    Mistake(
        "a grid that was deleted",
        lambda p: without(p, grid_code(4, 4)),
        (("gap", (grid(4, 5), grid(3, 4), grid(5, 4), grid(4, 3))),),
    ),
    Mistake(
        "an enclave that nobody has",
        lambda p: changed(
            p, "unit_grid", grid_code(5, 3),
            geometry=cut_out(box(300, 500, 400, 600), box(330, 530, 360, 560)),
        ),
        (("gap", (grid(5, 3),)),),
    ),
    Mistake(
        "two markets on one ground",
        lambda p: adding(p, zones=[
            zone("A1", box(1000, 1000, 1040, 1010), "18:00-23:00"),
            zone("A2", box(1030, 1000, 1070, 1010), "Fr,Sa 20:00-02:00"),
        ]),
        (("zone_overlap", ("night_market:A1", "night_market:A2")),),
    ),
    Mistake(
        "a market that opens while Friday's night is not over",
        lambda p: adding(p, zones=[
            zone("N1", box(1100, 1000, 1140, 1010), "Fr 22:00-04:00"),
            zone("N2", box(1130, 1000, 1170, 1010), "Sa 03:00-09:00"),
        ]),
        (("zone_overlap", ("night_market:N1", "night_market:N2")),),
    ),
    Mistake(
        "markets that take turns, which is none",
        lambda p: adding(p, zones=[
            zone("T1", box(1200, 1000, 1240, 1010), "06:00-09:00"),
            zone("T2", box(1200, 1000, 1240, 1010), "09:00-23:00"),
            zone("T3", box(1300, 1000, 1340, 1010), "Jun 10-Aug 31 08:00-20:00"),
            zone("T4", box(1300, 1000, 1340, 1010), "Sep 01-Oct 31 08:00-20:00"),
            zone("T5", box(1400, 1000, 1440, 1010), "Mo-Fr 08:00-20:00"),
            zone("T6", box(1400, 1000, 1440, 1010), "Sa,Su 08:00-20:00"),
        ]),
        (),
    ),
    Mistake(
        "a market whose hours nobody wrote down",
        lambda p: adding(p, zones=[
            zone("U1", box(1500, 1000, 1540, 1010), "06:00-09:00"),
            zone("U2", box(1530, 1000, 1570, 1010), None),
        ]),
        (("zone_overlap", ("night_market:U1", "night_market:U2")),),
    ),
    Mistake(
        "a market that never opens on the ground of others, which is none",
        lambda p: adding(p, zones=[
            zone("V1", box(1600, 1000, 1640, 1010), "off"),
            zone("V2", box(1630, 1000, 1670, 1010), None),
            zone("V3", box(1580, 1000, 1610, 1010), "24/7"),
        ]),
        (),
    ),
    Mistake(
        "hours that nobody can read",
        _unread,
        (("hours_unreadable", ("night_market:W1",)), ("hours_unreadable", ("toilet:W3",))),
    ),
    Mistake(
        "a market fifteen metres from a crossing",
        lambda p: _beside(p, "C1", 1000, at(1025, 2005), kind="crossing"),
        _near("C1", "near_crossing", "crossing"),
    ),
    Mistake(
        "a market twenty-one metres from a crossing, which is none",
        lambda p: _beside(p, "C2", 1200, at(1231, 2005), kind="crossing"),
        (),
    ),
    Mistake(
        "a market on a green",
        lambda p: _beside(p, "G1", 1300, box(1305, 2000, 1330, 2010), kind="green", is_area=True),
        _near("G1", "on_green", "green"),
    ),
    Mistake(
        "a market beside a green, which is none",
        lambda p: _beside(p, "G2", 1400, box(1410, 2000, 1430, 2010), kind="green"),
        (),
    ),
    Mistake(
        "a market on parking bays",
        lambda p: _beside(p, "P1", 1500, box(1490, 2000, 1505, 2010), kind="parking"),
        _near("P1", "on_parking", "parking"),
    ),
    Mistake(
        "a market three metres from a hydrant",
        lambda p: _beside(p, "H1", 1600, at(1613, 2005), kind="hydrant"),
        _near("H1", "near_hydrant", "hydrant"),
    ),
    Mistake(
        "a market at hydrants of which some are not there any more",
        lambda p: adding(
            p, zones=[zone("H2", box(1650, 2000, 1660, 2010))],
            facilities=[
                Facility("hydrant", f"H2{state}", "消火栓", at(1663, 2005), state=state)
                for state in ("lost", "closed", "damaged", "suspended")
            ],
        ),
        tuple(
            ("near_hydrant", ("night_market:H2", f"hydrant:H2{state}"))
            for state in ("damaged", "suspended")
        ),
    ),
    Mistake(
        "a market on parking bays that are suspended, which is none",
        lambda p: adding(
            p, zones=[zone("P2", box(1550, 2000, 1560, 2010))],
            facilities=[
                Facility("parking", f"P2{state}", "泊位", box(1550, 2000, 1560, 2010), state=state)
                for state in ("lost", "closed", "suspended")
            ],
        ),
        (),
    ),
    Mistake(
        "a market across a fire lane",
        lambda p: _beside(p, "L1", 1700, box(1704, 1990, 1708, 2030), kind="fire_lane"),
        _near("L1", "on_fire_lane", "fire_lane"),
    ),
    Mistake(
        "a market ninety metres from a school",
        lambda p: _beside(p, "S1", 1900, box(2000, 1990, 2050, 2030), kind="school"),
        _near("S1", "near_school", "school"),
    ),
    Mistake(
        "more stalls than are drawn",
        lambda p: adding(
            p, zones=[zone("K1", box(1000, 3000, 1020, 3010), capacity=3)],
            stalls=[Stall("K1", f"{n}", at(1002 + n, 3005)) for n in range(2)],
        ),
        (("capacity_stalls", ("night_market:K1",)),),
    ),
    Mistake(
        "stalls that are not there any more",
        lambda p: adding(
            p,
            zones=[
                zone("K6", box(1400, 3000, 1420, 3010), capacity=2),
                zone("K7", box(1500, 3000, 1520, 3010), capacity=2),
            ],
            stalls=[
                *(
                    Stall("K6", state, at(x, 3005), state=state)
                    for state, x in
                    [("normal", 1405), ("suspended", 1410), ("closed", 1415), ("lost", 1440)]
                ),
                Stall("K7", "1", at(1505, 3005)), Stall("K7", "2", at(1510, 3005), state="closed"),
            ],
        ),
        (("capacity_stalls", ("night_market:K7",)),),
    ),
    Mistake(
        "more stalls than have room",
        lambda p: adding(p, zones=[
            zone("K2", box(1100, 3000, 1120, 3010), capacity=51),
            replace(
                zone("K8", box(1130, 3000, 1150, 3010), capacity=21), attributes={"stall_m2": 10}
            ),
        ]),
        tuple(("capacity_room", (f"night_market:{code}",)) for code in ("K2", "K8")),
    ),
    Mistake(
        "stalls that take less than others, which is none",
        lambda p: adding(p, zones=[
            replace(
                zone("K9", box(1160, 3000, 1180, 3010), capacity=99), attributes={"stall_m2": 2}
            ),
        ]),
        (),
    ),
    Mistake(
        "a stall outside its market",
        lambda p: adding(
            p, zones=[zone("K3", box(1200, 3000, 1220, 3010))],
            stalls=[Stall("K3", "1", at(1225, 3005)), Stall("K3", "2", at(1220.3, 3005))],
        ),
        (("stall_outside", ("stall:K3/1", "night_market:K3")),),
    ),
    Mistake(
        "a stall number used twice",
        lambda p: adding(
            p, zones=[zone("K4", box(1300, 3000, 1320, 3010))],
            stalls=[Stall("K4", "7", at(1305, 3005)), Stall("K4", "7", at(1310, 3005))],
        ),
        (("stall_twice", ("stall:K4/7", "night_market:K4")),),
    ),
    Mistake(
        "stalls of a market that is not there",
        lambda p: adding(p, stalls=[Stall("K5", f"{n}", at(n, 3005)) for n in range(2)]),
        (("stall_zone_missing", ("stall:K5/0",)),),
    ),
    Mistake(
        "a bin that comes into another grid",
        lambda p: adding(
            pulled(
                p, [grid_code(r, c) for r in (0, 1) for c in (0, 1)], at(100, 100), at(120, 100)
            ),
            facilities=[
                Facility("bin", "B9", "果皮箱", at(110, 95)),
                Facility("bin", "B8", "果皮箱", at(150, 50)),
                Facility("bin", "B7", "果皮箱", at(110, 95), state="closed"),
            ],
        ),
        (("grid_changed", ("bin:B9", grid(0, 1), grid(0, 0))),),
    ),
)  # fmt: skip
"""Each may be made alone in a sound plan; those that name the same grids not together."""
TOGETHER = tuple(one for one in MISTAKES if one.name != "a bin that comes into another grid")
"""Those that may all be made in one plan."""
