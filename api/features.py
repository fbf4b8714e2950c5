"""Records to GeoJSON features: names of kinds, opening at an instant, live values joined in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.schemas import FacilityProperties, FeatureOut, StallProperties, ZoneProperties
from data.queries.readings import Reading, target_of
from geo.geojson import geometry_json
from geo.hours import format_hours
from geo.openings import UNKNOWN, opening
from geo.records import Facility, Kind, Stall, StallZone
from geo.schedules import Calendar


@dataclass(frozen=True, slots=True)
class Moment:
    """What a feature's live part depends on: the instant, the calendar, what was read."""

    at: datetime
    calendar: Calendar
    free: Mapping[str, Reading]

    def free_at(self, target: str) -> tuple[float | None, float | None]:
        """Return the free places and the age of that number in seconds; None when unknown."""
        reading = self.free.get(target)
        if reading is None:
            return None, None
        return reading.value, round(max(0.0, (self.at - reading.observed_at).total_seconds()))


def zone_feature(
    zone: StallZone, kinds: Mapping[str, Kind], moment: Moment, distance_m: float | None
) -> FeatureOut:
    """Return a stall zone as the public sees it."""
    now = opening(zone.schedule, moment.at, overrides=zone.overrides, calendar=moment.calendar)
    free, age = moment.free_at(target_of("stall_zone", zone.kind, zone.code))
    properties = ZoneProperties(
        kind=zone.kind,
        kind_name=kinds[zone.kind].name_zh,
        kind_name_en=kinds[zone.kind].name_en,
        code=zone.code,
        name=zone.name,
        name_en=zone.name_en,
        state=now.state,
        opens_at=now.opens_at,
        closes_at=now.closes_at,
        since=now.since,
        rule=now.rule.kind if now.rule else None,
        reason=now.reason_zh,
        reason_en=now.reason_en,
        assumed=now.assumed,
        hours=format_hours(zone.schedule) if zone.schedule else None,
        time_zone=zone.schedule.time_zone if zone.schedule else None,
        capacity=zone.capacity,
        free=free,
        free_age_s=age,
        goods=list(zone.goods),
        goods_banned=list(zone.goods_banned),
        address=zone.address,
        rules=zone.rules,
        fee=zone.fee,
        how_to_apply=zone.how_to_apply,
        manager=zone.manager,
        duty_phone=zone.duty_phone,
        distance_m=_metres(distance_m),
        attributes=dict(zone.attributes),
    )
    return FeatureOut(id=zone.code, geometry=geometry_json(zone.geometry), properties=properties)


def facility_feature(
    facility: Facility, kinds: Mapping[str, Kind], moment: Moment, distance_m: float | None
) -> FeatureOut:
    """Return a facility; what is damaged, lost, suspended or closed is not open."""
    now = UNKNOWN
    if facility.state == "normal":
        now = opening(facility.schedule, moment.at, calendar=moment.calendar)
    free, age = moment.free_at(target_of("facility", facility.kind, facility.code))
    properties = FacilityProperties(
        kind=facility.kind,
        kind_name=kinds[facility.kind].name_zh,
        kind_name_en=kinds[facility.kind].name_en,
        code=facility.code,
        name=facility.name,
        name_en=facility.name_en,
        condition=facility.state,
        state=now.state if facility.state == "normal" else "closed",
        opens_at=now.opens_at,
        closes_at=now.closes_at,
        since=now.since,
        rule=now.rule.kind if now.rule else None,
        assumed=now.assumed,
        hours=format_hours(facility.schedule) if facility.schedule else None,
        time_zone=facility.schedule.time_zone if facility.schedule else None,
        free=free,
        free_age_s=age,
        address=facility.address,
        distance_m=_metres(distance_m),
        attributes=dict(facility.attributes),
    )
    name = f"{facility.kind}:{facility.code}"
    return FeatureOut(id=name, geometry=geometry_json(facility.geometry), properties=properties)


def stall_feature(stall: Stall) -> FeatureOut:
    """Return a numbered stall."""
    properties = StallProperties(number=stall.number, goods=stall.goods, condition=stall.state)
    return FeatureOut(
        id=f"{stall.zone_code}:{stall.number}",
        geometry=geometry_json(stall.geometry),
        properties=properties,
    )


def _metres(distance_m: float | None) -> float | None:
    return None if distance_m is None else round(distance_m, 1)
