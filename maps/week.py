"""The compact week: when every zone is open in the days to come, for the browser to compute with.

What many zones share is told once and named by its place in a list: hours, sets of goods.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from geo.records import Kind, StallZone
from geo.schedules import Calendar, Override, Schedule
from geo.weeks import week_of
from maps.columns import numbered, points, shortened
from maps.initials import initials
from maps.shapes import SHAPES_MAX

DAYS = 9
"""Yesterday, whose night may not be over, today, and the seven days that follow."""

_DAY_MIN = 1440
_CLOCK_DAYS = 400
"""Next openings are looked for a year ahead."""


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

    def told(self) -> dict[str, Any]:
        """Return what a page needs to know of the days, without a calendar of time zones."""
        return {
            "epoch_min": self.epoch_min,
            "days": DAYS,
            "time_zone": self.time_zone,
            "offsets": list(self._offsets()),
        }

    def _offsets(self) -> Iterator[tuple[int, int]]:
        """From which minute on the city's clock is how many minutes ahead of UTC."""
        zone, epoch_s = ZoneInfo(self.time_zone), self.epoch_min * 60

        def ahead_min(minute: int) -> int:
            offset = datetime.fromtimestamp(epoch_s + minute * 60, zone).utcoffset()
            assert offset is not None
            return int(offset.total_seconds()) // 60

        yield 0, ahead_min(0)
        for midnight in range(0, _CLOCK_DAYS * _DAY_MIN, _DAY_MIN):
            before, minutes = ahead_min(midnight), range(midnight, midnight + _DAY_MIN + 1)
            if ahead_min(minutes[-1]) != before:
                change = bisect(minutes, False, key=lambda one: ahead_min(one) != before)
                yield minutes[change], ahead_min(minutes[change])

    def minute(self, instant: datetime) -> int:
        """Return how many minutes an instant lies behind the first midnight."""
        return int(instant.timestamp()) // 60 - self.epoch_min


def week(
    zones: Sequence[StallZone], kinds: Mapping[str, Kind], calendar: Calendar, frame: Frame
) -> dict[str, Any]:
    """Return the week of the zones, in their order; docs/api.md tells what the members are."""
    patterns, pattern = _patterns(zones, calendar, frame)
    slugs, kind = numbered([zone.kind for zone in zones])
    words = sorted({word for zone in zones for word in zone.goods})
    place = {word: number for number, word in enumerate(words)}
    sets, goods = numbered([tuple(place[word] for word in zone.goods) for zone in zones])
    origin, places = points([zone.geometry for zone in zones])
    return {
        **frame.told(),
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
            "code": shortened([zone.code for zone in zones]),
            "kind": kind,
            "pattern": pattern,
            "goods": goods,
            "lon": places[:, 0].tolist(),
            "lat": places[:, 1].tolist(),
            "capacity": [zone.capacity for zone in zones],
        },
    }


def _patterns(
    zones: Sequence[StallZone], calendar: Calendar, frame: Frame
) -> tuple[list[Any], list[int]]:
    """What is written alike in this week is one pattern, whatever other seasons say."""
    hours = [(zone.schedule, zone.overrides) for zone in zones]
    told = {one: orjson.dumps(pattern_of(*one, calendar, frame)) for one in set(hours)}
    distinct, place = numbered([told[one] for one in hours])
    return [orjson.loads(one) for one in distinct], place


def pattern_of(
    schedule: Schedule | None, overrides: tuple[Override, ...], calendar: Calendar, frame: Frame
) -> dict[str, Any]:
    """Return what the page has to know of hours in these days; docs/api.md tells the members."""
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
