"""The stall map when data does not come, is old, is hostile, or is not there at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from geo.records import Kind
from maps.basemap import Basemap
from tests.page import sample
from tests.page.conftest import Cut, Serve, Served
from tests.page.stalls import ALL, HOSTILE, TILE, counts, rows, slide_to, visiting
from tests.page.visits import DESKTOP, PHONE, Visit, set_now, visit


@pytest.fixture
def address(serve: Serve) -> str:
    return serve(sample.site_of())


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
        seen.until_kept()
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


def test_what_is_kept_gives_way_only_to_what_has_come_whole(browser: Browser, serve: Serve) -> None:
    pages = sample.site_of()
    address = serve(pages)
    with visiting(browser, address, viewport=PHONE) as seen:
        tab = seen.tab
        seen.until_kept()
        for name in ("week", "names"):
            whole = pages[f"/maps/stalls/{name}.json"]
            assert isinstance(whole, bytes)
            pages[f"/maps/stalls/{name}.json"] = Cut(whole)
        for _ in range(2):
            tab.goto(address + "/maps/stalls?lang=zh")
            expect(rows(tab)).to_have_count(ALL)
        tab.context.set_offline(True)
        tab.goto(address + "/maps/stalls?lang=zh")
        expect(rows(tab)).to_have_count(ALL)


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
