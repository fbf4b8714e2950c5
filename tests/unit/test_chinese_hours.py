"""Opening hours in Chinese: every form that notices use, and what must be refused."""

import pytest

from geo.chinese_hours import parse_chinese_days, parse_chinese_hours
from geo.errors import InvalidSchedule
from geo.hours import format_hours

READ = {
    # as Taipei writes them, full-width and Traditional
    "開放時間06：00~23：00": "06:00-23:00",
    "開放時間07：00~10：00、14：00 ~17：00、20：00 ~ 22：00": "07:00-10:00,14:00-17:00,20:00-22:00",
    "周三、周日開放時間為06：00~16：00，其餘開放時間為06：00~22：00": (
        "Mo,Tu,Th-Sa 06:00-22:00; We,Su 06:00-16:00"
    ),
    "周三、周日開放時間為06：00~16：30，其餘時間正常開放(06：00~23：00)": (
        "Mo,Tu,Th-Sa 06:00-23:00; We,Su 06:00-16:30"
    ),
    "收受時間為每周一、二、四、五、六上午07：00~08：00": "Mo,Tu,Th-Sa 07:00-08:00",
    "開放時間為周一至周六06：00~23：00": "Mo-Sa 06:00-23:00",
    "開放時間為週三、周日06：00~16：30": "We,Su 06:00-16:30",
    "開放時間：06：00～11：00\r\n其他：開放時間 06：00～11：00": "06:00-11:00",
    # as the mainland writes them
    "每周一至周五上午7点半到11点": "Mo-Fr 07:30-11:00",
    "周一至五 8:00-12:00，14:00-18:00；周六日9:00-17:00": (
        "Mo-Fr 08:00-12:00,14:00-18:00; Sa,Su 09:00-17:00"
    ),
    "星期六至星期一 09：00－12：00": "Mo,Sa,Su 09:00-12:00",
    "周五、周六 22点—次日4点，其余 22点—24点": "Mo-Th,Su 22:00-24:00; Fr,Sa 22:00-04:00",
    "22:00-04:00": "22:00-04:00",
    "18:00-24:00": "18:00-24:00",
    "24小时": "00:00-24:00",
    "全天开放，周一闭馆": "Tu-Su 00:00-24:00",
    "夏季(6月10日至8月31日)18:00至次日2:00": "Jun 10-Aug 31 18:00-02:00",
    "6月至9月18:00-24:00": "Jun 01-Sep 30 18:00-24:00",
    "工作日9:00-17:00": "Mo-Fr 09:00-17:00; PH off",
    "周一至周五8:00-17:00，节假日9:00-12:00": "Mo-Fr 08:00-17:00; PH 09:00-12:00",
    "每周日及国定假日休息，其余8:00~17:00": "Mo-Sa 08:00-17:00; PH off",
    "下午2点到5点": "14:00-17:00",
    "晚上6点至10点": "18:00-22:00",
    "晚10点到次日2点": "22:00-02:00",
    "早6点到晚10点": "06:00-22:00",
    "中午1点到3点": "13:00-15:00",
}

REFUSED = [
    "",
    "詳見公告",
    "其他開放時間06：00~19：00",  # others than which?
    "每天8:00",
    "周二休息",
    "8:00-8:00",
    "上午8点到5点",
    "晚10点到2点",
    "25:00-26:00",
    "夏季18:00-22:00，冬季18:00-21:00",
    "夏令时间18:00-22:00",
    "2月30日至3月1日 8:00-9:00",
    "除夕休息，08:00-17:00",
    "隔周六8:00-9:00",
    "每月1日 8:00-9:00",
    "周三，日 8:00-9:00",
    "第一个周六 8:00-9:00",
    "06:00-10:00，周一、周二",
]


@pytest.mark.parametrize(("text", "hours"), READ.items())
def test_a_notice_is_read_as_windows(text: str, hours: str) -> None:
    found = parse_chinese_hours(text)

    assert format_hours(found.schedule) == hours
    assert found.note == ""
    assert found.schedule.time_zone == "Asia/Shanghai"


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_said_in_windows_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_chinese_hours(text)


@pytest.mark.parametrize(
    ("text", "hours", "note"),
    [
        ("開放時間06：00~16：30加油站旁", "06:00-16:30", "加油站旁"),
        ("06：00~23：00，淡3號疏散門外", "06:00-23:00", "淡3號疏散門外"),
        ("06：00~23：00，僅收一般垃圾(不含廚餘)", "06:00-23:00", "僅收一般垃圾；不含廚餘"),
        ("8:00-17:00（雨天休息）", "08:00-17:00", "雨天休息"),
        (
            "開放時間08：00~08：30(每周三、日、颱風天、停班日暫停開放)",
            "Mo,Tu,Th-Sa 08:00-08:30",
            "颱風天、停班日暫停開放",
        ),
    ],
)
def test_words_that_are_no_hours_come_back_as_they_were_written(
    text: str, hours: str, note: str
) -> None:
    found = parse_chinese_hours(text, "Asia/Taipei")

    assert (format_hours(found.schedule), found.note) == (hours, note)
    assert found.schedule.time_zone == "Asia/Taipei"


def test_days_are_read_alone() -> None:
    assert parse_chinese_days("星期三、日") == {"We", "Su"}
    assert parse_chinese_days("周末") == {"Sa", "Su"}
    assert parse_chinese_days("法定节假日") == {"PH"}
    with pytest.raises(InvalidSchedule, match="周一至周五"):
        parse_chinese_days("初一")
