"""Opening hours: past midnight, seasons, festivals, holidays, unknown years."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.reference import read_list
from geo.errors import InvalidSchedule
from geo.hours import format_hours, parse_hours
from geo.openings import intervals, opening
from geo.schedules import ALWAYS, DAYS, Calendar, Override, Schedule, Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(
    {date.fromisoformat(row["day"]): row["kind"] for row in read_list("calendar_days")},
    date(2026, 12, 31),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "instant", "state", "change"),
    [
        ("Fr 22:00-04:00", "2026-11-28 01:30", "open", "2026-11-28 04:00"),
        ("Fr 22:00-04:00", "2026-11-28 04:00", "closed", "2026-12-04 22:00"),
        ("Jun 10-Aug 31 06:00-22:00", "2026-09-01 12:00", "closed", "2027-06-10 06:00"),
        ("Jun 10-Aug 31 06:00-22:00", "2026-08-31 12:00", "open", "2026-08-31 22:00"),
        ("Jun 10-Aug 31 20:00-02:00", "2026-09-01 01:00", "open", "2026-09-01 02:00"),
        ("Dec 20-Feb 10 09:00-12:00", "2027-01-05 10:00", "open", "2027-01-05 12:00"),
        ("06:00-08:30,17:00-19:30", "2026-11-25 12:00", "closed", "2026-11-25 17:00"),
        ("18:00-24:00", "2026-11-25 23:59", "open", "2026-11-26 00:00"),
        ("18:00-24:00", "2026-11-26 00:00", "closed", "2026-11-26 18:00"),
        ("Fr 18:00-24:00; Sa 00:00-02:00", "2026-11-27 23:00", "open", "2026-11-28 02:00"),
        ("24/7", "2026-11-25 03:00", "open", None),
        ("off", "2026-11-25 03:00", "closed", None),
        # Make-up Saturday and holidays, as announced for 2026.
        ("Mo-Fr 09:00-17:00", "2026-10-10 10:00", "open", "2026-10-10 17:00"),
        ("Sa,Su,PH 16:00-24:00", "2026-10-02 17:00", "open", "2026-10-03 00:00"),
        ("Sa,Su,PH 16:00-24:00", "2026-10-10 17:00", "closed", "2026-10-11 16:00"),
        ("Mo-Fr 09:00-17:00; PH off", "2026-10-02 10:00", "closed", "2026-10-08 09:00"),
        ("Mo-Fr 09:00-17:00", "2026-10-02 10:00", "open", "2026-10-02 17:00"),
    ],
)
def test_what_is_open_and_until_when(
    hours: str, instant: str, state: str, change: str | None
) -> None:
    found = opening(parse_hours(hours), at(instant), calendar=CALENDAR)

    assert found.state == state
    assert (found.closes_at or found.opens_at) == (at(change) if change else None)


def test_the_answer_is_the_same_wherever_the_server_stands() -> None:
    utc = datetime.fromisoformat("2026-11-27T17:30:00+00:00")  # Saturday 01:30 in the city

    assert opening(parse_hours("Fr 22:00-04:00"), utc, calendar=CALENDAR).state == "open"


@pytest.mark.parametrize(
    ("hours", "same"),
    [
        ("Jun-Aug 18:00-24:00", "Jun 01-Aug 31 18:00-24:00"),
        ("Jun 10:00-12:00", "Jun 01-Jun 30 10:00-12:00"),
        ("Jun 10 8:00-12:00", "Jun 10-Jun 10 08:00-12:00"),
        ("Jun 10-20: 08:00-12:00", "Jun 10-Jun 20 08:00-12:00"),
    ],
)
def test_the_hour_behind_a_month_is_no_day_of_it(hours: str, same: str) -> None:
    assert format_hours(parse_hours(hours)) == same


def test_a_festival_opens_what_its_season_has_closed_and_says_why() -> None:
    summer = parse_hours("Jun 10-Aug 31 06:00-22:00")
    festival = Override(date(2027, 2, 6), date(2027, 2, 12), True, (), "春节", "Spring Festival")

    found = opening(summer, at("2027-02-07 10:00"), overrides=(festival,), calendar=CALENDAR)

    assert (found.state, found.reason_zh, found.reason_en) == ("open", "春节", "Spring Festival")
    assert found.closes_at == at("2027-02-13 00:00")


def test_a_notice_closes_what_is_open_and_the_shorter_rule_wins() -> None:
    festival = Override(date(2026, 10, 1), date(2026, 10, 7), True, (), "国庆")
    typhoon = Override(date(2026, 10, 3), date(2026, 10, 3), False, (), "台风")

    for order in ((festival, typhoon), (typhoon, festival)):
        found = opening(ALWAYS, at("2026-10-03 10:00"), overrides=order, calendar=CALENDAR)
        assert (found.state, found.reason_zh) == ("closed", "台风")
        assert found.opens_at == at("2026-10-04 00:00")


def test_an_override_may_have_hours_of_its_own() -> None:
    windows = parse_hours("09:00-12:00").windows
    rule = Override(date(2026, 11, 25), date(2026, 11, 25), True, windows)

    assert opening(None, at("2026-11-25 10:00"), overrides=(rule,)).state == "open"
    assert opening(ALWAYS, at("2026-11-25 13:00"), overrides=(rule,)).state == "closed"


def test_a_year_whose_holidays_are_unknown_is_flagged_where_it_matters() -> None:
    workdays = opening(parse_hours("Mo-Fr 09:00-17:00"), at("2027-01-01 10:00"), calendar=CALENDAR)
    always = opening(ALWAYS, at("2027-01-01 10:00"), calendar=CALENDAR)
    known = opening(parse_hours("Mo-Fr 09:00-17:00"), at("2026-01-05 10:00"), calendar=CALENDAR)

    assert (workdays.assumed, always.assumed, known.assumed) == (True, False, False)


def test_no_hours_is_unknown_not_closed() -> None:
    assert opening(None, at("2026-11-25 10:00")).state == "unknown"


def test_a_window_past_midnight_survives_a_change_of_clocks() -> None:
    new_york = parse_hours("Sa 22:00-04:00", "America/New_York")
    (night,) = intervals(new_york, date(2026, 10, 31), 1)

    assert (night.start.hour, night.end.hour) == (22, 4)


WINDOWS = st.builds(
    lambda days, opens, length: Window(frozenset(days), opens, opens + length),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)


@given(st.lists(WINDOWS, max_size=4), st.booleans(), st.integers(0, 366 * 24 * 60))
def test_text_and_windows_open_at_the_same_instants(
    windows: list[Window], closed_on_holidays: bool, minute: int
) -> None:
    schedule = Schedule(tuple(windows), closed_on_holidays=closed_on_holidays)
    instant = at("2026-01-01 00:00") + timedelta(minutes=minute)

    again = parse_hours(format_hours(schedule))

    assert opening(again, instant, calendar=CALENDAR) == opening(
        schedule, instant, calendar=CALENDAR
    )


@given(st.lists(WINDOWS, min_size=1, max_size=4), st.integers(0, 366 * 24 * 60))
def test_the_state_changes_exactly_when_it_said(windows: list[Window], minute: int) -> None:
    schedule = Schedule(tuple(windows))
    instant = at("2026-01-01 00:00") + timedelta(minutes=minute)
    now = opening(schedule, instant, calendar=CALENDAR)
    change = now.closes_at or now.opens_at
    if change is None:
        return

    before = opening(schedule, change - timedelta(seconds=1), calendar=CALENDAR)
    after = opening(schedule, change, calendar=CALENDAR)

    assert before.state == now.state
    assert after.state != now.state


@pytest.mark.parametrize(
    "text",
    ["", "soon", "25:00-26:00", "08:00-08:60", "Feb 30 08:00-10:00", "Mo-PH 08:00-10:00",
     "sunrise-sunset", "week 1-10 Mo 08:00-10:00", "08:00",
     "Mo-Fr 08:00-10:00; Jun-Aug PH off", "PH off; Jun-Aug PH 10:00-12:00"],
)  # fmt: skip
def test_hours_that_cannot_be_said_are_refused(text: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_hours(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("24/7", "24/7"),
        ("Mo-Fr", "Mo-Fr 00:00-24:00"),
        ("06:00-22:00; We,Su 06:00-16:00", "Mo,Tu,Th-Sa 06:00-22:00; We,Su 06:00-16:00"),
        ("Mo-Fr 10:00-12:00, We 15:00-17:00", "Mo-Fr 10:00-12:00, We 15:00-17:00"),
        ("Jun-Aug Sa-Mo 9:00-12:00", "Jun 01-Aug 31 Mo,Sa,Su 09:00-12:00"),
        ("Jun 10-20 09:00-12:00", "Jun 10-Jun 20 09:00-12:00"),
        ("Mo-Fr 08:00-17:30; PH off", "Mo-Fr 08:00-17:30; PH off"),
        ("Mo-Fr 08:00-17:30; Sa,PH off", "Mo-Fr 08:00-17:30; PH off"),
        ("PH off; Mo-Fr 08:00-17:30", "Mo-Fr 08:00-17:30; PH off"),
        ("PH off; Mo-Fr,PH 08:00-17:30", "Mo-Fr,PH 08:00-17:30"),
        ("PH 10:00-12:00; off", "off"),
        ("PH off; Dec 24-26 off", "PH off"),
        # Holidays stand last, where no rule of a weekday undoes them in other readers.
        ("We,PH 08:00-09:00, Fr 10:00-12:00", "We 08:00-09:00; Fr 10:00-12:00; PH 08:00-09:00"),
        ("Fr 10:00-12:00; Sa,Su,PH 08:00-09:00", "Fr 10:00-12:00; Sa,Su,PH 08:00-09:00"),
        ("Mo 08:00-09:00, Mo-Su 18:00-20:00", "Mo 08:00-09:00, Mo-Su 18:00-20:00"),
        (
            "Jun 10-Aug 31 Sa 1:00-2:00; May 1-Jul 1 Sa 2:00-3:00",
            "May 01-Jul 01 Sa 02:00-03:00, Jul 02-Aug 31 Sa 01:00-02:00",
        ),
        (
            "09:00-12:00; Dec 20-Jan 10 off",
            "Jan 11-Dec 19 09:00-12:00",
        ),
        (
            "Mo 09:00-17:00; Jun-Aug PH 10:00-12:00, Aug-Sep PH 14:00-16:00",
            "Mo 09:00-17:00; Jun 01-Jul 31 PH 10:00-12:00; "
            "Aug 01-Aug 31 PH 10:00-12:00,14:00-16:00; Sep 01-Sep 30 PH 14:00-16:00",
        ),
    ],
)
def test_text_has_one_canonical_form(text: str, canonical: str) -> None:
    assert format_hours(parse_hours(text)) == canonical
