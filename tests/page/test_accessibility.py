"""No page breaks a rule of axe, by day and by night, in both languages, on phone and desktop."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from maps.zone import missing_page
from tests.page import sample
from tests.page.conftest import ROOT, Serve
from tests.page.sample_places import site_of_places
from tests.page.visits import DESKTOP, PHONE, visit

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Two that axe leaves to the choice of its users.
RULES = {"label-content-name-mismatch": {"enabled": True}, "target-size": {"enabled": True}}
SIZES = {"phone": PHONE, "desktop": DESKTOP}
PAGES = (
    "/maps/stalls",
    "/maps/stalls/list",
    "/maps/stalls/poster",
    "/maps/stalls/zones/YS01",
    "/maps/facilities",
    "/maps/facilities/list",
    "/maps/facilities/places/park:P1",
    "/missing",
)
SHEETS = {"/maps/stalls": "zone=YS01", "/maps/facilities": "place=park:P1"}

pytestmark = [
    pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"]),
    pytest.mark.parametrize("language", ["zh", "en"]),
    pytest.mark.parametrize("size", SIZES.values(), ids=SIZES),
]


@pytest.fixture
def address(serve: Serve) -> str:
    missing = {
        f"/missing?lang={one}": missing_page("YS99", one, sample.SITE) for one in ("zh", "en")
    }
    return serve(sample.site_of() | site_of_places() | missing)


def broken_rules(tab: Page) -> list[str]:
    """Return every rule that the page breaks, with where."""
    tab.add_script_tag(path=AXE)
    found: dict[str, Any] = tab.evaluate("rules => axe.run(document, { rules })", RULES)
    assert len(found["passes"]) > 10
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_a_rule(
    browser: Browser, address: str, path: str, size: ViewportSize, language: str, dark: bool
) -> None:
    # The pages' own policy keeps out any script that is not theirs, axe too.
    with visit(
        browser,
        address,
        f"{path}?lang={language}",
        now=sample.FRIDAY_EVENING,
        viewport=size,
        dark=dark,
        bypass_csp=True,
    ) as seen:
        seen.tab.wait_for_load_state("networkidle")
        assert broken_rules(seen.tab) == []


@pytest.mark.parametrize("path", SHEETS)
def test_nor_does_a_map_with_the_sheet_open(
    browser: Browser, address: str, path: str, size: ViewportSize, language: str, dark: bool
) -> None:
    with visit(
        browser,
        address,
        f"{path}?lang={language}&{SHEETS[path]}",
        now=sample.FRIDAY_EVENING,
        viewport=size,
        dark=dark,
        bypass_csp=True,
    ) as seen:
        expect(seen.tab.locator("dialog#sheet .qr")).to_be_visible()
        assert broken_rules(seen.tab) == []
