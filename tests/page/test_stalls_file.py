"""The stall map as one file, opened from the disk: whole, asking nobody for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from geo.errors import InvalidParameter
from geo.records import Kind, StallZone
from maps.alone import Saving, stalls_file
from maps.poster import City
from maps.text import LANGUAGES, Language
from tests.many_zones import many_zones
from tests.page import sample
from tests.page.test_accessibility import broken_rules
from tests.page.visits import DESKTOP, PHONE, Visit, visit

HOSTILE = (
    "<img src=x onerror=alert(1)></script></template><script>alert(2)</script><!--"
    "`${alert(3)}`{{ 7*191 }}{% raw %}{# \" ' &lt; \\u003c %41 [x]"
)
NOW = sample.FRIDAY_EVENING
ALL = len(sample.zones())


def city(zones: list[StallZone] | None = None) -> City:
    held = [one.zone for one in sample.zones()] if zones is None else zones
    ordered = sorted(held, key=lambda zone: zone.code)
    return City(ordered, sample.KINDS, sample.backdrop())


def written(
    folder: Path,
    shown: City | None = None,
    language: Language = "zh",
    at: datetime | None = None,
    public_url: str = "",
) -> Path:
    path = folder / "stalls.html"
    saving = Saving(NOW, at, public_url)
    html = stalls_file(shown or city(), sample.CALENDAR, saving, language, sample.SITE)
    path.write_text(html, encoding="utf-8")
    return path


@contextmanager
def opened(
    browser: Browser, path: Path, now: datetime = NOW, size: ViewportSize = DESKTOP
) -> Iterator[Visit]:
    """Open the file; at the end nothing but the file itself may have been asked for."""
    with visit(browser, path.as_uri(), "", now=now, viewport=size) as seen:
        asked: list[str] = []
        seen.tab.on("request", lambda request: asked.append(request.url))
        # From the very beginning: the first visit was not watched.
        seen.tab.reload()
        expect(rows(seen.tab).first).to_be_visible()
        yield seen
        assert {url for url in asked if not url.startswith("data:")} == {path.as_uri()}
        assert seen.troubles == []


def rows(tab: Page) -> Locator:
    return tab.locator("#list ol .entry")


def counts(tab: Page) -> list[int]:
    states = ("open", "later", "closed", "unknown")
    return [int(tab.locator(f"#count-{one}").inner_text()) for one in states]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_shows_the_whole_map_and_asks_nobody(
    browser: Browser, tmp_path: Path, pictures: Path, language: Language, size: ViewportSize
) -> None:
    with opened(browser, written(tmp_path, language=language), size=size) as seen:
        tab = seen.tab
        expect(rows(tab)).to_have_count(ALL)
        expect(tab.locator("path.zone")).to_have_count(ALL)
        expect(tab.locator("path.ground-water")).to_have_count(1)
        assert counts(tab) == [4, 2, 5, 1]
        until = "2026年6月19日" if language == "zh" else "Jun 19, 2026"
        expect(tab.locator(".as-of")).to_contain_text(until)
        expect(tab.locator("a.language")).to_have_count(0)
        device = "phone" if size == PHONE else "desktop"
        tab.screenshot(path=pictures / f"file-{language}-{device}.png")


@pytest.mark.parametrize("language", LANGUAGES)
def test_slider_search_and_sheet_work(
    browser: Browser, tmp_path: Path, pictures: Path, language: Language
) -> None:
    with opened(browser, written(tmp_path, language=language)) as seen:
        tab = seen.tab
        tab.locator("#hour").fill(str(7 * 60))
        expect(tab.locator("#count-open")).to_have_text("3")
        tab.locator("#search").fill("bhlys")
        expect(rows(tab)).to_have_count(1)
        tab.locator("#search").press("Enter")
        rows(tab).get_by_role("button").click()
        sheet = tab.locator("dialog#sheet article")
        expect(sheet.locator(".week tbody tr")).to_have_count(7)
        # What holds is said for the slider's instant, also when it moves on.
        told = {"zh": ("今日稍后", "营业中"), "en": ("Later today", "Open now")}[language]
        expect(sheet.locator("[data-state]")).to_contain_text(told[0])
        tab.locator("#hour").fill(str(19 * 60))
        expect(sheet.locator("[data-state]")).to_contain_text(told[1])
        expect(sheet.locator(".is-today, [data-free], .qr, .share")).to_have_count(0)
        tab.screenshot(path=pictures / f"file-sheet-{language}.png")


def test_opened_days_later_today_is_today(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path), now=NOW + timedelta(days=3)) as seen:
        tab = seen.tab
        expect(tab.locator(".days button")).to_have_count(5)
        expect(tab.locator(".days button").first).to_have_text("今天 6/15")
        expect(tab.locator("#tide output")).to_contain_text("今天 19:30")
        # On Monday evening the night markets are open, those of Friday are not.
        assert counts(tab) == [4, 0, 7, 1]
        tab.get_by_role("button", name="明早").click()
        expect(tab.locator("#tide output")).to_contain_text("6月16日 07:00")


def test_on_the_last_day_there_is_no_tomorrow_to_choose(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path), now=NOW + timedelta(days=7)) as seen:
        expect(seen.tab.locator(".days button")).to_have_count(1)
        expect(seen.tab.get_by_role("button", name="明早")).to_be_disabled()
        expect(seen.tab.get_by_role("button", name="周末", exact=True)).to_be_disabled()
        expect(seen.tab.locator(".trouble")).to_be_hidden()


def test_when_its_days_are_over_it_says_so_and_shows_nothing_as_open(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, written(tmp_path), now=NOW + timedelta(days=8)) as seen:
        expect(seen.tab.locator(".trouble")).to_contain_text("6月19日")
        expect(seen.tab.locator(".trouble button")).to_be_hidden()
        assert counts(seen.tab) == [0, 0, 0, ALL]


def test_it_opens_on_the_instant_that_it_was_made_for(browser: Browser, tmp_path: Path) -> None:
    sunday = NOW.replace(day=14, hour=11, minute=0)
    with opened(browser, written(tmp_path, at=sunday)) as seen:
        expect(seen.tab.locator("#tide output")).to_contain_text("周日 6月14日 11:00")
    for days in (-1, 8):
        with pytest.raises(InvalidParameter, match="2026-06-12 to 2026-06-19"):
            written(tmp_path, at=NOW + timedelta(days=days))


def test_no_text_of_the_data_can_act(browser: Browser, tmp_path: Path) -> None:
    zone = replace(
        sample.zones()[0].zone,
        kind="named",
        code=HOSTILE,
        name=HOSTILE,
        name_en=HOSTILE,
        goods=(HOSTILE,),
        address=HOSTILE,
        rules=HOSTILE,
        duty_phone=HOSTILE,
    )
    kinds = {"named": Kind("stall_zone", "named", HOSTILE, HOSTILE)}
    areas = [replace(area, name=HOSTILE, name_en=HOSTILE) for area in sample.backdrop()]
    shown = City([zone], kinds, areas)
    with opened(browser, written(tmp_path, shown, public_url="https://tide.example")) as seen:
        rows(seen.tab).get_by_role("button").click()
        sheet = seen.tab.locator("dialog#sheet article")
        expect(sheet.locator("h2")).to_have_text(HOSTILE)
        expect(sheet.locator(".terms")).to_contain_text(HOSTILE)
        assert seen.tab.locator("img[src=x]").count() == 0


def test_a_script_that_is_not_its_own_does_not_run(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path)
    html = path.read_text(encoding="utf-8")
    path.write_text(html.replace("<main>", "<main><script>window.mine = 1</script>"), "utf-8")
    with visit(browser, path.as_uri(), "", now=NOW) as seen:
        expect(rows(seen.tab).first).to_be_visible()
        assert seen.tab.evaluate("window.mine") is None
        assert any("Content Security Policy" in one for one in seen.troubles)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_breaks_no_rule_of_axe(
    browser: Browser, tmp_path: Path, language: Language, size: ViewportSize
) -> None:
    path = written(tmp_path, language=language, public_url="https://tide.example")
    with visit(browser, path.as_uri(), "", now=NOW, viewport=size, bypass_csp=True) as seen:
        rows(seen.tab).first.get_by_role("button").click()
        expect(seen.tab.locator("dialog#sheet .share a")).to_be_visible()
        assert broken_rules(seen.tab) == []


def test_links_lead_to_the_living_pages_or_nowhere(tmp_path: Path) -> None:
    html = written(tmp_path, language="en").read_text(encoding="utf-8")
    # The page's own script has addresses of the service in it; links of the file have not.
    shown = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r'(?:href|src|action)="/', shown)
    living = written(tmp_path, language="en", public_url="https://tide.example/t")
    told = living.read_text(encoding="utf-8")
    assert 'href="https://tide.example/t/maps/stalls?lang=en"' in told
    assert 'href="https://tide.example/t/maps/stalls/zones/YS01?lang=en"' in told


def test_a_city_of_two_thousand_zones_fits_in_a_file(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, city(many_zones(2_000, first_day=NOW.date())))
    assert path.stat().st_size < 16_000_000
    with opened(browser, path) as seen:
        expect(seen.tab.locator("#list .told")).to_have_text("共 2000 处摊区")
        expect(seen.tab.locator("path.zone")).to_have_count(2_000)
