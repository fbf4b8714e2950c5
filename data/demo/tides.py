"""How full the demo is: free stalls, spaces and chargers, made up, busiest amid the opening."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data.queries.facilities import facilities_now
from data.queries.readings import NewReading, places_of, target_of
from data.queries.schedules import calendar_of
from data.queries.stall_zones import zones_shown
from geo.openings import Opening, opening
from geo.schedules import CITY_TIME

SOURCE = "合成数据 · synthetic demo data"
VALID_FOR = timedelta(minutes=3)
# What never closes fills and empties over a day: emptiest at five in the morning.
_EMPTIEST_HOUR = 5.0
_QUIET, _BUSY, _SPREAD, _FLICKER = 0.25, 0.92, 0.12, 0.03


def counted(session: Session, now: datetime) -> list[NewReading]:
    """Return the free places of all that is open now; the place and the minute decide."""
    return [
        NewReading(target, "free", float(_free(target, places, part, now)), now, VALID_FOR, SOURCE)
        for target, places, part in _open_places(session, now)
    ]


def _open_places(session: Session, now: datetime) -> Iterator[tuple[str, int, float]]:
    """Target, number of places, and which part of the opening is over."""
    calendar = calendar_of(session)
    for zone in zones_shown(session):
        found = opening(zone.schedule, now, overrides=zone.overrides, calendar=calendar)
        if found.state == "open" and zone.capacity:
            yield target_of("stall_zone", zone.kind, zone.code), zone.capacity, _part(found, now)
    for one in facilities_now(session, ("parking", "ebike_charging")):
        places = places_of(one.kind, one.attributes)
        found = opening(one.schedule, now, calendar=calendar)
        if one.state == "normal" and found.state == "open" and places:
            yield target_of("facility", one.kind, one.code), int(places), _part(found, now)


def _part(found: Opening, now: datetime) -> float:
    if found.since is not None and found.closes_at is not None:
        return (now - found.since) / (found.closes_at - found.since)
    here = now.astimezone(ZoneInfo(CITY_TIME))
    return ((here.hour + here.minute / 60 - _EMPTIEST_HOUR) % 24) / 24


def _free(target: str, places: int, part: float, now: datetime) -> int:
    """Each place is as popular as it is, and flickers by the minute."""
    popular = random.Random(target).uniform(-_SPREAD, _SPREAD)
    flicker = random.Random(f"{target} {int(now.timestamp()) // 60}").uniform(-_FLICKER, _FLICKER)
    taken = _QUIET + (_BUSY - _QUIET) * math.sin(math.pi * part) + popular + flicker
    return round(places * (1 - min(1.0, max(0.0, taken))))
