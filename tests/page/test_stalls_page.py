"""The stall map in real Chromium, under its own Content-Security-Policy and without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from geo.records import Kind
from maps.basemap import Basemap
from tests.page import sample
from tests.page.conftest import Serve
from tests.page.visits import DESKTOP, PHONE, Visit, visit

HOSTILE = (
    "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    "`${alert(3)}`{{ 7*191 }}{% raw %}{# \" ' &lt; \\u003c"
)

TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">'
    '<rect width="256" height="256" fill="#e9e4d8" stroke="#c9c2b0"/></svg>'
)


@pytest.fixture
def address(serve: Serve) -> str:
    zh, en = sample.page("zh"), sample.page("en")
    return serve({"/maps/stalls": zh, "/maps/stalls?lang=zh": zh, "/maps/stalls?lang=en": en})


def drawn(tab: Page) -> int:
    """Return how many zones have an outline on the map."""
    return tab.locator("path.zone").count()


@pytest.mark.parametrize(
    ("name", "path", "size", "dark"),
    [
        ("stalls-phone-zh", "/maps/stalls", PHONE, False),
        ("stalls-phone-zh-dark", "/maps/stalls", PHONE, True),
        ("stalls-phone-en", "/maps/stalls?lang=en", PHONE, False),
        ("stalls-desktop-zh", "/maps/stalls", DESKTOP, False),
        ("stalls-desktop-en", "/maps/stalls?lang=en", DESKTOP, False),
        ("stalls-desktop-zh-dark", "/maps/stalls", DESKTOP, True),
    ],
)
def test_the_page_draws_every_zone_without_any_trouble(
    browser: Browser,
    address: str,
    pictures: Path,
    name: str,
    path: str,
    size: dict[str, int],
    dark: bool,
) -> None:
    with visit(browser, address, path, viewport=size, dark=dark) as seen:
        seen.tab.wait_for_load_state("networkidle")
        assert drawn(seen.tab) == len(sample.zones())
        assert seen.tab.locator(".leaflet-marker-icon.mark").count() == len(sample.zones())
        seen.tab.screenshot(path=pictures / f"{name}.png")
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert seen.troubles == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_click_in_the_list_brings_the_zone_and_opens_its_popup(
    browser: Browser, address: str, pictures: Path, size: dict[str, int]
) -> None:
    with visit(browser, address, viewport=size) as seen:
        seen.tab.get_by_role("button", name="滨河路夜市").click()
        popup = seen.tab.locator(".leaflet-popup-content")
        for text in (
            "滨河路夜市",
            "营业中",
            "明日02:00收摊",
            "周五、周六 18:00–次日02:00",
            "186",
            "烧烤",
        ):
            expect(popup).to_contain_text(text)
        expect(popup).to_be_in_viewport(ratio=0.9)
        expect(seen.tab.locator(".entry.is-current button")).to_have_text("滨河路夜市")
        seen.tab.wait_for_timeout(400)  # the popup fades in
        seen.tab.screenshot(path=pictures / f"stalls-popup-{size['width']}.png")
        assert seen.troubles == []


def test_a_click_on_a_mark_opens_the_popup_and_points_to_the_list(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator(".leaflet-marker-icon.mark-unknown").click()
        expect(seen.tab.locator(".leaflet-popup-content h3")).to_have_text("南湖临时集市")
        expect(seen.tab.locator(".entry.is-current")).to_be_in_viewport()


def test_the_keyboard_alone_reaches_a_zone_and_closes_its_popup(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, viewport=DESKTOP) as seen:
        seen.tab.keyboard.press("Tab")
        expect(seen.tab.locator(".skip")).to_be_focused()
        seen.tab.keyboard.press("Enter")
        seen.tab.keyboard.press("Tab")
        expect(seen.tab.locator("summary").first).to_be_focused()
        seen.tab.keyboard.press("Tab")
        seen.tab.keyboard.press("Enter")
        expect(seen.tab.locator(".leaflet-popup-content")).to_be_visible()
        expect(seen.tab.locator(".leaflet-popup-close-button")).to_have_accessible_name("关闭")
        seen.tab.keyboard.press("Escape")
        expect(seen.tab.locator(".leaflet-popup-content")).to_have_count(0)


def test_the_language_switch_turns_the_whole_page(browser: Browser, address: str) -> None:
    with visit(browser, address, viewport=PHONE) as seen:
        expect(seen.tab.locator("html")).to_have_attribute("lang", "zh-CN")
        seen.tab.get_by_role("link", name="English").click()
        expect(seen.tab).to_have_url(f"{address}/maps/stalls?lang=en")
        expect(seen.tab.locator("html")).to_have_attribute("lang", "en")
        expect(seen.tab.get_by_role("heading", level=1)).to_have_text("Tidal stall map")
        expect(seen.tab.get_by_role("button", name="Zoom in")).to_be_visible()
        seen.tab.get_by_role("link", name="中文").click()
        expect(seen.tab.get_by_role("heading", level=1)).to_have_text("潮汐摊位服务地图")
        assert seen.troubles == []


def test_a_kind_can_be_switched_off_and_the_list_brings_it_back(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator(".leaflet-control-layers").hover()
        seen.tab.get_by_label("夜市（4）").uncheck()
        assert drawn(seen.tab) == len(sample.zones()) - 4
        seen.tab.get_by_label("分区、道路与水系").uncheck()
        expect(seen.tab.locator("path.ground")).to_have_count(0)
        seen.tab.get_by_role("button", name="滨河路夜市").click()
        assert drawn(seen.tab) == len(sample.zones())
        expect(seen.tab.locator(".leaflet-popup-content h3")).to_have_text("滨河路夜市")


def test_the_list_says_it_all_without_scripts(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, viewport=PHONE, java_script_enabled=False) as seen:
        expect(seen.tab.locator(".entry").first).to_be_visible()
        expect(seen.tab.get_by_text("滨河路中段，人行桥东侧")).to_be_visible()
        expect(seen.tab.locator("noscript p")).to_be_visible()
        seen.tab.screenshot(path=pictures / "stalls-phone-without-scripts.png")


def test_hostile_texts_are_shown_and_do_nothing(
    browser: Browser, serve: Serve, pictures: Path
) -> None:
    shown = sample.zones()
    shown[0] = replace(
        shown[0],
        zone=replace(
            shown[0].zone,
            name=HOSTILE,
            goods=(HOSTILE, "x"),
            address=HOSTILE,
            name_en="",
            kind="bad",
        ),
    )
    kinds = {**sample.KINDS, "bad": Kind("stall_zone", "bad", HOSTILE, HOSTILE)}
    ground = [replace(a, name=HOSTILE) if a.kind == "zone" else a for a in sample.backdrop()]
    site = replace(sample.SITE, city_zh=HOSTILE)
    address = serve({"/maps/stalls": sample.page("zh", site, shown, kinds, ground)})
    with visit(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator(".entry button").filter(has_text="onerror").click()
        seen.tab.locator(".leaflet-control-layers").hover()
        for place in (
            seen.tab.locator(".leaflet-popup-content h3"),
            seen.tab.locator(".leaflet-popup-content dd[lang=zh]").first,
            seen.tab.locator(".leaflet-control-layers-overlays label").filter(has_text="onerror"),
            seen.tab.locator(".area-label").first,
            seen.tab.locator(".entry.is-current button"),
        ):
            expect(place).to_contain_text(HOSTILE)
        assert HOSTILE in seen.tab.title()
        assert seen.tab.locator("img[src=x]").count() == 0
        seen.tab.screenshot(path=pictures / "stalls-hostile.png")
        assert seen.troubles == []


def test_a_city_without_zones_says_so_and_shows_its_ground(browser: Browser, serve: Serve) -> None:
    address = serve({"/maps/stalls": sample.page("zh", shown=[])})
    with visit(browser, address, viewport=PHONE) as seen:
        expect(seen.tab.get_by_text("目前没有可显示的摊区")).to_be_visible()
        assert seen.tab.locator("path.ground").count() == len(sample.backdrop())
        assert seen.troubles == []


def test_tiles_come_from_the_basemap_alone_and_its_owner_is_named(
    browser: Browser, serve: Serve, pictures: Path
) -> None:
    tiles = "https://{s}.tiles.example/{z}/{x}/{y}.png"
    basemap = Basemap((tiles,), "© 测绘单位", "示例底图", "GS(2026)0001号", subdomains="ab")
    address = serve({"/maps/stalls": sample.page("zh", replace(sample.SITE, basemap=basemap))})
    asked: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        tab = context.new_page()
        seen = Visit(tab, address)

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            route.fulfill(body=TILE, content_type="image/svg+xml")

        tab.route("https://*.tiles.example/**", answer)
        tab.goto(address + "/maps/stalls")
        tab.wait_for_load_state("networkidle")
        expect(tab.locator(".leaflet-control-attribution")).to_have_text("© 测绘单位")
        expect(tab.locator("footer")).to_contain_text("审图号：GS(2026)0001号")
        tab.screenshot(path=pictures / "stalls-basemap.png")
        assert asked
        assert [t for t in seen.troubles if not t.startswith("foreign host: https://")] == []
        assert {t.split("/")[2] for t in seen.troubles} <= {"a.tiles.example", "b.tiles.example"}
    finally:
        context.close()
