"""A zone's page in real Chromium: how it looks, and what its buttons do here and inside WeChat."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from geo.schedules import Calendar, Override, Window
from maps.sheet import Free, Occasion
from maps.site import Page
from maps.text import Language
from maps.zone import ZoneSheet, missing_page, zone_page
from tests.page import sample
from tests.page.conftest import Serve
from tests.page.visits import DESKTOP, PHONE, visit

WECHAT = (
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.42"
)
PATH = "/maps/stalls/zones/YS01"
HOSTILE = (
    "<img src=x onerror=alert(1)></script><script>alert(2)</script>`${alert(3)}`{{ 7*191 }} \"'"
)


def page(language: Language = "zh", text: str | None = None) -> Page:
    """Return the page of a night market whose week has a festival, a holiday and a notice."""
    days = [date(2026, 6, 12) + timedelta(days=n) for n in range(7)]
    every_day = "Mo,Tu,We,Th,Fr,Sa,Su,PH"
    festival = Override(
        days[2], days[2], True, (Window.of(every_day, "10:00", "02:00"),),
        "滨河美食节，全天开市", "Riverside food festival, open all day",
    )  # fmt: skip
    works = Override(days[4], days[4], False, (), "道路施工，停市一天", "Closed for road works")
    zone = replace(
        sample.zones()[0].zone,
        goods=("小吃", "烧烤", "饮品", "日用百货"),
        goods_banned=("活禽活畜", "野生动物", "烟花爆竹"),
        rules="持证入场、按号设摊；不占盲道和消防通道；收摊后垃圾自清。",
        fee="卫生费每摊每日5元",
        how_to_apply="每年3月、9月到街道市容管理站登记，凭身份证摇号。",
        manager="滨河街道市容管理站",
        duty_phone="0738-5550951",
        overrides=(festival, works),
    )
    if text is not None:
        texts = {"name": text, "name_en": text, "address": text, "rules": text, "duty_phone": text}
        zone = replace(zone, **texts, goods=(text,))  # type: ignore[arg-type]
    at = sample.FRIDAY_EVENING
    occasion = Occasion(
        at,
        Calendar({days[6]: "PH"}, known_until=date(2026, 12, 31)),
        Free(12, at - timedelta(minutes=3)),
        f"https://city.example{PATH}" + ("?lang=en" if language == "en" else ""),
    )
    told = ZoneSheet(zone, sample.KINDS["night_market"], occasion)
    return zone_page(told, language, sample.SITE)


@pytest.fixture
def address(serve: Serve) -> str:
    zh, en = page("zh"), page("en")
    return serve(
        {
            PATH: zh,
            f"{PATH}?lang=zh": zh,
            f"{PATH}?lang=en": en,
            "/hostile": page("zh", HOSTILE),
            "/missing": missing_page("YS99", "zh", sample.SITE),
        }
    )


@pytest.mark.parametrize(
    ("name", "path", "size", "dark"),
    [
        ("zone-phone-zh", PATH, PHONE, False),
        ("zone-phone-zh-dark", PATH, PHONE, True),
        ("zone-phone-en", f"{PATH}?lang=en", PHONE, False),
        ("zone-phone-en-dark", f"{PATH}?lang=en", PHONE, True),
        ("zone-desktop-zh", PATH, DESKTOP, False),
        ("zone-desktop-zh-dark", PATH, DESKTOP, True),
        ("zone-desktop-en", f"{PATH}?lang=en", DESKTOP, False),
        ("zone-desktop-en-dark", f"{PATH}?lang=en", DESKTOP, True),
        ("zone-missing", "/missing", PHONE, False),
    ],
)
def test_the_page_fits_its_screen_without_any_trouble(
    browser: Browser,
    address: str,
    pictures: Path,
    name: str,
    path: str,
    size: ViewportSize,
    dark: bool,
) -> None:
    with visit(browser, address, path, viewport=size, dark=dark) as seen:
        seen.tab.wait_for_load_state("networkidle")
        seen.tab.screenshot(path=pictures / f"{name}.png", full_page=True)
        wide = seen.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        small = seen.tab.evaluate(
            "[...document.querySelectorAll('.sheet .button')].filter(b => b.offsetHeight)"
            ".filter(b => b.offsetHeight < 44 || b.offsetWidth < 44).length"
        )

        assert wide <= 0
        assert small == 0
        assert seen.troubles == []


def test_without_scripts_all_is_told_and_no_button_is_dead(browser: Browser, address: str) -> None:
    with visit(browser, address, PATH, viewport=PHONE, java_script_enabled=False) as seen:
        expect(seen.tab.locator(".ways a")).to_have_count(4)
        expect(seen.tab.locator(".week tbody tr")).to_have_count(7)
        expect(seen.tab.locator(".share a")).to_have_text(f"https://city.example{PATH}")
        expect(seen.tab.locator(".address")).to_be_visible()
        assert seen.tab.locator("button:visible").count() == 0


def test_link_and_address_are_copied_and_it_is_said(browser: Browser, address: str) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with visit(browser, address, PATH, permissions=granted) as seen:
        for words, copied in (
            ("复制链接", f"https://city.example{PATH}"), ("复制地址", "滨河路中段，人行桥东侧")
        ):  # fmt: skip
            seen.tab.get_by_role("button", name=words).click()
            expect(seen.tab.get_by_role("status")).to_have_text("已复制")
            assert seen.tab.evaluate("navigator.clipboard.readText()") == copied
        assert seen.troubles == []


def test_where_there_is_no_clipboard_the_text_is_selected_for_the_hand(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, PATH) as seen:
        seen.tab.evaluate(
            "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
            "document.execCommand = () => false"
        )
        seen.tab.get_by_role("button", name="复制链接").click()
        expect(seen.tab.get_by_role("status")).to_have_text("未能复制，请长按文字复制")
        assert seen.tab.evaluate("String(getSelection())") == f"https://city.example{PATH}"


def test_inside_wechat_the_address_takes_the_place_of_the_apps(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, PATH, viewport=PHONE, user_agent=WECHAT) as seen:
        expect(seen.tab.locator(".wechat")).to_be_visible()
        expect(seen.tab.locator(".ways")).to_be_hidden()
        expect(seen.tab.get_by_role("button", name="复制地址")).to_be_visible()
        seen.tab.screenshot(path=pictures / "zone-wechat.png")
        assert seen.troubles == []


def test_elsewhere_nothing_is_said_of_wechat(browser: Browser, address: str) -> None:
    with visit(browser, address, PATH, viewport=PHONE) as seen:
        expect(seen.tab.get_by_role("button", name="复制地址")).to_be_visible()
        expect(seen.tab.locator(".wechat")).to_be_hidden()


def test_hostile_texts_are_shown_and_do_nothing(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, "/hostile", viewport=PHONE) as seen:
        seen.tab.wait_for_load_state("networkidle")
        seen.tab.screenshot(path=pictures / "zone-hostile.png", full_page=True)
        assert HOSTILE in seen.tab.locator(".sheet h2").inner_text()
        assert seen.tab.locator(".sheet img").count() == 1  # the QR code
        assert seen.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert seen.troubles == []


def test_in_print_it_is_ink_on_paper_without_buttons(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, PATH, viewport=DESKTOP, dark=True) as seen:
        seen.tab.emulate_media(media="print")
        seen.tab.screenshot(path=pictures / "zone-print.png", full_page=True)
        expect(seen.tab.locator(".qr")).to_be_visible()
        assert seen.tab.locator(".button:visible").count() == 0
        style = seen.tab.evaluate_handle("getComputedStyle(document.body)")
        paper, ink = style.evaluate("style => [style.backgroundColor, style.color]")
        assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(23, 38, 43)")
