"""Real QGIS 3.22 opens the stored project and edits: saves, refusals, conflicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maps.qgis.symbols import rgb
from tests.db.planning import Office
from tests.qgis.conftest import OUTPUT, Qgis, told

Desk = Callable[[str], Qgis]
SQUARE = "Polygon((112 27.73, 112.0004 27.73, 112.0004 27.7304, 112 27.7304, 112 27.73))"
BOW_TIE = "Polygon((112 27.73, 112.0004 27.7304, 112.0004 27.73, 112 27.7304, 112 27.73))"


def test_every_layer_is_there_named_in_chinese_with_its_form(desk: Desk) -> None:
    found = desk("hong").do("look")
    layers = found.pop("layers")

    assert found == {
        "crs": "EPSG:4326",
        "topological": True,
        "snapping": True,
        "groups": [
            "检查结果", "摊位疏导区", "设施部件", "已发布（参考，不可编辑）", "区域", "规则与列表",
        ],
    }  # fmt: skip
    assert [name for name, layer in layers.items() if not layer["valid"]] == []
    assert layers["unit_grid"]["features"] == 1588
    assert layers["stalls"]["features"] == 2624
    assert layers["toilet_points"]["features"] == 124
    assert not any("camera" in name for name in layers)
    # Findings can be deleted, when they are settled; nothing of them can be written.
    read_only = {name for name, layer in layers.items() if layer["read_only"]}
    assert read_only == {name for name in layers if name.startswith("published_")} | {"kinds"}
    assert layers["finding_places"]["written"] == []
    assert layers["finding_places"]["widgets"]["words_en"] == "Hidden"
    zone = layers["night_market"]
    assert (zone["name"], zone["aliases"]["capacity"]) == ("夜市", "摊位数")
    assert zone["widgets"]["kind"] == "ValueRelation"
    assert zone["widgets"]["base_version"] == "Hidden"


def test_the_project_looks_like_the_web_map(desk: Desk) -> None:
    OUTPUT.mkdir(exist_ok=True)
    drawn = desk("hong").do("draw", folder=str(OUTPUT))

    assert {name: one["errors"] for name, one in drawn.items()} == {"city": 0, "middle": 0}
    for one in drawn.values():
        seen = {tuple(colour) for colour in one["colours"]}
        assert {rgb(name) for name in ("land", "water", "road", "brand", "open")} <= seen
    assert list(rgb("outside")) in drawn["city"]["colours"]


def test_a_reshape_and_a_new_name_go_through_with_their_version(office: Office, desk: Desk) -> None:
    code = office.one("SELECT code FROM plan.areas WHERE kind = 'compound' ORDER BY code LIMIT 1")
    saved = desk("hong").edit(
        "compound",
        {"do": "reshape", "code": code, "dx": 0.00001},
        {"do": "rename", "code": code, "to": "新名"},
    )

    assert saved == {"saved": True, "errors": saved["errors"]}
    with office.watched() as admin:
        row = admin.execute(
            "SELECT name, edited_by, base_version FROM plan.areas WHERE code = %s", [code]
        ).fetchone()
        history = admin.execute(
            "SELECT application, changed_by FROM city.history h JOIN plan.areas a "
            "ON a.id = h.row_id AND h.table_name = 'plan.areas' WHERE a.code = %s "
            "AND h.action = 'UPDATE'", [code],
        ).fetchall()  # fmt: skip
    assert row == ("新名", "hong", None)
    assert {one[1] for one in history} == {"hong"}
    assert all("QGIS" in one[0] for one in history)


def test_adding_splitting_and_deleting(office: Office, desk: Desk) -> None:
    values = {"code": "Q-1", "name": "新小区"}
    added = desk("hong").edit("compound", {"do": "add", "wkt": SQUARE, "values": values})
    line = [[112.0002, 27.729], [112.0002, 27.731]]
    halved = desk("hong").edit(
        "compound", {"do": "split", "code": "Q-1", "line": line, "new_code": "Q-2"}
    )
    halves = office.one("SELECT count(*) FROM plan.areas WHERE code IN ('Q-1', 'Q-2')")
    gone = [
        desk("hong").edit("compound", {"do": "delete", "code": code}) for code in ("Q-1", "Q-2")
    ]

    assert [one["saved"] for one in (added, halved, *gone)] == [True] * 4, (added, halved, gone)
    assert halves == 2
    assert office.one("SELECT count(*) FROM plan.areas WHERE code IN ('Q-1', 'Q-2')") == 0


def test_five_hundred_pasted_features_are_saved_at_once(office: Office, desk: Desk) -> None:
    paste = {"do": "paste", "count": 500, "x": 112.0, "y": 27.72, "code": "PASTE-"}
    saved = desk("hong").edit("bin_points", paste)

    assert saved["saved"], saved["errors"]
    with office.watched() as admin:
        row = admin.execute(
            "SELECT count(*), count(DISTINCT id), min(kind), min(name), min(state) "
            "FROM plan.facilities WHERE code LIKE 'PASTE-%'"
        ).fetchone()
    assert row == (500, 500, "bin", "粘贴", "normal")


@pytest.mark.parametrize(
    ("who", "change", "said"),
    [
        ("hong", {"do": "add", "wkt": BOW_TIE, "values": {"code": "Q-3", "name": "蝴蝶结"}},
         "小区 Q-3 “蝴蝶结”：边界与自身相交（位置 112.000200, 27.730200）"),
        ("green", {"do": "add", "wkt": BOW_TIE, "values": {"code": "Q-3", "name": "bow tie"}},
         'compound Q-3 "bow tie": its border crosses itself (at 112.000200, 27.730200)'),
    ],
    ids=["zh", "en"],
)  # fmt: skip
def test_a_refusal_arrives_in_the_planners_language_with_the_remedy(
    desk: Desk, who: str, change: dict[str, object], said: str
) -> None:
    saved = desk(who).edit("compound", change)

    assert not saved["saved"]
    assert said in "\n".join(saved["errors"])
    assert "HINT" in "\n".join(saved["errors"])


def test_wrong_hours_and_too_many_stalls_are_refused(desk: Desk) -> None:
    hours = desk("hong").edit(
        "night_market", {"do": "rename", "code": "LD-T-02", "column": "hours", "to": "晚上六点"}
    )
    stalls = desk("hong").edit(
        "night_market", {"do": "rename", "code": "LD-T-02", "column": "capacity", "to": 99999}
    )

    assert "看不懂开放时间“晚上六点”" in "\n".join(hours["errors"])
    assert "摊位数 99999 超出面积所能容纳的" in "\n".join(stalls["errors"])


def test_of_two_who_edit_one_row_the_later_is_told_whose_edit_came_between(
    office: Office, desk: Desk
) -> None:
    rename = {"do": "rename", "code": "LD-T-05", "to": "绿的名字"}
    waiting = desk("green").start("edit", layer="night_market", rounds=[[rename]], meanwhile=True)
    assert waiting.stdout is not None
    assert waiting.stdin is not None
    assert "ready" in waiting.stdout.readline()
    first = desk("hong").edit("night_market", rename | {"to": "红的名字"})
    waiting.stdin.write("\n")
    waiting.stdin.flush()
    (second,) = told(waiting)

    assert first["saved"], first["errors"]
    assert not second["saved"]
    assert "hong changed it on 20" in "\n".join(second["errors"])
    assert office.one("SELECT name FROM plan.stall_zones WHERE code = 'LD-T-05'") == "红的名字"


def test_one_planner_saves_again_and_again_in_one_edit_session(office: Office, desk: Desk) -> None:
    rounds = [[{"do": "rename", "code": "LD-T-06", "to": f"第{n}次"}] for n in (1, 2, 3)]
    saved = desk("hong").do("edit", layer="night_market", rounds=rounds)

    assert [one["saved"] for one in saved] == [True, True, True], saved
    assert office.one("SELECT name FROM plan.stall_zones WHERE code = 'LD-T-06'") == "第3次"
    assert office.one("SELECT count(*) FROM plan.findings") == 0
