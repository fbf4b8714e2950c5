"""What a file may say of places, and what is caught at the door."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import Point, box

from geo.crs import Crs, from_wgs84
from geo.errors import ImportRefused
from geo.measure import area_m2, distance_m, lonlat_of
from geo.types import LonLat
from tests.unit.importing_support import feature, geojson, only, point, polygon, problems, read

LOUDI = LonLat(111.994, 27.7)
CRS_MEMBER: dict[str, Any] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
AREA: dict[str, Any] = {"layer": "areas", "kind": "community"}


def as_in(crs: str) -> dict[str, Any]:
    x, y = from_wgs84(LOUDI.lon, LOUDI.lat, Crs.parse(crs))
    return point(float(x), float(y))


def csv_file(folder: Path, *rows: str, header: str = "code,name,x,y") -> Path:
    path = folder / "points.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


XY: dict[str, Any] = {"geometry": {"lon": "x", "lat": "y"}}


@pytest.mark.parametrize(
    "crs", ["gcj02", "bd09", "cgcs2000", "EPSG:4546", "EPSG:4525", "EPSG:3857"]
)
def test_a_declared_system_is_converted_to_wgs_84(tmp_path: Path, crs: str) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("1", as_in(crs))])

    (found,) = read(path, crs=crs).records

    assert distance_m(lonlat_of(found.geometry), LOUDI) < 0.01  # type: ignore[union-attr, arg-type]


def test_a_geojson_without_crs_member_is_wgs_84_by_its_standard(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("1", as_in("wgs84"))])

    (found,) = read(path).records

    assert found.geometry.equals(Point(LOUDI.lon, LOUDI.lat))  # type: ignore[union-attr]


def test_the_crs_that_a_file_states_is_used(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "a.geojson", [feature("1", point(500_000, 3_000_000))], crs=CRS_MEMBER
    )

    (found,) = read(path).records

    assert found.geometry.x == pytest.approx(114)  # type: ignore[union-attr]


@pytest.mark.parametrize("said", ["EPSG:4548", "wgs84", "gcj02"])
def test_a_declaration_that_contradicts_the_file_is_refused(tmp_path: Path, said: str) -> None:
    path = geojson(
        tmp_path / "a.geojson", [feature("1", point(500_000, 3_000_000))], crs=CRS_MEMBER
    )

    with pytest.raises(ImportRefused, match="the file says EPSG:4547, you say"):
        read(path, crs=said)


def test_gcj_02_wins_over_the_label_that_tools_put_on_such_files(tmp_path: Path) -> None:
    moved = as_in("gcj02")["coordinates"]
    frame = gpd.GeoDataFrame({"code": ["1"], "name": ["n"]}, geometry=[Point(moved)], crs=4326)
    frame.to_file(tmp_path / "a.gpkg")

    (found,) = read(tmp_path / "a.gpkg", crs="gcj02").records

    assert distance_m(lonlat_of(found.geometry), LOUDI) < 0.01  # type: ignore[union-attr, arg-type]


def test_a_file_whose_column_says_gcj_02_is_not_read_as_wgs_84(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("1", as_in("gcj02"), datum="GCJ-02")])

    with pytest.raises(ImportRefused, match="--crs gcj02"):
        read(path)
    assert len(read(path, crs="gcj02").records) == 1


def test_a_geojson_that_disowns_its_crs_must_be_told_it(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("1", as_in("wgs84"))], crs=None)

    with pytest.raises(ImportRefused, match="which coordinate system"):
        read(path)


def test_a_table_without_declared_crs_is_refused_with_what_to_give(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,n,111.994,27.7")

    with pytest.raises(ImportRefused, match=r"--crs.*wgs84.*gcj02.*EPSG:n"):
        read(path, **XY)
    assert len(read(path, crs="wgs84", **XY).records) == 1


def test_a_table_without_geometry_is_refused_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="name lon and lat, or wkt"):
        read(csv_file(tmp_path, "1,n,111.994,27.7"), crs="wgs84")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (",", "no_geometry"),
        ("111.994,", "no_geometry"),
        ("east,27.7", "not_a_number"),
        ("nan,27.7", "not_a_number"),
        ("inf,27.7", "not_a_number"),
        ("1e400,27.7", "not_a_number"),
        ("0,0", "placeholder"),
        ("0,27.7", "placeholder"),
        ("1,1", "placeholder"),
        ("112,28", "placeholder"),
        ("111.994,999", "placeholder"),
        ("27.7,111.994", "swapped_axes"),
        ("511.994,27.7", "out_of_range"),
        ("111.994,-127.7", "out_of_range"),
    ],
)
def test_a_bad_place_is_refused_and_the_others_go_in(
    tmp_path: Path, cells: str, problem: str
) -> None:
    path = csv_file(tmp_path, "1,n,111.994,27.7", f"2,n,{cells}", "3,n,111.995,27.7")

    reading = read(path, crs="wgs84", **XY)

    assert [record.code for record in reading.records] == ["1", "3"]  # type: ignore[union-attr]
    assert (only(reading).row, only(reading).code) == (2, "2")
    assert (only(reading).severity, only(reading).problem) == ("refused", problem)
    assert reading.refused == 1


def test_a_coordinate_on_a_whole_degree_is_imported_with_a_warning(tmp_path: Path) -> None:
    reading = read(csv_file(tmp_path, "1,n,111.994,28"), crs="wgs84", **XY)

    assert len(reading.records) == 1
    assert problems(reading) == [(1, "warning", "whole_degree")]


def test_full_width_digits_are_digits(tmp_path: Path) -> None:
    (found,) = read(
        csv_file(tmp_path, "Ａ０１　,n,１１１．９９４,２７．７"), crs="wgs84", **XY
    ).records

    assert found.code == "A01"  # type: ignore[union-attr]
    assert found.geometry.equals(Point(111.994, 27.7))  # type: ignore[union-attr]


def test_axes_swapped_on_both_sides_of_the_globe_are_caught_by_the_box(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,n,39.3,-76.6", "2,n,-76.6,39.3", "3,n,10.5,-76.6")
    box_rules = {"geometry": {"lon": "x", "lat": "y", "bbox": [-77, 39, -76, 40]}}

    reading = read(path, crs="wgs84", **box_rules)

    assert problems(reading) == [(1, "refused", "swapped_axes"), (3, "refused", "outside_bbox")]
    assert "axis_order" in reading.findings[0].reason


def test_survey_points_with_the_northing_first_are_caught(tmp_path: Path) -> None:
    easting, northing = as_in("EPSG:4546")["coordinates"]

    reading = read(csv_file(tmp_path, f"1,n,{northing},{easting}"), crs="EPSG:4546", **XY)

    assert only(reading).problem == "swapped_axes"


@pytest.mark.parametrize("wrong", ["EPSG:4527", "EPSG:4546"])
def test_an_easting_of_another_zone_or_with_its_number_is_caught(
    tmp_path: Path, wrong: str
) -> None:
    easting, northing = as_in("EPSG:4525")["coordinates"]

    reading = read(csv_file(tmp_path, f"1,n,{easting},{northing}"), crs=wrong, **XY)

    assert only(reading).problem == "outside_area_of_use"
    assert "zone" in only(reading).reason


def test_a_shifted_system_outside_china_is_refused(tmp_path: Path) -> None:
    reading = read(csv_file(tmp_path, "1,n,-73.9,40.7"), crs="gcj02", **XY)

    assert only(reading).problem == "outside_area_of_use"


BOW_TIE = polygon((112.1, 27.1), (112.2, 27.2), (112.2, 27.1), (112.1, 27.2))


def test_an_invalid_polygon_is_refused_with_reason_and_place(tmp_path: Path) -> None:
    reading = read(geojson(tmp_path / "a.geojson", [feature("1", BOW_TIE)]), **AREA)

    assert reading.records == ()
    assert only(reading).reason.startswith("Self-intersection[112.15 27.15")


def test_an_invalid_polygon_is_repaired_and_reported_when_asked(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [feature("1", BOW_TIE)])

    reading = read(path, **AREA, geometry={"repair": True})

    assert problems(reading) == [(1, "repaired", "invalid_geometry")]
    assert only(reading).code == "1"
    assert reading.refused == 0
    (found,) = reading.records
    assert found.geometry.is_valid  # type: ignore[union-attr]
    assert area_m2(found.geometry) > 1e6  # type: ignore[union-attr]


def test_geometry_that_is_missing_empty_unreadable_or_of_the_wrong_type_is_told_apart(
    tmp_path: Path,
) -> None:
    path = geojson(
        tmp_path / "a.geojson",
        [
            feature("1", None),
            feature("2", {"type": "Polygon", "coordinates": []}),
            feature("3", {"type": "Polygon", "coordinates": [[[112.1, 27.1], [112.2, 27.2]]]}),
            feature("4", point(112.1, 27.1)),
            feature("5", polygon((112.1, 27.1), (112.2, 27.1), (112.2, 27.2))),
        ],
    )

    reading = read(path, **AREA)

    assert [(f.row, f.problem) for f in reading.findings] == [
        (1, "no_geometry"),
        (2, "empty_geometry"),
        (3, "unreadable_geometry"),
        (4, "wrong_geometry_type"),
    ]
    assert len(reading.records) == 1


def test_one_vertex_at_zero_zero_refuses_the_polygon(tmp_path: Path) -> None:
    shape = polygon((112.1, 27.1), (0, 0), (112.2, 27.2))

    assert only(read(geojson(tmp_path / "a.geojson", [feature("1", shape)]), **AREA)).problem == (
        "placeholder"
    )


def test_wkt_is_read_in_the_order_that_the_mapping_says(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,name,place\n1,n,POINT (27.7 111.994)\n2,n,POINT (27.7\n")
    rules = {"wkt": "place", "axis_order": "lat,lon"}

    reading = read(path, crs="wgs84", geometry=rules)

    (found,) = reading.records
    assert found.geometry.equals(Point(111.994, 27.7))  # type: ignore[union-attr]
    assert problems(reading) == [(2, "refused", "unreadable_geometry")]


def test_a_point_becomes_a_circle_for_a_stall_zone(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,n,111.994,27.7")
    zone = {"layer": "stall-zones", "kind": "night_market"}
    rules = {"lon": "x", "lat": "y", "point_radius_m": 10}

    (found,) = read(path, crs="wgs84", **zone, geometry=rules).records

    assert area_m2(found.geometry) == pytest.approx(310.6, rel=0.01)  # type: ignore[union-attr]
    assert only(read(path, crs="wgs84", **zone, **XY)).problem == "wrong_geometry_type"


def test_rings_come_out_in_one_direction_whatever_the_file_has(tmp_path: Path) -> None:
    square = box(112.1, 27.1, 112.2, 27.2)
    files = []
    for name, shape in (("a.geojson", square), ("b.geojson", square.reverse())):
        files.append(geojson(tmp_path / name, [feature("1", shapely.geometry.mapping(shape))]))

    one, other = (read(path, **AREA).records[0].geometry for path in files)  # type: ignore[union-attr]

    assert one == other
