"""Stalls and their zone: how many there are, how many have room, whether they stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from geo.measure import area_m2
from geo.planning.findings import Finding, Rule, Rules, finding, label, ref
from geo.planning.ground import Ground
from geo.planning.plan import repeated
from geo.records import NOT_THERE, Stall, StallZone


def stall_findings(zone: StallZone, stalls: Sequence[Stall], rules: Rules) -> Iterator[Finding]:
    """Yield the findings of one zone and its stalls; of those not there only numbers."""
    there = [stall for stall in stalls if stall.state not in NOT_THERE]
    if zone.capacity is not None:
        yield from _capacity(zone, zone.capacity, len(there), rules)
    if there and "stall_outside" in rules:
        yield from _outside(zone, there, rules)
    if "stall_twice" in rules:
        for number, count in repeated(stall.number for stall in stalls).items():
            first = next(stall for stall in stalls if stall.number == number)
            facts = {"name": label(zone), "number": number, "count": count}
            named = (ref(first), ref(zone))
            yield finding(rules["stall_twice"], "stalls", named, first.geometry, facts)


def homeless_findings(zone_code: str, stalls: Sequence[Stall], rules: Rules) -> Iterator[Finding]:
    """Yield that there is no zone of the code that these stalls have."""
    if stalls and "stall_zone_missing" in rules:
        facts = {"zone": zone_code, "count": len(stalls)}
        named = [ref(stalls[0])]
        rule = rules["stall_zone_missing"]
        yield finding(rule, "stalls", named, stalls[0].geometry, facts)


def _capacity(zone: StallZone, capacity: int, count: int, rules: Rules) -> Iterator[Finding]:
    facts: dict[str, object] = {"name": label(zone), "capacity": capacity, "count": count}
    # A zone whose stalls nobody has drawn yet is no contradiction.
    if "capacity_stalls" in rules and count and count != capacity:
        yield finding(rules["capacity_stalls"], "stall_zones", [ref(zone)], zone.geometry, facts)
    if "capacity_room" in rules:
        rule, room_m2 = rules["capacity_room"], area_m2(zone.geometry)
        least_m2 = _stall_m2(zone, rule)
        if capacity * least_m2 > room_m2:
            facts |= {"room": f"{room_m2:,.0f}", "least": f"{least_m2:g}"}
            yield finding(rule, "stall_zones", [ref(zone)], zone.geometry, facts)


def _stall_m2(zone: StallZone, rule: Rule) -> float:
    """What a stall of the zone takes: as its attributes say, else the area of the rule.

    A save reads it in the same way (`plan.judge_capacity`), and refuses what is no such number.
    """
    said = zone.attributes.get("stall_m2")
    if isinstance(said, int | float) and not isinstance(said, bool):
        return float(said) if 0.1 <= said <= 10_000 else rule.least_m2
    return rule.least_m2


def _outside(zone: StallZone, stalls: Sequence[Stall], rules: Rules) -> Iterator[Finding]:
    rule, ground = rules["stall_outside"], Ground.of(zone.geometry)
    spots = np.array([stall.geometry for stall in stalls], dtype=object)
    away_m = shapely.distance(ground.flat(zone.geometry), ground.flat(spots))
    for stall, metres in zip(stalls, away_m.tolist(), strict=True):
        if metres > rule.width_m:
            facts = {"number": stall.number, "name": label(zone), "metres": f"{metres:.1f}"}
            named = (ref(stall), ref(zone))
            yield finding(rule, "stalls", named, stall.geometry, facts)
