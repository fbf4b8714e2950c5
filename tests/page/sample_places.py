"""A handful of made-up facilities around the same made-up river."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson
from shapely.geometry import Point, box

from geo.hours import parse_hours
from geo.records import Facility, Kind
from geo.schedules import ALWAYS, CITY_TIME
from geo.types import BBox
from maps.facilities import facilities_page
from maps.ground import ground as make_ground
from maps.place import PlaceSheet, place_page
from maps.place_list import place_list
from maps.places import NO_HOURS, KindInUse, Place, kinds, places
from maps.sheet import Free, Occasion
from maps.site import Page, Site, place_path
from maps.text import LANGUAGES
from maps.week import Frame
from tests.page.sample import CALENDAR, FRIDAY_EVENING, SITE, SOUTH, WEST, backdrop

KINDS = {
    slug: Kind("facility", slug, zh, en, is_public=True)
    for slug, zh, en in (
        ("toilet", "公共厕所", "Public toilet"),
        ("park", "公园广场", "Park or square"),
        ("parking", "停车场", "Car park"),
        ("ebike_charging", "电动自行车充电棚", "E-bike charging shed"),
        ("station", "服务驿站", "Service station"),
        ("bin", "垃圾箱", "Litter bin"),
        ("water_point", "直饮水点", "Drinking water"),
    )
}
DAY = parse_hours("06:00-22:00")
OFFICE = parse_hours("Mo-Fr 08:30-17:30")


FREE = {
    "target": "facility:parking:C1",
    "measure": "free",
    "value": 4,
    "observed_at": FRIDAY_EVENING.isoformat(),
    "valid_until": (FRIDAY_EVENING + timedelta(minutes=10)).isoformat(),
}


def spot(x: float, y: float) -> Point:
    return Point(WEST + x * 0.09, SOUTH + y * 0.07)


def facilities() -> list[Facility]:
    """Return places in every state and condition, of kinds with hours and without."""
    lake = box(WEST + 0.03, SOUTH + 0.03, WEST + 0.04, SOUTH + 0.036)
    gates = [[WEST + 0.03, SOUTH + 0.033], [WEST + 0.04, SOUTH + 0.033]]
    return [
        Facility(
            "toilet", "T1", "河滨公厕", spot(0.45, 0.52), "Riverside Toilet", address="滨河路中段",
            schedule=ALWAYS, attributes={"barrier_free": True, "squats_women": 6, "fee": "免费"},
        ),
        Facility("toilet", "T2", "老街公厕", spot(0.62, 0.70), schedule=DAY),
        Facility("toilet", "T3", "南门公厕", spot(0.3, 0.3), state="suspended", schedule=DAY),
        Facility(
            "park", "P1", "月湖公园", lake, "Moon Lake Park", address="湖滨路",
            schedule=parse_hours("06:00-21:00"), attributes={"gates": gates, "lit": True},
        ),
        Facility("parking", "C1", "站前停车场", spot(0.5, 0.4), schedule=ALWAYS,
                 attributes={"spaces": 120}),
        Facility("ebike_charging", "E1", "学府充电棚", spot(0.7, 0.5), schedule=ALWAYS,
                 attributes={"bays": 20, "chargers": 10}),
        Facility("station", "S1", "中心驿站", spot(0.4, 0.6), schedule=OFFICE,
                 attributes={"services": ["饮水", "充电"], "permit_window": True}),
        Facility("bin", "B1", "果皮箱一", spot(0.41, 0.61)),
        Facility("bin", "B2", "果皮箱二", spot(0.42, 0.61), state="damaged"),
        Facility("water_point", "W1", "广场饮水点", spot(0.55, 0.55), schedule=ALWAYS),
    ]  # fmt: skip


def site_of_places(
    site: Site = SITE, shown: Sequence[Facility] | None = None
) -> dict[str, Page | bytes]:
    """Return all that the map of facilities asks a server for."""
    held = facilities() if shown is None else list(shown)
    frame = Frame.around(FRIDAY_EVENING, CITY_TIME)
    numbers = {one.schedule: n for n, one in enumerate(held, start=1) if one.schedule}
    by_kind = {
        slug: [
            Place(one, numbers[one.schedule] if one.schedule else NO_HOURS)
            for one in held
            if one.kind == slug
        ]
        for slug in KINDS
    }
    used = [
        KindInUse(KINDS[slug], len(mine), frozenset(place.schedule for place in mine))
        for slug, mine in by_kind.items()
        if mine
    ]
    hours = {number: schedule for schedule, number in numbers.items() if schedule}
    found: dict[str, Page | bytes] = {
        "/maps/facilities/kinds.json": orjson.dumps(kinds(used, hours, CALENDAR, frame)),
        "/maps/ground.json": orjson.dumps(make_ground(backdrop())),
        "/v1/readings": orjson.dumps({"readings": [FREE]}),
        **{
            f"/maps/facilities/kinds/{slug}.json": orjson.dumps(places(mine))
            for slug, mine in by_kind.items()
        },
    }
    view = BBox(WEST, SOUTH, WEST + 0.09, SOUTH + 0.07)
    for language in LANGUAGES:
        found[f"/maps/facilities?lang={language}"] = facilities_page(view, language, site)
        mine = [one for one in held if one.kind == "toilet"]
        found[f"/maps/facilities/list?lang={language}"] = place_list(
            mine, KINDS, "toilet", FRIDAY_EVENING, CALENDAR, language, site
        )
        for one in held:
            free = Free(4, FRIDAY_EVENING) if one.kind == "parking" else None
            occasion = Occasion(FRIDAY_EVENING, CALENDAR, free, "http://127.0.0.1/p")
            page = place_page(PlaceSheet(one, KINDS[one.kind], occasion), language, site)
            found[f"{place_path(one.kind, one.code)}?lang={language}"] = page
    return found
