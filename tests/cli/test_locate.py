"""`tidegrid locate` as people run it, on a file larger than one request may be cut into."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from data.cluster import Cluster
from data.demo.city import DemoCity
from tests.cli.program import run, said

ROWS = 200_000


@pytest.fixture(scope="module")
def settings(cluster: Cluster, demo: str) -> dict[str, object]:
    url = cluster.url("postgres", demo)
    return {"TIDEGRID_DATABASE_URL": url, "TIDEGRID_OWNER_DATABASE_URL": url}


def test_a_file_of_cases_gets_the_grid_of_each(
    tmp_path: Path, settings: dict[str, object], demo_city: DemoCity
) -> None:
    grids = {area.code: area.geometry for area in demo_city.areas if area.kind == "unit_grid"}
    west, south, east, north = shapely.total_bounds(list(grids.values()))
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(west, east, ROWS), rng.uniform(south, north, ROWS)
    with (tmp_path / "cases.csv").open("w", encoding="utf-8") as file:
        file.write("案件,lon,lat\n")
        file.writelines(f"{n:08},{x},{y}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True)))

    done = run(
        "locate", "cases.csv", "--kind", "unit_grid", "-o", "out.csv", "--column", "网格",
        cwd=tmp_path, **settings,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["案件", "lon", "lat", "网格"]
    assert [row[0] for row in rows] == [f"{n:08}" for n in range(ROWS)]
    inside = sum(bool(row[3]) for row in rows)
    assert 0 < inside < ROWS
    for row in rows[::2_003]:
        point = shapely.Point(float(row[1]), float(row[2]))
        if row[3]:
            assert grids[row[3]].intersects(point)
        else:
            assert not any(grid.intersects(point) for grid in grids.values())
    assert done.stdout == (
        f"{ROWS} rows in out.csv: {inside} inside, {ROWS - inside} outside a unit_grid; "
        "coordinates read as wgs84\n"
    )


def test_the_counts_can_be_had_as_json(tmp_path: Path, settings: dict[str, object]) -> None:
    (tmp_path / "in.csv").write_text("x,y\n111.9943,27.7283\n110.0,27.7283\n")

    done = run(
        "locate", "in.csv", "--kind", "street", "--lon", "x", "--lat", "y", "--crs", "gcj02",
        "-o", "out.parquet", "--json", cwd=tmp_path, **settings,
    )  # fmt: skip

    told = json.loads(done.stdout)
    assert told.pop("revision") > 0
    assert told == {"rows": 2, "inside": 1, "outside": 1, "crs": "gcj02", "file": "out.parquet"}


def test_a_bad_row_ends_it_with_one_sentence_and_no_file(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    (tmp_path / "in.csv").write_text("lon,lat\n111.9943,27.7283\n27.7283,111.9943\n")

    done = run(
        "locate", "in.csv", "--kind", "street", "-o", "out.gpkg", cwd=tmp_path, **settings
    )  # fmt: skip

    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("✗ row 2 is no place (are lon and lat swapped?)")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_file_that_is_not_there_is_one_sentence(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    done = run("locate", "no.csv", "--kind", "street", "-o", "out.csv", cwd=tmp_path, **settings)

    assert "there is no file no.csv" in said(done)
