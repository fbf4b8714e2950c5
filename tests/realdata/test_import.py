"""Real files of five cities on three continents, with the defects that they were published with."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from sqlalchemy.orm import Session

from data.importing.mapping import ImportMapping, load_mapping, parse_mapping
from data.importing.reading import read_records
from data.importing.run import ImportReport, import_file
from data.queries.areas import areas_now
from data.queries.facilities import facilities_now
from data.queries.stall_zones import zones_now
from geo.errors import ImportRefused
from geo.hours import format_hours
from geo.measure import area_m2, distance_m, lonlat_of
from geo.openings import opening
from geo.records import Area, Facility, Kind
from geo.types import LonLat

Load = Callable[..., ImportReport]

SEEDS = ("431300", "431302", "420700", "420704", "421000", "340111", "320685")


@pytest.fixture
def load(realdata: Path, session: Session) -> Load:
    """Import one of the real files, by the shipped mapping of that name."""

    def run(file: str, mapping: str | ImportMapping, crs: str | None = None) -> ImportReport:
        rules = load_mapping(mapping) if isinstance(mapping, str) else mapping
        path = realdata / file
        return import_file(session, path, rules.layer, rules, crs=crs, by="tester")

    return run


def problems(report: ImportReport) -> list[tuple[str, str]]:
    return [(finding.problem, finding.code) for finding in report.findings]


def features_of(path: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def off(facility: Facility, lon: float, lat: float) -> float:
    """How far a facility is from where it should be, metres."""
    assert isinstance(facility.geometry, shapely.Point)
    return distance_m(lonlat_of(facility.geometry), LonLat(lon, lat))


def test_taipei_villages_are_areas_and_the_two_invalid_ones_are_named(
    load: Load, session: Session, realdata: Path
) -> None:
    report = load("taipei-villages/taipei_village.geojson", "taipei-villages")

    assert (report.rows, report.added, report.refused) == (456, 454, 2)
    found = areas_now(session, {"community"})
    assert len(found) == 454
    villages = features_of(realdata / "taipei-villages/taipei_village.geojson")
    names = [village["properties"]["FULL"] for village in villages]
    assert {names[finding.row - 1] for finding in report.findings} == {
        "臺北市內湖區西湖里",
        "臺北市內湖區寶湖里",
    }
    assert all("Self-intersection[121.5" in finding.reason for finding in report.findings)
    area = next(area for area in found if area.name == "北投區湖田里")
    assert area.parent_code == "6301200"
    assert area_m2(area.geometry) == pytest.approx(area.attributes["published_area_m2"], rel=1e-3)
    again = load("taipei-villages/taipei_village.geojson", "taipei-villages")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 454)


def test_the_invalid_villages_are_mended_and_reported_when_asked(
    load: Load, session: Session
) -> None:
    shipped = load_mapping("taipei-villages")
    mending = parse_mapping(
        {
            "layer": "areas",
            "kind": "community",
            "fields": {name: list(sources) for name, sources in shipped.fields.items()},
            "geometry": {"repair": True},
        }
    )

    report = load("taipei-villages/taipei_village.geojson", mending)

    assert (report.added, report.refused) == (456, 0)
    assert [finding.severity for finding in report.findings] == ["repaired", "repaired"]
    assert len(areas_now(session, {"community"})) == 456


@pytest.mark.parametrize(
    ("file", "mapping", "rows", "outlier"),
    [
        ("pedestrian-bins", "taipei-pedestrian-bins", 1197, "bin-0867"),
        ("dog-waste-bag-boxes", "taipei-dog-waste-boxes", 510, "dog_waste_bag_box-0508"),
    ],
)
def test_taipei_boxes_are_facilities_and_the_outlier_is_refused(
    load: Load, file: str, mapping: str, rows: int, outlier: str
) -> None:
    report = load(f"taipei-street-assets/{file}.geojson", mapping)

    assert (report.rows, report.added) == (rows, rows - 1)
    assert problems(report) == [("outside_bbox", outlier)]


def test_taipei_toilets_are_facilities_with_seats(load: Load, session: Session) -> None:
    report = load("taipei-street-assets/public-toilets.geojson", "taipei-public-toilets")

    assert (report.rows, report.added, report.findings) == (1549, 1549, ())
    toilets = {found.code: found for found in facilities_now(session, {"toilet"})}
    assert toilets["public_toilet-0001"].attributes["seats"] == 3


def test_survey_coordinates_land_where_the_longitudes_are(
    load: Load, session: Session, realdata: Path
) -> None:
    report = load("taipei-street-assets/riverside-toilets.geojson", "taipei-riverside-toilets")

    assert (report.rows, report.added, report.findings) == (334, 334, ())
    rows = features_of(realdata / "taipei-street-assets/riverside-toilets.geojson")
    published = {row["properties"]["id"]: row["geometry"]["coordinates"] for row in rows}
    off_m = [off(found, *published[found.code]) for found in facilities_now(session, {"toilet"})]
    # As published, 51 of the 334 have two places, up to 1.3 km apart; the others agree.
    assert sum(metres < 1.5 for metres in off_m) == 283


def test_timed_collection_points_have_the_hours_that_their_notices_say(
    load: Load, session: Session
) -> None:
    report = load(
        "taipei-street-assets/timed-collection-points.geojson", "taipei-timed-collection-points"
    )

    assert (report.rows, report.added, report.refused) == (30, 30, 0)
    points = {found.code[-2:]: found for found in facilities_now(session, {"waste_point"})}
    hours = {code: format_hours(found.schedule) for code, found in points.items() if found.schedule}
    assert hours["01"] == "Mo,Tu,Th-Sa 06:00-22:00; We,Su 06:00-16:00"
    assert hours["03"] == "07:00-10:00,14:00-17:00,20:00-22:00"
    assert hours["16"] == "06:00-11:00,13:30-16:30"
    assert hours["20"] == "Mo,Tu,Th-Sa 07:00-08:00"
    assert hours["21"] == "Mo,Tu,Th-Sa 08:00-08:30"
    assert points["21"].attributes["hours_note"] == "颱風天、停班日暫停開放"
    assert points["05"].attributes["hours_note"] == "加油站旁"
    # "Other hours 06:00-19:00", and nobody says other than which: reported, not guessed.
    assert set(points) - set(hours) == {"06"}
    assert ("unreadable_hours", "timed_collection_point-0006") in problems(report)
    schedule = points["26"].schedule
    assert schedule is not None
    wednesday = datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("Asia/Taipei"))
    assert opening(schedule, wednesday).state == "open"
    assert opening(schedule, wednesday + timedelta(days=1)).state == "closed"


def test_accessible_car_parks_without_a_place_are_refused_one_by_one(load: Load) -> None:
    report = load(
        "taipei-street-assets/accessible-public-parking-facilities.geojson",
        "taipei-accessible-parking",
    )

    assert (report.rows, report.added, report.refused) == (113, 86, 27)
    assert {problem for problem, _ in problems(report)} == {"no_geometry"}


def test_new_york_litter_baskets_load_and_a_second_time_change_nothing(
    load: Load, session: Session
) -> None:
    report = load("nyc-litter-baskets/litter_baskets_mn_bk.csv", "nyc-litter-baskets")

    assert (report.rows, report.added, report.findings) == (15_539, 15_539, ())
    assert len(facilities_now(session, {"bin"})) == 15_539
    again = load("nyc-litter-baskets/litter_baskets_mn_bk.csv", "nyc-litter-baskets")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 15_539)


def test_new_york_in_state_plane_feet_lands_on_the_same_corners(realdata: Path) -> None:
    feet = parse_mapping(
        {
            "layer": "facilities",
            "kind": "bin",
            "crs": "EPSG:2263",
            "fields": {"code": "BASKETID"},
            "attributes": {name: {"field": name, "type": "number"} for name in ("lon", "lat")},
            "geometry": {"lon": "STATEPLANE_SNAPPEDX", "lat": "STATEPLANE_SNAPPEDY"},
        }
    )
    kinds = {"bin": Kind("facility", "bin", "", "")}

    reading = read_records(realdata / "nyc-litter-baskets/litter_baskets_mn_bk.csv", feet, kinds)

    baskets = [record for record in reading.records if isinstance(record, Facility)]
    assert (len(baskets), reading.refused) == (15_497, 42)
    off_m = [off(b, b.attributes["lon"], b.attributes["lat"]) for b in baskets]
    assert sum(metres < 30 for metres in off_m) > 0.99 * len(off_m)


def test_the_san_francisco_schedule_becomes_zones_with_weekly_openings(
    load: Load, session: Session
) -> None:
    report = load("sf-mobile-food-schedule/mobile_food_schedule.csv", "sf-mobile-food-schedule")

    assert (report.rows, report.added) == (2809, 521)
    zones = {zone.code: zone for zone in zones_now(session)}
    late = zones["946047"].schedule
    assert late is not None
    assert "Fr-Su 20:00-02:00" in format_hours(late)
    past_midnight = datetime(2026, 3, 7, 1, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert opening(late, past_midnight).state == "open"
    assert opening(late, past_midnight + timedelta(hours=1)).state == "closed"
    # Five slots run from 08:00 to 08:00: all day or not at all, nobody can tell.
    assert problems(report) == [("unreadable_hours", "1336729")] * 5
    assert area_m2(zones["946047"].geometry) == pytest.approx(111.8, rel=0.01)


def test_baltimore_cameras_load_from_their_columns(load: Load) -> None:
    report = load("baltimore-cctv/cctv_locations.csv", "baltimore-cctv")

    assert (report.rows, report.added, report.findings) == (614, 614, ())


def baltimore_wkt(**rules: str) -> ImportMapping:
    return parse_mapping(
        {
            "layer": "facilities",
            "kind": "camera",
            "crs": "wgs84",
            "fields": {"code": "ID", "name": "CameraName"},
            "geometry": {"wkt": "Location", "bbox": [-76.8, 39.1, -76.4, 39.4], **rules},
        }
    )


def test_baltimore_wkt_with_the_latitude_first_is_caught_in_every_row(load: Load) -> None:
    report = load("baltimore-cctv/cctv_locations.csv", baltimore_wkt())

    assert (report.added, report.refused) == (0, 614)
    assert {problem for problem, _ in problems(report)} == {"swapped_axes"}
    assert 'axis_order = "lat,lon"' in report.findings[0].reason


def test_baltimore_wkt_read_in_its_order_is_where_the_columns_are(
    load: Load, session: Session
) -> None:
    load("baltimore-cctv/cctv_locations.csv", "baltimore-cctv")
    columns = {found.code: found.geometry for found in facilities_now(session, {"camera"})}

    load("baltimore-cctv/cctv_locations.csv", baltimore_wkt(axis_order="lat,lon"))

    for found in facilities_now(session, {"camera"}):
        assert found.geometry.distance(columns[found.code]) < 1e-5


def boundaries(load: Load, session: Session, name: str, crs: str | None) -> dict[str, Area]:
    report = load(f"seed-city-boundaries/boundaries_{name}.geojson", "city-boundaries", crs)
    assert (report.rows, report.refused, report.findings) == (37, 0, ())
    assert report.added + report.changed == 37
    return {area.code: area for area in areas_now(session, {"city", "district"})}


def overlap(one: Area, other: Area) -> float:
    return one.geometry.intersection(other.geometry).area / one.geometry.union(other.geometry).area


def test_boundaries_in_gcj_02_land_on_those_in_wgs_84(load: Load, session: Session) -> None:
    truth = boundaries(load, session, "amap_wgs84", None)

    shifted = boundaries(load, session, "amap_gcj02", "gcj02")

    assert len(truth) == len(shifted) == 37
    assert all(overlap(truth[code], shifted[code]) > 0.965 for code in SEEDS)


def test_boundaries_in_cgcs2000_land_on_those_in_wgs_84(load: Load, session: Session) -> None:
    truth = boundaries(load, session, "amap_wgs84", None)

    generalised = boundaries(load, session, "tianditu_cgcs2000", "cgcs2000")

    assert all(overlap(truth[code], generalised[code]) > 0.945 for code in SEEDS)


def test_the_gcj_02_file_is_not_taken_for_wgs_84_though_gdal_says_so(load: Load) -> None:
    with pytest.raises(ImportRefused, match="--crs gcj02"):
        load("seed-city-boundaries/boundaries_amap_gcj02.geojson", "city-boundaries")
