"""Files of all formats, in the encodings that offices use; the dirt that they bring."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from data.importing.tables import read_table
from geo.errors import ImportRefused
from tests.unit.importing_support import feature, geojson, point, problems, read

FRAME = gpd.GeoDataFrame(
    {"code": ["A1", "A2"], "name": ["娄底夜市", "长青街"]},
    geometry=[Point(111.994, 27.7), Point(111.995, 27.7)],
    crs=4490,
)
ROWS = pd.DataFrame({"code": [1, 2], "name": ["娄底", "长青"], "x": [111.994] * 2, "y": [27.7] * 2})
XY: dict[str, Any] = {"geometry": {"lon": "x", "lat": "y"}, "crs": "wgs84"}


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.shp"])
def test_every_vector_format_gives_the_same_records(tmp_path: Path, name: str) -> None:
    FRAME.to_file(tmp_path / name, encoding="UTF-8")

    found = read(tmp_path / name).records

    assert [record.name for record in found] == ["娄底夜市", "长青街"]  # type: ignore[union-attr]


def test_a_gbk_shapefile_is_read_by_its_cpg_file(tmp_path: Path) -> None:
    FRAME.to_file(tmp_path / "a.shp", encoding="GBK")

    assert (tmp_path / "a.cpg").read_text() == "GBK"
    assert read(tmp_path / "a.shp").records[0].name == "娄底夜市"  # type: ignore[union-attr]


def test_a_gbk_shapefile_without_cpg_needs_its_encoding(tmp_path: Path) -> None:
    FRAME.to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()

    with pytest.raises(ImportRefused, match="gb18030"):
        read(tmp_path / "a.shp")
    with pytest.raises(ImportRefused, match="not in utf-8"):
        read(tmp_path / "a.shp", encoding="utf-8")
    found = read(tmp_path / "a.shp", encoding="gb18030").records
    assert found[0].name == "娄底夜市"  # type: ignore[union-attr]


def test_a_shapefile_of_plain_letters_needs_no_cpg(tmp_path: Path) -> None:
    FRAME.assign(name=["north", "south"]).to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()

    assert len(read(tmp_path / "a.shp").records) == 2


def test_a_gbk_csv_needs_its_encoding(tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "a.csv", index=False, encoding="gbk")

    with pytest.raises(ImportRefused, match="not in UTF-8"):
        read(tmp_path / "a.csv", **XY)
    assert len(read(tmp_path / "a.csv", **XY, encoding="gb18030").records) == 2
    with pytest.raises(ImportRefused, match="unknown encoding"):
        read(tmp_path / "a.csv", **XY, encoding="gbk-2049")


def test_a_csv_with_a_byte_order_mark_has_no_mark_in_its_first_column(tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8-sig")

    assert next(iter(read_table(tmp_path / "a.csv").columns)) == "code"


def test_a_workbook_gives_whole_codes_and_reads_the_sheet_that_is_named(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"说明": ["看第二页"]}).to_excel(book, sheet_name="说明", index=False)
        ROWS.to_excel(book, sheet_name="数据", index=False)

    found = read(tmp_path / "a.xlsx", **XY, table="数据").records

    assert [record.code for record in found] == ["1", "2"]  # type: ignore[union-attr]
    with pytest.raises(ImportRefused, match="数据"):
        read(tmp_path / "a.xlsx", **XY, table="数据2")


def test_blank_lines_are_passed_over_but_counted_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code,name,x,y\n1,n,111.9,27.7\n\n,,,\n2,n,0,0\n\n")

    reading = read(tmp_path / "a.csv", **XY)

    assert (reading.rows, len(reading.records)) == (2, 1)
    assert problems(reading) == [(4, "refused", "placeholder")]


def test_a_geopackage_of_several_tables_must_be_told_which(tmp_path: Path) -> None:
    for layer in ("bins", "toilets"):
        FRAME.to_file(tmp_path / "a.gpkg", layer=layer)

    with pytest.raises(ImportRefused, match="bins, toilets"):
        read(tmp_path / "a.gpkg")
    assert len(read(tmp_path / "a.gpkg", table="bins").records) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "", "must end in"),
        ("a.csv", "", "no header"),
        ("a.csv", "code,code\n1,2\n", "two columns 'code'"),
        ("a.csv", "code,name,x,y\n1,n,111.9,27.7\n2,n,m,111.9,27.7\n", "row 2 .* has 5 cells"),
        ("a.csv", 'code,name,x,y\n1,"n,111.9,27.7\n', "cannot read a.csv"),
        ("a.geojson", "{", "cannot read a.geojson"),
        ("a.xlsx", "no workbook", "cannot read a.xlsx"),
        ("a.csv", "code,title,x,y\n1,n,111.9,27.7\n", "column 'name'"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(ImportRefused, match=words):
        read(tmp_path / name, **XY)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="there is no file"):
        read(tmp_path / "a.csv", **XY)


def test_a_column_of_true_and_unknown_keeps_both(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "a.geojson",
        [feature("1", point(111.9, 27.7), open=True), feature("2", point(111.8, 27.7), open="?")],
    )

    found = read(path, attributes={"open": "open"}).records

    assert [record.attributes["open"] for record in found] == [True, "?"]  # type: ignore[union-attr]


def test_a_text_that_looks_like_a_date_stays_a_text(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("2026-01-31", point(111.9, 27.7))])

    assert read(path).records[0].code == "2026-01-31"  # type: ignore[union-attr]


def test_height_is_dropped(tmp_path: Path) -> None:
    shape = {"type": "Point", "coordinates": [111.9, 27.7, 85.5]}

    (found,) = read(geojson(tmp_path / "a.geojson", [feature("1", shape)])).records

    assert not found.geometry.has_z  # type: ignore[union-attr]
