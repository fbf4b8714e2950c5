"""A whole week as intervals says what the single instants say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hours import parse_hours
from geo.openings import opening
from geo.schedules import ALWAYS, DAYS, WEEK, Calendar, MonthDay, Override, Schedule, Season, Window
from geo.weeks import Span, Week, week_of

FIRST = date(2026, 9, 29)
CALENDAR = Calendar(
    {date(2026, 10, day): "PH" for day in range(1, 8)} | {date(2026, 10, 10): "Fr"},
    date(2026, 10, 8),
)
HOUR, DAY = 60, 1440
MINUTE = timedelta(minutes=1)


def hours(text: str, *overrides: Override, first: date = FIRST, days: int = 9) -> Week:
    return week_of(parse_hours(text), overrides, CALENDAR, first=first, days=days)


def test_every_evening_of_the_week_is_one_span() -> None:
    week = hours("18:00-24:00", days=3)

    assert week.midnight == datetime(2026, 9, 28, 16, tzinfo=ZoneInfo("UTC"))
    assert week.minutes == 3 * DAY
    assert week.spans == tuple(Span(n * DAY + 18 * HOUR, (n + 1) * DAY) for n in range(3))
    assert week.opens_next == 3 * DAY + 18 * HOUR


def test_the_night_before_the_days_reaches_into_them() -> None:
    week = hours("Mo 22:00-04:00", days=2)

    assert week.spans == (Span(0, 4 * HOUR),)
    assert week.opens_next == 6 * DAY + 22 * HOUR


def test_what_is_open_when_the_days_end_is_cut_there_and_opens_not_again() -> None:
    nights = hours("We 22:00-04:00", days=2)
    always = hours("24/7", days=2)

    assert (nights.spans, nights.opens_next) == ((Span(DAY + 22 * HOUR, 2 * DAY),), None)
    assert (always.spans, always.opens_next) == ((Span(0, 2 * DAY),), None)


def test_hours_that_touch_are_one_span() -> None:
    week = hours("Tu 18:00-24:00; We 00:00-02:00", days=2)

    assert week.spans == (Span(18 * HOUR, DAY + 2 * HOUR),)


def test_no_hours_and_never_open_are_two_things() -> None:
    assert week_of(None, (), CALENDAR, first=FIRST).spans is None
    assert hours("off").spans == ()
    assert hours("off").opens_next is None


def test_a_season_that_comes_later_is_told_as_the_next_opening() -> None:
    week = hours("Nov 01-Nov 30 08:00-12:00", days=2)

    assert week.spans == ()
    assert week.opens_next == 33 * DAY + 8 * HOUR


def test_a_note_holds_where_the_exception_decides_and_not_in_the_night_before() -> None:
    closed = Override(date(2026, 9, 30), date(2026, 9, 30), False, (), "施工", "Works")
    late = Override(
        date(2026, 9, 29), date(2026, 9, 29), True, (Window.of(",".join(DAYS), "20:00", "03:00"),)
    )

    week = hours("18:00-23:00", late, closed, days=3)

    assert week.spans == (
        Span(20 * HOUR, DAY + 3 * HOUR),
        Span(2 * DAY + 18 * HOUR, 2 * DAY + 23 * HOUR),
    )
    assert week.notes == ((0, DAY + 3 * HOUR, late), (DAY + 3 * HOUR, 2 * DAY, closed))


def test_days_without_announced_holidays_are_told_only_where_they_matter() -> None:
    assert hours("Sa,Su 09:00-17:00", days=12).assumed_from == 10 * DAY
    assert hours("Sa,Su 09:00-17:00", days=10).assumed_from is None
    assert hours("09:00-17:00", days=12).assumed_from is None
    assert hours("Sa 09:00-17:00", first=date(2026, 10, 20)).assumed_from == 0


def test_a_place_in_another_zone_is_told_on_the_citys_axis() -> None:
    lunch = parse_hours("Tu 11:00-14:00", "America/Los_Angeles")

    week = week_of(lunch, (), CALENDAR, first=FIRST, days=2)

    # 11:00 in San Francisco is 02:00 on the next day in Shanghai.
    assert week.spans == (Span(DAY + 2 * HOUR, DAY + 5 * HOUR),)


WINDOWS = st.builds(
    lambda days, opens, length, season: Window(frozenset(days), opens, opens + length, season),
    st.one_of(st.just(WEEK), st.just(frozenset(DAYS)), st.sets(st.sampled_from(DAYS), min_size=1)),
    st.integers(0, 47).map(lambda n: n * 30),
    st.integers(1, 48).map(lambda n: n * 30),
    st.one_of(
        st.none(),
        st.builds(
            lambda a, b: Season(MonthDay(*a), MonthDay(*b)),
            *[st.tuples(st.sampled_from([2, 9, 10]), st.sampled_from([1, 4, 28]))] * 2,
        ),
    ),
)
OVERRIDES = st.builds(
    lambda start, length, opens, windows, of_kind, words: Override(
        FIRST + timedelta(start), FIRST + timedelta(start + length), opens, tuple(windows),
        words, "", of_kind,
    ),
    st.integers(-4, 12),
    st.integers(0, 5),
    st.booleans(),
    st.lists(WINDOWS, max_size=2),
    st.booleans(),
    st.sampled_from(["甲", "乙"]),
)  # fmt: skip
ZONES = st.sampled_from(["Asia/Shanghai", "America/Los_Angeles", "Australia/Lord_Howe"])
SCHEDULES = st.one_of(
    st.just(ALWAYS),
    st.builds(
        lambda windows, zone, closed: Schedule(tuple(windows), zone, closed),
        st.lists(WINDOWS, max_size=3),
        ZONES,
        st.booleans(),
    ),
)


def minutes_of(week: Week) -> Iterator[int]:
    """Every minute at which the week says that something changes, and those beside it."""
    told = {0, week.minutes - 1, *range(0, week.minutes, 25 * HOUR + 7)}
    for span in week.spans or ():
        told |= {*span}
    for note in week.notes:
        told |= {note.first, note.last}
    if week.assumed_from is not None:
        told.add(week.assumed_from)
    near = {minute + beside for minute in told for beside in (-1, 0, 1)}
    return (minute for minute in sorted(near) if 0 <= minute < week.minutes)


@settings(max_examples=50)
@given(SCHEDULES, st.lists(OVERRIDES, max_size=3).map(tuple), ZONES, st.sampled_from([0, 29, 30]))
def test_the_week_says_what_every_instant_of_it_says(
    schedule: Schedule, overrides: tuple[Override, ...], city: str, later: int
) -> None:
    first = FIRST + timedelta(later)
    week = week_of(schedule, overrides, CALENDAR, first=first, days=9, time_zone=city)
    assert week.spans is not None
    assert week.midnight == datetime.combine(first, time(), ZoneInfo(city))

    for minute in minutes_of(week):
        at = week.midnight + timedelta(minutes=minute)
        now = opening(schedule, at, overrides=overrides, calendar=CALENDAR)
        span = next((s for s in week.spans if s.opens <= minute < s.closes), None)
        note = next((n for n in week.notes if n.first <= minute < n.last), None)
        behind = next((s.opens for s in week.spans if s.opens > minute), week.opens_next)

        assert (now.state == "open") == (span is not None)
        assert (now.rule and now.rule.override) == (note and note.override)
        if span and span.closes < week.minutes:
            assert now.closes_at
            assert (now.closes_at - week.midnight) // MINUTE == span.closes
        if not span and now.opens_at:
            assert behind is not None
            assert (now.opens_at - week.midnight) // MINUTE == behind
        if week.assumed_from is not None and minute >= week.assumed_from:
            assert now.assumed


@pytest.mark.parametrize("days", [1, 9, 31])
def test_spans_are_apart_in_order_and_within_the_days(days: int) -> None:
    week = hours("00:00-24:00, Sa 20:00-20:00", days=days)

    assert week.spans == (Span(0, days * DAY),)
