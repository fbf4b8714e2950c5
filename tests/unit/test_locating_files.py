"""Files of points get a column more, whatever their format and size, or are left as they are."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import shapely

from data.locating import Columns, Located, locate_file
from geo.crs import Crs, from_wgs84
from geo.errors import InvalidCoordinate, InvalidParameter, TidegridError, UnknownKind
from geo.locating import AreaIndex, Label

ROWS = 200_000
SIDE = 20


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    """400 squares of a hundredth of a degree, by row and column."""
    steps = np.arange(SIDE) / 100
    x, y = (axis.ravel() for axis in np.meshgrid(112 + steps, 27 + steps))
    labels = [Label("unit_grid", f"{n:04}", "", "", True, True) for n in range(SIDE * SIDE)]
    return AreaIndex(labels, shapely.box(x, y, x + 0.01, y + 0.01), revision=3)


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "case": [f"{n:07}" for n in range(ROWS)],
            "lon": rng.uniform(111.99, 112.21, ROWS),
            "lat": rng.uniform(26.99, 27.21, ROWS),
            "note": ['占道, "夜市"\n二期' if n % 1000 == 0 else None for n in range(ROWS)],
        }
    )


@pytest.fixture(scope="module")
def expected(points: pd.DataFrame) -> list[str | None]:
    """Not by way of any index of ours."""
    column = np.floor((points["lon"].to_numpy() - 112) * 100).astype(int)
    row = np.floor((points["lat"].to_numpy() - 27) * 100).astype(int)
    held = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    return [f"{r * SIDE + c:04}" if h else None for r, c, h in zip(row, column, held, strict=True)]


def written(points: pd.DataFrame, path: Path, crs: str = "EPSG:4326") -> Path:
    if path.suffix == ".csv":
        points.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        points.to_parquet(path, index=False)
    else:
        x, y = from_wgs84(points["lon"], points["lat"], Crs.parse(crs))
        frame = gpd.GeoDataFrame(
            points.drop(columns=["lon", "lat"]), geometry=shapely.points(x, y), crs=crs
        )
        frame.to_file(path, engine="pyogrio")
    return path


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype={"case": str, "code": str})
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return gpd.read_file(path, engine="pyogrio")


def codes(frame: pd.DataFrame) -> list[str | None]:
    return [None if pd.isna(code) else str(code) for code in frame["code"]]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".gpkg"])
@pytest.mark.parametrize("out", [".csv", ".parquet", ".gpkg"])
def test_rows_keep_their_order_and_columns_and_get_a_code(
    tmp_path: Path,
    index: AreaIndex,
    points: pd.DataFrame,
    expected: list[str | None],
    ending: str,
    out: str,
) -> None:
    source = written(points, tmp_path / f"points{ending}")
    ticks: list[tuple[int, int]] = []

    done = locate_file(
        source, tmp_path / f"out{out}", index, "unit_grid",
        progress=lambda rows, total: ticks.append((rows, total)),
    )  # fmt: skip

    held = sum(code is not None for code in expected)
    system = "EPSG:4326" if ending == ".gpkg" else "wgs84"
    assert done == Located(ROWS, held, system, 3)
    assert done.outside == ROWS - held
    found = read(tmp_path / f"out{out}")
    assert codes(found) == expected
    assert found["case"].tolist() == points["case"].tolist()
    assert found["note"].fillna("").tolist() == points["note"].fillna("").tolist()
    if out == ".gpkg":
        assert isinstance(found, gpd.GeoDataFrame)
        assert found.crs == "EPSG:4326"
        assert np.array_equal(shapely.get_x(found.geometry), points["lon"])
    else:
        assert np.array_equal(found["lon"].astype(float), points["lon"])
        assert np.array_equal(found["lat"].astype(float), points["lat"])
    assert len(ticks) > 2
    assert ticks[-1] == (ROWS, ROWS)
    assert {path.name for path in tmp_path.iterdir()} == {source.name, f"out{out}"}


Small = Callable[..., Path]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    def write(text: str | bytes, name: str = "in.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_cells_of_a_csv_stay_the_texts_that_they_are(small: Small, index: AreaIndex) -> None:
    source = small("\ufeffplate,lat,lon,when,empty\r\n0136,27.0050,112.0050,1/2/2026,\r\n")

    locate_file(source, source.with_name("out.csv"), index, "unit_grid")

    assert source.with_name("out.csv").read_bytes() == (
        b"plate,lat,lon,when,empty,code\n0136,27.0050,112.0050,1/2/2026,,0000\n"
    )


def test_columns_and_system_may_be_others(small: Small, index: AreaIndex) -> None:
    x, y = from_wgs84([112.015], [27.005], Crs.parse("gcj02"))
    source = small(f"code,经度,纬度\nA,{float(x[0])!r},{float(y[0])!r}\n")
    target = source.with_name("out.csv")

    done = locate_file(
        source, target, index, "unit_grid", crs="gcj02", columns=Columns("经度", "纬度", "网格")
    )

    assert (done.crs, done.inside) == ("gcj02", 1)
    assert rows_of(target)[0] == ["code", "经度", "纬度", "网格"]
    assert rows_of(target)[1][3] == "0001"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", "has no lat"),
        ("x", "'x'"),
        ("nan", "lat nan"),
        ("112.1", "swapped"),
        ("91", "lat 91.0"),
    ],
)
def test_a_bad_coordinate_is_named_by_its_row_and_nothing_is_written(
    small: Small, index: AreaIndex, tmp_path: Path, cell: str, said: str
) -> None:
    many = 300_000
    source = small("lon,lat\n" + "27.1,27.1\n" * many + f"27.1,{cell}\n" + "27.1,27.1\n")

    with pytest.raises(InvalidCoordinate) as refused:
        locate_file(source, tmp_path / "out.csv", index, "unit_grid")

    assert str(refused.value).startswith(f"row {many + 1} is no place")
    assert said in str(refused.value)
    assert list(tmp_path.iterdir()) == [source]


def test_what_was_there_before_stays_when_a_file_is_refused(
    small: Small, index: AreaIndex, tmp_path: Path
) -> None:
    (tmp_path / "out.csv").write_text("of yesterday")

    with pytest.raises(InvalidCoordinate):
        locate_file(small("lon,lat\n1,1\n1,\n"), tmp_path / "out.csv", index, "unit_grid")

    assert (tmp_path / "out.csv").read_text() == "of yesterday"


def test_a_file_may_be_replaced_by_its_result(small: Small, index: AreaIndex) -> None:
    source = small("lon,lat\n112.005,27.005\n0,0\n")

    locate_file(source, source, index, "unit_grid")

    assert rows_of(source) == [
        ["lon", "lat", "code"],
        ["112.005", "27.005", "0000"],
        ["0", "0", ""],
    ]


@pytest.mark.parametrize("out", [".csv", ".parquet", ".gpkg"])
def test_a_file_without_rows_gives_one_without_rows(
    small: Small, index: AreaIndex, tmp_path: Path, out: str
) -> None:
    done = locate_file(small("lon,lat\n"), tmp_path / f"out{out}", index, "unit_grid")

    assert (done.rows, done.inside) == (0, 0)
    assert list(read(tmp_path / f"out{out}").columns)[:3] == ["lon", "lat", "code"]


REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "no column": ("x,y\n1,2\n", "in.csv", "no column is called 'lon'; there are: x, y"),
    "twice": ("lon,lat,lon\n1,2,3\n", "in.csv", "two or more columns are called 'lon'"),
    "code there": ("lon,lat,Code\n1,2,3\n", "in.csv", "--column"),
    "cells missing": ("lon,lat\n1,2\n3\n", "in.csv", "Row #3"),
    "not UTF-8": ("编号,lon,lat\n一,1,2\n".encode("gbk"), "in.csv", "save it as UTF-8"),
    "empty": ("", "in.csv", "no column is called 'lon'"),
    "not Parquet": ("lon,lat\n", "in.parquet", "in.parquet: "),
    "not GeoPackage": ("lon,lat\n", "in.gpkg", "in.gpkg"),
    "another format": ("lon,lat\n", "in.xlsx", "must end in .csv, .parquet, .gpkg"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_told_by_what_is_wrong(
    small: Small, index: AreaIndex, tmp_path: Path, case: str
) -> None:
    content, name, said = REFUSED[case]

    with pytest.raises(InvalidParameter, match=said):
        locate_file(small(content, name), tmp_path / "out.csv", index, "unit_grid")

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_unknown_kind_or_folder_or_system_is_refused(
    small: Small, index: AreaIndex, tmp_path: Path
) -> None:
    source = small("lon,lat\n1,1\n")
    tries: list[tuple[Path, str, str | None, type[TidegridError]]] = [
        (tmp_path / "out.csv", "galaxy", None, UnknownKind),
        (tmp_path / "nowhere/out.csv", "unit_grid", None, InvalidParameter),
        (tmp_path / "out.csv", "unit_grid", "mars", TidegridError),
    ]
    for target, kind, crs, error in tries:
        with pytest.raises(error):
            locate_file(source, target, index, kind, crs=crs)


def test_numbers_written_as_text_in_parquet_are_refused(tmp_path: Path, index: AreaIndex) -> None:
    pq.write_table(pa.table({"lon": ["112"], "lat": [27.0]}), tmp_path / "in.parquet")

    with pytest.raises(InvalidParameter, match="column lon holds string"):
        locate_file(tmp_path / "in.parquet", tmp_path / "out.csv", index, "unit_grid")


def test_a_column_that_a_csv_cannot_hold_is_named(tmp_path: Path, index: AreaIndex) -> None:
    pq.write_table(
        pa.table({"lon": [112.0], "lat": [27.0], "tags": [["a"]]}), tmp_path / "in.parquet"
    )

    with pytest.raises(InvalidParameter, match="cannot hold tags"):
        locate_file(tmp_path / "in.parquet", tmp_path / "out.csv", index, "unit_grid")
    locate_file(tmp_path / "in.parquet", tmp_path / "out.parquet", index, "unit_grid")
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["lon", "lat", "tags", "code"]


# --- GeoPackages -------------------------------------------------------------------------------


def frame_of(shapes: list[Any], crs: str | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["一"] * len(shapes)}, geometry=shapes, crs=crs)


def test_a_geopackage_is_read_in_its_own_system_and_keeps_it(
    tmp_path: Path, index: AreaIndex
) -> None:
    x, y = from_wgs84([112.015], [27.005], Crs.parse("EPSG:4525"))
    frame_of([shapely.Point(x[0], y[0])], "EPSG:4525").to_file(tmp_path / "in.gpkg")

    done = locate_file(tmp_path / "in.gpkg", tmp_path / "out.gpkg", index, "unit_grid")
    locate_file(tmp_path / "in.gpkg", tmp_path / "out.csv", index, "unit_grid")

    assert (done.crs, done.inside) == ("EPSG:4525", 1)
    found = gpd.read_file(tmp_path / "out.gpkg")
    assert found.crs == "EPSG:4525"
    assert found.geometry[0].equals(shapely.Point(x[0], y[0]))
    assert rows_of(tmp_path / "out.csv")[0] == ["name", "lon", "lat", "code"]
    assert float(rows_of(tmp_path / "out.csv")[1][1]) == pytest.approx(112.015, abs=1e-8)


def test_gcj02_labelled_wgs84_is_read_as_it_is_declared_and_other_contradictions_are_refused(
    tmp_path: Path, index: AreaIndex
) -> None:
    x, y = from_wgs84([112.015], [27.005], Crs.parse("gcj02"))
    frame_of([shapely.Point(x[0], y[0])], "EPSG:4326").to_file(tmp_path / "in.gpkg")

    done = locate_file(tmp_path / "in.gpkg", tmp_path / "out.csv", index, "unit_grid", crs="gcj02")

    assert done.crs == "gcj02"
    assert rows_of(tmp_path / "out.csv")[1][3] == "0001"
    with pytest.raises(InvalidParameter, match="the file says EPSG:4326"):
        locate_file(tmp_path / "in.gpkg", tmp_path / "out.csv", index, "unit_grid", crs="EPSG:4525")


@pytest.mark.parametrize("shape", [None, shapely.Point(), shapely.box(112, 27, 113, 28)])
def test_a_row_without_a_point_is_named(tmp_path: Path, index: AreaIndex, shape: Any) -> None:
    shapes = [shapely.Point(112, 27), shape]
    frame_of(shapes, "EPSG:4326").to_file(tmp_path / "in.gpkg", geometry_type="Unknown")

    with pytest.raises(InvalidCoordinate, match="row 2 is no point"):
        locate_file(tmp_path / "in.gpkg", tmp_path / "out.gpkg", index, "unit_grid")


def test_a_geopackage_of_two_layers_is_refused(tmp_path: Path, index: AreaIndex) -> None:
    for layer in ("a", "b"):
        frame_of([shapely.Point(1, 1)], "EPSG:4326").to_file(tmp_path / "in.gpkg", layer=layer)

    with pytest.raises(InvalidParameter, match="one layer; it has a, b"):
        locate_file(tmp_path / "in.gpkg", tmp_path / "out.gpkg", index, "unit_grid")
