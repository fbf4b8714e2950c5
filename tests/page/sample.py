"""A handful of made-up zones around a made-up river, enough to see every state on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from math import sin

import orjson
from shapely import total_bounds
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from geo.openings import opening
from geo.records import Area, Kind, StallZone
from geo.schedules import ALWAYS, Calendar, Override, Schedule, Window
from geo.types import BBox
from maps.ground import ground as make_ground
from maps.manifest import manifest
from maps.names import names
from maps.poster import City, poster
from maps.shapes import shapes
from maps.sheet import Occasion
from maps.site import Page, Site, zone_path
from maps.stall_list import ZoneInList, stall_list
from maps.stalls import stalls_page
from maps.text import LANGUAGES, Language
from maps.week import Frame, week
from maps.zone import ZoneSheet, zone_page

FRIDAY_EVENING = datetime(2026, 6, 12, 19, 30, tzinfo=timezone(timedelta(hours=8)))
CALENDAR = Calendar(known_until=date(2026, 12, 31))
SITE = Site("潮城市", "Tide City", synthetic=True, data_date=date(2026, 6, 1))
WEST, SOUTH = 111.96, 27.70

KINDS: Mapping[str, Kind] = {
    slug: Kind("stall_zone", slug, zh, en, is_public=True)
    for slug, zh, en in (
        ("night_market", "夜市", "Night market"),
        ("morning_market", "早市", "Morning market"),
        ("seasonal_fruit", "季节瓜果", "Seasonal fruit"),
        ("festival", "节庆集市", "Festival market"),
        ("creative", "文创集市", "Creative market"),
    )
}

NIGHT = Schedule(
    (Window.of("Mo,Tu,We,Th,Su", "18:00", "24:00"), Window.of("Fr,Sa", "18:00", "02:00"))
)
MORNING = Schedule(
    (
        Window.of("Mo,Tu,We,Th,Fr,Sa,Su", "06:00", "08:30"),
        Window.of("Mo,Tu,We,Th,Fr,Sa,Su", "16:30", "19:00"),
    )
)
LATE = Schedule((Window.of("Fr,Sa", "20:30", "23:30"),))
MELON = Schedule((Window.of("Mo,Tu,We,Th,Fr,Sa,Su", "08:00", "22:00", "06-10/08-31"),))
SPRING = Schedule((Window.of("Mo,Tu,We,Th,Fr,Sa,Su,PH", "09:00", "21:00", "01-20/02-20"),))


def zone(
    kind: str, code: str, name: str, x: float, y: float, schedule: Schedule | None, **more: object
) -> ZoneInList:
    """Return a zone of about 200 m by 80 m whose corner lies x, y of a city's width away."""
    west, south = WEST + x * 0.09, SOUTH + y * 0.07
    ground = Polygon(
        [
            (west, south),
            (west + 0.002, south + 0.0003),
            (west + 0.0019, south + 0.001),
            (west, south + 0.0008),
        ]
    )
    made = StallZone(kind, code, name, ground, schedule=schedule, **more)  # type: ignore[arg-type]
    return ZoneInList(
        made, opening(schedule, FRIDAY_EVENING, overrides=made.overrides, calendar=CALENDAR)
    )


def zones() -> list[ZoneInList]:
    """Return zones in every state, of every kind."""
    closed_for_works = Override(
        date(2026, 6, 8),
        date(2026, 6, 20),
        opens=False,
        reason_zh="道路施工，暂停出摊",
        reason_en="Closed for road works",
    )
    return [
        zone(
            "night_market",
            "YS01",
            "滨河路夜市",
            0.46,
            0.50,
            NIGHT,
            name_en="Riverside Night Market",
            capacity=186,
            goods=("小吃", "烧烤", "饮品"),
            address="滨河路中段，人行桥东侧",
        ),
        zone(
            "night_market",
            "YS02",
            "老街夜市",
            0.62,
            0.72,
            NIGHT,
            name_en="Old Street Night Market",
            capacity=92,
            goods=("小吃", "服饰"),
            address="老街步行区",
        ),
        zone(
            "night_market",
            "YS03",
            "学府路深夜食堂",
            0.25,
            0.68,
            LATE,
            capacity=40,
            goods=("小吃",),
            address="学府路与文汇路口",
        ),
        zone(
            "morning_market",
            "ZS01",
            "菜园里便民早市",
            0.33,
            0.30,
            MORNING,
            name_en="Caiyuanli Morning Market",
            capacity=64,
            goods=("蔬菜", "水产", "早点"),
            address="菜园里小区南门",
        ),
        zone(
            "morning_market",
            "ZS02",
            "东门早市",
            0.80,
            0.40,
            MORNING,
            capacity=48,
            goods=("蔬菜",),
            address="东门广场北侧",
        ),
        zone(
            "seasonal_fruit",
            "GG01",
            "城南西瓜临时销售点",
            0.55,
            0.15,
            MELON,
            capacity=12,
            goods=("西瓜", "甜瓜"),
            address="城南大道辅道",
        ),
        zone(
            "festival",
            "JQ01",
            "新春年货集市",
            0.70,
            0.58,
            SPRING,
            capacity=150,
            goods=("年货", "春联", "灯笼"),
            address="市民广场",
        ),
        zone(
            "creative",
            "WC01",
            "桥下文创市集",
            0.40,
            0.82,
            LATE,
            name_en="Under-the-Bridge Makers' Market",
            capacity=30,
            goods=("手工", "图书"),
            address="二桥桥下空间",
        ),
        zone(
            "creative",
            "WC02",
            "公园里周末市集",
            0.15,
            0.45,
            Schedule((Window.of("Sa,Su,PH", "10:00", "20:00"),)),
            capacity=26,
            goods=("手工",),
        ),
        zone(
            "night_market",
            "YS04",
            "北站夜市",
            0.72,
            0.88,
            NIGHT,
            capacity=75,
            goods=("小吃",),
            address="北站广场",
            overrides=(closed_for_works,),
        ),
        zone(
            "creative",
            "WC03",
            "站前便民服务点",
            0.66,
            0.80,
            ALWAYS,
            capacity=6,
            goods=("修鞋", "配钥匙"),
        ),
        zone("festival", "JQ02", "南湖临时集市", 0.20, 0.18, None, address="南湖东岸"),
    ]


def square(share: float, column: int, row: int) -> Polygon:
    """Return one cell of the city, share of its width and height, counted from the south-west."""
    width, height = 0.09 * share, 0.07 * share
    west, south = WEST + column * width, SOUTH + row * height
    return box(west, south, west + width, south + height)


def backdrop() -> list[Area]:
    """Return the ground of the city: four zones, sixteen grids, a river and two roads."""
    east, north = WEST + 0.09, SOUTH + 0.07
    city = box(WEST, SOUTH, east, north).buffer(0.002)
    middle = [(WEST + 0.09 * i / 20, SOUTH + 0.033 + 0.006 * sin(i / 2.5)) for i in range(21)]
    river = LineString(middle).buffer(0.0016)
    roads = MultiPolygon(
        [
            box(WEST + 0.044, SOUTH, WEST + 0.0447, north),
            box(WEST, SOUTH + 0.05, east, SOUTH + 0.0506),
        ]
    )
    quarters = [
        ("01", "西片区", "West", 0, 1),
        ("02", "东片区", "East", 1, 1),
        ("03", "南片区", "South", 0, 0),
        ("04", "北片区", "North", 1, 0),
    ]
    areas = [
        Area("city", "00", "潮城市", city, "Tide City"),
        Area("road", "R1", "主干道", roads),
        Area("water", "W1", "涟水", river, "Lian River"),
    ]
    areas += [Area("zone", c, zh, square(0.5, i, j), en) for c, zh, en, i, j in quarters]
    areas += [
        Area("responsibility_grid", f"G{n:02d}", f"责任网格{n}", square(0.25, n % 4, n // 4))
        for n in range(16)
    ]
    return areas


def view(shown: Sequence[ZoneInList]) -> BBox | None:
    """Return the box around the zones."""
    shapes = [one.zone.geometry for one in shown] or [area.geometry for area in backdrop()]
    return BBox(*map(float, total_bounds(shapes)))


def page(language: Language = "zh", site: Site = SITE) -> Page:
    """Return the page of the sample city's map."""
    return stalls_page(view(zones()), language, site)


def listed(
    language: Language = "zh",
    site: Site = SITE,
    shown: Sequence[ZoneInList] | None = None,
    kinds: Mapping[str, Kind] = KINDS,
) -> Page:
    """Return the list of the sample city's zones on a Friday evening."""
    return stall_list(zones() if shown is None else shown, kinds, FRIDAY_EVENING, language, site)


def sheet(shown: ZoneInList, language: Language = "zh", site: Site = SITE) -> Page:
    """Return the page of one zone."""
    kind = KINDS.get(shown.zone.kind, Kind("stall_zone", shown.zone.kind, "", ""))
    occasion = Occasion(FRIDAY_EVENING, CALENDAR, None, "http://127.0.0.1/z")
    told = ZoneSheet(shown.zone, kind, occasion)
    return zone_page(told, language, site)


def site_of(
    site: Site = SITE,
    shown: Sequence[ZoneInList] | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    ground: Sequence[Area] | None = None,
) -> dict[str, Page | bytes]:
    """Return all that the map asks a server for: pages, and the answers of the data calls."""
    held = sorted(zones() if shown is None else shown, key=lambda one: one.zone.code)
    records = [one.zone for one in held]
    frame = Frame.around(FRIDAY_EVENING, site.time_zone)
    answers = {
        "/maps/stalls/week.json": week(records, kinds, CALENDAR, frame),
        "/maps/stalls/names.json": names(records),
        "/maps/stalls/shapes.json": shapes(records),
        "/maps/ground.json": make_ground(backdrop() if ground is None else ground),
        "/v1/readings": {"readings": []},
        "/maps/manifest.webmanifest": manifest("zh", site),
    }
    found: dict[str, Page | bytes] = {path: orjson.dumps(told) for path, told in answers.items()}
    for language in LANGUAGES:
        ask = f"?lang={language}"
        map_page = stalls_page(view(held), language, site)
        found |= {f"/maps/stalls{ask}": map_page}
        found |= {f"/maps/stalls/list{ask}": listed(language, site, held, kinds)}
        city = City(records, kinds, backdrop() if ground is None else ground)
        found |= {f"/maps/stalls/poster{ask}": poster(city, language, site, "a4", "https://tide")}
        found |= {zone_path(one.zone.code) + ask: sheet(one, language, site) for one in held}
    return found | {"/maps/stalls": stalls_page(view(held), "zh", site)}
