"""Real Chromium, and a server of a few pages under the security policy that they ask for."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from maps.site import Page

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "maps" / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".svg": "image/svg+xml"}
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Serve = Callable[[dict[str, Page]], str]


# For the package, not the session: while it is open, an event loop runs in this thread, and tests
# elsewhere could not start their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium of the machine; each test opens its own context, which is a fresh profile."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("no chromium on this machine; `make test` installs it")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of the screenshots; git ignores it."""
    folder = ROOT / "tests" / "output"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve pages by path and query, with the files they load; returns the server's address."""
    if not (STATIC / "vendor" / "leaflet" / "leaflet.js").is_file():
        pytest.fail("maps/static/vendor is missing; run `npm ci && npm run assets`")
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(pages: dict[str, Page]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(pages: dict[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            file = STATIC / path.removeprefix("/static/")
            if self.path in pages:
                found = pages[self.path]
                self._answer(found.html.encode(), "text/html; charset=utf-8", found.policy)
            elif path.startswith("/static/") and file.is_file():
                self._answer(file.read_bytes(), TYPES[file.suffix])
            else:
                self.send_error(404)

        def _answer(self, body: bytes, content_type: str, policy: str = "") -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler
