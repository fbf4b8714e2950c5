"""Where a stall zone stands: not on another one, not too near to what must stay free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import shapely
from shapely.geometry.base import BaseGeometry

from geo.openings import Interval, intervals
from geo.planning.findings import Finding, Pair, Rules, finding, label, listed, ref
from geo.planning.ground import Ground, box_of, joined, wide_parts, worth_telling
from geo.planning.plan import Source
from geo.planning.words import ANY_HOURS, OPEN_AT
from geo.records import NOT_THERE, OUT_OF_USE, Area, Facility, StallZone
from geo.schedules import DAYS, Schedule

KEPT_FREE: Mapping[str, str] = {
    "near_crossing": "crossing",
    "on_green": "green",
    "on_parking": "parking",
    "near_hydrant": "hydrant",
    "on_fire_lane": "fire_lane",
    "near_school": "school",
}
"""The kind, of areas or facilities, that each rule keeps zones away from."""
_FREE_WHEN_OUT_OF_USE = {"on_parking"}
"""Rules that ask nothing for what may not be used anyway: bays that are suspended may be taken."""
_COMPARED_DAYS = 366
_WEEKDAYS_ZH = "一二三四五六日"


def siting_findings(zone: StallZone, source: Source, rules: Rules) -> Iterator[Finding]:
    """Yield the findings of one zone against the others, and against what must stay free."""
    if "zone_overlap" in rules:
        for other in source.stall_zones(box_of(zone.geometry)):
            if (other.code, other.kind) != (zone.code, zone.kind):
                a, b = sorted((zone, other), key=ref)
                yield from _shared(a, b, source, rules)
    for name, kind in KEPT_FREE.items():
        if name in rules:
            yield from _kept_free(zone, name, kind, source, rules)


def _shared(a: StallZone, b: StallZone, source: Source, rules: Rules) -> Iterator[Finding]:
    rule = rules["zone_overlap"]
    shared = shapely.intersection(a.geometry, b.geometry)
    parts = wide_parts(shared, rule.width_m, rule.least_m2)
    if not parts or not (_ever_opens(a, source) and _ever_opens(b, source)):
        return
    if a.schedule is None or b.schedule is None:
        when = Pair(*ANY_HOURS)
    else:
        first = first_shared_hour(a, b, source)
        if first is None:
            return
        when = _told(first)
    facts = {"names": listed((a, b)), "when": when}
    shape = joined(parts)
    yield finding(rule, "stall_zones", (ref(a), ref(b)), shape, facts, shape=shape)


def first_shared_hour(a: StallZone, b: StallZone, source: Source) -> datetime | None:
    """Return when both are first open within a year of the plan's day, None if they never are."""
    ours, theirs = (_openings(zone, source) for zone in (a, b))
    mine, other = next(ours, None), next(theirs, None)
    while mine and other:
        start, end = max(mine.start, other.start), min(mine.end, other.end)
        if start < end:
            return start
        if mine.end <= other.end:
            mine = next(ours, None)
        else:
            other = next(theirs, None)
    return None


def _ever_opens(zone: StallZone, source: Source) -> bool:
    """Whether it does within the year; of hours that are not known nobody can deny it."""
    return zone.schedule is None or next(_openings(zone, source), None) is not None


def _openings(zone: StallZone, source: Source) -> Iterator[Interval]:
    return intervals(
        zone.schedule or Schedule(()),
        source.day,
        _COMPARED_DAYS,
        overrides=zone.overrides,
        calendar=source.calendar,
    )


def _told(at: datetime) -> Pair:
    day, clock = at.date(), f"{at:%H:%M}"
    zh = f"{day.year}年{day.month}月{day.day}日（周{_WEEKDAYS_ZH[day.weekday()]}）{clock}"
    en = f"{DAYS[day.weekday()]} {day.isoformat()} {clock}"
    return Pair(OPEN_AT[0].format(when=zh), OPEN_AT[1].format(when=en))


def _kept_free(
    zone: StallZone, name: str, kind: str, source: Source, rules: Rules
) -> Iterator[Finding]:
    rule, ground = rules[name], Ground.of(zone.geometry)
    box = ground.around(box_of(zone.geometry), rule.width_m)
    gone = NOT_THERE | OUT_OF_USE if name in _FREE_WHEN_OUT_OF_USE else NOT_THERE
    facilities = (one for one in source.facilities(box, {kind}) if one.state not in gone)
    found: list[Area | Facility] = [*source.areas(kind, box), *facilities]
    for other in sorted(found, key=ref):
        away_m = _away_m(zone.geometry, other.geometry, ground)
        # To touch the edge of a green is not to stand on it.
        on = [] if away_m else worth_telling(zone.geometry & other.geometry, 0, rule.least_m2)
        is_on = bool(on) or (away_m == 0 and other.geometry.area == 0)
        if not is_on and not away_m < rule.width_m:
            continue
        facts = {
            "name": label(zone),
            "other": label(other),
            "metres": f"{away_m:.1f}",
            "least": f"{rule.width_m:g}",
        }
        shape = joined(on) if on else None
        place = shape or shapely.shortest_line(zone.geometry, other.geometry)
        named = (ref(zone), ref(other))
        yield finding(rule, "stall_zones", named, place, facts, shape=shape)


def _away_m(a: BaseGeometry, b: BaseGeometry, ground: Ground) -> float:
    return float(shapely.distance(ground.flat(a), ground.flat(b)))
