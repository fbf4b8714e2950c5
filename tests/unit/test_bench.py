from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import table
from bench.load import Run, Runs, pairwise_ratios
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


def test_the_table_is_written_for_people_and_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "RESULTS", tmp_path / "results")
    folder = table.write([KEPT], "about")
    assert (folder / "latest.md").read_text() == markdown([KEPT], "about")
    told = json.loads((folder / "latest.json").read_text())
    assert told["rows"][0]["passed"] is True


def test_publishing_replaces_what_is_between_the_marks_and_nothing_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = publish(page, "new\n")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert publish(once, "new\n") == once
    with pytest.raises(ValueError, match="marks"):
        publish("a page", "new\n")
