"""The walk of docs/first-hour.md: real demo, command line, QGIS with a mouse, and browser.

The tests are the steps of the page, in its order; each stands on those before it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.cli.program import new_home
from tests.page.chromium import CHROMIUM_ARGS
from tests.page.visits import DESKTOP, visit
from tests.qgis.hour import OUTPUT, Hour, publish
from tests.qgis.screen import seated

BETWEEN_005_009 = (111.9958383, 27.7302362)
NORTH_WEST_OF_IT = (111.9957383, 27.7302962)
BETWEEN_008_009 = (111.9960138, 27.7293866)
SOUTH_WEST_OF_IT = (111.9959138, 27.7292866)
IN_007, IN_NEW_007 = (111.9943, 27.7297), (111.9939, 27.7291)
CUT_OF_007 = ((111.9933287, 27.7298579), (111.99518, 27.7290787))
IN_MARKET = (111.99643, 27.72965)
GRIDS = "SELECT count(*) FROM {}.areas WHERE kind = 'unit_grid' AND code LIKE '431302004001%'"


@pytest.fixture(scope="module")
def hour() -> Iterator[Hour]:
    """A demo that runs, and a desk beside it."""
    with (
        new_home() as home,
        home.serving("demo") as demo,
        tempfile.TemporaryDirectory(prefix="tidegrid-desk-") as folder,
        seated(Path(folder), "zh-Hans") as hand,
    ):
        yield Hour(demo, home, Path(folder), hand)


def test_1_the_administrator_makes_a_login_and_stores_the_project(hour: Hour) -> None:
    assert next(hour.left).text == "tidegrid demo\n"
    told = hour.type_next("tidegrid planner add")
    password = told.splitlines()[0]
    kept = hour.desk / ".pgpass"
    kept.write_text(kept.read_text().replace("PASSWORD", password))

    assert "project tidegrid stored" in told
    assert "user=zhang_wei" in (hour.desk / ".pg_service.conf").read_text()


def test_2_the_project_is_opened_from_the_database(hour: Hour) -> None:
    hand = hour.hand
    hour.start_qgis()
    hand.do("press", action="mActionAddPgLayer")
    hand.do("click", window="QgsDataSourceManager", button="btnNew")
    hand.do("fill", window="QgsPgNewConnection", fields={
        "txtName": "tidegrid", "txtService": "tidegrid", "cb_projectsInDatabase": True,
    })  # fmt: skip
    hour.picture("connection", window="QgsPgNewConnection")
    hand.do("click", window="QgsPgNewConnection", button="OK")
    hand.do("close", window="QgsDataSourceManager")
    hand.do("choose", menu="mProjectFromStorageMenu", entry="PostgreSQL")
    hand.do("fill", window="QgsPostgresProjectStorage", fields={
        "mCboConnection": "tidegrid", "mCboSchema": "public", "mCboProject": "tidegrid",
    })  # fmt: skip
    hand.do("click", window="QgsPostgresProjectStorage", button="OK")
    hour.start_qgis()
    hour.picture("city")

    opened = hand.do("project")
    assert opened == {"title": "城市规划编辑", "layers": 41, "valid": True, "topological": True}


def test_3_a_border_that_two_grids_share_moves_for_both(hour: Hour) -> None:
    hand = hour.hand
    hand.do("activate", layer="unit_grid")
    hand.do("zoom", layer="unit_grid", code="431302004001009", times=1.8)
    hand.do("press", action="mActionToggleEditing")
    hand.do("press", action="mActionVertexToolActiveLayer")
    hand.do("tap", at=BETWEEN_005_009)
    hand.do("tap", at=NORTH_WEST_OF_IT)
    moved = hand.do("edits", layer="unit_grid")
    hour.picture("border")

    assert moved["reshaped"] == ["431302004001005", "431302004001009"]
    assert hour.save("unit_grid") == []
    assert versions(hour, "431302004001005", "431302004001009") == "2, 2"


def test_4_a_split_with_one_code_twice_is_refused_and_saved_when_mended(hour: Hour) -> None:
    hand = hour.hand
    hand.do("zoom", layer="unit_grid", code="431302004001007", times=1.6)
    hand.do("press", action="mActionSelectFeatures")
    hand.do("tap", at=IN_007)
    assert hand.do("selected", layer="unit_grid") == [1, "#ffff00"]
    hand.do("press", action="mActionSplitFeatures")
    for corner in CUT_OF_007:
        hand.do("tap", at=corner)
    hand.do("tap", at=CUT_OF_007[1], right=True)
    assert hand.do("edits", layer="unit_grid")["added"] == ["431302004001007"]
    told = "\n".join(hour.save("unit_grid"))
    hand.do("more")
    hour.picture("refused")
    hand.do("click", window="QgsMessageViewer", button="Close")
    hand.do("messages")

    assert "编号“431302004001007”已被“新塘社区第007单元网格”占用" in told
    assert "换一个编号" in told

    hand.do("form", layer="unit_grid", at=IN_NEW_007)
    hand.do("fill", window="featureactiondlg", fields={
        "code": "431302004001017", "name": "新塘社区第017单元网格",
        "name_en": "Xintang Community Unit Grid 017",
    })  # fmt: skip
    hour.picture("form")
    hand.do("click", window="featureactiondlg", button="OK")
    assert hour.save("unit_grid") == []
    assert hour.home.scalar(GRIDS.format("plan")) == 17


def test_5_hours_that_cannot_be_read_are_told_before_and_at_the_save(hour: Hour) -> None:
    hand = hour.hand
    hand.do("activate", layer="night_market")
    hand.do("zoom", layer="night_market", code="LD-T-03", times=3)
    hand.do("press", action="mActionToggleEditing")
    for hours, told in (("晚上六点到十点", "看不懂开放时间"), ("17:00-22:00", "")):
        hand.do("form", layer="night_market", at=IN_MARKET)
        hand.do("fill", window="featureactiondlg", fields={"hours": hours})
        if told:
            hour.picture("hours")
        hand.do("click", window="featureactiondlg", button="OK")
        assert told in "\n".join(hour.save("night_market"))
        hand.do("messages")

    now = "SELECT hours FROM plan.stall_zones WHERE code = 'LD-T-03'"
    assert hour.home.scalar(now) == "17:00-22:00"


def test_6_a_check_finds_what_no_save_can_see_and_it_is_mended(hour: Hour) -> None:
    hand = hour.hand
    hand.do("activate", layer="unit_grid")
    hand.do("zoom", layer="unit_grid", code="431302004001009", times=1.8)
    hand.do("press", action="TopologicalEditingAction")
    hand.do("press", action="mActionVertexToolActiveLayer")
    hand.do("tap", at=BETWEEN_008_009)
    hand.do("tap", at=SOUTH_WEST_OF_IT)
    assert len(hand.do("edits", layer="unit_grid")["reshaped"]) == 1
    assert hour.save("unit_grid") == []
    hour.answered(hour.type_next("tidegrid plan check", code=1))

    hand.do("reload")
    hand.do("activate", layer="finding_places")
    hand.do("table", layer="finding_places")
    hand.do("place", window="QgsAttributeTableDialog", box=[300, 560, 980, 210])
    hand.do("row", number=0)
    assert hand.do("selected", layer="finding_places")[0] == 1
    hand.do("click", window="QgsAttributeTableDialog", button="mActionZoomMapToSelectedRows")
    hour.picture("finding")
    hand.do("close", window="QgsAttributeTableDialog")

    hand.do("activate", layer="unit_grid")
    hand.do("press", action="mActionVertexToolActiveLayer")
    hand.do("tap", at=SOUTH_WEST_OF_IT)
    hand.do("tap", at=BETWEEN_008_009)
    assert hour.save("unit_grid") == []
    hand.do("press", action="TopologicalEditingAction")
    hour.answered(hour.type_next("tidegrid plan check"))


def test_7_what_changed_is_compared_and_published(hour: Hour) -> None:
    hour.answered(hour.type_next("tidegrid plan diff"))
    # The first page loads Folium, which takes seconds: that is not what a visit is to try.
    assert hour.demo.get("/maps/plan").status_code == 200
    path = OUTPUT / "first-hour-plan.png"
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        with visit(browser, hour.demo.address, "/maps/plan?lang=zh", viewport=DESKTOP) as seen:
            seen.tab.get_by_label("访问令牌").fill(hour.demo.tokens()["publish"])
            seen.tab.locator("#entry button").click()
            expect(seen.tab.locator(".plan-list li").first).to_be_visible()
            seen.tab.screenshot(path=path)
            assert seen.troubles == []
        browser.close()
    hour.hand.do("shrink", path=str(path))
    publish(path)
    hour.answered(hour.type_next("tidegrid plan publish"))

    assert hour.home.scalar(GRIDS.format("city") + " AND upper_inf(valid)") == 17
    became = "SELECT string_agg(to_code, ' ' ORDER BY to_code) FROM city.lineage WHERE {} = {}"
    assert hour.home.scalar(became.format("right(from_code, 4)", "'1007'")) == (
        "431302004001007 431302004001017"
    )


def test_8_it_is_in_history_is_taken_back_and_its_hours_brought_back(hour: Hour) -> None:
    hour.answered(hour.type_next("tidegrid plan history"))
    hour.answered(hour.type_next("tidegrid plan revert"))
    hour.hand.do("reload")
    hour.hand.do("activate", layer="unit_grid")
    hour.hand.do("zoom", layer="unit_grid", code="431302004001007", times=1.6)
    hour.picture("reverted")

    assert hour.home.scalar(GRIDS.format("city") + " AND upper_inf(valid)") == 16
    now = "SELECT hours FROM plan.stall_zones WHERE code = 'LD-T-03'"
    assert hour.home.scalar(now) == "17:00-22:00"
    assert next(hour.left, None) is None


def versions(hour: Hour, *codes: str) -> str:
    """The versions of grids, in the order of their codes."""
    told: str = hour.home.scalar(
        "SELECT string_agg(row_version::text, ', ' ORDER BY code) FROM plan.areas "
        f"WHERE kind = 'unit_grid' AND code = ANY('{{{','.join(codes)}}}')"
    )
    return told
