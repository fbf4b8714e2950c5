"""`tidegrid map`: files for places without a server, whole or not there at all."""

from __future__ import annotations

import os
import re
import struct
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from api import chromium
from data.cluster import Cluster
from data.demo.city import DemoCity
from tests.cli.program import Command, run, said


@pytest.fixture
def at_demo(tidegrid: Command, cluster: Cluster, demo: str) -> Command:
    """The command on the demo city, by the logins that it has in service."""
    return partial(
        tidegrid,
        TIDEGRID_DATABASE_URL=cluster.url("tidegrid_service", demo),
        TIDEGRID_PUBLIC_DATABASE_URL=cluster.url("tidegrid_public", demo),
    )


def test_the_html_holds_every_zone_and_nothing_internal(
    at_demo: Command, tmp_path: Path, demo_city: DemoCity
) -> None:
    done = at_demo("map", "stalls", "-o", "stalls.html")

    assert (done.returncode, done.stdout) == (0, "42 stall zones in stalls.html\n")
    assert "drawing stalls.html" in done.stderr
    told = (tmp_path / "stalls.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN" data-alone>' in told
    for zone in demo_city.stall_zones:
        assert zone.name in told
        assert zone.duty_phone in told
        assert zone.phone not in told
    assert os.listdir(tmp_path) == ["stalls.html"]


def test_it_comes_in_english_and_replaces_an_older_file(at_demo: Command, tmp_path: Path) -> None:
    (tmp_path / "stalls.html").write_text("old")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="minutes")

    done = at_demo("map", "stalls", "--out", "stalls.html", "--lang", "en", "--at", tomorrow)

    assert done.returncode == 0, done.stderr
    told = (tmp_path / "stalls.html").read_text(encoding="utf-8")
    assert '<html lang="en" data-alone>' in told
    assert '"at_min":' in told


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("a3", (842, 1191))])
def test_the_pdf_is_the_poster_on_a_few_sheets(
    at_demo: Command, tmp_path: Path, size: str, points: tuple[int, int]
) -> None:
    done = at_demo("map", "stalls", "-o", "poster.pdf", "--size", size)

    assert done.returncode == 0, done.stderr
    assert "TIDEGRID_PUBLIC_URL" in done.stderr
    pdf = (tmp_path / "poster.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {points}
    # The map, and three sheets of table for 42 zones.
    assert len(boxes) == 4
    assert os.listdir(tmp_path) == ["poster.pdf"]


def test_the_png_is_a_picture_of_the_size_that_was_asked_for(
    at_demo: Command, tmp_path: Path, pictures_of_maps: Path
) -> None:
    done = at_demo("map", "stalls", "-o", "stalls.png", "--width", 1200, "--height", 800)

    assert done.returncode == 0, done.stderr
    picture = (tmp_path / "stalls.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == (1200, 800)
    # An empty page of this size has a hundredth of that.
    assert len(picture) > 50_000
    (pictures_of_maps / "command-stalls.png").write_bytes(picture)


@pytest.fixture
def pictures_of_maps() -> Path:
    folder = Path(__file__).parents[1] / "output"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("-o", "stalls.svg"), "must end in .html, .png, .pdf"),
        (("-o", "missing/stalls.html"), "there is no folder missing"),
        (("-o", "folder.html"), "is a folder"),
        (("-o", "stalls.pdf", "--at", "2026-11-28T20:00:00+08:00"), "--at is for .html and .png"),
        (("-o", "stalls.html", "--size", "a3"), "--size is for .pdf"),
        (("-o", "stalls.html", "--width", "800"), "--width is for .png"),
        (("-o", "stalls.html", "--at", "tomorrow"), "RFC 3339"),
        (("-o", "stalls.html", "--at", "2026-01-01T20:00:00+08:00"), "the file knows the days"),
    ],
)
def test_what_cannot_be_written_is_one_sentence_and_nothing_is_left(
    at_demo: Command, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "folder.html").mkdir()

    assert reason in said(at_demo("map", "stalls", *words))
    assert os.listdir(tmp_path) == ["folder.html"]


def test_a_city_without_zones_is_one_sentence(at_city: Command, tmp_path: Path) -> None:
    assert "no stall zones" in said(at_city("map", "stalls", "-o", "stalls.html"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_without_chromium_it_says_what_to_install_before_anything_is_started(
    tidegrid: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "apt-get install chromium" in said(tidegrid("map", "stalls", "-o", f"map.{ending}"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("#!/bin/sh\necho 'no display' >&2\nexit 3\n", "wrote no file: no display"),
        ("#!/bin/sh\nexec sleep 60\n", "was not done after 1 s"),
    ],
    ids=["fails", "hangs"],
)
def test_a_chromium_that_fails_leaves_nothing_half_written(
    at_demo: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    reason: str,
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "chromium").write_text(program)
    (bin_folder / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setattr(chromium, "PATIENCE_S", 1)
    (tmp_path / "map.pdf").write_text("old")

    assert reason in said(at_demo("map", "stalls", "-o", "map.pdf"))
    assert sorted(os.listdir(tmp_path)) == ["bin", "map.pdf"]
    assert (tmp_path / "map.pdf").read_text() == "old"


def test_an_option_that_is_not_known_is_told_by_the_usage(tmp_path: Path) -> None:
    done = run("map", "stalls", "-o", "a.html", "--lang", "fr", cwd=tmp_path)
    assert done.returncode == 2
    assert "'zh'" in done.stderr
