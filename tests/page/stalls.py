"""What tests of the stall map do and look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.page import sample
from tests.page.visits import Visit, visit

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
