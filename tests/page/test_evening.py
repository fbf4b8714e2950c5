"""A resident's evening and a stall keeper's week, played on the demo city as people would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import icalendar
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.demo.city import DemoCity
from data.engine import make_engine
from data.queries.schedules import calendar_of
from geo.openings import opening
from geo.records import StallZone
from geo.schedules import CITY_TIME, Calendar
from maps.text import Language, words
from tests.page.servers import serving
from tests.page.visits import DESKTOP, PHONE, visit


class Visitor(NamedTuple):
    """Who comes: with which words, window and light."""

    language: Language
    size: ViewportSize
    dark: bool

    @property
    def name(self) -> str:
        device = "phone" if self.size == PHONE else "desktop"
        return f"{device}-{self.language}{'-dark' if self.dark else ''}"


VISITORS = [
    Visitor("zh", PHONE, False),
    Visitor("en", PHONE, True),
    Visitor("zh", DESKTOP, True),
    Visitor("en", DESKTOP, False),
]


@pytest.fixture(scope="module")
def address(cluster: Cluster, demo: str) -> Iterator[str]:
    with serving(cluster, demo) as found:
        yield found


@pytest.fixture(scope="module")
def calendar(cluster: Cluster, demo: str) -> Calendar:
    engine = make_engine(cluster.url("postgres", demo), role="tidegrid_owner")
    with Session(engine) as session:
        found = calendar_of(session)
    engine.dispose()
    return found


@pytest.fixture(params=VISITORS, ids=lambda visitor: visitor.name)
def visitor(request: pytest.FixtureRequest) -> Visitor:
    found: Visitor = request.param
    return found


def open_at(zones: Sequence[StallZone], at: datetime, calendar: Calendar) -> list[StallZone]:
    return [
        zone for zone in zones
        if opening(zone.schedule, at, overrides=zone.overrides, calendar=calendar).state == "open"
    ]  # fmt: skip


def today() -> date:
    return datetime.now(ZoneInfo(CITY_TIME)).date()


def half_past_nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 21, 30, tzinfo=ZoneInfo(CITY_TIME))


def told_open(tab: Page) -> int:
    return int(tab.locator("#count-open").inner_text())


def test_a_residents_evening(
    browser: Browser,
    address: str,
    pictures: Path,
    visitor: Visitor,
    demo_city: DemoCity,
    calendar: Calendar,
) -> None:
    text = words(visitor.language)
    markets = [zone for zone in demo_city.stall_zones if zone.kind == "night_market"]
    # The first evening on which there is a night market: most days it is today.
    days = [today() + timedelta(days=n) for n in range(8)]
    day, number = next(
        (d, n) for n, d in enumerate(days) if open_at(markets, half_past_nine(d), calendar)
    )
    evening = half_past_nine(day)
    expected = open_at(markets, evening, calendar)
    here = expected[0].geometry.representative_point()
    place = {"longitude": here.x + 0.0004, "latitude": here.y}
    opened = f"/maps/stalls?lang={visitor.language}"
    with visit(
        browser,
        address,
        opened,
        viewport=visitor.size,
        dark=visitor.dark,
        geolocation=place,
        permissions=["geolocation", "clipboard-read", "clipboard-write"],
    ) as seen:
        tab = seen.tab
        # Open: what there is now.
        expect(tab.locator("path.zone")).to_have_count(len(demo_city.stall_zones))
        expect(tab.locator("#list ol .entry").first).to_be_visible()
        tab.screenshot(path=pictures / f"evening-1-open-{visitor.name}.png")

        # Slide to half past nine.
        tab.locator(f'[data-day="{number + 1}"]').click()
        tab.locator("#hour").fill(str(21 * 60 + 30))
        expect(tab.locator("#tide output")).to_contain_text("21:30")
        assert told_open(tab) == len(open_at(demo_city.stall_zones, evening, calendar))

        # Night markets alone.
        kind = "夜市" if visitor.language == "zh" else "Night market"
        tab.locator("#kinds").get_by_text(kind, exact=True).click()
        expect(tab.locator("#count-open")).to_have_text(str(len(expected)))
        tab.screenshot(path=pictures / f"evening-2-night-markets-{visitor.name}.png")

        # Near me: the nearest one is the one that I stand beside.
        tab.get_by_role("button", name=text["near_me"]).click()
        first = tab.locator("#list ol .entry").first
        expect(first.locator(".far")).not_to_be_empty()
        zone = expected[0]
        name = zone.name_en if visitor.language == "en" else zone.name
        expect(first.locator("h3")).to_have_text(name)
        tab.screenshot(path=pictures / f"evening-3-near-me-{visitor.name}.png")

        # Its sheet, and the link to it.
        first.get_by_role("button").click()
        sheet = tab.locator("dialog#sheet")
        expect(sheet.locator("h2")).to_have_text(name)
        expect(sheet.locator(".state")).to_contain_text(text["open"])
        tab.screenshot(path=pictures / f"evening-4-sheet-{visitor.name}.png")
        sheet.get_by_role("button", name=text["copy_link"]).click()
        expect(sheet.locator(".said")).to_have_text(text["copied"])
        link = tab.evaluate("navigator.clipboard.readText()")
        view = tab.url
        assert str(place["longitude"]) not in link + view

        # Somebody else follows both.
        other = tab.context.new_page()
        other.goto(link)
        expect(other.locator("main > article.sheet h2")).to_have_text(name)
        other.goto(view)
        expect(other.locator("#tide output")).to_contain_text("21:30")
        expect(other.locator("#count-open")).to_have_text(str(len(expected)))
        expect(other.locator("dialog#sheet h2")).to_have_text(name)
        other.close()

        # On the way the network is gone: the map opens all the same, and says so.
        seen.until_kept()
        assert seen.troubles == []
        tab.context.set_offline(True)
        tab.goto(address + urlsplit(view).path + f"?lang={visitor.language}&kind=night_market")
        expect(tab.locator("#list ol .entry")).to_have_count(len(markets))
        expect(tab.locator("#trouble")).to_be_visible()
        tab.locator(f'[data-day="{number + 1}"]').click()
        tab.locator("#hour").fill(str(21 * 60 + 30))
        expect(tab.locator("#count-open")).to_have_text(str(len(expected)))
        tab.screenshot(path=pictures / f"evening-5-offline-{visitor.name}.png")


def test_a_stall_keepers_week(
    browser: Browser,
    address: str,
    pictures: Path,
    visitor: Visitor,
    demo_city: DemoCity,
    calendar: Calendar,
) -> None:
    text = words(visitor.language)
    goods = "土鸡蛋"
    mine = [zone for zone in demo_city.stall_zones if goods in zone.goods]
    assert mine
    with visit(
        browser,
        address,
        f"/maps/stalls?lang={visitor.language}",
        viewport=visitor.size,
        dark=visitor.dark,
    ) as seen:
        tab = seen.tab
        expect(tab.locator("#list ol .entry").first).to_be_visible()
        # Where may I sell eggs at all?
        tab.locator("#goods").select_option(goods)
        expect(tab.locator("#list ol .entry")).to_have_count(len(mine))
        # Day by day, at seven in the morning.
        tab.locator("#hour").fill(str(7 * 60))
        for number in range(7):
            tab.locator(f'[data-day="{number + 1}"]').click()
            day = today() + timedelta(days=number)
            at = datetime(day.year, day.month, day.day, 7, tzinfo=ZoneInfo(CITY_TIME))
            expect(tab.locator("#count-open")).to_have_text(str(len(open_at(mine, at, calendar))))
        assert parse_qs(urlsplit(tab.url).query)["goods"] == [goods]
        tab.screenshot(path=pictures / f"keeper-1-week-{visitor.name}.png")

        # One of them in full: the week, what may be sold, how to apply, whom to ring.
        entry = tab.locator("#list ol .entry").first
        code = entry.get_attribute("data-key")
        zone = next(one for one in mine if one.code == code)
        entry.get_by_role("button").click()
        sheet = tab.locator("dialog#sheet")
        expect(sheet.locator(".week tbody tr")).to_have_count(7)
        for told in (zone.how_to_apply, zone.fee, zone.rules, goods, *zone.goods_banned):
            expect(sheet).to_contain_text(told)
        expect(sheet.locator(".phone")).to_have_text(zone.duty_phone)
        expect(sheet.locator("[data-free]")).not_to_be_empty()
        tab.screenshot(path=pictures / f"keeper-2-sheet-{visitor.name}.png")

        # Into the calendar of the phone: the openings are those of the coming weeks.
        link = sheet.get_by_role("link", name=text["calendar"]).get_attribute("href")
        answer = tab.request.get(address + str(link))
        events = icalendar.Calendar.from_ical(answer.body()).walk("VEVENT")
        starts = [event.decoded("DTSTART") for event in events]
        soon = [
            start for start in starts
            if isinstance(start, datetime) and start < datetime.now(UTC) + timedelta(days=7)
        ]  # fmt: skip
        for start in soon:
            assert open_at([zone], start + timedelta(minutes=1), calendar) == [zone]
        assert seen.troubles == []
