"""The demo city's facilities are named, coded and placed as real ones are."""

from __future__ import annotations

import shapely
from shapely.geometry import Point, Polygon

from data.demo.city import DemoCity
from data.demo.codes import (
    CLASSES,
)
from tests.unit.demo.conftest import Areas, of_kind


def test_facility_names_and_codes_are_unique_and_the_codes_well_formed(city: DemoCity) -> None:
    assert len({facility.name for facility in city.facilities}) == len(city.facilities)
    assert len({facility.code for facility in city.facilities}) == len(city.facilities)
    for facility in city.facilities:
        assert facility.name_en.isascii()
        assert len(facility.code) == 16
        assert facility.code.isdecimal()
        assert facility.code[:10] == f"431302{CLASSES[facility.kind]}"


def test_facilities_carry_what_their_kind_needs(city: DemoCity) -> None:
    for camera in of_kind(city, "camera"):
        assert 0 <= camera.attributes["direction_deg"] < 360
        assert 0 < camera.attributes["view_deg"] <= 360
        assert camera.attributes["range_m"] > 0
    for shed in of_kind(city, "ebike_charging"):
        assert 0 < shed.attributes["chargers"] <= shed.attributes["bays"]
    for park in of_kind(city, "park"):
        assert isinstance(park.geometry, Polygon)
        for gate in park.attributes["gates"]:
            assert park.geometry.exterior.distance(Point(gate)) < 1e-6
    assert all(toilet.schedule for toilet in of_kind(city, "toilet"))
    assert all(lot.attributes["spaces"] > 0 for lot in of_kind(city, "parking"))
    assert sum(s.attributes["permit_window"] for s in of_kind(city, "station")) == 2
    zones = {zone.code: zone.geometry for zone in city.stall_zones}
    for sensor in of_kind(city, "sensor"):
        assert zones[sensor.attributes["stall_zone"]].contains(sensor.geometry)


def test_points_stand_in_no_river_and_on_no_carriageway(city: DemoCity, areas: Areas) -> None:
    wet = shapely.union_all([a.geometry for kind in ("water", "road") for a in areas[kind]])
    shapely.prepare(wet)
    assert not any(wet.intersects(facility.geometry) for facility in city.facilities)
