"""A page in real Chromium: when its map is usable, what that took, how smoothly a slider drags."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests.page.chromium import CHROMIUM_ARGS

_SCRIPT = Path(__file__).with_name("browser.js")
_PATIENCE_MS = 180_000
_TOLD_MS, _QUIET_MS = 200, 3_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What visitors have in their hands, and what is between them and the server."""

    width: int
    height: int
    ratio: float
    is_phone: bool
    latency_ms: float = 0.0
    """Of each request; 0 leaves the network as it is."""
    down_kbit_s: float = 0.0
    up_kbit_s: float = 0.0
    cpu_slowdown: float = 1.0


# Lighthouse's mobile device, and its slow 4G as DevTools applies it.
PHONE = Profile(412, 823, 1.75, True)
SLOW_PHONE = Profile(412, 823, 1.75, True, 562.5, 1474.56, 675.0, 4.0)
DESKTOP = Profile(1350, 940, 1.0, False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came over the network, headers included."""

    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit with an empty cache: when the map was usable, what had come until then and after."""

    usable_ms: float
    before: tuple[Answer, ...]
    after: tuple[Answer, ...]

    @property
    def size(self) -> int:
        """Bytes until the map was usable."""
        return sum(answer.size for answer in self.before)


@dataclass(frozen=True, slots=True)
class Drag:
    """A slider dragged with the mouse: real frames, and what was asked for meanwhile."""

    frames: tuple[float, ...]
    """How long each took, milliseconds."""
    drawn: int
    asked: tuple[str, ...]

    @property
    def per_s(self) -> float:
        """Frames a second."""
        return len(self.frames) / sum(self.frames) * 1e3

    def share_above(self, limit_ms: float) -> float:
        """Return the share of frames that took longer."""
        return sum(frame > limit_ms for frame in self.frames) / len(self.frames)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Hold a Chromium of the machine open while inside; every visit is a profile of its own."""
    path = need_chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield found
        found.close()


def need_chromium() -> str:
    """Return where Chromium is; raises `SystemExit` with what to do when it is not installed."""
    found = shutil.which("chromium")
    if found is None:
        raise SystemExit("chromium is missing: `make bench` installs it")
    return found


def visit(browser: Browser, url: str, profile: Profile, *, whole: bool = False) -> Visit:
    """Open a page, wait until its map is usable, and tell what came; `whole` waits for the rest.

    What the service worker loads again for later is not the page's, and is not counted.
    """
    with _opened(browser, profile) as (tab, session):
        answers = _listen(session)
        usable_ms, ended = _go(tab, session, url)
        _wait_for_quiet(tab, answers, _QUIET_MS if whole else _TOLD_MS)
        came = tuple(Answer(*one) for one in answers.values() if one[1] is not None)
    return Visit(
        usable_ms,
        tuple(one for one in came if one.url in ended),
        tuple(one for one in came if one.url not in ended),
    )


def drag(browser: Browser, url: str, profile: Profile, there_s: float, times: int) -> Drag:
    """Drag the slider of a page from one end to the other and back, so many times."""
    with _opened(browser, profile) as (tab, session):
        answers = _listen(session)
        _go(tab, session, url)
        _wait_for_quiet(tab, answers, _QUIET_MS)
        # The browser loads the icon for its own window, whenever it likes.
        icon = _ask(session, "document.querySelector('link[rel=icon]')?.href")
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        box = tab.locator("input[type=range]").bounding_box()
        assert box is not None
        # The middle of the thumb moves between these.
        left, right, y = box["x"] + 10, box["x"] + box["width"] - 10, box["y"] + box["height"] / 2
        tab.mouse.move(left, y)
        tab.mouse.down()
        _ask(session, "benchSeen.watch()")
        for turn in range(times):
            ends = (left, right) if turn % 2 == 0 else (right, left)
            _move(tab, *ends, y, there_s)
        frames, drawn = _ask(session, "benchSeen.watched()")
        tab.mouse.up()
    return Drag(tuple(frames), drawn, tuple(url for url in asked if url != icon))


def _wait_for_quiet(tab: Page, answers: dict[str, list[Any]], quiet_ms: int) -> None:
    """Until nothing has ended for so long; a stream of events stays open and does not count."""
    seen = -1
    while (ended := sum(one[1] is not None for one in answers.values())) != seen:
        seen = ended
        tab.wait_for_timeout(quiet_ms)


def _move(tab: Page, start: float, end: float, y: float, duration_s: float) -> None:
    """As fast as the page takes them, and where the hand would be by now."""
    begun = time.perf_counter()
    while (share := (time.perf_counter() - begun) / duration_s) < 1:
        tab.mouse.move(start + (end - start) * share, y)
    tab.mouse.move(end, y)


def _go(tab: Page, session: CDPSession, url: str) -> tuple[float, list[str]]:
    tab.goto(url, wait_until="domcontentloaded")
    usable_ms, ended = _ask(session, "benchSeen.usable")
    return float(usable_ms), ended


def _ask(session: CDPSession, expression: str) -> Any:
    """Playwright's own way evaluates text in the page, which the page's security policy forbids."""
    asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    told = session.send("Runtime.evaluate", asked)
    if "exceptionDetails" in told:
        raise RuntimeError(f"{expression}: {told['exceptionDetails']}")
    return told["result"].get("value")


@contextmanager
def _opened(browser: Browser, profile: Profile) -> Iterator[tuple[Page, CDPSession]]:
    context: BrowserContext = browser.new_context(
        viewport={"width": profile.width, "height": profile.height},
        device_scale_factor=profile.ratio,
        is_mobile=profile.is_phone,
        has_touch=profile.is_phone,
        locale="zh-CN",
    )
    context.set_default_timeout(_PATIENCE_MS)
    try:
        tab = context.new_page()
        tab.add_init_script(path=_SCRIPT)
        session = context.new_cdp_session(tab)
        session.send("Network.enable")
        _slow_down(session, profile)
        yield tab, session
    finally:
        context.close()


def _slow_down(session: CDPSession, profile: Profile) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": profile.cpu_slowdown})
    if profile.latency_ms:
        conditions = {
            "offline": False,
            "latency": profile.latency_ms,
            "downloadThroughput": profile.down_kbit_s * 1024 / 8,
            "uploadThroughput": profile.up_kbit_s * 1024 / 8,
        }
        session.send("Network.emulateNetworkConditions", conditions)


def _listen(session: CDPSession) -> dict[str, list[Any]]:
    """Return what comes, by request, as it comes: its address, and its bytes once it has ended."""
    seen: dict[str, list[Any]] = {}

    def begun(event: dict[str, Any]) -> None:
        seen[event["requestId"]] = [event["request"]["url"], None]

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] in seen:
            seen[event["requestId"]][1] = round(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", ended)
    return seen
