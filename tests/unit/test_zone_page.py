"""A zone's sheet as text: the week, the numbers and their age, and that no data in it can act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, box

from geo.hours import parse_hours
from geo.records import Kind, StallZone
from geo.schedules import Calendar, Override, Window
from maps.days import Bar, Day, coming_days
from maps.navigation import ways_to
from maps.qr import qr_image
from maps.sheet import Free, Occasion, place_on
from maps.text import LANGUAGES, Language, words
from maps.zone import ZoneSheet, missing_page, tel_of, zone_page
from tests.page.sample import CALENDAR, FRIDAY_EVENING, KINDS, SITE

HOSTILE = (
    "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    "`${alert(3)}`{{ 7*191 }}{% include 'x' %}{# \" ' javascript:alert(4)"
)
EVERY_DAY = "Mo,Tu,We,Th,Fr,Sa,Su,PH"
ZONE = StallZone(
    "night_market",
    "YS-01",
    "滨河路夜市",
    box(111.99, 27.7, 111.991, 27.701),
    capacity=186,
    name_en="Riverside Night Market",
    goods=("小吃", "烧烤"),
    goods_banned=("活禽",),
    address="滨河路中段",
    rules="不占盲道",
    fee="免费",
    how_to_apply="到街道登记",
    manager="滨河街道",
    duty_phone="0738-5550 999",
    phone="0738-5550111",
    schedule=parse_hours("Mo-Th,Su 18:00-24:00; Fr,Sa 18:00-02:00"),
)


def sheet(zone: StallZone = ZONE, **more: object) -> ZoneSheet:
    given: dict[str, object] = {
        "at": FRIDAY_EVENING,
        "calendar": CALENDAR,
        "free": None,
        "share_url": "https://city.example/maps/stalls/zones/YS-01",
    }
    kind = more.pop("kind", KINDS["night_market"])
    return ZoneSheet(zone, kind, Occasion(**(given | more)))  # type: ignore[arg-type]


def days(zone: StallZone, language: Language = "zh", **more: object) -> tuple[Day, ...]:
    shown = sheet(zone, **more)
    at, calendar = shown.occasion.at, shown.occasion.calendar
    return coming_days(zone.schedule, at, language, zone.overrides, calendar)


class Reader(HTMLParser):
    """Collects elements and text as a browser would."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def read(found: ZoneSheet, language: Language = "zh") -> Reader:
    return Reader(zone_page(found, language, SITE).html)


def test_the_coming_days_begin_today_and_a_night_belongs_to_its_evening() -> None:
    week = days(ZONE)

    assert [day.iso for day in week] == [f"2026-06-{n}" for n in range(12, 19)]
    assert [day.is_today for day in week] == [True] + [False] * 6
    assert week[0].name == "周五 6月12日"
    assert week[0].hours == ("18:00–次日02:00",)
    assert week[2].hours == ("18:00–24:00",)


def test_bars_show_when_it_is_open_on_the_day_itself_also_from_the_night_before() -> None:
    week = days(ZONE)
    assert week[0].bars == (Bar(1080, 360),)
    assert week[1].bars == (Bar(0, 120), Bar(1080, 360))
    assert week[2].bars == (Bar(0, 120), Bar(1080, 360))
    assert week[3].bars == (Bar(1080, 360),)


def test_what_never_closes_is_open_all_day_every_day() -> None:
    for day in days(replace(ZONE, schedule=parse_hours("24/7"))):
        assert day.hours == ("全天",)
        assert day.bars == (Bar(0, 1440),)


def test_today_is_that_of_the_zone_not_of_the_server() -> None:
    late = datetime(2026, 6, 12, 17, 30, tzinfo=UTC)  # 01:30 on Saturday there
    assert days(ZONE, at=late)[0].iso == "2026-06-13"


def test_a_festival_a_notice_and_a_holiday_say_why_the_day_is_unlike_others() -> None:
    festival = Override(
        date(2026, 6, 14), date(2026, 6, 14), True, (Window.of(EVERY_DAY, "09:00", "23:00"),),
        "美食节", "Food festival",
    )  # fmt: skip
    works = Override(date(2026, 6, 16), date(2026, 6, 17), False, (), "道路施工")
    calendar = Calendar(
        {date(2026, 6, 13): "We", date(2026, 6, 18): "PH"}, known_until=date(2026, 12, 31)
    )
    zone = replace(ZONE, overrides=(festival, works))

    week = days(zone, calendar=calendar)
    english = days(zone, "en", calendar=calendar)

    assert [note.text for note in week[1].notes] == ["调休上班，按周三时间"]
    assert week[1].hours == ("18:00–24:00",)
    assert (week[2].hours, week[2].notes[0].text) == (("09:00–23:00",), "美食节")
    assert english[2].notes == (("Food festival", "en"),)
    assert (week[4].hours, week[4].bars) == ((), ())
    assert english[5].notes == (("道路施工", "zh"),)
    assert [note.text for note in week[6].notes] == ["法定节假日"]


def test_days_whose_holidays_are_not_announced_say_so() -> None:
    week = days(ZONE, calendar=Calendar(known_until=date(2026, 6, 15)))
    assert [bool(day.notes) for day in week] == [False] * 4 + [True] * 3


def test_nothing_known_of_the_hours_makes_no_week() -> None:
    zone = replace(ZONE, schedule=None)
    assert days(zone) == ()
    assert "时间未公布" in read(sheet(zone)).words


def test_a_festival_alone_makes_a_week() -> None:
    festival = Override(date(2026, 6, 14), date(2026, 6, 14), True, (), "庙会")
    week = days(replace(ZONE, schedule=None, overrides=(festival,)))
    assert [day.hours for day in week] == [(), (), ("全天",), (), (), (), ()]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "刚刚更新"),
        (59, "刚刚更新"),
        (180, "3 分钟前"),
        (7140, "119 分钟前"),
        (7200, "2 小时前"),
    ],
)
def test_free_stalls_are_told_with_the_age_of_the_number(seconds: int, told: str) -> None:
    seen = Free(12, FRIDAY_EVENING - timedelta(seconds=seconds))
    assert f"共 186 个 · 空余 12 个（{told}）" in read(sheet(free=seen)).words


def test_without_a_reading_that_holds_free_stalls_are_unknown() -> None:
    assert "共 186 个 · 空余未知" in read(sheet()).words
    assert "总数未公布 · 空余未知" in read(sheet(replace(ZONE, capacity=None))).words


@pytest.mark.parametrize(
    ("phone", "tel"),
    [
        ("0738-5550999", "tel:07385550999"),
        ("+86 738 555 0999", "tel:+867385550999"),
        ("12345", "tel:12345"),
        ("javascript:alert(1)", None),
        ("0738-5550999;ext=1", None),
        ("０７３８", None),
        ("值班电话 12345", None),
        ("1\n2", None),
        ("", None),
    ],
)
def test_only_digits_plus_minus_and_blanks_can_be_rung(phone: str, tel: str | None) -> None:
    assert tel_of(phone) == tel


def links(found: Reader) -> list[str]:
    return [attrs["href"] or "" for tag, attrs in found.elements if tag == "a"]


def test_a_phone_that_cannot_be_rung_is_text() -> None:
    found = read(sheet(replace(ZONE, duty_phone="javascript:alert(1)")))
    assert not [link for link in links(found) if link.startswith(("tel:", "javascript:"))]
    assert "javascript:alert(1)" in found.words


def hostile() -> ZoneSheet:
    closed = Override(date(2026, 6, 1), date(2026, 6, 30), False, (), HOSTILE, HOSTILE)
    zone = replace(
        ZONE,
        code=HOSTILE,
        name=HOSTILE,
        name_en=HOSTILE,
        goods=(HOSTILE, "a"),
        goods_banned=(HOSTILE,),
        address=HOSTILE,
        rules=HOSTILE,
        fee=HOSTILE,
        how_to_apply=HOSTILE,
        manager=HOSTILE,
        duty_phone=HOSTILE,
        overrides=(closed,),
    )
    kind = Kind("stall_zone", HOSTILE, HOSTILE, HOSTILE)
    return sheet(zone, kind=kind, share_url=f"https://x.example/{HOSTILE}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_are_shown_and_do_nothing(language: Language) -> None:
    quiet, loud = read(sheet(), language), read(hostile(), language)

    assert loud.words.count("<img src=x onerror=alert(1)>") > 10
    assert "{{ 7*191 }}" in loud.words
    assert "1337" not in loud.words
    kinds = {tag for tag, _ in loud.elements}
    assert kinds <= {tag for tag, _ in quiet.elements} | {"p"}
    assert [attrs for tag, attrs in loud.elements if tag == "script"] == [
        {"type": "module", "src": SITE.static("built/sheet_actions.js")}
    ]
    assert not [a for _, attrs in loud.elements for a in attrs if a.startswith("on")]
    schemes = {link.partition(":")[0] for link in links(loud) if not link.startswith(("/", "?"))}
    assert schemes == {"https", "geo"}


def test_a_hostile_code_of_a_zone_that_is_not_there_does_nothing() -> None:
    found = Reader(missing_page(HOSTILE, "zh", SITE).html)
    assert "{{ 7*191 }}" in found.words
    assert not [tag for tag, _ in found.elements if tag in ("script", "img")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_no_inline_script_and_no_inline_style(language: Language) -> None:
    page = zone_page(sheet(), language, SITE)
    assert page.script_hashes == ()
    assert "unsafe" not in page.policy
    assert " style=" not in page.html
    assert "<style" not in page.html


def test_the_english_page_has_no_chinese_of_ours() -> None:
    html = zone_page(sheet(free=Free(3, FRIDAY_EVENING)), "en", SITE).html
    # What is Chinese by nature says so: texts of the data, and the way to the Chinese page.
    ours = re.sub(r'<(\w+)[^>]* lang="zh"[^>]*>.*?</\1>', "", html, flags=re.DOTALL)
    assert re.findall("[一-鿿]+", ours) == []
    assert "Riverside Night Market" in html


def test_buttons_that_need_the_script_are_hidden_until_it_has_come() -> None:
    found = read(sheet())
    buttons = [attrs for tag, attrs in found.elements if tag == "button"]
    assert len(buttons) == 3
    assert all("hidden" in attrs for attrs in buttons)


def test_every_way_of_the_page_leads_to_a_point_on_the_zone() -> None:
    crescent = Point(112, 27.7).buffer(0.001).difference(Point(112.0005, 27.7).buffer(0.001))
    parts = MultiPolygon([box(112, 27.7, 112.001, 27.701), box(112.01, 27.7, 112.011, 27.701)])
    for shape in (crescent, parts, ZONE.geometry):
        assert isinstance(shape, Polygon | MultiPolygon)
        zone = replace(ZONE, geometry=shape)
        place = place_on(shape)
        assert shapely.contains_xy(shape, place.lon, place.lat)
        shown = links(read(sheet(zone)))
        assert {way.url for way in ways_to(place, zone.name, zone.address)} <= set(shown)


def test_the_qr_code_is_an_image_of_the_share_link_or_is_left_out() -> None:
    found = read(sheet())
    (image,) = [attrs for tag, attrs in found.elements if tag == "img"]
    assert image["src"] == qr_image("https://city.example/maps/stalls/zones/YS-01")
    assert (image["src"] or "").startswith("data:image/svg+xml")
    assert image["alt"] == words("zh")["qr_code"]
    long = read(sheet(share_url="https://city.example/" + "x" * 5000))
    assert not [tag for tag, _ in long.elements if tag == "img"]


def test_facts_that_nobody_gave_take_no_line() -> None:
    bare: Mapping[str, object] = dict.fromkeys(
        ("rules", "fee", "how_to_apply", "manager", "duty_phone"), ""
    )
    found = read(sheet(replace(ZONE, goods=(), goods_banned=(), **bare)))  # type: ignore[arg-type]
    text = words("zh")
    for key in ("goods_banned", "fee", "how_to_apply", "rules", "manager", "duty_phone"):
        assert text[key] not in found.words
