"""Opening hours and next changes in words, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from geo.hours import parse_hours
from geo.openings import Opening
from geo.schedules import ALWAYS, Schedule
from maps.hours import change_in_words, hours_in_words

SHANGHAI = timezone(timedelta(hours=8))
AT = datetime(2026, 6, 12, 19, 30, tzinfo=SHANGHAI)  # a Friday


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        (
            "Jun 10-Aug 31 Fr,Sa 18:00-02:00",
            ["周五、周六 18:00–次日02:00；6月10日–8月31日"],
            ["Fri, Sat 18:00–02:00 (+1 day), Jun 10–Aug 31"],
        ),
        (
            "06:00-08:30,17:00-19:30",
            ["每天 06:00–08:30、17:00–19:30"],
            ["Daily 06:00–08:30, 17:00–19:30"],
        ),
        ("18:00-24:00", ["每天 18:00–24:00"], ["Daily 18:00–24:00"]),
        (
            "Mo-Fr 18:00-22:00; Sa,Su,PH 16:00-01:30",
            ["周一至周五 18:00–22:00", "周六、周日、节假日 16:00–次日01:30"],
            ["Mon–Fri 18:00–22:00", "Sat, Sun, public holidays 16:00–01:30 (+1 day)"],
        ),
        (
            "Mo-Th,Su 18:00-24:00; Fr 18:00-02:00",
            ["周一至周四、周日 18:00–24:00", "周五 18:00–次日02:00"],
            ["Mon–Thu, Sun 18:00–24:00", "Fri 18:00–02:00 (+1 day)"],
        ),
        ("Sa 00:00-24:00", ["周六 全天"], ["Sat all day"]),
        ("24/7", ["全天开放"], ["Open 24 hours"]),
        (
            "09:00-17:00; PH off",
            ["每天 09:00–17:00", "节假日不开放"],
            ["Daily 09:00–17:00", "Closed on public holidays"],
        ),
        (
            "24/7; PH off",
            ["每天 全天", "节假日不开放"],
            ["Daily all day", "Closed on public holidays"],
        ),
        ("off", ["暂不开放"], ["Not open for now"]),
        ("PH off", ["暂不开放"], ["Not open for now"]),
        # With hours of their own on holidays, the seven weekdays are not every day.
        (
            "09:00-17:00; PH 10:00-16:00",
            ["周一至周日 09:00–17:00", "节假日 10:00–16:00"],
            ["Mon–Sun 09:00–17:00", "public holidays 10:00–16:00"],
        ),
        # All the year first, then the seasons by their beginning; one may pass the new year.
        (
            "Dec 20-Feb 10 09:00-21:00, Mo-Su 08:00-12:00, Jun 10-Aug 31 20:00-23:00",
            [
                "每天 08:00–12:00",
                "每天 20:00–23:00；6月10日–8月31日",
                "每天 09:00–21:00；12月20日–2月10日",
            ],
            [
                "Daily 08:00–12:00",
                "Daily 20:00–23:00, Jun 10–Aug 31",
                "Daily 09:00–21:00, Dec 20–Feb 10",
            ],
        ),
    ],
)
def test_hours_read_like_a_sign_at_the_market(hours: str, zh: list[str], en: list[str]) -> None:
    schedule = parse_hours(hours)
    assert list(hours_in_words(schedule, "zh")) == zh
    assert list(hours_in_words(schedule, "en")) == en


def test_hours_that_nobody_gave_are_said_to_be_unknown() -> None:
    assert hours_in_words(None, "zh") == ("时间未公布",)
    assert hours_in_words(None, "en") == ("Hours not published",)
    assert hours_in_words(Schedule(()), "en") == ("Not open for now",)
    assert hours_in_words(ALWAYS, "zh") == ("全天开放",)


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        (datetime(2026, 6, 12, 22, 0), "22:00收摊", "closes 22:00"),
        (datetime(2026, 6, 13, 0, 0), "24:00收摊", "closes 24:00"),
        (datetime(2026, 6, 13, 2, 0), "明日02:00收摊", "closes 02:00 tomorrow"),
        (datetime(2026, 6, 14, 0, 0), "明日24:00收摊", "closes 24:00 tomorrow"),
    ],
)
def test_a_closing_is_told_from_today(when: datetime, zh: str, en: str) -> None:
    opening = Opening("open", closes_at=when.replace(tzinfo=SHANGHAI))
    assert change_in_words(opening, AT, "zh") == zh
    assert change_in_words(opening, AT, "en") == en


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        (datetime(2026, 6, 12, 20, 30), "20:30出摊", "opens 20:30"),
        (datetime(2026, 6, 13, 0, 0), "明日00:00出摊", "opens 00:00 tomorrow"),
        (datetime(2026, 6, 15, 6, 0), "周一06:00出摊", "opens 06:00 Mon"),
        (datetime(2026, 6, 19, 6, 0), "6月19日06:00出摊", "opens 06:00 on Jun 19"),
        (datetime(2027, 1, 20, 9, 0), "1月20日09:00出摊", "opens 09:00 on Jan 20"),
    ],
)
def test_an_opening_is_told_with_its_day_when_it_is_not_today(
    when: datetime, zh: str, en: str
) -> None:
    opening = Opening("closed", opens_at=when.replace(tzinfo=SHANGHAI))
    assert change_in_words(opening, AT, "zh") == zh
    assert change_in_words(opening, AT, "en") == en


def test_today_is_the_day_on_the_clock_of_the_zone() -> None:
    opening = Opening("closed", opens_at=datetime(2026, 6, 13, 6, 0, tzinfo=SHANGHAI))
    already_saturday_there = datetime(2026, 6, 12, 17, 0, tzinfo=UTC)
    assert change_in_words(opening, already_saturday_there, "en") == "opens 06:00"


def test_what_never_changes_says_so_and_what_is_unknown_says_nothing() -> None:
    assert change_in_words(Opening("open"), AT, "zh") == "全天不休"
    assert change_in_words(Opening("closed"), AT, "zh") == "近期无安排"
    assert change_in_words(Opening("unknown"), AT, "zh") == ""
