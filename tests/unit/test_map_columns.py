"""The map's data as columns: what they say is what the records say, and nothing in them can act."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT
from shapely.geometry import MultiPolygon, Polygon, box

from data.demo.city import DemoCity
from geo.records import Area, Kind
from geo.schedules import CITY_TIME, Calendar
from maps.columns import UNITS_PER_DEGREE, shortened, written
from maps.ground import GRIDS_MAX, TOLERANCE_DEG, VERTICES_MAX, ground
from maps.initials import initials
from maps.names import names
from maps.shapes import SHAPES_MAX, shapes
from maps.site import GROUND
from maps.week import DAYS, Frame, week
from tests.many_zones import KINDS, many_zones

NAMED = {slug: Kind("stall_zone", slug, f"中{slug}", f"en {slug}") for slug in KINDS}
CALENDAR = Calendar({date(2027, 1, 1): "PH"}, date(2026, 12, 31))
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
FRAME = Frame.around(AT, CITY_TIME)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--",
    "\u2028\u2029",
    "{{ 7*191 }}",
    '"\\',
    "&lt;",
)


# --- the week -----------------------------------------------------------------------------------


def test_the_frame_begins_at_midnight_of_the_day_before_in_the_city() -> None:
    # 23:30 UTC is the next day in the city.
    frame = Frame.around(datetime(2026, 11, 26, 23, 30, tzinfo=UTC), CITY_TIME)
    assert frame.first == date(2026, 11, 26)
    assert datetime.fromtimestamp(frame.epoch_min * 60, UTC) == datetime(
        2026, 11, 25, 16, tzinfo=UTC
    )
    assert frame.minute(datetime(2026, 11, 26, 23, 30, tzinfo=UTC)) == 1440 + 450


def test_the_columns_say_what_the_records_say() -> None:
    zones = many_zones(200)
    told = week(zones, NAMED, CALENDAR, FRAME)

    columns = told["zones"]
    assert {len(column) for column in columns.values()} == {len(zones)}
    assert whole(columns["code"]) == [zone.code for zone in zones]
    assert columns["capacity"] == [zone.capacity for zone in zones]
    assert [told["kinds"]["slug"][n] for n in columns["kind"]] == [zone.kind for zone in zones]
    assert told["kinds"]["zh"] == [f"中{slug}" for slug in told["kinds"]["slug"]]
    sold = [tuple(told["goods"]["zh"][n] for n in one) for one in told["goods_sets"]]
    assert [sold[n] for n in columns["goods"]] == [zone.goods for zone in zones]
    assert told["goods"]["initials"] == initials(told["goods"]["zh"])
    west, south = told["origin"]
    assert min(columns["lon"]) == min(columns["lat"]) == 0
    for zone, lon, lat in zip(zones, columns["lon"], columns["lat"], strict=True):
        point = shapely.Point((west + lon) / UNITS_PER_DEGREE, (south + lat) / UNITS_PER_DEGREE)
        assert zone.geometry.distance(point) < 1e-5


def whole(texts: Sequence[str]) -> list[str]:
    """Read what `shortened` wrote, in other words than its own."""
    found = [""]
    for text in texts:
        found.append(found[-1][: int(text[0], 36)] + text[1:])
    return found[1:]


@given(st.lists(st.text("AB-1摊🦆", max_size=60), max_size=20))
def test_shortened_texts_can_be_read_again(texts: list[str]) -> None:
    assert whole(shortened(texts)) == texts


def test_texts_that_count_on_are_short() -> None:
    assert shortened(["LD-008", "LD-009", "LD-010", "X"]) == ["0LD-008", "59", "410", "0X"]


def test_what_is_alike_is_told_once() -> None:
    told = week(many_zones(500), NAMED, CALENDAR, FRAME)
    for name in ("patterns", "goods_sets"):
        texts = [json.dumps(one) for one in told[name]]
        assert len(texts) == len(set(texts)) < 100
    numbers = told["zones"]["pattern"]
    counts = [numbers.count(n) for n in range(len(told["patterns"]))]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0


def test_a_city_without_zones_has_an_empty_week() -> None:
    told = json.loads(written(week([], NAMED, CALENDAR, FRAME)))
    assert told["zones"]["code"] == told["patterns"] == []
    assert told["origin"] == [0, 0]


def test_the_shapes_come_as_tiles_above_their_limit() -> None:
    zones = many_zones(SHAPES_MAX + 1)
    assert week(zones, NAMED, CALENDAR, FRAME)["shapes"] == "tiles"
    assert week(zones[1:], NAMED, CALENDAR, FRAME)["shapes"] == "geojson"


# --- names and shapes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("滨河路夜市", "bhlys"),
        ("重庆路小吃", "cqlxc"),  # not zhong
        ("银行旁", "yhp"),  # not xing
        ("人行道 A3区", "rxda3q"),
        ("长青街·音乐广场（东）", "cqjyygcd"),
        ("ＫＴＶ 2号", "ktv2h"),
        ("Café 24", "cafe24"),
        ("", ""),
        ("🦀—«»", ""),
    ],
)
def test_initials_are_read_by_the_phrase(text: str, found: str) -> None:
    assert initials([text]) == [found]


def test_every_phrase_that_pypinyin_knows_is_read_as_it_says() -> None:
    phrases = list(PHRASES_DICT)
    assert initials(phrases) == [
        "".join(lazy_pinyin(phrase, style=Style.FIRST_LETTER, errors="ignore"))
        for phrase in phrases
    ]


def test_names_stand_in_the_order_of_the_zones() -> None:
    zones = [
        replace(zone, name="滨河路夜市", address=a)
        for zone, a in zip(many_zones(2), ("长青街3号", ""), strict=True)
    ]
    told = names(zones)
    assert told["initials"] == ["bhlys cqj3h", "bhlys "]
    assert told["name_en"] == [zone.name_en for zone in zones]


def test_shapes_are_those_of_the_records_within_a_tenth_of_a_metre() -> None:
    zones = many_zones(40)
    told = json.loads(written(shapes(zones)))
    assert [one["id"] for one in told["features"]] == [zone.code for zone in zones]
    for zone, one in zip(zones, told["features"], strict=True):
        shape = shapely.geometry.shape(one["geometry"])
        assert shape.hausdorff_distance(zone.geometry) < 1e-6
        numbers = str(one["geometry"]["coordinates"]).replace("]", " ").replace(",", " ").split()
        assert max(len(number.partition(".")[2]) for number in numbers) <= 6


# --- the ground ---------------------------------------------------------------------------------


def decoded(told: dict[str, Any]) -> Iterator[tuple[dict[str, Any], MultiPolygon]]:
    """The areas as the page reads them."""
    west, south = told["origin"]
    for area in told["areas"]:
        polygons = []
        for rings in area["polygons"]:
            shell, *holes = ([*_corners(ring, west, south)] for ring in rings)
            polygons.append(Polygon(shell, holes))
        yield area, MultiPolygon(polygons)


def _corners(ring: Sequence[int], lon: int, lat: int) -> Iterator[tuple[float, float]]:
    for dx, dy in zip(ring[::2], ring[1::2], strict=True):
        lon, lat = lon + dx, lat + dy
        yield lon / UNITS_PER_DEGREE, lat / UNITS_PER_DEGREE


def test_the_ground_of_the_demo_city_is_its_areas_within_the_tolerance(demo_city: DemoCity) -> None:
    told = json.loads(written(ground(demo_city.areas)))
    shown = [area for area in demo_city.areas if area.kind in GROUND]
    shown.sort(key=lambda area: (GROUND.index(area.kind), area.code))
    found = list(decoded(told))

    assert [area["kind"] for area, _ in found] == [area.kind for area in shown]
    for area, (one, shape) in zip(shown, found, strict=True):
        assert shape.hausdorff_distance(area.geometry) < 6 * TOLERANCE_DEG
        assert shape.area == pytest.approx(area.geometry.area, rel=0.03)
        named = area.kind == "zone"
        assert (one.get("zh"), one.get("en")) == (
            (area.name, area.name_en) if named else (None, None)
        )


def test_neighbours_keep_one_border() -> None:
    bends = [(0.01 + 1e-5 * (n % 3), n / 1000) for n in range(11)]
    west = Area("zone", "A", "西", Polygon([(0, 0), *bends, (0, 0.01)]))
    east = Area("zone", "B", "东", Polygon([(0.02, 0), *bends, (0.02, 0.01)]))
    (_, a), (_, b) = decoded(ground([west, east]))
    assert a.intersection(b).area == 0
    assert a.union(b).area == pytest.approx(a.area + b.area)
    assert a.union(b).geom_type == "Polygon"


def test_holes_stay_and_what_is_smaller_than_a_unit_goes() -> None:
    lake = Polygon(box(112, 27, 112.1, 27.1).exterior, [box(112.04, 27.04, 112.06, 27.06).exterior])
    dot = box(112.2, 27.2, 112.200001, 27.200001)
    told = ground(
        [Area("water", "W1", "湖", MultiPolygon([lake, dot])), Area("water", "W2", "点", dot)]
    )
    ((_, shape),) = decoded(told)
    assert shape.equals(lake)


def test_the_ground_of_a_big_city_is_simplified_until_it_is_small() -> None:
    side = [(n / 2000, (n % 2) * 1e-3) for n in range(2000)]
    coast = Area("city", "C", "城", Polygon([*side, (1, 1), (0, 1)]))
    many = [
        Area("water", f"W{n}", "水", shapely.Point(0.3, n / 40).buffer(0.01, 128))
        for n in range(40)
    ]
    told = ground([coast, *many])
    vertices = sum(len(r) // 2 for a in told["areas"] for rings in a["polygons"] for r in rings)
    assert 100 < vertices <= VERTICES_MAX


def test_too_many_grids_are_left_out() -> None:
    cells = [
        box(x / 100, y / 100, (x + 1) / 100, (y + 1) / 100) for x in range(25) for y in range(24)
    ]
    grids = [Area("responsibility_grid", f"G{n:04d}", "格", cell) for n, cell in enumerate(cells)]
    assert len(grids) == GRIDS_MAX
    assert len(ground(grids)["areas"]) == GRIDS_MAX
    more = [*grids, Area("responsibility_grid", "X", "格", box(1, 1, 1.1, 1.1))]
    assert ground(more) == {"origin": [0, 0], "areas": []}


# --- hostile texts ------------------------------------------------------------------------------


def test_hostile_texts_are_plain_strings_that_no_page_would_run() -> None:
    zone = many_zones(1)[0]
    bad = [
        replace(
            zone,
            code=f"X{n}{text}",
            name=text,
            name_en=text,
            address=text,
            goods=(text,),
            kind=text,
        )
        for n, text in enumerate(HOSTILE)
    ]
    area = Area("zone", HOSTILE[0], HOSTILE[0], box(0, 0, 1, 1), HOSTILE[1])
    for told in (week(bad, NAMED, CALENDAR, FRAME), names(bad), shapes(bad), ground([area])):
        body = written(told)
        assert json.loads(body) == json.loads(json.dumps(told))
        assert not any(sign in body.decode() for sign in "<>&\u2028\u2029")


def test_the_managers_phone_is_in_no_column() -> None:
    zones = [replace(zone, phone="13800000000", duty_phone="0738") for zone in many_zones(3)]
    for told in (week(zones, NAMED, CALENDAR, FRAME), names(zones), shapes(zones)):
        assert b"13800000000" not in written(told)


def test_the_days_are_those_of_the_frame() -> None:
    told = week(many_zones(50), NAMED, CALENDAR, FRAME)
    for pattern in told["patterns"]:
        spans = pattern["spans"] or []
        assert spans == sorted(spans)
        assert all(0 <= minute <= DAYS * 1440 for minute in spans)
        assert pattern["next"] is None or pattern["next"] >= DAYS * 1440


def test_holidays_that_are_not_announced_are_told_where_they_matter() -> None:
    late = Frame.around(datetime(2026, 12, 28, 12, tzinfo=UTC), CITY_TIME)
    told = week(many_zones(100), NAMED, CALENDAR, late)
    since = {pattern["assumed_from"] for pattern in told["patterns"] if pattern["spans"]}
    # Known until 31 December: from the first of January on.
    assert since - {None} == {(date(2027, 1, 1) - late.first) // timedelta(minutes=1)}
