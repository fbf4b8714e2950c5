"""Point facilities: toilets, stations, notice boards, car parks, bins, sheds, cameras, sensors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from data.demo import codes
from data.demo.ground import to_lonlat, to_metres
from data.demo.town import Block, Town
from data.demo.words import Named
from geo.hours import parse_hours
from geo.records import Facility, StallZone
from geo.schedules import ALWAYS

CAMERA_AT_ROAD_M = 30.0
CAMERAS, SENSORS = 68, 5
CAMERA: Named = ("视频监控点", "Camera")
SENSOR: Named = ("人流计数器", "People Counter")

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sort:
    """One kind of facility that stands at kerbs: how many, how far in, open when, with what."""

    kind: str
    word: Named
    count: int
    inset_m: float
    hours: tuple[str, ...]
    attributes: Callable[[Random], Attributes]
    troubles: tuple[str, ...] = ()
    """States other than normal that about one in thirty is in."""


def _toilet(rng: Random) -> Attributes:
    return {
        "barrier_free": rng.random() < 0.7,
        "family_room": rng.random() < 0.35,
        "squats_women": rng.randint(4, 12),
        "squats_men": rng.randint(3, 8),
        "fee": "免费",
    }


def _parking(rng: Random) -> Attributes:
    return {"spaces": rng.randint(4, 36) * 5, "temporary": True, "fee": "免费"}


def _bin(rng: Random) -> Attributes:
    return {"sorted": rng.random() < 0.6, "litres": rng.choice((80, 100, 120, 240))}


def _shed(rng: Random) -> Attributes:
    bays = rng.randint(4, 20) * 2
    return {"bays": bays, "chargers": bays // rng.choice((1, 2)), "roofed": True}


def _board(rng: Random) -> Attributes:
    return {"place": rng.choice(("公交站旁", "市场门口", "小区门口", "商场门口", "社区服务中心"))}


_BROKEN = ("damaged", "suspended")
SORTS = (
    Sort(
        "toilet", ("公厕", "Public Toilet"), 124, 9.0,
        ("24/7", "24/7", "24/7", "06:00-22:00", "05:30-23:00"), _toilet, ("suspended",),
    ),
    Sort("notice_board", ("宣传栏", "Notice Board"), 288, 4.0, (), _board, ("damaged",)),
    Sort(
        "parking", ("临时公共停车场", "Temporary Car Park"), 43, 18.0,
        (
            "24/7",
            "Jan 15-Feb 25 00:00-24:00",
            "Mo-Fr 18:00-08:00; Sa,Su,PH 00:00-24:00",
            "06:00-23:00",
        ),
        _parking,
    ),
    Sort("bin", ("果皮箱", "Litter Bin"), 900, 3.0, (), _bin, ("damaged", "lost")),
    Sort(
        "ebike_charging", ("电动自行车充电棚", "E-bike Charging Shed"), 60, 11.0,
        ("24/7", "24/7", "06:00-23:00"), _shed, _BROKEN,
    ),
)  # fmt: skip
STATION: Named = ("人民城市服务驿站", "People's City Service Station")
STATION_HOURS = (parse_hours("08:00-20:00"), parse_hours("07:30-21:30"), parse_hours("08:30-18:00"))
STATION_SERVICES = ("饮水", "休息", "充电", "雨伞", "应急药品", "微波炉", "图书")
WINDOW_STATIONS = 2
"""Stations with a window for permits."""


@dataclass(slots=True)
class Register:
    """Gives each facility its serial number, and its number within the community."""

    serials: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[str, str]] = field(default_factory=Counter)

    def code(self, kind: str) -> str:
        """Return the next code of the kind."""
        self.serials[kind] += 1
        return codes.component(kind, self.serials[kind])

    def name(self, block: Block, word: Named) -> Named:
        """Return the next name in the block's community, Chinese and English."""
        community = block.community
        self.places[community.code, word[0]] += 1
        number = self.places[community.code, word[0]]
        return f"{community.name}{number}号{word[0]}", f"{community.name_en} {word[1]} No. {number}"


def facilities(
    town: Town,
    blocks: Sequence[Block],
    zones: Sequence[StallZone],
    parks: Iterable[Facility],
    rng: Random,
) -> list[Facility]:
    """Return all but the parks: beside the streets of the blocks, not in stall zones or parks."""
    taken = to_metres(
        shapely.union_all([*(zone.geometry for zone in zones), *(park.geometry for park in parks)])
    )
    shapely.prepare(taken)
    register = Register()
    found = _stations(town, blocks, rng, register)
    for sort in SORTS:
        spots = _kerbs(blocks, sort.inset_m, taken, rng)
        for block, spot in islice(spots, sort.count):
            found.append(_placed(town, block, spot, sort, rng, register))
    return found + _cameras(town, blocks, rng, register) + _sensors(zones, register)


def _kerbs(
    blocks: Sequence[Block], inset_m: float, taken: BaseGeometry, rng: Random
) -> Iterator[tuple[Block, Point]]:
    """Free places without end, in different blocks as long as there are any."""
    while True:
        for block in rng.sample(blocks, len(blocks)):
            spot = block.kerb(rng, inset_m)
            if not taken.contains(spot):
                yield block, spot


def _placed(
    town: Town, block: Block, spot: Point, sort: Sort, rng: Random, register: Register
) -> Facility:
    name, name_en = register.name(block, sort.word)
    troubled = bool(sort.troubles) and rng.random() < 1 / 30
    return Facility(
        sort.kind,
        register.code(sort.kind),
        name,
        to_lonlat(spot),
        name_en,
        rng.choice(sort.troubles) if troubled else "normal",
        town.address(block, spot),
        parse_hours(rng.choice(sort.hours)) if sort.hours else None,
        sort.attributes(rng),
    )


def _stations(
    town: Town, blocks: Sequence[Block], rng: Random, register: Register
) -> list[Facility]:
    """One in each street."""
    deck = rng.sample(blocks, len(blocks))
    by_street = {block.street.code: block for block in deck}
    found = []
    for turn, (_, block) in enumerate(sorted(by_street.items())):
        spot = block.kerb(rng, 10.0)
        street, street_en = block.street.name, block.street.name_en
        attributes = {
            "services": list(STATION_SERVICES[: rng.randint(4, len(STATION_SERVICES))]),
            "permit_window": turn < WINDOW_STATIONS,
        }
        found.append(
            Facility(
                "station",
                register.code("station"),
                street.removesuffix("街道") + STATION[0],
                to_lonlat(spot),
                f"{street_en.removesuffix(' Sub-district')} {STATION[1]}",
                address=town.address(block, spot),
                schedule=STATION_HOURS[turn % len(STATION_HOURS)],
                attributes=attributes,
            )
        )
    return found


def _cameras(
    town: Town, blocks: Sequence[Block], rng: Random, register: Register
) -> list[Facility]:
    """On main streets, looking across or along them."""
    found: list[Facility] = []
    beside = [block for block in blocks if town.road_at(block.land, CAMERA_AT_ROAD_M) is not None]
    while len(found) < CAMERAS:
        block = rng.choice(beside)
        spot = block.kerb(rng, 1.5)
        road = town.road_at(spot, CAMERA_AT_ROAD_M)
        if road is None:
            continue
        foot = road.line.interpolate(road.line.project(spot))
        name, name_en = register.name(block, CAMERA)
        attributes = {
            "direction_deg": round((_bearing_deg(spot, foot) + rng.uniform(-75, 75)) % 360, 1),
            "view_deg": rng.choice((60, 75, 90, 110)),
            "range_m": rng.choice((40, 60, 80, 120)),
        }
        found.append(
            Facility(
                "camera",
                register.code("camera"),
                name,
                to_lonlat(spot),
                name_en,
                "damaged" if rng.random() < 1 / 30 else "normal",
                town.address(block, spot),
                attributes=attributes,
            )
        )
    return found


def _sensors(zones: Sequence[StallZone], register: Register) -> list[Facility]:
    """In the middle of the largest stall zones."""
    largest = sorted(zones, key=lambda zone: -(zone.capacity or 0))[:SENSORS]
    return [
        Facility(
            "sensor",
            register.code("sensor"),
            f"{zone.name}{SENSOR[0]}",
            to_lonlat(to_metres(zone.geometry).centroid),
            f"{zone.name_en} {SENSOR[1]}",
            address=zone.address,
            schedule=ALWAYS,
            attributes={"measures": "people", "stall_zone": zone.code},
        )
        for zone in largest
    ]


def _bearing_deg(here: Point, there: Point) -> float:
    """On the flat ground: clockwise from north."""
    return math.degrees(math.atan2(there.x - here.x, there.y - here.y))
