"""Opening hours as Chinese notices write them, in Simplified or Traditional characters.

`周三、周日開放時間為06：00~16：00，其餘開放時間為06：00~22：00`, `每周一至周五上午7点半到11点`,
`夏季(6月10日至8月31日)18:00至次日2:00`, `全天开放，周一闭馆`. What bears on time and cannot be said
in weekly windows is refused, never guessed; other words come back as a note.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from geo.errors import InvalidSchedule
from geo.schedules import CITY_TIME, DAYS, WEEK, MonthDay, Schedule, Season, Window

# One character for one, so that a place in the simplified text is the same place in the original.
_SIMPLIFIED = str.maketrans(
    "開關閉時間點為餘週禮雙營業務運國節體館風颱鐘號專暫個兩雲無懸惡溫電間對隨後",
    "开关闭时间点为余周礼双营业务运国节体馆风台钟号专暂个两云无悬恶温电间对随后",
)
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_WORKDAYS, _WEEKEND, _HOLIDAYS = frozenset(DAYS[:5]), frozenset(DAYS[5:7]), frozenset({"PH"})
_NAMED_DAYS = {
    "工作日": _WORKDAYS,
    "平日": _WORKDAYS,
    "双休日": _WEEKEND,
    "每日": WEEK,
    "每天": WEEK,
    "天天": WEEK,
    "法定节假日": _HOLIDAYS,
    "国定假日": _HOLIDAYS,
    "法定假日": _HOLIDAYS,
    "公众假期": _HOLIDAYS,
    "节假日": _HOLIDAYS,
}

_TO = r"(?:[~—–-]+|至|到)"
_DAY = "[一二三四五六日天]"
_WEEK = "(?:周|星期|礼拜)"
# A day without its 周 ends the list or goes before another word of time: not the 一 of 一般.
_BARE = (
    rf"(?:[、及和]?{_DAY}(?=$|[^\u4e00-\u9fff]|[至到及和与上中下早晚凌全开营服收休闭关暂停不均为]))"
)
_PERIOD = "凌晨|清晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚间|晚"
_CLOCK = rf"(?:{_PERIOD})?\d{{1,2}}(?::\d{{2}}|[点时](?:半|整|钟|\d{{1,2}}分?)?)"
_YEAR_DAY = r"\d{1,2}月(?:\d{1,2}[日号])?"
_TOKENS = {
    "season": rf"{_YEAR_DAY}{_TO}(?:次年)?{_YEAR_DAY}(?:期间)?",
    "dateless": "[春夏秋冬][季天]|旺季|淡季",
    "times": rf"{_CLOCK}{_TO}(?:次日|翌日|隔日|第二天)?{_CLOCK}",
    "around": "24小时|全天候|全天|全日",
    "days": rf"每?{_WEEK}(?:末|{_DAY}{_BARE}*(?:{_TO}{_WEEK}?{_DAY})?{_BARE}*)|"
    + "|".join(_NAMED_DAYS),
    "rest": "其余|其他|其它",
    "closed": "(?:暂停|停止|不)(?:对外)?(?:开放|营业|服务|收受)|休息|闭馆|关闭|公休|停业|店休",
    "filler": "开放|营业|服务|收受|收运|时间|时段|正常|均|对外|为|是|于",
    "mark": r"[、:~\-及和与]+",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _TOKENS.items()))
_CLAUSE = re.compile(r"[,;。()\[\]]+")
# Left-over words with any of these speak of time: to ignore them would be to guess.
_OF_TIME = re.compile(
    rf"\d\s*[点时月日:]|{_WEEK}|^{_DAY}+$|[季初末休假节除夕春夏秋冬年逢隔单双第首早午晚夜庆]"
    "|清明|元旦|提前|延[长后迟]"
)
_WEATHER = re.compile("台风|雨|雪|停班|停电|恶劣天气|大风|高温")


class ChineseHours(NamedTuple):
    """A schedule, and the words of the text that weekly windows cannot hold."""

    schedule: Schedule
    note: str = ""


def parse_chinese_hours(text: str, time_zone: str = CITY_TIME) -> ChineseHours:
    """Return the schedule that a Chinese text tells, and the words left over as a note.

    The note may name closures that no calendar knows, such as typhoon days. Raises
    `InvalidSchedule` on any other words of time that cannot be said in weekly windows.
    """
    reader = _Reader(text)
    for clause in _clauses(text):
        reader.read(clause)
    return reader.result(time_zone)


def parse_chinese_days(text: str) -> frozenset[str]:
    """Return the days of `周一至周五`, `每周三、日`, `周末`, `节假日`; raises `InvalidSchedule`."""
    tokens = [token for clause in _clauses(text) for token in clause]
    days = [_days(token.plain) for token in tokens if token.kind == "days"]
    if not days or {token.kind for token in tokens} - {"days", "mark"}:
        raise InvalidSchedule(f"cannot read the days {text[:40]!r}; write them like 周一至周五")
    return frozenset().union(*days)


class _Token(NamedTuple):
    kind: str
    plain: str
    shown: str


def _clauses(text: str) -> Iterator[list[_Token]]:
    """The tokens of each clause; what is no word of time is a token of kind `other`."""
    lines = unicodedata.normalize("NFKC", text).splitlines()
    shown = ";".join(re.sub(r"\s", "", line) for line in lines)
    for part in filter(None, _CLAUSE.split(shown)):
        plain, tokens, end = part.translate(_SIMPLIFIED), list[_Token](), 0
        for match in _TOKEN.finditer(plain):
            if match.start() > end:
                tokens.append(
                    _Token("other", plain[end : match.start()], part[end : match.start()])
                )
            tokens.append(_Token(match.lastgroup or "", match.group(), part[slice(*match.span())]))
            end = match.end()
        if end < len(part):
            tokens.append(_Token("other", plain[end:], part[end:]))
        yield tokens


class _Reader:
    """What has been understood so far, clause by clause."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.windows: list[Window] = []
        self.closed: set[str] = set()
        self.notes: list[str] = []
        self.days: frozenset[str] = WEEK
        self.season: Season | None = None
        self.naming = False  # days have been named, and no hours for them yet
        self.only_workdays = False
        self.dateless = ""  # a season named without its dates

    def read(self, clause: list[_Token]) -> None:
        """Take in one clause: the words of time in order, then what is left of it."""
        kinds = {token.kind for token in clause}
        for token in clause:
            if token.kind not in ("filler", "mark", "other"):
                getattr(self, f"_{token.kind}")(token.plain, kinds)
        other = [token for token in clause if token.kind == "other"]
        if not other:
            return
        is_weather = bool(_WEATHER.search("".join(token.plain for token in other)))
        if any(_OF_TIME.search(t.plain) for t in other) or ("closed" in kinds and not is_weather):
            raise self._unread("".join(token.shown for token in clause))
        if kinds <= {"filler", "mark", "other"}:
            self.notes.append("".join(token.shown for token in clause))
        else:
            words = "、".join(token.shown for token in other)
            closing = "".join(token.shown for token in clause if token.kind == "closed")
            self.notes.append(words + closing)

    def result(self, time_zone: str) -> ChineseHours:
        """Return the schedule: what opens, less the days that are closed."""
        if not self.windows or self.naming:
            raise self._unread("days without hours" if self.naming else "no hours")
        open_windows = [
            Window(window.days - self.closed, window.opens, window.closes, window.season)
            for window in self.windows
            if window.days - self.closed
        ]
        on_holidays = any("PH" in window.days for window in open_windows)
        closed = "PH" in self.closed or (self.only_workdays and not on_holidays)
        return ChineseHours(Schedule(tuple(open_windows), time_zone, closed), "；".join(self.notes))

    def _days(self, word: str, _: set[str]) -> None:
        found = _days(word)
        self.days = self.days | found if self.naming else found
        self.naming = True
        self.only_workdays |= word == "工作日"

    def _rest(self, word: str, _: set[str]) -> None:
        said = {day for w in self.windows if w.season == self.season for day in w.days}
        if not said | self.closed:
            raise self._unread(f"{word} of which days?")
        # After hours for every day, "the others" can only say the same again: see _add.
        self.days = WEEK - said - self.closed
        self.naming = True

    def _season(self, word: str, _: set[str]) -> None:
        self.season, self.days, self.naming, self.dateless = _season(word), WEEK, False, ""

    def _dateless(self, word: str, _: set[str]) -> None:
        self.dateless = word

    def _times(self, word: str, _: set[str]) -> None:
        self._add(*_span(word))

    def _around(self, _word: str, _: set[str]) -> None:
        self._add(0, 1440)

    def _add(self, opens: int, closes: int) -> None:
        self.naming = False
        if self.dateless:
            raise self._unread(f"{self.dateless} without its dates")
        if self.days:
            window = Window(self.days, opens, closes, self.season)
            if window not in self.windows:
                self.windows.append(window)
        elif (opens, closes) not in {(w.opens, w.closes) for w in self.windows}:
            raise self._unread("two different hours for the same days")

    def _closed(self, word: str, kinds: set[str]) -> None:
        if self.naming and self.season is None:
            self.closed |= self.days
            self.days, self.naming = WEEK, False
        elif "other" not in kinds:
            raise self._unread(f"{word} on which days?")

    def _unread(self, part: str) -> InvalidSchedule:
        return InvalidSchedule(f"cannot read {part!r} in the hours {self.text[:80]!r}")


def _days(word: str) -> frozenset[str]:
    if word in _NAMED_DAYS:
        return _NAMED_DAYS[word]
    if word.endswith("末"):
        return _WEEKEND
    found: set[str] = set()
    for first, last in re.findall(rf"({_DAY})(?:{_TO}{_WEEK}?({_DAY}))?", word):
        start, end = _WEEKDAYS[first], _WEEKDAYS[last or first]
        found |= {DAYS[i % 7] for i in range(start, end + (7 if end < start else 0) + 1)}
    return frozenset(found)


def _season(word: str) -> Season:
    """Both ends included; a month without a day counts whole."""
    (m1, d1), (m2, d2) = re.findall(r"(\d{1,2})月(\d{1,2})?", word)
    try:
        first = date(2024, int(m1), int(d1 or 1))
        last = date(2024, int(m2), int(d2 or calendar.monthrange(2024, int(m2))[1]))
    except (ValueError, calendar.IllegalMonthError):
        raise InvalidSchedule(f"no such day of the year in {word!r}") from None
    return Season(MonthDay(first.month, first.day), MonthDay(last.month, last.day))


def _span(word: str) -> tuple[int, int]:
    """Opening and closing, minutes; `下午2点到5点` means the afternoon for both."""
    first, last = re.findall(_CLOCK, word)
    period = re.match(_PERIOD, first)
    next_day = bool(re.search("次日|翌日|隔日|第二天", word))
    inherits = period and not next_day and not re.match(_PERIOD, last)
    opens = _minute(first)
    closes = _minute(f"{period.group()}{last}" if period and inherits else last)
    if next_day or (closes < opens and last.startswith("凌晨")):
        closes += 1440
    elif closes < opens and not period:
        closes += 1440  # 22:00-04:00, on the clock of 24 hours
    if closes <= opens:
        raise InvalidSchedule(f"the hours {word!r} close before they open; is it 次日?")
    return opens, closes


def _minute(word: str) -> int:
    """Minutes after midnight of `06:30`, `6点半`, `晚10时`, `下午3点15分`."""
    period = re.match(_PERIOD, word)
    name = period.group() if period else ""
    numbers = [int(number) for number in re.findall(r"\d+", word)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 30 * ("半" in word)
    if name in ("下午", "傍晚") or (name.startswith("晚") and 5 <= hour <= 12):
        hour += 12 * (hour < 12 or name.startswith("晚"))
    elif name == "中午" and hour < 11:
        hour += 12
    elif name == "凌晨" and hour == 12:
        hour = 0
    if hour > 24 or minute > 59 or (name.startswith("晚") and hour < 5):
        raise InvalidSchedule(f"there is no time {word!r}; write it like 22:00 or 次日2:00")
    return hour * 60 + minute
