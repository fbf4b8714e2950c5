"""Who is nearest and can go: officers on the sphere in three dimensions, judged by rule.

Degrees are no measure: at 28 N a degree east is 12 % shorter than one north, so nearest in degrees
is wrong. On the sphere in 3-D the straight chord grows with the distance in every direction; an
rtree finds candidates by it, and the geodesic on the ellipsoid, at most 0.6 % different, decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rtree import index
from shapely.geometry.base import BaseGeometry

from geo.measure import distances_m, inverse
from geo.roster import Mask, Roster
from geo.types import LonLat

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_Away = tuple[float, int, float]
"""Distance in metres, position in the roster, bearing in degrees."""

REASONS = ("role", "no_position", "off_duty", "stale", "other_grid", "too_far")
"""Why an officer is left out; each is counted once, under the first reason that holds."""

_RADIUS_M = 6_371_008.8
# Of two equal great circles one geodesic is up to 0.73 % longer than the other; a little more.
_SLACK = 1.008
# One place has several coordinates (poles, antimeridian), and on the sphere a trace between them.
_TRACE_M = 0.001
# What the tree is asked for beyond those who should do: the last of them tells how far it looked.
_SPARE = 2
# So few are compared with each other faster than the tree is asked.
_FEW = 512


@dataclass(frozen=True, slots=True)
class Search:
    """Who is asked for. `grid` is the shape and the staff of the area that holds the point."""

    point: LonLat
    at: datetime
    k: int = 5
    roles: tuple[str, ...] = ()
    """Any of these; none: whatever role."""
    on_duty: bool = True
    max_age_s: float | None = None
    within_m: float | None = None
    grid: tuple[BaseGeometry, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An officer who can go."""

    position: int
    code: str
    name: str
    distance_m: float
    bearing_deg: float
    position_age_s: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest officers, nearest first, and how many were left out for which reason."""

    officers: list[Found]
    excluded: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fixes:
    """The last known places of a roster's officers, WGS 84; NaN where none is known.

    `observed_s` is in seconds since 1970 UTC. Immutable: `moved` returns another.
    """

    lon: Floats
    lat: Floats
    observed_s: Floats

    @classmethod
    def none(cls, count: int) -> Fixes:
        """Return the fixes of officers of whom nothing is known."""
        return cls(*(np.full(count, np.nan) for _ in range(3)))

    def moved(self, at: Indices, lon: Floats, lat: Floats, observed_s: Floats) -> Fixes:
        """Return the fixes with some changed; one older than what is known changes nothing."""
        newer = ~(observed_s <= self.observed_s[at])
        at, copies = at[newer], [part.copy() for part in (self.lon, self.lat, self.observed_s)]
        for part, values in zip(copies, (lon, lat, observed_s), strict=True):
            part[at] = values[newer]
        return Fixes(*copies)


class OfficerIndex:
    """Officers by place, at one moment. Never edited: build a new one and swap."""

    def __init__(self, roster: Roster, fixes: Fixes) -> None:
        self.roster, self.fixes = roster, fixes
        self._known = np.isfinite(fixes.observed_s)
        self._xyz = on_sphere(fixes.lon, fixes.lat)
        placed = np.flatnonzero(self._known)
        self._placed = len(placed)
        shape = index.Property(dimension=3, leaf_capacity=32, index_capacity=32)
        # The bulk loader refuses an empty stream, so an empty index is made without one.
        spots = self._xyz[placed]
        self._tree = index.Index((placed, spots, spots), properties=shape) if placed.size else None
        self._lock = Lock()  # libspatialindex is not thread-safe, not even for reads
        self._judged: dict[Any, tuple[float, float, Mask, dict[str, int]]] = {}

    def nearest(self, search: Search) -> Nearest:
        """Return the k nearest officers who can go, by geodesic distance, then by staff number."""
        eligible, excluded = self._eligible(search)
        if search.grid is not None:
            eligible, excluded = self._of_grid(search.grid, eligible, excluded)
        if search.within_m is not None:
            eligible, excluded = self._within(search, eligible, excluded)
        return Nearest(self._first(search, eligible), excluded)

    def team(self, search: Search) -> tuple[list[tuple[str, Found]], dict[str, int]]:
        """Return the best officer of each role asked for, and who of them all was left out.

        A role for which nobody can go is missing; who is best in two roles comes twice.
        """
        excluded = self.nearest(replace(search, k=1)).excluded
        best = []
        for role in search.roles:
            found = self.nearest(replace(search, k=1, roles=(role,))).officers
            best += [(role, officer) for officer in found]
        return best, excluded

    def _eligible(self, search: Search) -> tuple[Mask, dict[str, int]]:
        """Who can go by role, fix, duty and age, wherever they are.

        The same within a second, until the first fix is too old: all else changes at whole seconds.
        """
        at_s = search.at.timestamp()
        key = (search.roles, search.on_duty, search.max_age_s, int(at_s))
        found = self._judged.get(key)
        if found is None or not found[0] <= at_s <= found[1]:
            mask, excluded = _sifted(np.ones(len(self.roster), dtype=np.bool_), self._rules(search))
            found = (at_s, self._fresh_until(search, mask), mask, excluded)
            others = {k: v for k, v in self._judged.items() if k[3] == key[3]}
            self._judged = others | {key: found}
        return found[2], found[3]

    def _rules(self, search: Search) -> Iterator[tuple[str, Mask]]:
        if search.roles:
            having = [self.roster.with_role(role, search.at) for role in search.roles]
            yield "role", np.logical_or.reduce(having)
        yield "no_position", self._known
        if search.on_duty:
            yield "off_duty", self.roster.on_duty(search.at)
        if search.max_age_s is not None:
            yield "stale", self.fixes.observed_s + search.max_age_s >= search.at.timestamp()

    def _fresh_until(self, search: Search, eligible: Mask) -> float:
        if search.max_age_s is None:
            return math.inf
        return float(self.fixes.observed_s[eligible].min(initial=math.inf)) + search.max_age_s

    def _of_grid(
        self, grid: tuple[BaseGeometry, frozenset[str]], eligible: Mask, excluded: dict[str, int]
    ) -> tuple[Mask, dict[str, int]]:
        shape, staff = grid
        inside = shapely.intersects_xy(shape, self.fixes.lon, self.fixes.lat)
        theirs = np.zeros(len(self.roster), dtype=np.bool_)
        theirs[[self.roster.position[code] for code in staff]] = True
        kept, more = _sifted(eligible, [("other_grid", inside | theirs)])
        return kept, excluded | more

    def _within(
        self, search: Search, eligible: Mask, excluded: dict[str, int]
    ) -> tuple[Mask, dict[str, int]]:
        """The chord settles who is clearly near or far; the geodesic decides the few in between."""
        assert search.within_m is not None
        everybody = np.arange(len(self.roster))
        arc_m = self._arcs(everybody, search.point)
        near = arc_m <= search.within_m / _SLACK
        reach_m = search.within_m * _SLACK + _TRACE_M
        doubtful = np.flatnonzero(eligible & ~near & (arc_m <= reach_m))
        lon, lat = self.fixes.lon[doubtful], self.fixes.lat[doubtful]
        near[doubtful] = distances_m(search.point, lon, lat) <= search.within_m
        kept, more = _sifted(eligible, [("too_far", near)])
        return kept, excluded | more

    def _first(self, search: Search, eligible: Mask) -> list[Found]:
        """The k nearest of the eligible, nearest first."""
        point, k, count = search.point, search.k, int(np.count_nonzero(eligible))
        if count > _FEW:
            # As many as should hold k eligible ones twice over; if they do not, four times as many.
            asked = 2 * k * len(eligible) // count + _SPARE
            while asked < self._placed:
                away = self._away(point, self._ask(point, asked))
                able = [one for one in away if eligible[one[1]]]
                # Whoever was not asked for is on the sphere at least as far as the last one here.
                if len(able) >= k and able[k - 1][0] * _SLACK + _TRACE_M < away[-1][0]:
                    return self._told(able[:k], search.at)
                asked *= 4
        every = np.flatnonzero(eligible)
        near = _nearby(every, self._arcs(every, point), k)
        return self._told(self._away(point, near.tolist())[:k], search.at)

    def _ask(self, point: LonLat, count: int) -> list[int]:
        """So many who are nearest on the sphere, and who is as far as the last of them."""
        assert self._tree is not None
        spot = spot_of(point)
        with self._lock:
            return list(self._tree.nearest(spot + spot, count))

    def _away(self, point: LonLat, officers: list[int]) -> list[_Away]:
        """How far and in which direction each is, nearest first."""
        # One by one: for so few, setting up arrays takes longer than the geodesics.
        lon, lat = self.fixes.lon[officers].tolist(), self.fixes.lat[officers].tolist()
        found = []
        for n, east, north in zip(officers, lon, lat, strict=True):
            bearing_deg, distance_m = inverse(point, east, north)
            # Positions follow staff numbers, so equal distances stay in their order.
            found.append((distance_m, n, bearing_deg))
        return sorted(found)

    def _arcs(self, officers: Indices, point: LonLat) -> Floats:
        away = self._xyz[officers] - spot_of(point)
        return arc_of(np.sqrt(np.einsum("ij,ij->i", away, away)))

    def _told(self, away: list[_Away], at: datetime) -> list[Found]:
        at_s, codes, names = at.timestamp(), self.roster.codes, self.roster.names
        seen_s = self.fixes.observed_s.item
        return [
            Found(n, codes[n], names[n], distance_m, bearing_deg, max(at_s - seen_s(n), 0.0))
            for distance_m, n, bearing_deg in away
        ]


def on_sphere(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Return places on the sphere as x, y, z in metres, along the last axis."""
    east, north = np.radians(lon), np.radians(lat)
    around = np.cos(north)
    xyz = (around * np.cos(east), around * np.sin(east), np.sin(north))
    return _RADIUS_M * np.stack(xyz, axis=-1)


def spot_of(point: LonLat) -> tuple[float, float, float]:
    """Return one place on the sphere as x, y, z in metres; arrays of one are ten times slower."""
    east, north = math.radians(point.lon), math.radians(point.lat)
    around = _RADIUS_M * math.cos(north)
    return around * math.cos(east), around * math.sin(east), _RADIUS_M * math.sin(north)


def arc_of(chord_m: Floats) -> Floats:
    """Return the great-circle distances of straight chords through the sphere, metres."""
    return 2 * _RADIUS_M * np.arcsin(np.minimum(chord_m / (2 * _RADIUS_M), 1.0))


def _nearby(officers: Indices, arcs_m: Floats, k: int) -> Indices:
    """Those who may be among the k nearest on the ellipsoid."""
    if len(officers) < k:
        return officers
    reach_m = float(np.partition(arcs_m, k - 1)[k - 1]) * _SLACK + _TRACE_M
    return officers[arcs_m <= reach_m]


def _sifted(eligible: Mask, rules: Iterable[tuple[str, Mask]]) -> tuple[Mask, dict[str, int]]:
    """Who passes every rule, and how many fail at which first."""
    counts = {}
    for reason, passing in rules:
        counts[reason] = int((eligible & ~passing).sum())
        eligible = eligible & passing
    return eligible, counts
