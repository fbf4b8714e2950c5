"""Every mistake that is to be found in a plan, each named, with the findings that it deserves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shapely import Point, Polygon

from geo.planning.plan import Plan, Unread
from geo.records import Area, Facility, Stall
from tests.sound_plan import (
    adding,
    at,
    box,
    changed,
    community_code,
    cut_away,
    cut_out,
    grid,
    grid_code,
    pulled,
    without,
    zone,
)

Expected = tuple[str, tuple[str, ...]]
"""A rule, and the features that its finding names."""


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
