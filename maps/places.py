"""What the map of facilities shows, as columns: kinds with their hours, and the places of a kind.

Small kinds come whole, the others as vector tiles: what is sent must not grow with the city.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from geo.records import Facility, Kind
from geo.schedules import Calendar, Schedule
from maps.columns import Units, numbered, points, units
from maps.initials import initials
from maps.week import Frame, pattern_of

WHOLE_MAX = 1_500
"""So many places come whole, small kinds first; the kinds that are left come as tiles."""

SHOWN_AT_FIRST = ("toilet", "park", "parking", "ebike_charging", "station")
"""What people look for on the way; the rest can be switched on."""

NO_HOURS = 0
"""The number that stands for a place whose hours are not known."""

_CAPACITIES = ("spaces", "chargers", "bays")


@dataclass(frozen=True, slots=True)
class Place:
    """A facility and the number of its hours, `NO_HOURS` where there are none."""

    facility: Facility
    schedule: int


@dataclass(frozen=True, slots=True)
class KindInUse:
    """A kind that the city has: how many there are, and the numbers of all their hours."""

    kind: Kind
    count: int
    schedules: frozenset[int]


def whole_kinds(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the kinds whose places come whole."""
    found, total = set(), 0
    for slug in sorted(counts, key=lambda slug: (counts[slug], slug)):
        total += counts[slug]
        if total > WHOLE_MAX:
            break
        found.add(slug)
    return frozenset(found)


def whole_at_first(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the kinds that everybody is shown first, of those whose places come whole."""
    whole = whole_kinds(counts)
    return tuple(slug for slug in SHOWN_AT_FIRST if slug in whole)


def kinds(
    used: Sequence[KindInUse],
    hours: Mapping[int, Schedule],
    calendar: Calendar,
    frame: Frame,
) -> dict[str, Any]:
    """Return the kinds and the hours that their places refer to; docs/api.md tells the members."""
    whole = whole_kinds({one.kind.slug: one.count for one in used})
    first = {slug: place for place, slug in enumerate(SHOWN_AT_FIRST)}
    ordered = sorted(
        used, key=lambda one: (first.get(one.kind.slug, len(first)), -one.count, one.kind.slug)
    )
    numbers = sorted({NO_HOURS}.union(*(one.schedules for one in used)))
    told = [orjson.dumps(pattern_of(hours.get(number), (), calendar, frame)) for number in numbers]
    patterns, pattern = numbered(told)
    return {
        **frame.told(),
        "kinds": {
            "slug": [one.kind.slug for one in ordered],
            "zh": [one.kind.name_zh for one in ordered],
            "en": [one.kind.name_en for one in ordered],
            "count": [one.count for one in ordered],
            "pieces": ["places" if one.kind.slug in whole else "tiles" for one in ordered],
            "timed": [one.schedules != {NO_HOURS} for one in ordered],
            "shown": [one.kind.slug in first for one in ordered],
        },
        "schedules": {"id": numbers, "pattern": pattern},
        "patterns": [orjson.loads(one) for one in patterns],
    }


def places(held: Sequence[Place]) -> dict[str, Any]:
    """Return the places of one kind as columns, in their order; docs/api.md tells the members."""
    facilities = [place.facility for place in held]
    origin, spots = points([one.geometry for one in facilities])
    states, state = numbered([one.state for one in facilities])
    found = initials([text for one in facilities for text in (one.name, one.address)])
    return {
        "origin": origin.tolist(),
        "states": states,
        "code": [one.code for one in facilities],
        "lon": spots[:, 0].tolist(),
        "lat": spots[:, 1].tolist(),
        "schedule": [place.schedule for place in held],
        "state": state,
        "name": [one.name for one in facilities],
        "name_en": [one.name_en for one in facilities],
        "address": [one.address for one in facilities],
        "initials": [" ".join(pair) for pair in zip(found[::2], found[1::2], strict=True)],
        "capacity": [capacity_of(one) for one in facilities],
        "barrier_free": [int(one.attributes.get("barrier_free") is True) for one in facilities],
        "gates": [_gates(one, origin) for one in facilities],
    }


def capacity_of(facility: Facility) -> int | None:
    """Return how many cars or bicycles there is room for, None where that is not told."""
    for name in _CAPACITIES:
        told = facility.attributes.get(name)
        if isinstance(told, int) and not isinstance(told, bool) and told > 0:
            return told
    return None


def gates_of(facility: Facility) -> list[tuple[float, float]]:
    """Return where one can go in, as lon and lat: attributes are people's and may hold anything."""
    told = facility.attributes.get("gates")
    pairs = told if isinstance(told, list) else []
    found = []
    for pair in pairs:
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            continue
        if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in pair):
            continue
        lon, lat = map(float, pair)
        if -180 <= lon <= 180 and -90 <= lat <= 90:
            found.append((lon, lat))
    return found


def _gates(facility: Facility, origin: Units) -> list[int]:
    """Flat pairs of units from the origin; a place without gates has none."""
    found = gates_of(facility)
    if not found:
        return []
    line: list[int] = (units(np.array(found)) - origin).ravel().tolist()
    return line
