"""The stall map in real Chromium, under its own Content-Security-Policy and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from geo.records import Kind
from maps.basemap import Basemap
from tests.page import sample
from tests.page.conftest import Serve, Served
from tests.page.visits import DESKTOP, PHONE, Visit, set_now, visit

HOSTILE = (
    "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    "`${alert(3)}`{{ 7*191 }}{% raw %}{# \" ' &lt; \\u003c"
)
TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">'
    '<rect width="256" height="256" fill="#e9e4d8" stroke="#c9c2b0"/></svg>'
)
ALL = len(sample.zones())


@contextmanager
def visiting(
    browser: Browser, address: str, path: str = "/maps/stalls", **options: object
) -> Iterator[Visit]:
    """Visit the map on the sample's Friday evening, and wait until it is whole."""
    with visit(browser, address, path, now=sample.FRIDAY_EVENING, **options) as seen:  # type: ignore[arg-type]
        # The names come last.
        expect(rows(seen.tab).first.or_(seen.tab.locator(".trouble:visible")).first).to_be_visible()
        yield seen


@pytest.fixture
def address(serve: Serve) -> str:
    return serve(sample.site_of())


def rows(tab: Page) -> Locator:
    return tab.locator("#list ol .entry")


def names(tab: Page) -> list[str]:
    return tab.locator("#list ol .entry h3").all_inner_texts()


def counts(tab: Page) -> list[int]:
    """Return how many zones the legend says are open, later, closed, of unknown hours."""
    return [
        int(tab.locator(f"#count-{one}").inner_text())
        for one in ("open", "later", "closed", "unknown")
    ]


def slide_to(tab: Page, minute: int) -> None:
    tab.locator("#hour").fill(str(minute))


def shapes_in(tab: Page, state: str) -> int:
    return tab.locator(f"path.zone-{state}").count()


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


# --- trouble ------------------------------------------------------------------------------


def test_without_data_the_page_says_so_and_tries_again_when_asked(
    browser: Browser, address: str, pictures: Path
) -> None:
    answers = {"now": "down"}

    def answer(route: Route) -> None:
        if answers["now"] == "down":
            route.abort()
        elif answers["now"] == "garbage":
            route.fulfill(body='{"zones": 7}', content_type="application/json")
        else:
            route.continue_()

    context = browser.new_context(viewport=PHONE)
    context.set_default_timeout(5000)
    try:
        tab = context.new_page()
        set_now(tab, sample.FRIDAY_EVENING)
        tab.route("**/week.json", answer)
        tab.goto(address + "/maps/stalls")
        trouble = tab.locator(".trouble")
        expect(trouble).to_contain_text("暂时取不到数据")
        tab.screenshot(path=pictures / "stalls-no-data-phone.png")
        answers["now"] = "garbage"
        trouble.get_by_role("button", name="重试").click()
        expect(trouble).to_contain_text("暂时取不到数据")
        answers["now"] = "up"
        trouble.get_by_role("button", name="重试").click()
        expect(rows(tab)).to_have_count(ALL)
        expect(trouble).to_be_hidden()
    finally:
        context.close()


@pytest.mark.parametrize("path", ["/maps/ground.json", "/maps/stalls/shapes.json"])
def test_a_part_that_does_not_come_leaves_the_rest(
    serve: Serve, browser: Browser, path: str
) -> None:
    held = {key: value for key, value in sample.site_of().items() if key != path}
    with visiting(browser, serve(held), viewport=PHONE) as seen:
        expect(seen.tab.locator(".trouble")).to_contain_text("部分内容没有载入")
        expect(rows(seen.tab)).to_have_count(ALL)
        slide_to(seen.tab, 1290)
        expect(seen.tab.locator("#count-open")).to_have_text("6")


def test_a_sheet_that_does_not_come_shows_what_the_page_knows(
    serve: Serve, browser: Browser
) -> None:
    held = {key: value for key, value in sample.site_of().items() if "/zones/" not in key}
    with visiting(browser, serve(held), viewport=PHONE) as seen:
        seen.tab.get_by_role("button", name="滨河路夜市").click()
        sheet = seen.tab.locator("dialog#sheet")
        expect(sheet).to_contain_text("详情没有载入")
        expect(sheet).to_contain_text("滨河路中段")


def test_a_database_that_is_away_is_told_with_the_age_of_the_data(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(viewport=PHONE)
    context.set_default_timeout(5000)
    try:
        tab = context.new_page()
        set_now(tab, sample.FRIDAY_EVENING)

        def aged(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, headers={**answer.headers, "Tidegrid-Data-Age": "600"})

        tab.route("**/week.json", aged)
        tab.goto(address + "/maps/stalls")
        expect(tab.locator(".trouble")).to_contain_text("10 分钟前")
    finally:
        context.close()


def test_the_map_seen_last_opens_offline_and_says_how_old_it_is(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visiting(browser, address, "/maps/stalls?kind=night_market", viewport=PHONE) as seen:
        tab = seen.tab
        tab.get_by_role("button", name="滨河路夜市").click()
        expect(tab.locator("dialog#sheet h2")).to_have_text("滨河路夜市")
        tab.wait_for_function(KEPT)
        assert seen.troubles == []
        tab.context.set_offline(True)
        tab.goto(address + "/maps/stalls?lang=zh&kind=morning_market")
        expect(rows(tab)).to_have_count(2)
        expect(tab.locator(".trouble")).to_contain_text("离线或服务中断：数据是")
        expect(tab.locator("path.zone:not(.is-hidden)")).to_have_count(2)
        expect(tab.locator("path.ground").first).to_be_attached()
        slide_to(tab, 7 * 60)
        expect(tab.locator("#count-open")).to_have_text("2")
        tab.screenshot(path=pictures / "stalls-offline-phone.png")
        # What was not looked at before is told as far as the page knows it.
        tab.get_by_role("button", name="东门早市").click()
        expect(tab.locator("dialog#sheet")).to_contain_text("详情没有载入")


KEPT = """async () => {
    const kept = await (await caches.open("pages")).keys();
    return ["/maps/stalls?lang=zh", "/week.json", "/names.json", "/shapes.json", "/ground.json"]
        .every((one) => kept.some(({ url }) => url.endsWith(one)));
}"""


def test_a_week_that_is_over_shows_nothing_as_open(browser: Browser, address: str) -> None:
    later = sample.FRIDAY_EVENING + timedelta(days=30)
    with visit(browser, address, viewport=PHONE, now=later) as seen:
        expect(rows(seen.tab)).to_have_count(ALL)
        expect(seen.tab.locator(".trouble")).to_contain_text("数据已过期：只到6月19日为止")
        assert counts(seen.tab) == [0, 0, 0, ALL]


def test_without_scripts_the_page_leads_to_the_list(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, viewport=PHONE, java_script_enabled=False) as seen:
        seen.tab.locator("noscript a").click()
        expect(seen.tab.locator(".entry").first).to_be_visible()
        expect(seen.tab.get_by_text("滨河路中段，人行桥东侧")).to_be_visible()
        seen.tab.screenshot(path=pictures / "stalls-list-phone.png")
        seen.tab.get_by_role("link", name="滨河路夜市").click()
        expect(seen.tab.locator("article.sheet h2")).to_have_text("滨河路夜市")


# --- what data could do -------------------------------------------------------------------


def hostile_site() -> Served:
    shown = sample.zones()
    zone = replace(
        shown[0].zone,
        name=HOSTILE,
        goods=(HOSTILE, "x"),
        address=HOSTILE,
        name_en="",
        kind="bad",
        rules=HOSTILE,
        duty_phone=HOSTILE,
    )
    shown[0] = replace(shown[0], zone=zone)
    kinds = {**sample.KINDS, "bad": Kind("stall_zone", "bad", HOSTILE, HOSTILE)}
    ground = [replace(a, name=HOSTILE) if a.kind == "zone" else a for a in sample.backdrop()]
    return sample.site_of(replace(sample.SITE, city_zh=HOSTILE), shown, kinds, ground)


def test_hostile_texts_are_shown_and_do_nothing(
    browser: Browser, serve: Serve, pictures: Path
) -> None:
    with visiting(browser, serve(hostile_site()), viewport=DESKTOP) as seen:
        seen.tab.get_by_role("searchbox").fill("onerror")
        row = rows(seen.tab).filter(has_text="onerror")
        expect(row).to_have_count(1)
        for place in (
            row.locator("h3"),
            row.locator(".goods-line"),
            row.locator(".address-line"),
            seen.tab.locator("#kinds label").filter(has_text="onerror"),
            seen.tab.locator(".area-label").first,
        ):
            expect(place).to_contain_text(HOSTILE)
        row.get_by_role("button").click()
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text(HOSTILE)
        assert HOSTILE in seen.tab.title()
        assert seen.tab.locator("img[src=x]").count() == 0
        seen.tab.screenshot(path=pictures / "stalls-hostile.png")
        assert seen.troubles == []


def test_a_city_without_zones_says_so_and_shows_its_ground(browser: Browser, serve: Serve) -> None:
    address = serve(sample.site_of(shown=[]))
    with visit(browser, address, viewport=PHONE, now=sample.FRIDAY_EVENING) as seen:
        expect(seen.tab.locator("#list .told")).to_contain_text("没有符合条件的摊区")
        expect(seen.tab.locator("path.ground")).to_have_count(len(sample.backdrop()))
        assert seen.troubles == []


def test_tiles_come_from_the_basemap_alone_and_its_owner_is_named(
    browser: Browser, serve: Serve, pictures: Path
) -> None:
    tiles = "https://{s}.tiles.example/{z}/{x}/{y}.png"
    basemap = Basemap((tiles,), "© 测绘单位", "示例底图", "GS(2026)0001号", subdomains="ab")
    address = serve(sample.site_of(replace(sample.SITE, basemap=basemap)))
    asked: list[str] = []
    context = browser.new_context(viewport=DESKTOP)
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
