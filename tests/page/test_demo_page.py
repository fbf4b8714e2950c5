"""The pages of the running service with the demo city: what a newcomer sees after `make demo`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from data.cluster import Cluster
from tests.page.servers import serving
from tests.page.visits import DESKTOP, PHONE, visit

# A Saturday afternoon: some markets are open, night markets open later, summer melons rest.
AFTERNOON = "2026-11-28T16:40:00%2B08:00"
IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def address(cluster: Cluster, demo: str) -> Iterator[str]:
    """A real server on a real port; the page asks it for everything."""
    with serving(cluster, demo) as found:
        yield found


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def size(request: pytest.FixtureRequest) -> ViewportSize:
    """The window of the visitor."""
    found: ViewportSize = request.param
    return found


def shot(tab: Page, pictures: Path, name: str) -> None:
    """Keep what is seen; the pictures of README are taken from here when asked for."""
    device = "phone" if tab.viewport_size == PHONE else "desktop"
    path = pictures / f"demo-{name}-{device}.png"
    tab.screenshot(path=path)
    if os.environ.get("TIDEGRID_DOCS_IMAGES") and name == "stalls":
        IMAGES.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, IMAGES / ("stalls-phone.png" if device == "phone" else "stalls.png"))


def test_the_stall_map_shows_the_city_and_its_42_zones(
    browser: Browser, address: str, size: ViewportSize, pictures: Path
) -> None:
    with visit(browser, address, f"/maps/stalls?at={AFTERNOON}", viewport=size) as here:
        expect(here.tab.locator("path.zone")).to_have_count(42)
        expect(here.tab.locator("#list .told")).to_have_text("共 42 处摊区")
        shot(here.tab, pictures, "stalls")

        assert "虚构" in here.tab.inner_text("body")
        assert here.troubles == []


def test_the_english_page_is_whole(
    browser: Browser, address: str, size: ViewportSize, pictures: Path
) -> None:
    path = f"/maps/stalls?lang=en&at={AFTERNOON}"
    with visit(browser, address, path, viewport=size) as here:
        expect(here.tab.locator("path.zone")).to_have_count(42)
        expect(here.tab.locator("#list .told")).to_have_text("42 stall zones")
        shot(here.tab, pictures, "stalls-en")

        assert here.tab.locator("html").get_attribute("lang") == "en"
        assert "synthetic" in here.tab.inner_text("body").lower()
        assert here.troubles == []


def test_a_link_to_another_week_calls_no_other_day_today_and_leads_back(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, "/maps/stalls?at=2027-02-06T15:00:00%2B08:00") as here:
        told = here.tab.locator("#tide output")
        expect(told).to_contain_text("周六 2月6日 15:00")
        assert "今天" not in here.tab.locator("#tide").inner_text()
        here.tab.get_by_role("button", name="今晚", exact=True).click()
        expect(told).to_contain_text("今天 2")
        assert "2027-02" not in here.tab.url
        assert here.troubles == []


def test_the_map_of_facilities_shows_what_people_look_for_on_the_way(
    browser: Browser, address: str, size: ViewportSize, pictures: Path
) -> None:
    with visit(browser, address, f"/maps/facilities?at={AFTERNOON}", viewport=size) as here:
        tab = here.tab
        expect(tab.locator("#list .told")).to_have_text("列出 283 处")
        shot(tab, pictures, "facilities")
        tab.get_by_text("公共厕所 124").click()
        expect(tab.locator("#list .told")).to_have_text("列出 159 处")
        # An address that others can follow.
        assert parse_qs(urlsplit(tab.url).query)["kind"] == [
            "park", "parking", "ebike_charging", "station"
        ]  # fmt: skip
        tab.get_by_role("link", name="潮汐摊位").click()
        expect(tab.locator("#list .told")).to_have_text("共 42 处摊区")
        assert here.troubles == []


def test_a_zone_has_a_page_of_its_own_that_leads_back_to_it(
    browser: Browser, address: str, size: ViewportSize, pictures: Path
) -> None:
    path = f"/maps/stalls?at={AFTERNOON}"
    with visit(browser, address, path, viewport=size) as here:
        tab = here.tab
        entry = tab.locator("#list ol .entry").first
        name = entry.locator("h3").inner_text()
        entry.get_by_role("button").click()
        tab.locator("dialog#sheet .link a").click()
        expect(tab.locator("main > article.sheet h2")).to_have_text(name)
        # Chinese maps get shifted places, each its own way.
        hrefs = [link.get_attribute("href") for link in tab.locator(".ways a").all()]
        assert [href.split("?")[0] for href in hrefs if href][:3] == [
            "https://uri.amap.com/marker",
            "https://api.map.baidu.com/marker",
            "https://apis.map.qq.com/uri/v1/marker",
        ]
        shot(tab, pictures, "zone")
        tab.locator(".back a").click()
        expect(tab.locator("dialog#sheet h2")).to_have_text(name)
        assert here.troubles == []


def test_the_front_page_is_the_map(browser: Browser, address: str) -> None:
    with visit(browser, address, "/") as here:
        assert here.tab.url.endswith("/maps/stalls")
        assert here.troubles == []


def test_the_manual_of_the_api_needs_no_other_host(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, "/docs") as here:
        expect(here.tab.get_by_text("/v1/officers/nearest", exact=True)).to_be_visible()
        shot(here.tab, pictures, "docs")
        assert here.troubles == []
