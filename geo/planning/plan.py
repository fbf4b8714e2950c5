"""A plan to be judged: all of it in memory, or read piece by piece from where it is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import shapely
from shapely import STRtree

from geo.planning.findings import LayerName
from geo.records import Area, Facility, Stall, StallZone
from geo.schedules import NO_HOLIDAYS, Calendar
from geo.types import BBox

ABOVE: Mapping[str, tuple[str, ...]] = {
    "city": (),
    "district": ("city",),
    "zone": ("city",),
    "street": ("district",),
    "community": ("street",),
    "responsibility_grid": ("zone",),
    "unit_grid": ("community", "responsibility_grid"),
}
"""The kinds that tile the city, each with those whose areas hold it and are filled by it."""

Record = TypeVar("Record", Area, StallZone, Facility)


class Unread(NamedTuple):
    """A place with hours that are written down and cannot be read: its own schedule is None."""

    place: StallZone | Facility
    hours: str


class Source(Protocol):
    """Where the pieces of a plan come from. Boxes that touch count; every answer has an order.

    Whoever judges a change asks for little, so that a reader can ask a database by box.
    """

    @property
    def day(self) -> date:
        """The day from which on the hours of a year are compared."""

    @property
    def calendar(self) -> Calendar:
        """Holidays and make-up workdays."""

    def counts(self) -> Mapping[str, int]:
        """Return how many areas of each kind are drawn."""

    def exclusive(self) -> Collection[str]:
        """Return the kinds of areas that must not overlap."""

    def areas(self, kind: str, box: BBox) -> Sequence[Area]:
        """Return the drawn areas of a kind whose box touches this one."""

    def published(self, kind: str, box: BBox) -> Sequence[Area]:
        """Return the same of what is published."""

    def stall_zones(self, box: BBox) -> Sequence[StallZone]:
        """Return the drawn stall zones whose box touches this one."""

    def facilities(self, box: BBox, kinds: Collection[str] | None = None) -> Sequence[Facility]:
        """Return the drawn facilities whose box touches this one, all kinds if none are given."""

    def stalls(self, zone_codes: Collection[str]) -> Sequence[Stall]:
        """Return the drawn stalls of zones."""

    def coded(
        self, layer: LayerName, kind: str, codes: Collection[str]
    ) -> Sequence[Area | StallZone | Facility]:
        """Return what has one of the codes; of stall zones whatever its kind."""

    def unread(self) -> Sequence[Unread]:
        """Return all places whose hours cannot be read."""


class Tree(Generic[Record]):
    """Records by place, in an order that does not depend on the one they came in."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records: list[Record] = sorted(records, key=_order)
        self.shapes = np.empty(len(self.records), dtype=object)
        self.shapes[:] = [record.geometry for record in self.records]
        self.tree = STRtree(self.shapes)

    def near(self, box: BBox) -> list[Record]:
        """Return the records whose box touches this one."""
        return [self.records[i] for i in np.sort(self.tree.query(shapely.box(*box.bounds)))]


@dataclass(frozen=True)
class Plan:
    """A whole plan in memory: what is drawn, and the unit grids that are published."""

    day: date
    drawn: tuple[Area, ...] = ()
    zones: tuple[StallZone, ...] = ()
    all_stalls: tuple[Stall, ...] = ()
    all_facilities: tuple[Facility, ...] = ()
    in_force: tuple[Area, ...] = ()
    unreadable: tuple[Unread, ...] = ()
    exclusive_kinds: frozenset[str] = frozenset(ABOVE)
    calendar: Calendar = NO_HOLIDAYS

    def counts(self) -> Mapping[str, int]:
        """Return how many areas of each kind are drawn."""
        return {kind: len(tree.records) for kind, tree in self.by_kind.items()}

    def exclusive(self) -> Collection[str]:
        """Return the kinds of areas that must not overlap."""
        return self.exclusive_kinds

    def areas(self, kind: str, box: BBox) -> Sequence[Area]:
        """Return the drawn areas of a kind whose box touches this one."""
        return self.by_kind[kind].near(box) if kind in self.by_kind else ()

    def published(self, kind: str, box: BBox) -> Sequence[Area]:
        """Return the same of what is published."""
        return self.in_force_by_kind[kind].near(box) if kind in self.in_force_by_kind else ()

    def stall_zones(self, box: BBox) -> Sequence[StallZone]:
        """Return the drawn stall zones whose box touches this one."""
        return self.zone_tree.near(box)

    def facilities(self, box: BBox, kinds: Collection[str] | None = None) -> Sequence[Facility]:
        """Return the drawn facilities whose box touches this one, all kinds if none are given."""
        found = []
        for kind, tree in self.facilities_by_kind.items():
            if kinds is None or kind in kinds:
                found += tree.near(box)
        return found

    def stalls(self, zone_codes: Collection[str]) -> Sequence[Stall]:
        """Return the drawn stalls of zones."""
        return [stall for code in sorted(set(zone_codes)) for stall in self.stalls_by_zone[code]]

    def coded(
        self, layer: LayerName, kind: str, codes: Collection[str]
    ) -> Sequence[Area | StallZone | Facility]:
        """Return what has one of the codes; of stall zones whatever its kind."""
        found = self.by_code[layer, "" if layer == "stall_zones" else kind]
        return [record for code in sorted(set(codes)) for record in found.get(code, ())]

    def unread(self) -> Sequence[Unread]:
        """Return all places whose hours cannot be read."""
        return sorted(self.unreadable, key=lambda one: (*_order(one.place), one.hours))

    @cached_property
    def by_kind(self) -> dict[str, Tree[Area]]:
        """The drawn areas of each kind."""
        return _by_kind(self.drawn)

    @cached_property
    def in_force_by_kind(self) -> dict[str, Tree[Area]]:
        """The published areas of each kind."""
        return _by_kind(self.in_force)

    @cached_property
    def facilities_by_kind(self) -> dict[str, Tree[Facility]]:
        """The facilities of each kind."""
        return _by_kind(self.all_facilities)

    @cached_property
    def zone_tree(self) -> Tree[StallZone]:
        """The stall zones."""
        return Tree(self.zones)

    @cached_property
    def stalls_by_zone(self) -> defaultdict[str, list[Stall]]:
        """The stalls by the code of their zone, by number."""
        found = defaultdict(list)
        for stall in sorted(self.all_stalls, key=lambda s: (s.number, s.geometry.wkb)):
            found[stall.zone_code].append(stall)
        return found

    @cached_property
    def by_code(self) -> defaultdict[tuple[str, str], dict[str, list[Any]]]:
        """Everything with a code, by layer and kind; stall zones under no kind."""
        found: defaultdict[tuple[str, str], dict[str, list[Any]]] = defaultdict(dict)
        for layer, records in (
            ("areas", self.drawn),
            ("stall_zones", self.zones),
            ("facilities", self.all_facilities),
        ):
            for record in sorted(records, key=_order):
                kind = "" if layer == "stall_zones" else record.kind
                found[layer, kind].setdefault(record.code, []).append(record)
        return found


def kinds_above(kind: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the kinds of the areas that hold those of a kind: the nearest ones that are drawn."""
    found: dict[str, None] = {}
    for above in ABOVE.get(kind, ()):
        found |= dict.fromkeys([above] if counts.get(above) else kinds_above(above, counts))
    return tuple(found)


def repeated(codes: Iterable[str]) -> dict[str, int]:
    """Return what comes more than once, and how often, in order."""
    return {code: count for code, count in sorted(Counter(codes).items()) if count > 1}


def _by_kind(records: Iterable[Record]) -> dict[str, Tree[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.kind].append(record)
    return {kind: Tree(found[kind]) for kind in sorted(found)}


def _order(record: Area | StallZone | Facility) -> tuple[str, str, tuple[float, ...], int]:
    # Two of one code are told apart by where they are, and by how they are drawn.
    shape = record.geometry
    return record.code, record.kind, shape.bounds, int(shapely.get_num_coordinates(shape))
