"""Visiting a page in real Chromium, with everything that goes wrong in it written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from playwright.sync_api import Browser, Page, Request, ViewportSize

from tests.cli.program import eventually

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}

# All that the page has loaded of what the service worker keeps, its own address too.
_KEPT = """async () => {
    const held = await Promise.all(["pages", "files"].map(async (name) =>
        (await (await caches.open(name)).keys()).map(({ url }) => url)));
    const kept = new Set(held.flat());
    const language = document.documentElement.lang.slice(0, 2);
    const page = `${location.origin}${location.pathname}?lang=${language}`;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name)
        .filter((name) => name.includes("/static/") || /\\/maps\\/.*\\.json$/.test(name));
    return [page, ...loaded].every((one) => kept.has(one));
}"""


class Visit:
    """A page in its own context; everything that went wrong is written down."""

    def __init__(self, tab: Page, address: str) -> None:
        self.tab, self.address = tab, address
        self.troubles: list[str] = []
        tab.on("console", lambda message: self._hear(message.type, message.text))
        tab.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        tab.on("requestfailed", self._miss)
        tab.on("request", lambda request: self._watch(request.url))

    def until_kept(self) -> None:
        """Wait until the page would open without a network."""
        # Not by `wait_for_function`: it does not wait for what a promise says.
        assert eventually(lambda: bool(self.tab.evaluate(_KEPT))), "not kept within 10 s"

    def _miss(self, request: Request) -> None:
        # When the page goes, what the browser still asks for is cut off: a stream of events, which
        # has no end of its own, and the icon, which no page waits for.
        cut_off = request.failure == "net::ERR_ABORTED"
        is_no_part = request.resource_type == "eventsource" or "/icon.svg" in request.url
        if not (cut_off and is_no_part):
            self.troubles.append(f"failed: {request.url}")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):  # violations of the policy are errors of the console
            self.troubles.append(f"{kind}: {text}")

    def _watch(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.troubles.append(f"foreign host: {url}")


def set_now(tab: Page, now: datetime) -> None:
    """Let the browser's clock stand still; timers run, and what was loaded stays listed."""
    tab.add_init_script(f"Date.now = () => {round(now.timestamp() * 1000)}")


@contextmanager
def visit(
    browser: Browser,
    address: str,
    path: str = "/maps/stalls",
    *,
    dark: bool = False,
    now: datetime | None = None,
    **options: object,
) -> Iterator[Visit]:
    """Open a page in a fresh profile; `now` is what the browser's clock says for good."""
    context = browser.new_context(color_scheme="dark" if dark else "light", **options)  # type: ignore[arg-type]
    context.set_default_timeout(5000)
    try:
        found = Visit(context.new_page(), address)
        if now is not None:
            set_now(found.tab, now)
        found.tab.goto(address + path)
        yield found
    finally:
        context.close()
