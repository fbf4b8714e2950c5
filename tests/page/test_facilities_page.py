"""The map of facilities in real Chromium, under its own Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect
from shapely.geometry import Point
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import make_engine
from data.publishing import publish
from geo.records import Facility
from tests.conftest import CreateDatabase
from tests.page.conftest import Serve
from tests.page.sample import FRIDAY_EVENING, SOUTH, WEST
from tests.page.sample_places import site_of_places
from tests.page.servers import serving
from tests.page.stalls import HOSTILE
from tests.page.visits import DESKTOP, PHONE, Visit, visit

PATH = "/maps/facilities"


@contextmanager
def visiting(
    browser: Browser, address: str, path: str = PATH, **options: object
) -> Iterator[Visit]:
    """Visit the map on the sample's Friday evening, and wait until it lists something."""
    with visit(browser, address, path, now=FRIDAY_EVENING, **options) as seen:  # type: ignore[arg-type]
        expect(rows(seen.tab).first).to_be_visible()
        yield seen


@pytest.fixture
def address(serve: Serve) -> str:
    return serve(site_of_places())


def rows(tab: Page) -> Locator:
    return tab.locator("#list ol .entry")


def row(tab: Page, name: str) -> Locator:
    return rows(tab).filter(has=tab.get_by_role("button", name=name, exact=True))


def names(tab: Page) -> set[str]:
    return set(tab.locator("#list ol .entry h3").all_inner_texts())


def kinds_in_address(tab: Page) -> list[str]:
    return parse_qs(urlsplit(tab.url).query).get("kind", [])


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_shows_what_people_look_for_without_any_trouble(
    browser: Browser, address: str, pictures: Path, size: ViewportSize, language: str, dark: bool
) -> None:
    path = f"{PATH}?lang={language}"
    with visiting(browser, address, path, viewport=size, dark=dark) as seen:
        # Bins and drinking water can be switched on; they are not what most people look for.
        expect(rows(seen.tab)).to_have_count(7)
        seen.tab.wait_for_load_state("networkidle")
        device = "phone" if size == PHONE else "desktop"
        shade = "-dark" if dark else ""
        seen.tab.screenshot(path=pictures / f"facilities-{device}-{language}{shade}.png")
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert seen.troubles == []


def test_a_row_tells_state_change_places_and_what_is_out_of_order(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        expect(row(seen.tab, "河滨公厕")).to_contain_text("开放中")
        expect(row(seen.tab, "河滨公厕")).to_contain_text("全天开放")
        expect(row(seen.tab, "河滨公厕")).to_contain_text("公共厕所 · 无障碍")
        expect(row(seen.tab, "老街公厕")).to_contain_text("22:00关闭")
        expect(row(seen.tab, "南门公厕")).to_contain_text("未开放")
        expect(row(seen.tab, "南门公厕")).to_contain_text("暂停使用")
        expect(row(seen.tab, "站前停车场")).to_contain_text("共 120 个位")
        expect(row(seen.tab, "中心驿站")).to_contain_text("周一08:30开放")
        # What is open comes first, what is shut last.
        last = seen.tab.locator("#list ol .entry h3").all_inner_texts()[-2:]
        assert set(last) == {"南门公厕", "中心驿站"}


def test_kinds_are_switched_on_and_off_and_the_address_shows_others_the_same(
    browser: Browser, address: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        for word in ("公园广场 1", "停车场 1", "电动自行车充电棚 1", "服务驿站 1"):
            seen.tab.get_by_text(word, exact=True).click()
        seen.tab.get_by_text("垃圾箱 2", exact=True).click()
        expect(rows(seen.tab)).to_have_count(5)
        # Nobody opens or shuts a bin: nothing is said of hours, unless it is out of order.
        assert "未知" not in row(seen.tab, "果皮箱一").inner_text()
        expect(row(seen.tab, "果皮箱二")).to_contain_text("损坏待修")
        assert kinds_in_address(seen.tab) == ["toilet", "bin"]
        link = seen.tab.url
    with visiting(browser, address, link.removeprefix(address), viewport=DESKTOP) as again:
        expect(rows(again.tab)).to_have_count(5)
        again.tab.locator("#clear").click()
        expect(rows(again.tab)).to_have_count(7)
        assert kinds_in_address(again.tab) == []


def test_barrier_free_toilets_alone_and_the_rest_as_it_was(browser: Browser, address: str) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.get_by_label("只看无障碍公厕").check()
        expect(rows(seen.tab)).to_have_count(5)
        assert "老街公厕" not in names(seen.tab)
        assert "barrier_free=1" in seen.tab.url


@pytest.mark.parametrize("typed", ["河滨", "hbgc", "riverside", "滨河路", "T1"])
def test_a_place_is_found_by_name_initials_street_or_code(
    browser: Browser, address: str, typed: str
) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        seen.tab.get_by_label("搜索设施").fill(typed)
        expect(rows(seen.tab)).to_have_count(1)
        assert names(seen.tab) == {"河滨公厕"}


def test_near_me_sorts_by_distance_and_of_a_park_its_nearest_gate_counts(
    browser: Browser, address: str, pictures: Path
) -> None:
    # A little west of the park's western gate.
    here = {"longitude": WEST + 0.029, "latitude": SOUTH + 0.033}
    with visiting(
        browser, address, viewport=PHONE, geolocation=here, permissions=["geolocation"]
    ) as seen:
        seen.tab.get_by_role("button", name="离我最近").click()
        expect(rows(seen.tab).first).to_contain_text("月湖公园")
        expect(rows(seen.tab).first).to_contain_text("最近入口 100 米，步行约 2 分钟")
        rows(seen.tab).first.get_by_role("button").click()
        sheet = seen.tab.locator("dialog#sheet")
        expect(sheet.locator("[data-gate] .far:visible")).to_have_count(1)
        expect(sheet.locator("[data-gate]").first).to_contain_text("入口 1 离您最近")
        assert "place=park:P1" in seen.tab.url
        # Where somebody stands is in no address and in no request.
        assert str(here["longitude"]) not in seen.tab.url
        seen.tab.screenshot(path=pictures / "facilities-near-phone.png")
        assert seen.troubles == []


def test_the_hours_pass_as_on_the_map_of_stalls(browser: Browser, address: str) -> None:
    with visiting(browser, address, viewport=DESKTOP) as seen:
        expect(seen.tab.locator("#count-open")).to_have_text("5")
        seen.tab.locator("#hour").fill(str(23 * 60))
        expect(seen.tab.locator("#count-open")).to_have_text("3")
        expect(row(seen.tab, "老街公厕")).to_contain_text("明日06:00开放")
        assert "at=2026-06-12T23:00%2B08:00" in seen.tab.url


def test_a_press_on_a_pin_opens_its_sheet(browser: Browser, address: str) -> None:
    link = f"{PATH}?map=17/{SOUTH + 0.52 * 0.07}/{WEST + 0.45 * 0.09}"
    with visiting(browser, address, link, viewport=DESKTOP) as seen:
        box = seen.tab.locator(".folium-map").bounding_box()
        assert box is not None
        seen.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        sheet = seen.tab.locator("dialog#sheet")
        expect(sheet.locator("h2")).to_have_text("河滨公厕")
        for words in ("女厕位", "无障碍", "免费", "高德地图"):
            expect(sheet).to_contain_text(words)
        assert seen.troubles == []


def test_a_link_to_a_place_opens_it_and_its_page_leads_back(browser: Browser, address: str) -> None:
    with visiting(browser, address, f"{PATH}?place=parking:C1", viewport=PHONE) as seen:
        sheet = seen.tab.locator("dialog#sheet")
        expect(sheet.locator("h2")).to_have_text("站前停车场")
        expect(sheet.locator("[data-free]")).to_have_text("空余 4 个（刚刚更新）")
    with visit(browser, address, f"{PATH}/places/parking:C1?lang=en") as alone:
        alone.tab.get_by_role("link", name="See it on the map").click()
        expect(alone.tab.locator("dialog#sheet h2")).to_have_text("站前停车场")
        assert alone.troubles == []


def test_a_link_to_a_place_that_is_gone_says_so(browser: Browser, address: str) -> None:
    with visiting(browser, address, f"{PATH}?place=toilet:T99", viewport=PHONE) as seen:
        expect(seen.tab.locator("#trouble")).to_contain_text("编号“toilet:T99”的设施不在现行名录中")
    with visiting(browser, address, f"{PATH}?place=bin:B1", viewport=PHONE) as seen:
        # A kind that is not on by itself is switched on for its link.
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text("果皮箱一")


def test_a_hostile_name_is_inert_everywhere(browser: Browser, serve: Serve) -> None:
    # In an address a slash would part it.
    bad = HOSTILE.replace("/", "")
    hostile = Facility(
        "toilet", "T9", bad, Point(WEST + 0.04, SOUTH + 0.03), bad, address=bad,
        attributes={"fee": bad, "gates": [["<b>", 1], [True, 2], "x"], "services": [bad]},
    )  # fmt: skip
    address = serve(site_of_places(shown=[hostile]))
    for language in ("zh", "en"):
        path = f"{PATH}?lang={language}&place=toilet:T9"
        with visiting(browser, address, path, viewport=DESKTOP) as seen:
            expect(seen.tab.locator("dialog#sheet h2")).to_have_text(bad)
            assert names(seen.tab) == {bad}
            assert seen.tab.locator("img[src=x], script:not([src]):has-text('alert')").count() == 0
            assert seen.troubles == []


def test_the_plain_list_says_it_all_without_scripts(browser: Browser, address: str) -> None:
    with visit(browser, address, f"{PATH}/list?lang=zh", java_script_enabled=False) as seen:
        text = seen.tab.inner_text("main")
        for words in ("河滨公厕", "开放中", "老街公厕", "22:00关闭", "南门公厕", "暂停使用"):
            assert words in text
        assert seen.troubles == []


# --- a city that is too large to be sent whole ------------------------------------------------

BINS = 3_000


@pytest.fixture(scope="module")
def large_city(
    cluster: Cluster, pristine: str, create_database: CreateDatabase
) -> Iterator[tuple[str, Point]]:
    """The demo city with many more bins, and a spot where they stand close together."""
    name = create_database("many_bins", pristine)
    bins = [
        Facility("bin", f"M{n:05d}", f"新箱{n}", Point(112 + n % 60 * 2e-4, 27.73 + n // 60 * 2e-4))
        for n in range(BINS)
    ]
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    with Session(engine) as session, session.begin():
        publish(session, bins, by="tester", note="")
    engine.dispose()
    with serving(cluster, name) as found:
        yield found, Point(112.006, 27.735)


def test_many_places_come_by_the_piece_and_the_list_says_what_it_leaves_out(
    browser: Browser, large_city: tuple[str, Point], pictures: Path
) -> None:
    address, spot = large_city
    with visit(browser, address, f"{PATH}?kind=bin&kind=station", viewport=DESKTOP) as seen:
        told = seen.tab.locator("#list .told")
        # From afar: stations come whole, bins as circles where they are many; nothing is lost.
        expect(told).to_contain_text("另有")
        seen.tab.wait_for_function(
            """([all]) => document.querySelector("#list .told").textContent
                .match(/\\d+/g).map(Number).reduce((a, b) => a + b) === all""",
            arg=[7 + 900 + BINS],
        )
        seen.tab.screenshot(path=pictures / "facilities-many-far.png")
        seen.tab.goto(f"{address}{PATH}?kind=bin&map=18/{spot.y}/{spot.x}")
        expect(rows(seen.tab).filter(has_text="新箱").first).to_be_visible()
        expect(told).not_to_contain_text("另有")
        seen.tab.screenshot(path=pictures / "facilities-many-near.png")
        # What has come can be searched, opened and shared like everything else.
        middle = f"新箱{25 * 60 + 30}"
        seen.tab.get_by_label("搜索设施").fill(middle)
        rows(seen.tab).first.get_by_role("button").click()
        expect(seen.tab.locator("dialog#sheet h2")).to_have_text(middle)
        link = seen.tab.url
        assert seen.troubles == []
    with visit(browser, address, link.removeprefix(address), viewport=PHONE) as again:
        expect(again.tab.locator("dialog#sheet h2")).to_have_text(middle)
        assert again.troubles == []


def test_near_me_looks_wider_until_it_finds_something(
    browser: Browser, large_city: tuple[str, Point]
) -> None:
    address, spot = large_city
    # Some hundred metres off the nearest bin.
    here = {"longitude": spot.x, "latitude": spot.y - 0.009}
    with visit(
        browser, address, f"{PATH}?kind=bin", viewport=PHONE,
        geolocation=here, permissions=["geolocation"],
    ) as seen:  # fmt: skip
        expect(seen.tab.locator("#list .told")).to_contain_text("另有")
        seen.tab.get_by_role("button", name="离我最近").click()
        expect(rows(seen.tab).first.locator(".far")).to_contain_text("米", timeout=15000)
        assert seen.troubles == []
