"""The stall map while it is open: free stalls change by themselves, from a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.cluster import Cluster
from data.engine import make_engine
from data.publishing import publish
from tests.cli.program import eventually
from tests.conftest import CreateDatabase
from tests.page.visits import DESKTOP, PHONE, Visit, visit
from tests.places import MARKET, PARKING, ZONE, founded
from tests.serving import served

Tell = Callable[..., None]


@pytest.fixture(scope="module")
def database(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> Database:
    name = create_database("live_page", migrated)
    return Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )


@pytest.fixture(scope="module")
def owner(database: Database) -> Iterator[Engine]:
    engine = make_engine(database.owner_url, role="tidegrid_owner")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def token(owner: Engine) -> str:
    return founded(owner)["reading"]


@pytest.fixture
def app(database: Database, token: str) -> FastAPI:
    assert token
    return create_app(Settings(), database)


@pytest.fixture
def address(app: FastAPI, owner: Engine) -> Iterator[str]:
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM city.readings"))
    with served(app) as address:
        yield address


@pytest.fixture
def tell(address: str, token: str) -> Tell:
    """Tell how many stalls are free, as a counter would."""

    def put(value: int, valid_for_s: int = 600, target: str = ZONE) -> None:
        body = {
            "value": value, "observed_at": datetime.now(UTC).isoformat(), "valid_for_s": valid_for_s
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx2.put(
            f"{address}/v1/readings/{target}", json=body, headers=headers, trust_env=False
        )
        assert answer.status_code == 204, answer.text

    return put


@contextmanager
def market(browser: Browser, address: str, **options: object) -> Iterator[tuple[Visit, Locator]]:
    """The map, and the entry of the market in its list."""
    with visit(browser, address, **options) as seen:  # type: ignore[arg-type]
        entry = seen.tab.locator("#list ol .entry", has_text="夜市")
        expect(entry).to_be_visible()
        yield seen, entry


def opened(app: FastAPI, count: int) -> bool:
    """Whether so many streams are open."""
    return eventually(lambda: app.state.streams.open == count, 5)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_number_changes_in_the_list_and_in_the_open_sheet_without_a_reload(
    browser: Browser, app: FastAPI, address: str, tell: Tell, pictures: Path, size: object
) -> None:
    with market(browser, address, viewport=size) as (seen, entry):
        assert opened(app, 1)
        expect(entry.locator(".free")).to_be_hidden()
        tell(17)
        expect(entry.locator(".free")).to_contain_text("17")
        entry.get_by_role("button").click()
        free = seen.tab.locator("dialog#sheet [data-free]")
        expect(free).to_contain_text("17")
        loaded: list[str] = []
        seen.tab.on("request", lambda request: loaded.append(request.url))
        tell(4)
        expect(free).to_contain_text("空余 4")
        expect(entry.locator(".free")).to_contain_text("空余 4")
        assert loaded == []
        width = "phone" if size == PHONE else "desktop"
        seen.tab.screenshot(path=pictures / f"stalls-live-{width}.png")
        assert seen.troubles == []


def test_a_number_whose_validity_ends_becomes_unknown_by_itself(
    browser: Browser, app: FastAPI, address: str, tell: Tell
) -> None:
    with market(browser, address) as (seen, entry):
        assert opened(app, 1)
        entry.get_by_role("button").click()
        free = seen.tab.locator("dialog#sheet [data-free]")
        expect(free).to_have_text("空余未知")
        tell(9, valid_for_s=3)
        expect(free).to_contain_text("空余 9")
        expect(free).to_have_text("空余未知")
        expect(entry.locator(".free")).to_be_hidden()
        assert seen.troubles == []


def test_what_was_told_before_the_page_came_is_shown(
    browser: Browser, address: str, tell: Tell
) -> None:
    tell(21)
    with market(browser, address) as (seen, entry):
        expect(entry.locator(".free")).to_contain_text("空余 21")
        assert seen.troubles == []


def test_the_map_of_facilities_follows_spaces_and_not_stalls(
    browser: Browser, app: FastAPI, address: str, tell: Tell
) -> None:
    with visit(browser, address, "/maps/facilities") as seen:
        entry = seen.tab.locator("#list ol .entry", has_text="停车场")
        expect(entry).to_be_visible()
        assert opened(app, 1)
        tell(7)
        tell(88, target=PARKING)
        expect(entry.locator(".free")).to_contain_text("空余 88")
        assert seen.troubles == []


def test_where_events_are_refused_the_page_asks_now_and_then(
    browser: Browser, database: Database, token: str, owner: Engine
) -> None:
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM city.readings"))
    app = create_app(Settings(streams_max=0), database)
    with served(app) as address, visit(browser, address, "/maps/stalls/list") as seen:
        # Half a minute is too long for a test.
        faster = "const real = setInterval; setInterval = (work, ms) => real(work, ms / 30);"
        seen.tab.add_init_script(faster)
        seen.tab.goto(f"{address}/maps/stalls")
        entry = seen.tab.locator("#list ol .entry", has_text="夜市")
        expect(entry).to_be_visible()
        for value in (5, 6):
            body = {
                "value": value, "observed_at": datetime.now(UTC).isoformat(), "valid_for_s": 600
            }  # fmt: skip
            httpx2.put(
                f"{address}/v1/readings/{ZONE}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
            ).raise_for_status()
            expect(entry.locator(".free")).to_contain_text(f"空余 {value}")
        assert all("503" in trouble or "/v1/events" in trouble for trouble in seen.troubles)


def test_a_publish_redraws_the_map_without_a_reload(
    browser: Browser, app: FastAPI, address: str, owner: Engine
) -> None:
    with market(browser, address) as (seen, entry):
        assert opened(app, 1)
        renamed = replace(MARKET, name="改名的夜市")
        with Session(owner) as session, session.begin():
            publish(session, [renamed], by="tester", note="test")
        expect(entry.locator("h3")).to_have_text("改名的夜市")
        assert seen.troubles == []
    with Session(owner) as session, session.begin():
        publish(session, [MARKET], by="tester", note="test")


def test_a_page_that_nobody_looks_at_holds_no_stream(
    browser: Browser, app: FastAPI, address: str, tell: Tell
) -> None:
    """Headless pages are always in sight: the page is told that it is not."""
    hide = "Object.defineProperty(document, 'hidden', { configurable: true, value: %s });"
    turn = hide + "document.dispatchEvent(new Event('visibilitychange'))"
    with market(browser, address) as (seen, entry):
        assert opened(app, 1)
        seen.tab.evaluate(turn % "true")
        assert opened(app, 0)
        tell(11)
        seen.tab.evaluate(turn % "false")
        assert opened(app, 1)
        expect(entry.locator(".free")).to_contain_text("空余 11")
        assert seen.troubles == []
    assert opened(app, 0)
