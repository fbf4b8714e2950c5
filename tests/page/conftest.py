"""Real Chromium, and a server of a few pages under the security policy that they ask for."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from maps.site import Page
from tests.page.chromium import CHROMIUM_ARGS

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "maps" / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".svg": "image/svg+xml"}


class Cut(bytes):
    """An answer that ends half-way, as when the network goes."""


Served = Mapping[str, Page | bytes]
Serve = Callable[[Served], str]


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
    if not (STATIC / "built" / "stalls.js").is_file():
        pytest.fail("maps/static/built is missing; run `make assets`")
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(pages: Served) -> str:
        server = _Server(("127.0.0.1", 0), _handler(pages))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """A browser that leaves in the middle of an answer is nothing to tell of."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(pages: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            file = STATIC / path.removeprefix("/static/")
            # A page is asked for in a language, an answer of data or with an instant too.
            found = pages.get(self.path) or pages.get(self._in_language()) or pages.get(path)
            if isinstance(found, Page):
                self._answer(found.html.encode(), "text/html; charset=utf-8", found.policy)
            elif found is not None:
                self._answer(found, "application/json")
            elif path == "/maps/sw.js":
                self._answer((STATIC / "built" / "sw.js").read_bytes(), "text/javascript")
            elif path == "/v1/events":
                # The answer that tells an EventSource to stay away.
                self.send_response(204)
                self.end_headers()
            elif path.startswith("/static/") and file.is_file():
                self._answer(file.read_bytes(), TYPES[file.suffix])
            else:
                self.send_error(404)

        def _in_language(self) -> str:
            parts = urlsplit(self.path)
            return f"{parts.path}?lang={parse_qs(parts.query).get('lang', ['zh'])[0]}"

        def _answer(self, body: bytes, content_type: str, policy: str = "") -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if isinstance(body, Cut) else body)
            self.close_connection |= isinstance(body, Cut)

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler
