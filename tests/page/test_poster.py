"""The poster and the printed map in real Chromium: pages, their size, and what is on them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from playwright.sync_api import Browser, expect

from maps.poster import City, PaperSize, poster
from maps.stall_list import ZoneInList
from maps.text import LANGUAGES, Language
from tests.many_zones import many_zones
from tests.page import sample
from tests.page.conftest import Serve
from tests.page.visits import DESKTOP, PHONE, visit

POINTS = {"a4": (595, 842), "a3": (842, 1191)}
SIZES: tuple[PaperSize, ...] = get_args(PaperSize)


def sheets(pdf: bytes) -> list[tuple[int, int]]:
    """Return width and height of every page of a PDF, in points."""
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) == len(re.findall(rb"/Type ?/Page\b", pdf))
    return [(round(float(width)), round(float(height))) for width, height in boxes]


@pytest.fixture
def address(serve: Serve) -> str:
    city = City([one.zone for one in sample.zones()], sample.KINDS, sample.backdrop())
    many = City(many_zones(2_000), sample.KINDS, sample.backdrop())
    pages = {
        f"/poster?lang={language}&size={size}": poster(
            city, language, sample.SITE, size, "https://tide.example/maps/stalls"
        )
        for language in LANGUAGES
        for size in SIZES
    }
    pages["/many"] = poster(many, "zh", sample.SITE, "a4", "https://tide.example/maps/stalls")
    return serve(pages | sample.site_of())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dozen_zones_are_two_sheets_of_the_size_that_was_asked_for(
    browser: Browser, address: str, pictures: Path, language: Language, size: PaperSize
) -> None:
    path = f"/poster?lang={language}&size={size}"
    with visit(browser, address, path, viewport=DESKTOP) as seen:
        pdf = seen.tab.pdf(prefer_css_page_size=True)
        (pictures / f"poster-{language}-{size}.pdf").write_bytes(pdf)
        assert sheets(pdf) == [POINTS[size]] * 2
        assert seen.troubles == []


def test_two_thousand_zones_are_one_map_and_as_many_sheets_as_their_rows_need(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, "/many", viewport=DESKTOP) as seen:
        pages = sheets(seen.tab.pdf(prefer_css_page_size=True))
        assert set(pages) == {POINTS["a4"]}
        # Rows are of one to four lines.
        assert 2_000 / 30 < len(pages) < 2_000 / 12
        assert seen.troubles == []


def test_ink_is_black_and_paper_white_also_at_night(
    browser: Browser, address: str, pictures: Path
) -> None:
    with visit(browser, address, "/poster?lang=zh&size=a4", dark=True, viewport=DESKTOP) as seen:
        sheet = seen.tab.locator(".front")
        seen.tab.screenshot(path=pictures / "poster-screen.png")
        assert sheet.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
        assert sheet.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
        expect(seen.tab.locator(".bar")).to_contain_text("Ctrl+P")
        seen.tab.emulate_media(media="print")
        expect(seen.tab.locator(".bar")).to_be_hidden()


def test_letters_and_numbers_are_large_enough_for_where_they_are_read(
    browser: Browser, address: str
) -> None:
    """From a metre numbers of 3 mm are read, at reading distance letters of 2.8 mm (8 points)."""
    with visit(browser, address, "/poster?lang=zh&size=a4", viewport=DESKTOP) as seen:
        high_mm = "e => e.getBoundingClientRect().height * 25.4 / 96"
        numbers = seen.tab.locator(".map .number")
        assert min(one.evaluate(high_mm) for one in numbers.all()) >= 3
        size = "e => parseFloat(getComputedStyle(e).fontSize) * 25.4 / 96"
        assert seen.tab.locator("tbody td").last.evaluate(size) >= 2.8
        # What is read from afar is on the sheet as a whole: nothing runs over its edge.
        sheet = seen.tab.locator(".front").bounding_box()
        for part in (".front > *", "header h1", "header figure"):
            for one in seen.tab.locator(part).all():
                found = one.bounding_box()
                assert found
                assert sheet
                assert found["x"] + found["width"] <= sheet["x"] + sheet["width"]
                assert found["y"] + found["height"] <= sheet["y"] + sheet["height"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_map_page_prints_its_list_as_it_is_filtered_and_no_controls(
    browser: Browser, address: str, pictures: Path, dark: bool
) -> None:
    path = "/maps/stalls?q=夜市"
    with visit(
        browser, address, path, now=sample.FRIDAY_EVENING, viewport=PHONE, dark=dark
    ) as seen:
        expect(seen.tab.locator("#list ol .entry")).to_have_count(3)
        pdf = seen.tab.pdf(format="A4")
        (pictures / f"map-printed-{'dark' if dark else 'light'}.pdf").write_bytes(pdf)
        assert len(sheets(pdf)) == 1
        seen.tab.emulate_media(media="print")
        for gone in (".map", ".maps", "#search", "#hour", ".whens", ".language", ".more"):
            expect(seen.tab.locator(gone).first).to_be_hidden()
        expect(seen.tab.locator("#tide output")).to_contain_text("19:30")
        printed = seen.tab.locator("#list").evaluate("e => getComputedStyle(e, '::after').content")
        assert "2026/6/12" in printed
        assert printed.endswith(f'{seen.tab.url}"')
        assert seen.troubles == []


def test_paper_has_all_rows_and_the_screen_afterwards_as_many_as_before(
    browser: Browser, serve: Serve
) -> None:
    many = [ZoneInList(zone, sample.zones()[0].opening) for zone in many_zones(100)]
    address = serve(sample.site_of(shown=many))
    with visit(browser, address, now=sample.FRIDAY_EVENING, viewport=DESKTOP) as seen:
        rows = seen.tab.locator("#list ol .entry")
        expect(rows).to_have_count(40)
        seen.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        expect(rows).to_have_count(100)
        seen.tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
        expect(rows).to_have_count(40)
