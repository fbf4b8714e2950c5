"""A made-up city of many stall zones, spread and scheduled about as a real one would be."""

from __future__ import annotations

import random
from datetime import date, timedelta

from shapely.geometry import Polygon

from geo.hours import parse_hours
from geo.records import StallZone
from geo.schedules import Override

KINDS = {
    "night_market": ("", "17:30", "18:00", "18:30", "19:00"),
    "morning_market": ("{}-08:30", "05:30", "06:00", "06:30"),
    "produce": ("{}-08:30,17:00-19:30", "05:30", "06:00", "06:30"),
    "seasonal_fruit": ("Jun 10-Aug 31 {}-22:00", "08:00", "09:00"),
    "festival": ("Jan 20-Feb 20 {}-21:00", "09:00", "10:00"),
    "creative": ("Sa,Su {}-21:00", "10:00", "14:00"),
}
GOODS = (
    "小吃",
    "烧烤",
    "饮品",
    "水果",
    "蔬菜",
    "土鸡蛋",
    "豆制品",
    "服饰",
    "手作",
    "旧书",
    "花艺",
    "水产",
)
STREETS = ("滨河路", "重庆路", "乐坪大道", "长青街", "春园路", "湘中大道", "新星北路", "月塘街")
FIRST_DAY = date(2026, 11, 25)


def many_zones(count: int, seed: int = 1, first_day: date = FIRST_DAY) -> list[StallZone]:
    """Return so many zones by code; one in fifty has a dated exception of its own soon."""
    rng = random.Random(seed)
    sets = [tuple(rng.sample(GOODS, rng.randint(2, 6))) for _ in range(24)]
    return [_zone(n, rng, sets, first_day) for n in range(1, count + 1)]


def _zone(n: int, rng: random.Random, sets: list[tuple[str, ...]], first_day: date) -> StallZone:
    kind = rng.choices(list(KINDS), (40, 25, 15, 10, 5, 5))[0]
    pattern, *times = KINDS[kind]
    hours = pattern.format(rng.choice(times)) or _night(rng, times)
    lon, lat = rng.gauss(112.0, 0.06), rng.gauss(27.73, 0.05)
    ring = [(0, 0), (rng.uniform(4e-4, 2e-3), 1e-4), (rng.uniform(3e-4, 2e-3), 5e-4), (5e-5, 4e-4)]
    street, number = rng.choice(STREETS), rng.randint(1, 400)
    return StallZone(
        kind=kind,
        code=f"LD-T-{n:04d}",
        name=f"{street}{number}号{rng.choice(('夜市', '疏导点', '便民市场', '集市'))}",
        name_en=f"Market {n}",
        geometry=Polygon([(lon + x, lat + y) for x, y in ring]),
        capacity=rng.choice((None, *range(8, 60))),
        goods=rng.choice(sets),
        address=f"娄星区{street}{number}号",
        schedule=parse_hours(hours) if rng.random() > 0.02 else None,
        overrides=_closed(rng, first_day) if rng.random() < 0.02 else (),
    )


def _night(rng: random.Random, times: list[str]) -> str:
    opens = rng.choice(times)
    return f"{opens}-24:00; Fr,Sa {opens}-{rng.choice(('01:00', '02:00'))}"


def _closed(rng: random.Random, first_day: date) -> tuple[Override, ...]:
    first = first_day + timedelta(days=rng.randint(0, 6))
    last = first + timedelta(days=rng.randint(0, 10))
    return (Override(first, last, False, (), "道路施工", "Road works"),)
