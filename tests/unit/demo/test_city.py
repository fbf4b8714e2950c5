"""The demo city has the published numbers, says what it is, and never varies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely

from data.demo import DEFAULT_SEED
from data.demo.city import DemoCity, build_city, fingerprint
from tests.unit.demo.conftest import TZ, Areas, built, shapes_of

ROOT = Path(__file__).parents[3]


def test_the_published_numbers_hold(city: DemoCity, areas: Areas) -> None:
    counts = {kind: len(held) for kind, held in areas.items()}
    unit_grids, communities = counts.pop("unit_grid"), counts.pop("community")
    assert counts == {
        "city": 1, "district": 1, "zone": 4, "street": 7, "responsibility_grid": 63,
        "compound": 60, "business_district": 4, "water": 1, "road": 10,
    }  # fmt: skip
    assert 1560 <= unit_grids <= 1640
    assert 90 <= communities <= 100
    assert Counter(facility.kind for facility in city.facilities) == {
        "toilet": 124, "park": 49, "station": 7, "notice_board": 288, "parking": 43,
        "bin": 900, "ebike_charging": 60, "camera": 68, "sensor": 5,
    }  # fmt: skip
    assert (len(city.stall_zones), len(city.stalls)) == (42, 2624)
    assert len({zone.kind for zone in city.stall_zones}) == 6
    assert (len(city.officers), len(city.assignments), len(city.positions)) == (315, 315, 290)


def test_every_geometry_is_valid_and_on_the_grid_of_seven_decimals(city: DemoCity) -> None:
    shapes = np.array(shapes_of(city) + [position.geometry for position in city.positions])
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    rows = shapely.get_coordinates(shapes)
    assert np.array_equal(rows, np.round(rows, 7))


def test_what_may_overlap_lies_in_the_city(city: DemoCity, areas: Areas) -> None:
    outline = areas["city"][0].geometry.buffer(1e-6)
    shapely.prepare(outline)
    for shape in shapes_of(city):
        assert outline.covers(shape), shape.wkt


def test_the_city_says_that_it_is_synthetic(areas: Areas) -> None:
    attributes = areas["city"][0].attributes
    assert attributes["synthetic"] is True
    assert "虚构演示数据" in attributes["note"]
    assert "虚构" in areas["city"][0].name


def test_the_same_seed_is_the_same_city_in_another_process_with_another_hash_seed() -> None:
    script = "from data.demo.city import build_city, fingerprint; print(fingerprint(build_city()))"
    prints = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert prints == [fingerprint(built(DEFAULT_SEED))] * 2


def test_another_seed_is_another_city() -> None:
    assert fingerprint(built(7)) != fingerprint(built(DEFAULT_SEED))


def test_another_instant_moves_nothing_but_the_time_of_the_positions() -> None:
    later, told = datetime(2026, 10, 1, 12, 0, tzinfo=TZ), list[str]()
    moved = build_city(observed_at=later, progress=told.append)
    assert max(position.observed_at for position in moved.positions) <= later
    assert fingerprint(replace(moved, positions=())) == fingerprint(
        replace(built(DEFAULT_SEED), positions=())
    )
    assert len(told) >= 4, "progress is told in short words"
    assert all(0 < len(word) < 30 for word in told)
