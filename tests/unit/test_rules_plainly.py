"""Each rule again in a few plain lines, on small random cities: the judge finds the same.

Everything is drawn on whole metres, so that nothing is as near to a limit as drawing is exact.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from typing import NamedTuple

import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import Point, Polygon

from geo.hours import parse_hours
from geo.planning.findings import RULES, Rules
from geo.planning.judging import judge
from geo.planning.plan import Plan
from geo.planning.siting import KEPT_FREE
from geo.records import Area, Facility, Stall, StallZone
from geo.schedules import DAYS
from tests.sound_plan import DAY, on_ground

# No two things on whole metres are as far apart as that.
DISTANCES = {"near_crossing": 20.3, "near_hydrant": 5.3, "near_school": 100.3}
SITING: Rules = {
    name: replace(rule, distance_m=DISTANCES.get(name, rule.distance_m))
    for name, rule in RULES.items()
}
STATES = ("normal", "damaged", "lost", "suspended", "closed")
Found = tuple[str, tuple[str, ...]]


def boxes(size: int) -> st.SearchStrategy[Polygon]:
    corner, side = st.integers(0, size), st.integers(2, size // 2)
    return st.tuples(corner, corner, side, side).map(
        lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    )


def judged(plan: Plan, *rules: str) -> Counter[Found]:
    found = judge(plan, {name: SITING[name] for name in rules})
    return Counter((one.rule, one.features) for one in found)


# --- areas ------------------------------------------------------------------------------------

codes = st.sampled_from(["990101001", "990101002", "HX-1"])
low_codes = st.sampled_from(["990101001001", "990101002001", "990101001002", "990109", "HX-9"])


@given(
    st.lists(st.tuples(codes, boxes(60)), max_size=3),
    st.lists(st.tuples(low_codes, boxes(60), st.none() | codes), min_size=1, max_size=4),
)
def test_areas_lie_in_what_holds_most_of_them_and_say_so(
    streets: list[tuple[str, Polygon]], communities: list[tuple[str, Polygon, str | None]]
) -> None:
    expected: Counter[Found] = Counter()
    for code, shape, said in communities if streets else ():
        me, shared = f"community:{code}", [(shape & other).area for _, other in streets]
        # Which of two halves counts, and what is as large as the limit, is for other tests.
        assume(len(set(shared)) == len(shared) or not max(shared))
        assume(all(part > 1.5 or not part for part in shared))
        most = max(range(len(streets)), key=lambda at: shared[at])
        above, held = streets[most][0], max(shared) > 0
        named = (me, f"street:{above}") if held else (me,)
        if shape.area - shared[most] > 0:
            expected["nesting", named] += 1
        if said and all(
            not part for (c, _), part in zip(streets, shared, strict=True) if c == said
        ):
            expected["parent", named] += 1
        if held and len(above) == 9 and len(code) == 12 and not code.startswith(above):
            expected["code_prefix", named] += 1
    named_twice = Counter(f"street:{code}" for code, _ in streets)
    named_twice += Counter(f"community:{code}" for code, *_ in communities)
    for me, count in named_twice.items():
        expected["code_twice", (me,)] += count > 1

    drawn = [Area("street", code, "", on_ground(shape)) for code, shape in streets]
    drawn += [
        Area("community", code, "", on_ground(shape), parent_code=said)
        for code, shape, said in communities
    ]
    plan = Plan(DAY, tuple(drawn))
    # Of two areas with one code that are wrong alike one finding is kept.
    found = judged(plan, "nesting", "parent", "code_prefix", "code_twice")
    assert set(found) == set(+expected)


# --- stall zones ------------------------------------------------------------------------------


class Week(NamedTuple):
    """Opening from one full hour to another, over midnight where it ends before it begins."""

    days: tuple[int, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        days = ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {self.start:02d}:00-{self.end:02d}:00" if self.days else "off"

    @property
    def hours(self) -> set[int]:
        """The hours of a week when it is open, from Monday on."""
        length = (self.end - self.start) % 24 or 24
        return {(24 * day + self.start + n) % 168 for day in self.days for n in range(length)}


weeks = st.builds(
    Week,
    st.lists(st.integers(0, 6), max_size=3, unique=True).map(tuple),
    st.integers(0, 23), st.integers(0, 23),
).filter(lambda week: week.start != week.end)  # fmt: skip


@given(st.lists(st.tuples(boxes(40), st.none() | weeks), min_size=2, max_size=4))
def test_zones_take_the_same_ground_when_both_are_open_in_some_hour_of_the_week(
    drawn: list[tuple[Polygon, Week | None]],
) -> None:
    zones = [
        StallZone(
            "night_market", f"Z{n}", "", on_ground(shape),
            schedule=parse_hours(week.text) if week else None,
        )
        for n, (shape, week) in enumerate(drawn)
    ]  # fmt: skip
    expected: Counter[Found] = Counter()
    every = set(range(168))
    for (i, (a, ours)), (j, (b, theirs)) in combinations(enumerate(drawn), 2):
        area = (a & b).area
        assume(not 0 < area < 1.5)
        both = (ours.hours if ours else every) & (theirs.hours if theirs else every)
        if area and both:
            expected["zone_overlap", (f"night_market:Z{i}", f"night_market:Z{j}")] += 1
    assert judged(Plan(DAY, zones=tuple(zones)), "zone_overlap") == expected


things = st.tuples(
    st.sampled_from(sorted(KEPT_FREE.values())),
    st.sampled_from(STATES),
    boxes(150) | st.tuples(st.integers(0, 150), st.integers(0, 150)).map(Point),
)


@given(boxes(60), st.lists(things, max_size=5))
def test_zones_keep_away_from_what_must_stay_free(
    shape: Polygon, things: list[tuple[str, str, Polygon | Point]]
) -> None:
    rules = {kind: name for name, kind in KEPT_FREE.items()}
    expected: Counter[Found] = Counter()
    for n, (kind, state, thing) in enumerate(things):
        is_there = state in ("normal", "damaged") or (state == "suspended" and kind != "parking")
        area, least_m = (shape & thing).area, SITING[rules[kind]].width_m
        assume(not 0 < area < 1.5)
        is_on = area > 0 or (isinstance(thing, Point) and shape.intersects(thing))
        if is_there and (is_on or shape.distance(thing) < least_m):
            expected[rules[kind], ("night_market:Z", f"{kind}:F{n}")] += 1
    plan = Plan(
        DAY,
        zones=(StallZone("night_market", "Z", "", on_ground(shape)),),
        all_facilities=tuple(
            Facility(kind, f"F{n}", "", on_ground(thing), state=state)
            for n, (kind, state, thing) in enumerate(things)
        ),
    )
    assert judged(plan, *KEPT_FREE) == expected


stalls = st.tuples(
    st.sampled_from("ABX"), st.sampled_from("123"), st.integers(0, 40), st.integers(0, 40),
    st.sampled_from(STATES),
)  # fmt: skip
some_zones = st.tuples(boxes(40), st.none() | st.integers(1, 60), st.sampled_from([None, 1, 9.5]))


@given(some_zones, some_zones, st.lists(stalls, max_size=6))
def test_stalls_agree_with_their_zone(
    a: tuple[Polygon, int | None, float | None],
    b: tuple[Polygon, int | None, float | None],
    stalls: list[tuple[str, str, int, int, str]],
) -> None:
    expected: Counter[Found] = Counter()
    homeless = [number for zone, number, *_ in stalls if zone == "X"]
    if homeless:
        expected["stall_zone_missing", (f"stall:X/{min(homeless)}",)] += 1
    for code, (shape, capacity, stall_m2) in (("A", a), ("B", b)):
        me = f"night_market:{code}"
        mine = [stall for stall in stalls if stall[0] == code]
        there = [stall for stall in mine if stall[4] not in ("lost", "closed")]
        room = (capacity or 0) * (stall_m2 or 4)
        assume(abs(room - shape.area) > 0.01 * room or not capacity)
        expected["capacity_room", (me,)] += room > shape.area
        expected["capacity_stalls", (me,)] += bool(capacity and there and len(there) != capacity)
        for _, number, x, y, _ in there:
            if shape.distance(Point(x, y)) > 0.5:
                expected["stall_outside", (f"stall:{code}/{number}", me)] = 1
        for number, count in Counter(stall[1] for stall in mine).items():
            expected["stall_twice", (f"stall:{code}/{number}", me)] += count > 1
    plan = Plan(
        DAY,
        zones=tuple(
            StallZone("night_market", code, "", on_ground(shape), capacity,
                      attributes={"stall_m2": each} if each else {})
            for code, (shape, capacity, each) in (("A", a), ("B", b))
        ),
        all_stalls=tuple(
            Stall(zone, number, on_ground(Point(x, y)), state=state)
            for zone, number, x, y, state in stalls
        ),
    )  # fmt: skip
    rules = (
        "capacity_room",
        "capacity_stalls",
        "stall_outside",
        "stall_zone_missing",
        "stall_twice",
    )
    assert judged(plan, *rules) == +expected


# --- plates -----------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 59), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 59), min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(st.integers(0, 59), st.sampled_from(STATES)), max_size=4),
)
def test_plates_change_where_the_grid_is_another_one(
    before: list[int], after: list[int], bins: list[tuple[int, str]]
) -> None:
    def grids(cuts: list[int]) -> tuple[Area, ...]:
        edges = [0, *sorted(cuts), 60]
        return tuple(
            Area("unit_grid", f"G{n}", "", on_ground(shapely.box(west, 0, east, 10)))
            for n, (west, east) in enumerate(pairwise(edges))
        )

    expected: Counter[Found] = Counter()
    for n, (x, state) in enumerate(bins):
        old, new = (sum(cut <= x for cut in cuts) for cuts in (before, after))
        if old != new and state not in ("lost", "closed"):
            expected["grid_changed", (f"bin:F{n}", f"unit_grid:G{old}", f"unit_grid:G{new}")] += 1
    facilities = tuple(
        Facility("bin", f"F{n}", "", on_ground(Point(x + 0.5, 5)), state=state)
        for n, (x, state) in enumerate(bins)
    )
    plan = Plan(DAY, grids(after), all_facilities=facilities, in_force=grids(before))
    assert judged(plan, "grid_changed") == expected
