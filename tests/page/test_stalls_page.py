"""The stall map in real Chromium, under its own Content-Security-Policy and without a network."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.page import sample
from tests.page.conftest import Serve
from tests.page.stalls import ALL, counts, names, rows, shapes_in, slide_to, visiting
from tests.page.visits import DESKTOP, PHONE


@pytest.fixture
def address(serve: Serve) -> str:
    return serve(sample.site_of())


@pytest.mark.parametrize(
    ("name", "path", "size", "dark"),
    [
        ("stalls-phone-zh", "/maps/stalls", PHONE, False),
        ("stalls-phone-zh-dark", "/maps/stalls", PHONE, True),
        ("stalls-phone-en", "/maps/stalls?lang=en", PHONE, False),
        ("stalls-phone-en-dark", "/maps/stalls?lang=en", PHONE, True),
        ("stalls-desktop-zh", "/maps/stalls", DESKTOP, False),
        ("stalls-desktop-en", "/maps/stalls?lang=en", DESKTOP, False),
        ("stalls-desktop-zh-dark", "/maps/stalls", DESKTOP, True),
        ("stalls-desktop-en-dark", "/maps/stalls?lang=en", DESKTOP, True),
    ],
)
def test_the_page_shows_every_zone_without_any_trouble(
    browser: Browser,
    address: str,
    pictures: Path,
    name: str,
    path: str,
    size: ViewportSize,
    dark: bool,
) -> None:
    with visiting(browser, address, path, viewport=size, dark=dark) as seen:
        expect(seen.tab.locator("path.zone")).to_have_count(ALL)
        expect(rows(seen.tab)).to_have_count(ALL)
        assert counts(seen.tab) == [4, 2, 5, 1]
        seen.tab.screenshot(path=pictures / f"{name}.png")
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert seen.troubles == []


def test_zones_light_up_and_go_dark_as_the_hours_pass_and_nothing_is_asked(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visiting(browser, address, viewport=PHONE) as seen:
        expect(seen.tab.locator("path.zone")).to_have_count(ALL)
        seen.tab.wait_for_load_state("networkidle")
        asked: list[str] = []
        seen.tab.on("request", lambda request: asked.append(request.url))
        told: dict[int, list[int]] = {}
        for minute in (0, 7 * 60, 12 * 60, 21 * 60 + 30):
            slide_to(seen.tab, minute)
            expect(seen.tab.locator("#tide output")).to_contain_text(
                f"今天 {minute // 60:02d}:{minute % 60:02d}"
            )
            told[minute] = counts(seen.tab)
            assert shapes_in(seen.tab, "open") == told[minute][0]
        assert [told[minute][0] for minute in told] == [1, 3, 2, 6]
        assert "6 处营业" in seen.tab.locator("#tide output").inner_text()
        # The browser itself looks up the icon of a page whose address changes.
        assert [url for url in asked if "/icon.svg" not in url] == []
        seen.tab.screenshot(path=pictures / "stalls-tide-phone.png")
        assert "at=2026-06-12T21:30%2B08:00" in seen.tab.url
        assert seen.tab.locator("#hour").get_attribute("aria-valuetext") == "今天 21:30"


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("现在", "今天 19:30"),
        ("今晚", "今天 20:00"),
        ("明早", "周六 6月13日 07:00"),
        ("周末", "周六 6月13日 19:30"),
        ("周一 6/15", "周一 6月15日 19:30"),
    ],
)
def test_one_tap_goes_to_tonight_tomorrow_morning_or_the_weekend(
    browser: Browser, address: str, button: str, words: str
) -> None:
    with visiting(browser, address, viewport=PHONE) as seen:
        seen.tab.get_by_role("button", name=button, exact=True).click()
        expect(seen.tab.locator("#tide output")).to_contain_text(words)


def test_the_keyboard_moves_the_tide_and_the_screen_reader_hears_the_hour(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        slider = seen.tab.get_by_role("slider", name="一天中的时间")
        slider.focus()
        seen.tab.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", "今天 19:45")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_press_in_the_list_brings_the_zone_and_opens_its_sheet(
    browser: Browser, address: str, pictures: Path, size: ViewportSize
) -> None:
    with visiting(browser, address, viewport=size) as seen:
        seen.tab.get_by_role("button", name="滨河路夜市").click()
        sheet = seen.tab.locator("dialog#sheet")
        for text in ("滨河路夜市", "营业中", "明日02:00收摊", "周五、周六 18:00–次日02:00", "186"):
            expect(sheet).to_contain_text(text)
        expect(sheet.get_by_role("link", name="高德地图")).to_be_visible()
        expect(seen.tab.locator(".entry.is-current button")).to_have_text("滨河路夜市")
        assert parse_qs(urlsplit(seen.tab.url).query)["zone"] == ["YS01"]
        seen.tab.screenshot(path=pictures / f"stalls-sheet-{size['width']}.png")
        seen.tab.keyboard.press("Escape")
        expect(sheet).not_to_be_visible()
        expect(seen.tab.get_by_role("button", name="滨河路夜市")).to_be_focused()
        assert "zone=" not in seen.tab.url
        assert seen.troubles == []


def test_a_press_on_a_mark_opens_the_sheet_and_points_to_the_list(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator("#clear").click()
        box = seen.tab.locator("path.zone-unknown").bounding_box()
        assert box is not None
        seen.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text("南湖临时集市")
        expect(seen.tab.locator(".entry.is-current")).to_have_count(1)


def test_the_keyboard_alone_reaches_a_zone_and_closes_its_sheet(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.keyboard.press("Tab")
        expect(seen.tab.locator(".skip")).to_be_focused()
        seen.tab.keyboard.press("Enter")
        expect(seen.tab.locator("#list")).to_be_focused()
        rows(seen.tab).first.get_by_role("button").focus()
        seen.tab.keyboard.press("Enter")
        expect(seen.tab.locator("dialog#sheet")).to_be_focused()
        seen.tab.keyboard.press("Tab")
        close = seen.tab.get_by_role("button", name="关闭")
        expect(close).to_be_focused()
        seen.tab.keyboard.press("Enter")
        expect(rows(seen.tab).first.get_by_role("button")).to_be_focused()


def test_the_language_switch_turns_the_whole_page_and_keeps_the_view(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator("#kinds label", has_text="夜市").click()
        slide_to(seen.tab, 1290)
        seen.tab.get_by_role("link", name="English").click()
        expect(seen.tab.locator("html")).to_have_attribute("lang", "en")
        expect(seen.tab.get_by_role("heading", level=1)).to_have_text("Tidal stall map")
        expect(seen.tab.locator("#tide output")).to_contain_text("Today 21:30")
        expect(rows(seen.tab)).to_have_count(4)
        expect(seen.tab.get_by_role("button", name="Zoom in")).to_be_visible()
        expect(rows(seen.tab).first).to_contain_text("closes")
        assert seen.troubles == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("夜市", {"滨河路夜市", "老街夜市", "北站夜市", "学府路深夜食堂"} - {"学府路深夜食堂"}),
        ("bhlys", {"滨河路夜市"}),
        ("BHL", {"滨河路夜市"}),
        ("西瓜", {"城南西瓜临时销售点"}),
        ("xg", {"城南西瓜临时销售点"}),
        ("文汇路", {"学府路深夜食堂"}),
        ("riverside", {"滨河路夜市"}),
        ("YS02", {"老街夜市"}),
        ("小吃 老街", {"老街夜市"}),
        ("不存在的地方", set[str]()),
    ],
)
def test_search_finds_names_streets_goods_and_pinyin_initials(
    browser: Browser, address: str, typed: str, found: set[str]
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.get_by_role("searchbox").fill(typed)
        expect(rows(seen.tab)).to_have_count(len(found))
        assert set(names(seen.tab)) == found
        assert seen.tab.locator("path.zone:not(.is-hidden)").count() == len(found)
        expect(seen.tab.locator("#list .told")).to_contain_text(
            f"{ALL} 处摊区中的 {len(found)} 处" if found else "没有符合条件的摊区"
        )


def test_filters_by_kind_and_goods_go_into_the_address_and_a_link_shows_the_same(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.locator("#kinds label", has_text="夜市").click()
        seen.tab.locator("#kinds label", has_text="早市").click()
        seen.tab.locator("#goods").select_option("小吃")
        expect(rows(seen.tab)).to_have_count(4)
        link = seen.tab.url.removeprefix(address)
    query = parse_qs(urlsplit(link).query)
    assert set(query["kind"]) == {"night_market", "morning_market"}
    assert query["goods"] == ["小吃"]
    with visiting(browser, address, link, viewport=DESKTOP) as seen:
        expect(rows(seen.tab)).to_have_count(4)
        assert sum(counts(seen.tab)) == 4
        seen.tab.get_by_role("button", name="清除筛选").click()
        expect(rows(seen.tab)).to_have_count(ALL)
        assert "kind=" not in seen.tab.url
        assert seen.troubles == []


def test_the_list_can_follow_what_the_map_shows(browser: Browser, address: str) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.get_by_label("只列地图范围内").check()
        expect(rows(seen.tab)).to_have_count(ALL)
        seen.tab.evaluate("map_stalls.setView([27.7355, 112.0025], 16, {animate: false})")
        expect(rows(seen.tab)).to_have_count(1)
        assert names(seen.tab) == ["滨河路夜市"]


def test_near_me_sorts_by_distance_and_says_the_minutes_on_foot(
    browser: Browser, address: str, pictures: Path
) -> None:
    here = {"latitude": 27.7355, "longitude": 112.001}
    with visiting(
        browser, address, viewport=PHONE, geolocation=here, permissions=["geolocation"]
    ) as seen:
        seen.tab.get_by_role("button", name="离我最近").click()
        expect(rows(seen.tab).first).to_contain_text("步行约")
        assert names(seen.tab)[0] == "滨河路夜市"
        assert seen.tab.locator("#sort").input_value() == "near"
        far = [float(one) for one in distances(seen.tab)]
        assert far == sorted(far)
        # Where the reader is goes nowhere, not even into the address.
        assert "112.001" not in parse_qs(urlsplit(seen.tab.url).query).get("q", [""])[0]
        expect(seen.tab.locator(".here")).to_be_visible()
        seen.tab.screenshot(path=pictures / "stalls-near-phone.png")
        assert seen.troubles == []


def distances(tab: Page) -> list[float]:
    """Return the distances of the list in metres."""
    found = []
    for words in tab.locator("#list ol .far").all_inner_texts():
        number, unit = words.split("，")[0].split()
        found.append(float(number) * (1000 if unit == "公里" else 1))
    return found


def test_a_refused_location_says_so_and_the_rest_works(browser: Browser, address: str) -> None:
    with visiting(browser, address, viewport=PHONE) as seen:
        seen.tab.get_by_role("button", name="离我最近").click()
        expect(seen.tab.locator(".trouble")).to_contain_text("没有获得位置权限")
        slide_to(seen.tab, 1290)
        expect(seen.tab.locator("#count-open")).to_have_text("6")
        seen.tab.get_by_role("button", name="老街夜市").click()
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text("老街夜市")


def test_a_link_to_a_zone_opens_it_and_one_to_a_lost_zone_says_so(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, "/maps/stalls?zone=ZS02", viewport=PHONE) as seen:
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text("东门早市")
    with visiting(browser, address, "/maps/stalls?zone=XX99", viewport=PHONE) as seen:
        expect(seen.tab.locator(".trouble")).to_contain_text("XX99")
        expect(rows(seen.tab)).to_have_count(ALL)
