"""A zone's calendar as other programs read it: the same openings, and every text inert."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.hours import parse_hours
from geo.openings import intervals
from geo.records import Kind, StallZone
from geo.schedules import Calendar, Override, Schedule, Window
from maps.calendar import DAYS_TOLD, Plan, zone_calendar
from maps.site import Site
from maps.text import LANGUAGES, Language, words
from tests.unit.test_weeks import SCHEDULES, WINDOWS

SCRIPT = Path(__file__).with_name("calendar_events.mjs")
NOON = datetime(2026, 6, 12, 4, tzinfo=UTC)
CALENDAR = Calendar({date(2026, 6, 19): "PH"}, date(2026, 7, 10))
SITE = Site("潮城市", "Tide City", synthetic=True)
KIND = Kind("stall_zone", "night_market", "夜市", "Night market")
PAGE = "https://tide.example/maps/stalls/zones/LD-T-01"
HOSTILE = (
    'a;b,c\\d"e\r\nBEGIN:VALARM\r\nTRIGGER:-PT1M\nEND:VEVENT\u2028X\x00\x07\x85\tY' + "長い文" * 60
)
ZONE = StallZone(
    "night_market", "LD-T-01", "鱼塘夜市", box(112, 27.7, 112.01, 27.71),
    name_en="Yutang Night Market", goods=("小吃", "烧烤"), goods_banned=("活禽",),
    address="翠屏路西侧", rules="收摊后垃圾自清", fee="免费", duty_phone="0738-1234567",
    phone="0738-7654321", schedule=parse_hours("Fr,Sa 18:00-02:00"),
)  # fmt: skip


NOTICE: dict[Language, tuple[str, str]] = {
    "zh": ("不出摊：鱼塘夜市", "道路施工"),
    "en": ("Closed: Yutang Night Market", "Road works"),
}


def written(zone: StallZone, language: Language = "zh", at: datetime = NOON) -> bytes:
    return zone_calendar(Plan(zone, KIND, at, CALENDAR, PAGE), language, SITE)


def read(*calendars: bytes) -> list[dict[str, Any]]:
    """Return what another reader makes of calendars."""
    node = shutil.which("node") or shutil.which("node", path=".venv/bin")
    if node is None:
        pytest.fail("no node on this machine; `make test` installs it")
    texts = json.dumps([one.decode() for one in calendars])
    done = subprocess.run(
        [node, str(SCRIPT)], input=texts, capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def timed(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in told["events"] if isinstance(event["start"], int)]


def spans(told: dict[str, Any]) -> list[tuple[int, int]]:
    return [(event["start"], event["end"]) for event in timed(told)]


def expected(
    schedule: Schedule, overrides: Sequence[Override] = (), days: int = DAYS_TOLD
) -> list[tuple[int, int]]:
    """The openings from yesterday on, in Unix minutes."""
    first = NOON.astimezone(ZoneInfo(schedule.time_zone)).date() - timedelta(days=1)
    found = intervals(schedule, first, days, overrides=tuple(overrides), calendar=CALENDAR)
    return [tuple(int(t.timestamp()) // 60 for t in (s.start, s.end)) for s in found]  # type: ignore[misc]


def test_every_opening_of_two_months_is_an_event() -> None:
    (told,) = read(written(ZONE))

    assert ZONE.schedule is not None
    assert spans(told) == expected(ZONE.schedule)
    assert len(spans(told)) == 18
    event = told["events"][0]
    assert (event["summary"], event["location"]) == ("鱼塘夜市", "翠屏路西侧")
    assert event["geo"] == [27.705, 112.005]
    assert set(event["properties"]) == {
        "uid", "dtstamp", "dtstart", "dtend", "summary", "location", "geo", "url", "description",
        "categories", "transp",
    }  # fmt: skip
    told_words = (*ZONE.goods, *ZONE.goods_banned, ZONE.rules, ZONE.fee, ZONE.duty_phone, PAGE)
    assert all(word in event["description"] for word in told_words)
    assert ZONE.phone not in event["description"]


OVERRIDES = st.lists(
    st.builds(
        lambda start, length, opens, windows: Override(
            date(2026, 6, 10) + timedelta(start), date(2026, 6, 10) + timedelta(start + length),
            opens, tuple(windows), "因", "why",
        ),
        st.integers(0, 70), st.integers(0, 9), st.booleans(), st.lists(WINDOWS, max_size=1),
    ),
    max_size=2,
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SCHEDULES, OVERRIDES), min_size=6, max_size=12))
def test_another_program_reads_the_openings_that_we_mean(
    places: list[tuple[Schedule, list[Override]]],
) -> None:
    zones = [replace(ZONE, schedule=s, overrides=tuple(o)) for s, o in places]
    for told, (schedule, overrides) in zip(read(*map(written, zones)), places, strict=True):
        meant = expected(schedule, overrides)
        assert spans(told)[: len(meant)] == meant
        assert len({event["uid"] for event in told["events"]}) == len(told["events"]) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closing_is_a_notice_over_its_days_and_takes_the_openings_away(
    language: Language,
) -> None:
    works = Override(date(2026, 6, 18), date(2026, 6, 21), False, (), "道路施工", "Road works")

    (told,) = read(written(replace(ZONE, overrides=(works,)), language))

    (notice,) = (event for event in told["events"] if isinstance(event["start"], str))
    assert (notice["start"], notice["end"]) == ("2026-06-18", "2026-06-22")
    assert notice["summary"] == (
        "不出摊：鱼塘夜市" if language == "zh" else "Closed: Yutang Night Market"
    )
    assert ("道路施工" if language == "zh" else "Road works") in notice["description"]
    assert len(timed(told)) == 16


def test_other_hours_say_why_and_unannounced_holidays_are_flagged() -> None:
    late = Override(
        date(2026, 6, 19), date(2026, 6, 19), True, (Window.of("Fr", "17:00", "23:00"),), "端午"
    )

    (told,) = read(written(replace(ZONE, overrides=(late,))))

    why = [event["description"].split("\n")[0] for event in timed(told)]
    assert why.count("端午") == 1
    assert why.count(words("zh")["assumed"]) == sum(
        event["start"] * 60 > datetime(2026, 7, 10, 16, tzinfo=UTC).timestamp()
        for event in timed(told)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_are_texts_and_nothing_else(language: Language) -> None:
    hostile = replace(
        ZONE, code=HOSTILE, name=HOSTILE, name_en=HOSTILE, address=HOSTILE, rules=HOSTILE,
        fee=HOSTILE, goods=(HOSTILE,), duty_phone=HOSTILE,
        overrides=(Override(date(2026, 6, 18), date(2026, 6, 20), False, (), HOSTILE, HOSTILE),),
    )  # fmt: skip

    content = written(hostile, language)
    told, quiet = read(content, written(ZONE, language))

    assert len(told["events"]) == 17 < len(quiet["events"])
    assert all(e["properties"] == quiet["events"][0]["properties"] for e in timed(told))
    event = timed(told)[0]
    assert event["summary"].startswith('a;b,c\\d"e BEGIN:VALARM TRIGGER:-PT1M END:VEVENT X')
    assert 'a;b,c\\d"e\nBEGIN:VALARM\nTRIGGER:-PT1M\nEND:VEVENT X' in event["description"]
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    assert not any(line.startswith((b"BEGIN:VALARM", b"TRIGGER")) for line in lines)
    again = icalendar.Calendar.from_ical(content)
    assert len(again.walk("VEVENT")) == 17


def test_the_same_opening_is_the_same_event_tomorrow_and_in_the_other_language() -> None:
    today, tomorrow, english = read(
        written(ZONE), written(ZONE, at=NOON + timedelta(days=7)), written(ZONE, "en")
    )
    uids = [{e["start"]: e["uid"] for e in timed(told)} for told in (today, tomorrow, english)]

    assert uids[0] == uids[2]
    shared = uids[0].keys() & uids[1].keys()
    assert len(shared) == 16
    assert all(uids[0][start] == uids[1][start] for start in shared)


def test_all_instants_of_a_day_give_the_same_bytes() -> None:
    assert written(ZONE, at=NOON) == written(ZONE, at=NOON + timedelta(hours=11, minutes=59))
    assert written(ZONE, at=NOON) != written(ZONE, at=NOON + timedelta(hours=12))


@pytest.mark.parametrize(
    ("hours", "summary"),
    [
        ("off", "鱼塘夜市：近期无安排"),
        (None, "鱼塘夜市：时间未公布"),
        ("Jan 10-Feb 20 09:00-12:00", "鱼塘夜市"),
    ],
)
def test_a_calendar_is_never_without_an_event(hours: str | None, summary: str) -> None:
    schedule = None if hours is None else parse_hours(hours)

    (told,) = read(written(replace(ZONE, schedule=schedule)))

    (event,) = told["events"]
    assert event["summary"] == summary
    if hours and hours != "off":
        opens = datetime.fromtimestamp(event["start"] * 60, ZoneInfo("Asia/Shanghai"))
        assert f"{opens:%Y-%m-%d %H:%M}" == "2027-01-10 09:00"


def test_a_place_in_another_zone_opens_at_the_same_instant_everywhere() -> None:
    lunch = parse_hours("Mo-Fr 11:00-14:00", "America/Los_Angeles")

    (told,) = read(written(replace(ZONE, schedule=lunch)))

    assert spans(told) == expected(lunch)
