"""The week that is sent, read as the page reads it, is what the opening hours say at any moment."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.openings import opening as opening_at
from geo.records import StallZone
from geo.schedules import CITY_TIME, DAYS, Calendar, MonthDay, Override, Schedule, Season, Window
from maps.week import DAYS as DAYS_TOLD
from maps.week import Frame, week

AT = datetime(2026, 12, 30, 12, tzinfo=UTC)
FRAME = Frame.around(AT, CITY_TIME)
# The night before the first day and the day behind the last are part of the question.
AROUND = [FRAME.first + timedelta(days=n) for n in range(-3, DAYS_TOLD + 4)]

dates = st.sampled_from(AROUND)
month_days = dates.map(lambda day: MonthDay(day.month, day.day))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens = draw(st.integers(0, 95)) * 15
    length = draw(st.integers(1, 96)) * 15
    days = draw(st.frozensets(st.sampled_from(DAYS), min_size=1))
    season = draw(st.none() | st.builds(Season, month_days, month_days))
    return Window(days, opens, opens + length, season)


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    first, last = sorted((draw(dates), draw(dates)))
    hours = draw(st.just(()) | st.tuples(windows()))
    return Override(first, last, draw(st.booleans()), hours, "因", "why")


schedules = st.none() | st.builds(
    Schedule,
    st.lists(windows(), max_size=3).map(tuple),
    st.sampled_from((CITY_TIME, "Asia/Tokyo", "America/Los_Angeles")),
    st.booleans(),
)
calendars = st.builds(
    Calendar,
    st.dictionaries(dates, st.sampled_from(("PH", "Mo", "Fr")), max_size=4),
    st.none() | dates,
)
zones = st.lists(st.tuples(schedules, st.lists(overrides(), max_size=2).map(tuple)), max_size=4)
instants = st.lists(st.integers(0, DAYS_TOLD * 1440 - 1), min_size=1, max_size=12)


@settings(max_examples=150)
@given(zones, calendars, instants)
def test_every_zone_is_open_when_its_hours_say_so(
    given_zones: list[tuple[Schedule | None, tuple[Override, ...]]],
    calendar: Calendar,
    minutes: list[int],
) -> None:
    records = [
        StallZone(
            "night_market", f"Z{n}", "区", box(112, 27, 112.01, 27.01), schedule=s, overrides=o
        )
        for n, (s, o) in enumerate(given_zones)
    ]
    told = week(records, {}, calendar, FRAME)
    for record, place in zip(records, told["zones"]["pattern"], strict=True):
        pattern = told["patterns"][place]
        for minute in minutes:
            at = datetime.fromtimestamp((told["epoch_min"] + minute) * 60, UTC)
            said = opening_at(record.schedule, at, overrides=record.overrides, calendar=calendar)
            assert state(pattern, minute) == said.state
            assert change(pattern, minute) in (ANY, said_change(said, told["epoch_min"]))


ANY = -1
"""The days end before the change: what comes then is not told."""


def state(pattern: dict[str, Any], minute: int) -> str:
    spans = pattern["spans"]
    if spans is None:
        return "unknown"
    return "open" if bisect_right(spans, minute) % 2 else "closed"


def change(pattern: dict[str, Any], minute: int) -> int | None:
    spans, end = pattern["spans"], DAYS_TOLD * 1440
    if spans is None:
        return None
    following = spans[bisect_right(spans, minute) :]
    if following:
        return ANY if following[0] == end else int(following[0])
    return None if pattern["next"] is None else int(pattern["next"])


def said_change(said: Any, epoch_min: int) -> int | None:
    when = said.opens_at or said.closes_at
    return None if when is None else int(when.timestamp()) // 60 - epoch_min


def test_the_frame_is_that_of_the_strategies() -> None:
    assert FRAME.first == date(2026, 12, 29)
