"""The database reads the hours that the code reads, and has its words in both languages."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data.reference import read_list
from geo.errors import InvalidSchedule
from geo.hours import MONTHS, parse_hours
from geo.schedules import DAYS
from tests.db.planning import (
    Office,
)

_time = st.builds("{}:{:02d}".format, st.integers(0, 50), st.one_of(st.integers(0, 61), st.just(0)))
_span = st.builds("{}{}{}".format, _time, st.sampled_from(["-", " - ", "-", "–"]), _time)
_times = st.one_of(
    st.sampled_from(["off", "closed", "24/7", ""]),
    st.lists(_span, min_size=1, max_size=3).map(",".join),
)
_day = st.sampled_from(DAYS)
_days = st.one_of(
    st.just(""),
    st.sampled_from(["Mo-Su,PH", "PH", "Mo-Fr,Sa,Su,PH", "Sa-Fr,PH", "Mo-Su"]),
    st.lists(st.one_of(_day, st.builds("{}-{}".format, _day, _day)), min_size=1, max_size=4).map(
        ",".join
    ),
)
_date = st.builds(
    "{}{}".format,
    st.sampled_from(MONTHS),
    st.one_of(st.just(""), st.integers(0, 32).map(" {}".format)),
)
_season = st.one_of(
    st.just(""),
    st.just(""),
    _date,
    st.builds("{}-{}".format, _date, st.one_of(_date, st.integers(0, 32))),
)
_rule = st.builds(
    "{}{}{}{}{}".format, _season, st.sampled_from([" ", ": ", "", "\u3000"]), _days,
    st.sampled_from([" ", "", "\t"]), _times,
)  # fmt: skip
_hours = st.one_of(
    st.lists(_rule, min_size=1, max_size=4).flatmap(
        lambda rules: st.sampled_from(["; ", ", ", ";", " ;; "]).map(
            lambda joint: joint.join(rules)
        )
    ),
    st.text(alphabet="MoTuPH JanFeb0123456789:-,;/off24\u3000\n１", max_size=24),
)


def test_the_database_reads_the_same_hours_as_the_code(office: Office) -> None:
    with office.watched() as admin:

        @settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
        @given(_hours)
        @example("Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su,PH 18:00-02:00")
        @example("Jun-Aug 18:00-24:00; PH off")
        @example("PH off; Jun 1-Aug 31 PH 10:00-12:00")
        @example("Jun 1-Aug 31 PH off")
        @example("Jun 1-Aug 31 Mo-Su,PH off")
        @example("Jun 1-Aug 31 off; PH off, Dec PH 10:00-11:00")
        @example("Su-Sa,PH off")
        @example("PH-Mo 10:00-12:00")
        @example("; ;")
        @example("\u3000")
        @example("Jan  off")
        @example("24/7")
        def same(hours: str) -> None:
            try:
                parse_hours(hours)
                readable = True
            except InvalidSchedule:
                readable = False
            row = admin.execute("SELECT plan.reads_hours(%s)", [hours]).fetchone()
            assert row == (readable,), hours

        same()


def test_every_message_is_in_both_languages_and_names_no_part_that_is_never_filled() -> None:
    for row in read_list("plan_messages"):
        for chinese, english in (("zh", "en"), ("hint_zh", "hint_en")):
            assert any("一" <= letter <= "鿿" for letter in row[chinese]), row
            assert row[english].isascii(), row
