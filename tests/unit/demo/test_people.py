"""The demo city's officers have posts, shifts and places that fit together."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

from data.demo.city import DemoCity
from geo.hours import format_hours
from geo.openings import opening
from tests.unit.demo.conftest import TZ, Areas


def test_every_responsibility_grid_has_one_officer_in_each_role(
    city: DemoCity, areas: Areas
) -> None:
    roles = Counter((each.area_code, each.role) for each in city.assignments)
    grids = {grid.code for grid in areas["responsibility_grid"]}
    kinds = ("enforcement", "sanitation", "landscaping", "lighting", "street")
    assert roles == Counter((grid, role) for grid in grids for role in kinds)
    assert len({officer.name for officer in city.officers}) == 315
    assert len({officer.phone for officer in city.officers}) == 315


def test_somebody_is_on_duty_at_any_time_of_the_week(city: DemoCity) -> None:
    for monday in (date(2026, 9, 14), date(2026, 11, 16)):
        start = datetime.combine(monday, datetime.min.time(), TZ)
        shifts = {
            format_hours(shift.schedule): shift.schedule
            for shift in city.shifts
            if shift.since <= monday and (shift.until is None or monday <= shift.until)
        }
        for hours in range(7 * 24):
            at = start + timedelta(hours=hours, minutes=10)
            assert any(opening(s, at).state == "open" for s in shifts.values()), at


def test_an_officer_has_one_shift_plan_at_a_time_from_the_day_of_the_assignment(
    city: DemoCity,
) -> None:
    plans = defaultdict(list)
    for shift in city.shifts:
        plans[shift.officer_code].append((shift.since, shift.until or date.max))
    for assignment in city.assignments:
        held = sorted(plans[assignment.officer_code])
        assert held[0][0] == assignment.since
        assert all(a[1] < b[0] for a, b in pairwise(held))


def test_enforcement_in_night_market_grids_works_past_midnight(
    city: DemoCity, areas: Areas
) -> None:
    markets = [zone.geometry for zone in city.stall_zones if zone.kind == "night_market"]
    nights = {
        grid.code
        for grid in areas["responsibility_grid"]
        if any(grid.geometry.contains(market) for market in markets)
    }
    assert nights
    schedules = {shift.officer_code: shift.schedule for shift in city.shifts}
    for assignment in city.assignments:
        if assignment.role == "enforcement" and assignment.area_code in nights:
            windows = schedules[assignment.officer_code].windows
            assert any(window.closes > 1440 for window in windows)


def test_positions_are_in_or_near_the_officers_own_grid(city: DemoCity, areas: Areas) -> None:
    grids = {grid.code: grid.geometry for grid in areas["responsibility_grid"]}
    grid_of = {each.officer_code: grids[each.area_code] for each in city.assignments}
    assert len({position.officer_code for position in city.positions}) == 290
    for position in city.positions:
        assert grid_of[position.officer_code].distance(position.geometry) < 0.001
        assert position.observed_at.tzinfo is not None
