"""What the city is made of, as frozen values: the one shape that all layers hand around.

Geometry is Shapely in WGS 84, lon before lat. Rows of the database become these, importers and the
demo city make these, pages and answers are drawn from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.schedules import Override, Schedule

NOT_THERE = frozenset({"lost", "closed"})
"""States of a stall or facility that is missing or closed for good: it takes no ground."""
OUT_OF_USE = frozenset({"suspended"})
"""States of one that is there and that nobody may use for now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of area, stall zone, facility, event or officer role; `family` says which."""

    family: str
    slug: str
    name_zh: str
    name_en: str
    is_public: bool = False
    is_exclusive: bool = False
    national_code: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon of a kind: a zone, a street, a community, a unit grid, a responsibility grid..."""

    kind: str
    code: str
    name: str
    geometry: Polygon | MultiPolygon
    name_en: str = ""
    parent_code: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StallZone:
    """A place where street stalls may stand at certain hours.

    `phone` is the manager's and internal; `duty_phone` is the one that the public may ring.
    """

    kind: str
    code: str
    name: str
    geometry: Polygon | MultiPolygon
    capacity: int | None = None
    name_en: str = ""
    goods: tuple[str, ...] = ()
    goods_banned: tuple[str, ...] = ()
    address: str = ""
    rules: str = ""
    fee: str = ""
    how_to_apply: str = ""
    manager: str = ""
    duty_phone: str = ""
    phone: str = ""
    schedule: Schedule | None = None
    overrides: tuple[Override, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stall:
    """A numbered place in a zone; where its middle is."""

    zone_code: str
    number: str
    geometry: Point
    goods: str = ""
    state: str = "normal"


@dataclass(frozen=True, slots=True)
class Facility:
    """A bin, toilet, park, car park, camera...: a point or a polygon.

    `attributes` are the kind's own: `direction_deg` and `view_deg` of a camera, `spaces` of a car
    park, `barrier_free` of a toilet.
    """

    kind: str
    code: str
    name: str
    geometry: BaseGeometry
    name_en: str = ""
    state: str = "normal"
    address: str = ""
    schedule: Schedule | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of the grid staff. Name and phone are personal data: internal only."""

    code: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who answers for which area in which role, from one day to another (None: open end)."""

    officer_code: str
    role: str
    area_kind: str
    area_code: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """When an officer is on duty, week by week; shifts may pass midnight."""

    officer_code: str
    schedule: Schedule
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The last known place of an officer: a live, internal value."""

    officer_code: str
    geometry: Point
    observed_at: datetime
    accuracy_m: float | None = None
