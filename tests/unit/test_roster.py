"""The grid staff by date: all turns at the city's midnight, and nights last till morning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from geo.openings import opening
from geo.records import Assignment, Officer, Shift
from geo.roster import Roster, city_day
from geo.schedules import ALWAYS, CITY_TIME, Calendar, Schedule, Window

CITY = ZoneInfo(CITY_TIME)
FRIDAY, SATURDAY, SUNDAY = (date(2026, 10, day) for day in (16, 17, 18))
EVER = date(2026, 1, 1)
FRIDAY_NIGHT = Schedule((Window.of("Fr", "22:00", "06:00"),))
NIGHTS = Schedule((Window.of("Mo,Tu,We,Th,Fr,Sa,Su", "22:00", "06:00"),))
MORNINGS = Schedule((Window.of("Mo,Tu,We,Th,Fr,Sa,Su", "06:00", "14:00"),))


def at(day: date, clock: str) -> datetime:
    """An instant by the city's clock, given in UTC as requests are."""
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CITY).astimezone(UTC)


def post(
    code: str, role: str, area: str, since: date = EVER, until: date | None = None
) -> Assignment:
    return Assignment(code, role, "responsibility_grid", area, since, until)


def roster(assignments: Iterable[Assignment] = (), shifts: Iterable[Shift] = ()) -> Roster:
    """Four officers, given out of order."""
    officers = [Officer(code, f"officer {code}") for code in "CADB"]
    return Roster(officers, assignments, shifts)


def on_duty(shifts: list[Shift], instant: datetime) -> str:
    staff = roster(shifts=shifts)
    return "".join(c for c, on in zip(staff.codes, staff.on_duty(instant), strict=True) if on)


def test_officers_stand_in_the_order_of_their_numbers() -> None:
    assert roster().codes == ("A", "B", "C", "D")
    assert roster().names[2] == "officer C"


def test_an_assignment_counts_on_its_first_and_on_its_last_day_and_not_outside() -> None:
    staff = roster(
        [
            post("A", "street", "G1", until=FRIDAY - timedelta(days=1)),
            post("B", "street", "G1", until=FRIDAY),
            post("C", "street", "G1", since=FRIDAY),
            post("D", "street", "G1", since=SATURDAY),
        ]
    )

    def responsible(instant: datetime) -> list[str]:
        found = staff.responsible([("responsibility_grid", "G1")], instant)
        return [one.officer_code for one in found]

    assert responsible(at(FRIDAY, "12:00")) == ["B", "C"]
    assert responsible(at(SATURDAY, "12:00")) == ["C", "D"]
    assert staff.with_role("street", at(FRIDAY, "12:00")).tolist() == [False, True, True, False]
    assert staff.with_role("street", at(SATURDAY, "12:00")).tolist() == [False, False, True, True]
    assert staff.roles(0, at(FRIDAY, "12:00")) == []
    assert staff.roles(1, at(FRIDAY, "12:00")) == ["street"]


def test_assignments_turn_at_the_midnight_of_the_city_not_at_that_of_utc() -> None:
    staff = roster([post("A", "street", "G1", until=FRIDAY), post("B", "street", "G1", SATURDAY)])
    before, after = at(FRIDAY, "23:59"), at(SATURDAY, "00:00")
    assert before.date() == after.date() == FRIDAY  # 15:59 and 16:00 UTC

    for instant, code in ((before, "A"), (after, "B"), (at(SATURDAY, "08:01"), "B")):
        found = staff.responsible([("responsibility_grid", "G1")], instant)
        assert [one.officer_code for one in found] == [code]
        assert staff.with_role("street", instant).tolist() == [
            code == "A",
            code == "B",
            False,
            False,
        ]
    assert city_day(before) == FRIDAY
    assert city_day(after) == SATURDAY


def test_an_officer_may_have_two_roles_and_two_areas_of_one_role() -> None:
    staff = roster(
        [
            post("A", "street", "G1"),
            post("A", "lighting", "G1"),
            post("A", "street", "G2"),
            post("B", "street", "G1"),
        ]
    )
    noon = at(FRIDAY, "12:00")

    assert staff.roles(0, noon) == ["lighting", "street"]
    assert staff.with_role("street", noon).tolist() == [True, True, False, False]
    assert staff.with_role("lighting", noon).tolist() == [True, False, False, False]
    assert not staff.with_role("enforcement", noon).any()
    areas = [("responsibility_grid", "G2"), ("responsibility_grid", "G1"), ("street", "S1")]
    found = staff.responsible(areas, noon)
    assert [(one.role, one.officer_code, one.area_code) for one in found] == [
        ("lighting", "A", "G1"),
        ("street", "A", "G1"),
        ("street", "A", "G2"),
        ("street", "B", "G1"),
    ]  # fmt: skip


def test_the_staff_of_areas_are_those_who_answer_for_any_of_them_that_day() -> None:
    staff = roster(
        [post("A", "street", "G1"), post("A", "street", "G2"), post("B", "street", "G2", SATURDAY)]
    )
    areas = [("responsibility_grid", "G1"), ("responsibility_grid", "G2")]

    assert staff.staff(areas, at(FRIDAY, "12:00")) == {"A"}
    assert staff.staff(areas, at(SATURDAY, "12:00")) == {"A", "B"}
    assert staff.staff(areas[:1], at(SATURDAY, "12:00")) == {"A"}
    assert staff.staff([("street", "G1")], at(SATURDAY, "12:00")) == frozenset()


def test_the_roles_of_one_day_are_not_told_of_another() -> None:
    staff = roster([post("A", "street", "G1", until=FRIDAY), post("A", "lighting", "G1", SATURDAY)])

    for _ in range(2):
        assert staff.roles(0, at(FRIDAY, "12:00")) == ["street"]
        assert staff.roles(0, at(SATURDAY, "12:00")) == ["lighting"]


def test_the_night_of_friday_is_still_on_duty_on_saturday_at_three() -> None:
    shifts = [Shift("A", FRIDAY_NIGHT, EVER)]

    assert on_duty(shifts, at(FRIDAY, "21:59")) == ""
    assert on_duty(shifts, at(FRIDAY, "22:00")) == "A"
    assert on_duty(shifts, at(SATURDAY, "03:00")) == "A"
    assert on_duty(shifts, at(SATURDAY, "05:59")) == "A"
    assert on_duty(shifts, at(SATURDAY, "06:00")) == ""
    assert on_duty(shifts, at(SATURDAY, "23:00")) == ""
    assert on_duty(shifts, at(FRIDAY, "03:00")) == ""


def test_the_last_night_of_a_rotation_is_worked_till_morning() -> None:
    rotation = [
        Shift("A", NIGHTS, EVER, FRIDAY),
        Shift("A", MORNINGS, SUNDAY),
    ]

    assert on_duty(rotation, at(SATURDAY, "03:00")) == "A"
    assert on_duty(rotation, at(SATURDAY, "06:00")) == ""
    assert on_duty(rotation, at(SATURDAY, "23:00")) == ""
    assert on_duty(rotation, at(SUNDAY, "05:59")) == ""
    assert on_duty(rotation, at(SUNDAY, "06:00")) == "A"


def test_the_first_night_of_a_rotation_begins_on_its_first_day_not_before() -> None:
    rotation = [Shift("A", NIGHTS, SATURDAY)]

    assert on_duty(rotation, at(FRIDAY, "23:00")) == ""
    assert on_duty(rotation, at(SATURDAY, "03:00")) == ""
    assert on_duty(rotation, at(SATURDAY, "22:00")) == "A"


def test_a_day_and_night_shift_turns_at_the_midnight_of_the_city() -> None:
    shifts = [Shift("A", ALWAYS, EVER, FRIDAY), Shift("B", ALWAYS, SATURDAY)]

    assert on_duty(shifts, at(FRIDAY, "23:59")) == "A"
    assert on_duty(shifts, at(SATURDAY, "00:00")) == "B"
    assert on_duty(shifts, at(SATURDAY, "08:00")) == "B"


def test_an_officer_of_two_shifts_is_on_duty_in_either() -> None:
    shifts = [Shift("A", NIGHTS, EVER), Shift("A", MORNINGS, EVER), Shift("B", MORNINGS, EVER)]

    assert on_duty(shifts, at(FRIDAY, "02:00")) == "A"
    assert on_duty(shifts, at(FRIDAY, "06:00")) == "AB"
    assert on_duty(shifts, at(FRIDAY, "14:00")) == ""


def test_without_shifts_nobody_is_on_duty() -> None:
    assert on_duty([], at(FRIDAY, "12:00")) == ""


def test_a_make_up_workday_has_the_shifts_of_the_weekday_that_it_stands_for() -> None:
    workdays = Schedule((Window.of("Mo,Tu,We,Th,Fr", "08:00", "17:00"),), closed_on_holidays=True)
    calendar = Calendar({SATURDAY: "Fr", FRIDAY: "PH"}, date(2026, 12, 31))
    staff = Roster([Officer("A", "a")], [], [Shift("A", workdays, EVER)], calendar=calendar)

    assert staff.on_duty(at(SATURDAY, "09:00")).tolist() == [True]
    assert staff.on_duty(at(FRIDAY, "09:00")).tolist() == [False]


SCHEDULES = [
    NIGHTS,
    FRIDAY_NIGHT,
    MORNINGS,
    ALWAYS,
    Schedule((Window.of("Sa,Su", "00:00", "08:00"), Window.of("Sa", "08:00", "12:00"))),
    Schedule((Window.of("Mo,We", "18:00", "18:00"),)),
]
DAYS = st.integers(0, 20).map(lambda n: date(2026, 10, 5) + timedelta(days=n))
INSTANTS = st.integers(0, 20 * 24 * 12).map(
    lambda n: datetime(2026, 10, 5, tzinfo=UTC) + timedelta(minutes=5 * n)
)
SHIFTS = st.lists(
    st.builds(Shift, st.sampled_from("ABCD"), st.sampled_from(SCHEDULES), DAYS, st.none() | DAYS),
    max_size=8,
)


def works(shift: Shift, instant: datetime) -> bool:
    """Judged alone and the slow way: an opening of one of its days holds the instant."""
    today = city_day(instant)
    for start in (today - timedelta(days=1), today):
        one_day = Calendar({start + timedelta(days=n): "PH" for n in (-1, 1)})
        alone = Schedule(shift.schedule.windows, closed_on_holidays=True)
        is_held = shift.since <= start and (shift.until is None or start <= shift.until)
        if is_held and opening(alone, instant, calendar=one_day).state == "open":
            return True
    return False


@given(SHIFTS, st.lists(INSTANTS, min_size=1, max_size=12))
def test_what_is_remembered_between_questions_is_what_is_judged_afresh(
    shifts: list[Shift], instants: list[datetime]
) -> None:
    staff = roster(shifts=shifts)
    for instant in instants:
        expected = {s.officer_code for s in shifts if works(s, instant)}
        found = staff.on_duty(instant)
        assert {c for c, on in zip(staff.codes, found, strict=True) if on} == expected
