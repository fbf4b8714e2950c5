"""The week as the page's script reads it: the same states as ours, minute for minute."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.openings import opening
from geo.records import Kind, StallZone
from geo.schedules import CITY_TIME, DAYS, Calendar, Override, Schedule, Season, Window
from geo.schedules import MonthDay as Day
from maps.hours import state_of
from maps.week import Frame, week

KINDS = {"night_market": Kind("stall_zone", "night_market", "夜市", "Night market")}
CALENDAR = Calendar({date(2026, 9, 25): "PH", date(2026, 9, 20): "Fr"}, date(2026, 12, 31))
SCRIPT = Path(__file__).with_name("week_states.mjs")
NOON = datetime(2026, 9, 22, 4, tzinfo=UTC)

windows = st.builds(
    lambda days, opens, length, season: Window(frozenset(days), opens, opens + length, season),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 95).map(lambda quarter: quarter * 15),
    st.integers(1, 96).map(lambda quarter: quarter * 15),
    st.none() | st.just(Season(Day(9, 10), Day(9, 23))) | st.just(Season(Day(12, 1), Day(2, 1))),
)
overrides = st.builds(
    lambda first, days, opens, held: Override(
        date(2026, 9, 18) + timedelta(days=first),
        date(2026, 9, 18) + timedelta(days=first + days),
        opens,
        tuple(held) if opens else (),
    ),
    st.integers(0, 12),
    st.integers(0, 3),
    st.booleans(),
    st.lists(windows, max_size=2),
)
schedules = st.builds(
    lambda held, off: Schedule(tuple(held), CITY_TIME, off),
    st.lists(windows, max_size=3),
    st.booleans(),
)


def read_by_the_page(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the script of the page makes of each week."""
    node = shutil.which("node") or shutil.which("node", path=".venv/bin")
    if node is None:
        pytest.fail("no node on this machine; `make test` installs it")
    done = subprocess.run(
        [node, str(SCRIPT)], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def zone(number: int, schedule: Schedule | None, own: tuple[Override, ...] = ()) -> StallZone:
    return StallZone(
        "night_market", f"N{number:02d}", "夜市", box(112, 27, 112.001, 27.001),
        capacity=10, schedule=schedule, overrides=own,
    )  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.none() | schedules, st.lists(overrides, max_size=2)), min_size=1, max_size=8
    ),
    st.lists(st.integers(0, 8 * 1440 - 1), min_size=20, max_size=40),
)
def test_the_page_tells_the_same_states_as_the_service(
    held: list[tuple[Schedule | None, list[Override]]], minutes: list[int]
) -> None:
    zones = [zone(n, schedule, tuple(own)) for n, (schedule, own) in enumerate(held)]
    frame = Frame.around(NOON, CITY_TIME)
    told = json.loads(json.dumps(week(zones, KINDS, CALENDAR, frame)))
    (read,) = read_by_the_page([{"week": told, "instants": minutes, "day": 1}])
    last = 9 * 1440
    for minute, moments in zip(minutes, read["moments"], strict=True):
        at = datetime.fromtimestamp((frame.epoch_min + minute) * 60, ZoneInfo(CITY_TIME))
        for one, pattern in zip(zones, told["zones"]["pattern"], strict=True):
            now = opening(one.schedule, at, overrides=one.overrides, calendar=CALENDAR)
            state, opens, closes = moments[pattern]
            assert state == state_of(now, at), (one, at)
            if now.closes_at is not None and frame.minute(now.closes_at) < last:
                assert closes == frame.minute(now.closes_at)
            if now.state == "closed":
                expected = None if now.opens_at is None else frame.minute(now.opens_at)
                # Both look a year ahead and a bit, not to the same day.
                far = 380 * 1440
                assert opens == expected or min(opens or far, expected or far) >= far
    # A quarter of an hour counts the stalls that are open when it begins.
    today = datetime.fromtimestamp((frame.epoch_min + 1440) * 60, ZoneInfo(CITY_TIME))
    for quarter in range(0, 96, 7):
        at = today + timedelta(minutes=15 * quarter)
        open_now = sum(
            opening(one.schedule, at, overrides=one.overrides, calendar=CALENDAR).state == "open"
            for one in zones
        )
        assert read["tide"][quarter] == 10 * open_now


@pytest.mark.parametrize("city", [CITY_TIME, "America/Los_Angeles", "Australia/Lord_Howe"])
def test_the_page_reads_the_clock_of_the_city_for_a_year_ahead(city: str) -> None:
    frame = Frame.around(NOON, city)
    minutes = list(range(0, 390 * 1440, 449))
    told = json.loads(json.dumps(week([zone(1, None)], KINDS, CALENDAR, frame)))
    (read,) = read_by_the_page([{"week": told, "instants": minutes, "day": 1}])
    for minute, wall in zip(minutes, read["walls"], strict=True):
        there = datetime.fromtimestamp((frame.epoch_min + minute) * 60, ZoneInfo(city))
        assert wall == [there.year, there.month, there.day, there.hour, there.minute]


def test_the_page_reads_codes_as_they_are() -> None:
    codes = ["LD-008", "LD-009", "LD-摊🦆1", "LD-摊🦆2", f"{'X' * 40}1", f"{'X' * 40}2"]
    zones = [replace(zone(n, None), code=code) for n, code in enumerate(codes)]
    told = week(zones, KINDS, CALENDAR, Frame.around(NOON, CITY_TIME))
    (read,) = read_by_the_page([{"week": told, "instants": [0], "day": 1}])
    assert read["codes"] == codes


def test_the_days_of_a_city_whose_clocks_change_begin_at_its_midnights() -> None:
    at = datetime(2026, 10, 31, 20, tzinfo=UTC)  # the clocks of San Francisco go back on November 1
    frame = Frame.around(at, "America/Los_Angeles")
    told = week([zone(1, None)], KINDS, CALENDAR, frame)
    (read,) = read_by_the_page([{"week": told, "instants": [0], "day": 1}])
    days = [later - earlier for earlier, later in zip(read["midnights"], read["midnights"][1:])]  # noqa: B905
    assert days == [1440, 1440, 1500, 1440, 1440, 1440, 1440, 1440, 1440]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.none() | schedules, min_size=1, max_size=5),
    st.integers(0, 12 * 1440),
    st.lists(st.integers(0, 9 * 1440 - 1), min_size=10, max_size=20),
)
def test_a_week_that_is_read_days_later_says_the_same_and_its_second_day_is_today(
    held: list[Schedule | None], opened: int, instants: list[int]
) -> None:
    zones = [zone(n, one) for n, one in enumerate(held)]
    told = week(zones, KINDS, CALENDAR, Frame.around(NOON, CITY_TIME))
    opened_ms = (told["epoch_min"] + opened) * 60_000
    (later,) = read_by_the_page([{"week": told, "instants": [], "day": 1, "since": opened_ms}])
    gone = later["epoch_min"] - told["epoch_min"]
    instants = [at for at in instants if at >= gone]

    before, after = read_by_the_page(
        [
            {"week": told, "instants": instants, "day": 8},
            {
                "week": told,
                "instants": [at - gone for at in instants],
                "day": 8 - gone // 1440,
                "since": opened_ms,
            },
        ]
    )

    # After the last day it stays: nothing is known of the days beyond.
    assert gone == 1440 * min(max(opened // 1440 - 1, 0), 7)
    assert len(after["midnights"]) == len(before["midnights"]) - gone // 1440
    assert after["tide"] == before["tide"]
    for one, other in zip(before["moments"], after["moments"], strict=True):
        moved = [[s, *(None if m is None else m + gone for m in rest)] for s, *rest in other]
        assert one == moved
