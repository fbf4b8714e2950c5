from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench import table
from bench.__main__ import PARTS
from bench.audits import missed, score_of
from bench.browser import Answer, Drag, Visit
from bench.folium_page import folium_page
from bench.load import Run, Runs, pairwise_ratios
from bench.pages import told_bytes, told_drag
from bench.table import BEGIN, END, Row, markdown, publish

WRK = """Running 4s test @ http://127.0.0.1:8000
  1 threads and 16 connections
Requests/sec:   2500.10
BENCH 10000 4000000 5250 17110 0 0 0 0
"""
KEPT = Row("a | b", "2/s", "1/s", "2.00 times", "≥ 1", True)


def test_what_wrk_tells_becomes_throughput_and_milliseconds() -> None:
    assert Run.parse(WRK, 4.0) == Run(2500.0, p50_ms=5.25, p99_ms=17.11, failed=0, cpu_us=400.0)


def test_every_kind_of_failure_counts() -> None:
    assert Run.parse("BENCH 10 1000000 1 2 1 2 3 4\n", 1).failed == 10


def test_output_without_a_result_is_an_error() -> None:
    with pytest.raises(ValueError, match="wrk did not finish: 'unable to connect'"):
        Run.parse("unable to connect", 0)


def test_medians_are_of_the_runs_and_failures_are_of_all() -> None:
    runs = Runs((Run(10, 1, 9, 0, 70), Run(30, 3, 7, 1, 90), Run(20, 2, 8, 0, 80)))
    assert (runs.per_s, runs.p50_ms, runs.p99_ms, runs.failed) == (20, 2, 8, 1)
    assert str(runs) == ("20/s (10 to 30), p50 2.00 ms, p99 8.00 ms, 80 µs of processor time each")


def test_ratios_are_those_of_neighbouring_runs() -> None:
    floors = [Run(20, 1, 1, 0, 1), Run(20, 1, 1, 0, 1)]
    ours = [Run(10, 1, 1, 0, 1), Run(30, 1, 1, 0, 1)]
    assert pairwise_ratios(ours, floors) == (0.5, 1.5)


def test_a_missed_promise_is_told_and_bars_do_not_break_the_table() -> None:
    missed, shown = Row("c", "", "", "", "≥ 1", False), Row("d", "", "", "")
    lines = markdown([KEPT, missed, shown], "about").splitlines()
    assert lines[0] == "about"
    assert lines[4] == "| a / b | 2/s | 1/s | 2.00 times | ≥ 1 | PASS |"
    assert [line.split(" | ")[-1] for line in lines[5:]] == ["**FAIL** |", "– |"]


def test_the_table_of_a_part_is_written_for_people_and_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "RESULTS", tmp_path / "results")
    shown = table.write("pages", [KEPT], "about")
    assert shown.read_text() == markdown([KEPT], "about")
    told = json.loads((tmp_path / "results" / "pages.json").read_text())
    assert told["rows"][0]["passed"] is True


def test_publishing_a_part_replaces_its_table_and_nothing_else() -> None:
    calls, tiles = (
        [mark.format(part=part) for mark in (BEGIN, END)] for part in ("calls", "tiles")
    )
    page = f"before\n{calls[0]}\nold\n{calls[1]}\nbetween\n{tiles[0]}\nkept\n{tiles[1]}\nafter\n"
    once = publish(page, "calls", "new\n")
    assert once == page.replace("\nold\n", "\n\nnew\n\n")
    assert publish(once, "calls", "new\n") == once
    with pytest.raises(ValueError, match="marks"):
        publish(page, "pages", "new\n")


def test_every_part_has_its_place_in_the_page() -> None:
    page = table.PUBLISHED.read_text()
    assert all(publish(page, part, "new\n") != page for part in PARTS)


def test_a_visit_counts_what_came_before_the_map_was_usable() -> None:
    before = (Answer("http://a/maps/stalls?lang=en", 6_100), Answer("http://a/s/page.css?v=1", 900))
    visit = Visit(1200.0, before, (Answer("http://a/maps/stalls/names.json", 3_000),))
    assert visit.size == 7_000
    assert told_bytes(visit.before) == "stalls 6.1 kB, others 0.9 kB"
    assert told_bytes(visit.after) == "names.json 3.0 kB"


def test_frames_a_second_are_over_the_whole_drag_and_long_ones_are_told() -> None:
    drag = Drag((20.0, 20.0, 20.0, 140.0), drawn=3, asked=("http://a/x",))
    assert drag.per_s == 20
    assert drag.share_above(50) == 0.25
    assert told_drag(drag) == (
        "4 frames, 3 with a new map, 25.0% longer than 50 ms, longest 140 ms, 1 requests"
    )


def test_the_floor_of_the_pages_draws_on_canvas_and_loads_from_its_own_server() -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    point = {"type": "Point", "coordinates": [0.5, 0.5]}
    zone, stall = (
        {"type": "Feature", "geometry": geometry, "properties": {"name": name}}
        for geometry, name in ((square, "春园夜市"), (point, "S001"))
    )
    page = folium_page({"stall_zones": [zone], "stalls": [stall]})
    assert "春园夜市" in page or json.dumps("春园夜市")[1:-1] in page
    assert "S001" in page
    assert '"preferCanvas": true' in page
    assert "new L.CircleMarker" in page
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 8
    assert all(address.startswith("/") for address in loaded)


def test_lighthouse_tells_scores_of_a_hundred_and_what_was_missed() -> None:
    report = {
        "categories": {"accessibility": {"score": 0.97, "auditRefs": [
            {"id": "label", "weight": 7}, {"id": "list", "weight": 3}, {"id": "shown", "weight": 0},
        ]}},
        "audits": {"label": {"score": 0}, "list": {"score": 1}, "shown": {"score": 0}},
    }  # fmt: skip
    assert score_of(report, "accessibility") == 97
    assert missed(report) == ["label"]
    with pytest.raises(ValueError, match="NO_FCP"):
        score_of(
            {
                "categories": {"performance": {"score": None}},
                "runtimeError": {"code": "NO_FCP"},
            },
            "performance",
        )
