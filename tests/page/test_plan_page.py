"""The map of the plan's changes: empty without a token, and with one old, new and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.checking import check
from data.cluster import Cluster
from data.engine import make_engine
from data.publications import publish_drafts
from data.tokens import issue
from data.turns import in_turn
from tests.conftest import CreateDatabase
from tests.page.servers import serving
from tests.page.test_accessibility import broken_rules
from tests.page.visits import DESKTOP, PHONE, Visit, visit

EDITS = (
    "UPDATE plan.stall_zones SET name = '湖滨夜市', geom = ST_Translate(geom, 0.0004, 0.0002) "
    "WHERE code = 'LD-T-01'",
    "DELETE FROM plan.facilities WHERE id = (SELECT min(id) FROM plan.facilities "
    "WHERE kind = 'toilet')",
    "INSERT INTO plan.stall_zones (kind, code, name, geom) SELECT kind, 'LD-T-99', "
    "'<b>新摊区</b>', ST_Translate(geom, 0, 0.0008) FROM plan.stall_zones WHERE code = 'LD-T-02'",
)


@dataclass(frozen=True, slots=True)
class Office:
    """A service, its token, and the generation that it published."""

    address: str
    token: str
    generation: int
    findings: int


@pytest.fixture(scope="module")
def office(cluster: Cluster, pristine: str, create_database: CreateDatabase) -> Iterator[Office]:
    name = create_database("plan_page", pristine)
    engine = make_engine(cluster.url("postgres", name), role="tidegrid_owner")
    with engine.begin() as connection:
        connection.execute(text("UPDATE plan.stall_zones SET fee = '8' WHERE code = 'LD-T-05'"))
    made = publish_drafts(engine, by="office", note="收费", accept_warnings=True).generation
    assert made is not None
    with Session(engine) as session, session.begin():
        token = issue(session, "office", ["publish"], timedelta(days=1))
    with engine.begin() as connection:
        for statement in EDITS:
            connection.execute(text(statement))
    findings = len(in_turn(engine, check).findings)
    assert findings > 0
    with serving(cluster, name) as address:
        urlopen(f"{address}/maps/plan").read()
        yield Office(address, token, made.number, findings)
    engine.dispose()


def enter(seen: Visit, token: str) -> Page:
    seen.tab.get_by_label("访问令牌").or_(seen.tab.get_by_label("Token (")).fill(token)
    seen.tab.locator("#entry button").click()
    return seen.tab


@pytest.mark.parametrize(
    ("size", "language", "dark"),
    [(DESKTOP, "zh", False), (PHONE, "en", True), (PHONE, "zh", False)],
)
def test_with_a_token_it_shows_what_is_not_published_and_breaks_no_rule(
    browser: Browser, office: Office, pictures: Path, size: ViewportSize, language: str, dark: bool
) -> None:
    path = f"/maps/plan?lang={language}"
    with visit(browser, office.address, path, viewport=size, dark=dark, bypass_csp=True) as seen:
        tab = enter(seen, office.token)
        expect(tab.locator(".plan-list li")).to_have_count(3 + office.findings)
        expect(tab.locator(".plan-mark")).to_have_count(office.findings)
        words = " ".join(tab.locator(".plan-list li").all_inner_texts())
        assert ("更名" if language == "zh" else "renamed") in words
        assert "湖滨夜市" in words
        assert "<b>新摊区</b>" in words
        assert ("撤销" if language == "zh" else "withdrawn") in words
        expect(tab.locator("path.plan-old")).to_have_count(1 + 1 + 1)
        expect(tab.locator(".folium-map path.plan-difference")).to_have_count(2)
        tab.screenshot(path=pictures / f"plan-{language}-{size['width']}.png", full_page=True)
        assert broken_rules(tab) == []
        tab.locator(".plan-list li button").first.click()
        tab.screenshot(path=pictures / f"plan-chosen-{language}-{size['width']}.png")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_works_under_its_policy_and_forgets_the_token_when_told(
    browser: Browser, office: Office
) -> None:
    with visit(browser, office.address, "/maps/plan") as seen:
        assert office.token not in seen.tab.content()
        expect(seen.tab.locator(".plan-list li")).to_have_count(0)
        tab = enter(seen, office.token)
        expect(tab.locator(".plan-list li")).to_have_count(3 + office.findings)
        assert tab.evaluate("localStorage.length") == 0
        assert tab.evaluate("document.cookie") == ""
        tab.reload()
        expect(tab.locator(".plan-list li")).to_have_count(3 + office.findings)
        tab.locator("#generation").select_option(str(office.generation))
        expect(tab.locator(".plan-list li")).to_have_count(1)
        expect(tab.locator(".plan-list li")).to_contain_text("夜市 LD-T-05")
        expect(tab.locator(".plan-list li")).to_contain_text("收费：")
        assert f"generation={office.generation}" in tab.url
        tab.locator("#forget").click()
        expect(tab.locator(".plan-list li")).to_have_count(0)
        assert tab.evaluate("sessionStorage.length") == 0
        assert seen.troubles == []


def test_an_answer_that_is_not_wanted_any_more_is_not_drawn(
    browser: Browser, office: Office
) -> None:
    with visit(browser, office.address, "/maps/plan") as seen:
        tab, held = enter(seen, office.token), list[Route]()
        entries = tab.locator(".plan-list li")
        expect(entries).to_have_count(3 + office.findings)
        tab.route("**/v1/plan/diff?generation=*", lambda route: held.append(route))
        with tab.expect_request("**/v1/plan/diff?generation=*"):
            tab.locator("#generation").select_option(str(office.generation))
        tab.locator("#generation").select_option("")
        expect(entries).to_have_count(3 + office.findings)
        with tab.expect_response("**/v1/plan/diff?generation=*") as late:
            held[0].continue_()
        late.value.finished()
        tab.wait_for_timeout(200)
        expect(entries).to_have_count(3 + office.findings)

        # Nor is one that comes after the token was forgotten.
        with tab.expect_request("**/v1/plan/diff?generation=*"):
            tab.locator("#generation").select_option(str(office.generation))
        tab.locator("#forget").click()
        with tab.expect_response("**/v1/plan/diff?generation=*") as late:
            held[1].continue_()
        late.value.finished()
        tab.wait_for_timeout(200)
        expect(entries).to_have_count(0)


def test_a_token_that_does_not_hold_is_told_and_not_kept(browser: Browser, office: Office) -> None:
    with visit(browser, office.address, "/maps/plan?lang=en") as seen:
        tab = enter(seen, "tg_wrong")
        expect(tab.locator(".told")).to_have_text(
            "This token does not hold, or has not the scope publish."
        )
        assert tab.evaluate("sessionStorage.length") == 0
