"""The public map pages in a real browser: bytes and time until they are usable, and the slider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from bench.audits import audits
from bench.browser import (
    DESKTOP,
    PHONE,
    SLOW_PHONE,
    Answer,
    Drag,
    Visit,
    chromium,
    drag,
    visit,
)
from bench.folium_page import Feature, write_folium_page
from bench.servers import bare
from bench.stage import Ground, Pace
from bench.table import Row
from bench.towns import Town

MOST_BYTES, MOST_GROWTH = 150_000, 1.3
FRAMES_PER_S, LONG_MS = 30, 50
_DAY_S, _DAYS = 2.0, 4
_SMALL_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class MapPage:
    """A page with a map of layers of the city; see docs/bench.md for when it is usable.

    The layers are tables: what a page of Folium would have to hold for the same map. `most_times`
    are the largest shares of that page's time, in the demo city and in the large one; None is told
    and not judged. With 200,000 facilities in it a page of Folium never becomes usable.
    """

    name: str
    path: str
    layers: tuple[str, ...]
    most_times: tuple[float | None, ...]


PAGES = (
    MapPage("stall map", "/maps/stalls", ("stall_zones", "stalls"), (0.75, 0.40)),
    MapPage("facility map", "/maps/facilities", ("facilities",), (None,)),
)


def pages(
    ground: Ground, demo: Town, large: Town, pace: Pace, say: Callable[[str], None]
) -> list[Row]:
    """Return the rows of all pages, in the demo city and in a large one."""
    rows = []
    with demo.serving() as small_server, large.serving() as large_server:
        servers = {demo.name: small_server, large.name: large_server}
        for page in PAGES:
            urls = {name: server.url + page.path for name, server in servers.items()}
            with chromium() as browser:
                say(f"{page.name}: bytes")
                rows += _bytes(browser, page, urls)
                for town, must in zip((demo, large), page.most_times, strict=False):
                    say(f"{page.name}: time, {town.name}")
                    rows += _times(browser, page, ground, town, urls[town.name], must, pace)
                say(f"{page.name}: slider")
                rows += _slider(browser, page, urls)
            say(f"{page.name}: Lighthouse")
            rows.append(audits(page.name, urls[demo.name], ground, pace))
    return rows


def _bytes(browser: Browser, page: MapPage, urls: Mapping[str, str]) -> list[Row]:
    seen = {}
    for name, url in urls.items():
        # A visitor is not the first: what the worker keeps is made by now.
        visit(browser, url, PHONE)
        seen[name] = visit(browser, url, PHONE, whole=True)
    (first, small), (second, grown) = seen.items()
    return [
        Row(
            f"{page.name}: bytes until it is usable, {first}",
            told_bytes(small.before),
            "",
            f"{small.size / 1e3:.1f} kB",
            f"≤ {MOST_BYTES / 1e3:.0f} kB",
            small.size <= MOST_BYTES,
            asdict(small),
        ),
        Row(
            f"{page.name}: bytes until it is usable, {second}",
            told_bytes(grown.before),
            f"{first}: {small.size / 1e3:.1f} kB",
            f"{grown.size / small.size:.2f} times",
            f"≤ {MOST_GROWTH} times",
            grown.size <= MOST_GROWTH * small.size,
            asdict(grown),
        ),
        *(
            Row(
                f"{page.name}: bytes that come afterwards, {name}",
                told_bytes(found.after),
                "",
                f"{sum(one.size for one in found.after) / 1e3:.1f} kB",
            )
            for name, found in seen.items()
        ),
    ]


def told_bytes(answers: Sequence[Answer]) -> str:
    """Return the answers in words, the largest first, the small ones together."""
    sizes: dict[str, int] = {}
    for answer in answers:
        name = urlsplit(answer.url).path
        sizes[name] = sizes.get(name, 0) + answer.size
    names = sorted(sizes, key=lambda name: -sizes[name])
    large = [name for name in names if sizes[name] >= _SMALL_BYTES]
    told = [f"{name.rpartition('/')[2]} {sizes[name] / 1e3:.1f} kB" for name in large]
    rest = [sizes[name] for name in names if sizes[name] < _SMALL_BYTES]
    if rest:
        told.append(f"others {sum(rest) / 1e3:.1f} kB")
    return ", ".join(told)


def _times(
    browser: Browser,
    page: MapPage,
    ground: Ground,
    town: Town,
    url: str,
    must: float | None,
    pace: Pace,
) -> list[Row]:
    """Against all that the map can show; and, for orientation, against its first layer alone."""
    layers = {layer: town.features(layer) for layer in page.layers}
    row = partial(_time, browser, page, ground, town, url, pace)
    first = page.layers[:1]
    return [row(layers, must)] + ([row({k: layers[k] for k in first})] if len(layers) > 1 else [])


def _time(
    browser: Browser,
    page: MapPage,
    ground: Ground,
    town: Town,
    url: str,
    pace: Pace,
    layers: Mapping[str, Sequence[Feature]],
    must: float | None = None,
) -> Row:
    """Ours and Folium's in turn, so that noise meets both."""
    ours, floors = [], []
    with bare("folder", write_folium_page(ground.folder, layers)) as floor:
        # The first of each warms the servers.
        for turn in range(pace.visits + 1):
            pair = visit(browser, url, SLOW_PHONE), visit(browser, floor.url + "/", SLOW_PHONE)
            if turn:
                ours.append(pair[0])
                floors.append(pair[1])
    ratio = median(one.usable_ms for one in ours) / median(one.usable_ms for one in floors)
    pairs = [one.usable_ms / other.usable_ms for one, other in zip(ours, floors, strict=True)]
    counts = [f"{len(found):,} {name.replace('_', ' ')}" for name, found in layers.items()]
    what = f"plain Folium page, {' and '.join(counts)} in it, {floors[0].size / 1e3:.0f} kB"
    return Row(
        f"{page.name}: time until it is usable, slow phone, {town.name}",
        _told_times(ours),
        f"{what}: {_told_times(floors)}",
        f"{ratio:.2f} times its time ({min(pairs):.2f} to {max(pairs):.2f})",
        "" if must is None else f"≤ {must:.2f} times its time",
        None if must is None else ratio <= must,
        {"ours": [one.usable_ms for one in ours], "floor": [one.usable_ms for one in floors]},
    )


def _told_times(visits: Sequence[Visit]) -> str:
    times_s = [one.usable_ms / 1e3 for one in visits]
    return f"{median(times_s):.2f} s ({min(times_s):.2f} to {max(times_s):.2f})"


def _slider(browser: Browser, page: MapPage, urls: Mapping[str, str]) -> list[Row]:
    """The promise is about the demo city on the machine as it is; the others are harder."""
    rows: list[Row] = []
    for name, url in urls.items():
        for where, profile in (("desktop", DESKTOP), ("slow phone", SLOW_PHONE)):
            found = drag(browser, url, profile, _DAY_S, _DAYS)
            is_judged = not rows
            rows.append(
                Row(
                    f"{page.name}: slider dragged over the day, {name}, {where}",
                    told_drag(found),
                    "",
                    f"{found.per_s:.0f} frames/s",
                    f"≥ {FRAMES_PER_S} frames/s, no request" if is_judged else "",
                    found.per_s >= FRAMES_PER_S and not found.asked if is_judged else None,
                    asdict(found),
                )
            )
    return rows


def told_drag(found: Drag) -> str:
    """Return a drag in words."""
    return (
        f"{len(found.frames)} frames, {found.drawn} with a new map, "
        f"{found.share_above(LONG_MS):.1%} longer than {LONG_MS} ms, "
        f"longest {max(found.frames):.0f} ms, {len(found.asked)} requests"
    )
