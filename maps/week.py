"""The compact week: when every zone is open in the days to come, for the browser to compute with.

What many zones share is told once and named by its place in a list: hours, sets of goods.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import shapely

from geo.records import Kind, StallZone
from geo.schedules import Calendar, Override, Schedule
from geo.weeks import week_of
from maps.columns import Units, units
from maps.initials import initials
from maps.shapes import SHAPES_MAX

DAYS = 9
"""Yesterday, whose night may not be over, today, and the seven days that follow."""

One = TypeVar("One", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Frame:
    """The days that a week tells of, in the city's zone."""

    first: date
    time_zone: str

    @classmethod
    def around(cls, at: datetime, time_zone: str) -> Frame:
        """Return the days that begin on the day before the instant."""
        return cls(at.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1), time_zone)

    @property
    def epoch_min(self) -> int:
        """The first midnight, in Unix minutes."""
        midnight = datetime.combine(self.first, time(), ZoneInfo(self.time_zone))
        return int(midnight.timestamp()) // 60

    def minute(self, instant: datetime) -> int:
        """Return how many minutes an instant lies behind the first midnight."""
        return int(instant.timestamp()) // 60 - self.epoch_min


def week(
    zones: Sequence[StallZone], kinds: Mapping[str, Kind], calendar: Calendar, frame: Frame
) -> dict[str, Any]:
    """Return the week of the zones, in their order; docs/api.md tells what the members are."""
    patterns, pattern = _patterns(zones, calendar, frame)
    slugs, kind = _numbered([zone.kind for zone in zones])
    words = sorted({word for zone in zones for word in zone.goods})
    place = {word: number for number, word in enumerate(words)}
    sets, goods = _numbered([tuple(place[word] for word in zone.goods) for zone in zones])
    origin, points = _points(zones)
    return {
        "epoch_min": frame.epoch_min,
        "days": DAYS,
        "time_zone": frame.time_zone,
        "shapes": "geojson" if len(zones) <= SHAPES_MAX else "tiles",
        "kinds": {
            "slug": slugs,
            "zh": [kinds[slug].name_zh if slug in kinds else slug for slug in slugs],
            "en": [kinds[slug].name_en if slug in kinds else slug for slug in slugs],
        },
        "goods": {"zh": words, "initials": initials(words)},
        "goods_sets": sets,
        "patterns": patterns,
        "origin": origin.tolist(),
        "zones": {
            "code": [zone.code for zone in zones],
            "kind": kind,
            "pattern": pattern,
            "goods": goods,
            "lon": points[:, 0].tolist(),
            "lat": points[:, 1].tolist(),
            "capacity": [zone.capacity for zone in zones],
        },
    }


def _numbered(things: Sequence[One]) -> tuple[list[One], list[int]]:
    """Each different thing once, the commonest first, and for each thing its place there.

    Small numbers are short, and few of them are most of the column.
    """
    counts: dict[One, int] = {}
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1
    distinct = sorted(counts, key=lambda thing: -counts[thing])
    place = {thing: number for number, thing in enumerate(distinct)}
    return distinct, [place[thing] for thing in things]


def _points(zones: Sequence[StallZone]) -> tuple[Units, Units]:
    """The south-western corner, and a point inside each zone as units from there."""
    inside = shapely.point_on_surface([zone.geometry for zone in zones])
    points = units(shapely.get_coordinates(inside)).reshape(-1, 2)
    origin = points.min(axis=0) if len(points) else np.zeros(2, dtype=np.int64)
    return origin, points - origin


def _patterns(
    zones: Sequence[StallZone], calendar: Calendar, frame: Frame
) -> tuple[list[Any], list[int]]:
    """What is written alike in this week is one pattern, whatever other seasons say."""
    hours = [(zone.schedule, zone.overrides) for zone in zones]
    told = {one: orjson.dumps(_pattern(*one, calendar, frame)) for one in set(hours)}
    distinct, place = _numbered([told[one] for one in hours])
    return [orjson.loads(one) for one in distinct], place


def _pattern(
    schedule: Schedule | None, overrides: tuple[Override, ...], calendar: Calendar, frame: Frame
) -> dict[str, Any]:
    told = week_of(
        schedule, overrides, calendar,
        first=frame.first, days=DAYS, time_zone=frame.time_zone,
    )  # fmt: skip
    return {
        "spans": None if told.spans is None else [minute for span in told.spans for minute in span],
        "next": told.opens_next,
        "notes": [
            [note.first, note.last, note.override.reason_zh, note.override.reason_en]
            for note in told.notes
            if note.override.reason_zh or note.override.reason_en
        ],
        "assumed_from": told.assumed_from,
    }
