"""What is open at an instant: why, since when, until when; and the openings of a run of days.

The rules themselves are in `geo/schedules.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from geo.schedules import DAYS, NO_HOLIDAYS, WEEK, Calendar, Override, Schedule, Window

HORIZON_DAYS = 400
"""How far ahead a change is looked for: more than a year, so that every season is met."""

State = Literal["open", "closed", "unknown"]
RuleKind = Literal["override", "holiday", "workday", "season", "weekly"]
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rule decided: the one without which the answer would be another.

    `override` is the dated exception where the kind is `override`. A `workday` is a make-up one.
    """

    kind: RuleKind
    override: Override | None = None

    @property
    def reason_zh(self) -> str:
        """The words of the dated exception, empty for every other rule."""
        return self.override.reason_zh if self.override else ""

    @property
    def reason_en(self) -> str:
        """The same in English."""
        return self.override.reason_en if self.override else ""


WEEKLY = Rule("weekly")


@dataclass(frozen=True, slots=True)
class Interval:
    """Open from one instant up to, not including, another; both in the schedule's zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """What holds at an instant, by which rule, since when, and the next change.

    `closes_at` is set when open, `opens_at` when closed, unless there is none within
    `HORIZON_DAYS`; `since` unless the state began longer ago than that. `assumed` says that the
    state or the next change rests on a date whose holidays are not known.
    """

    state: State
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    assumed: bool = False
    since: datetime | None = None
    rule: Rule | None = None

    @property
    def reason_zh(self) -> str:
        """The words of the dated exception that decided, if one did."""
        return self.rule.reason_zh if self.rule else ""

    @property
    def reason_en(self) -> str:
        """The same in English."""
        return self.rule.reason_en if self.rule else ""


UNKNOWN = Opening("unknown")


def opening(
    schedule: Schedule | None,
    at: datetime,
    *,
    overrides: tuple[Override, ...] = (),
    calendar: Calendar = NO_HOLIDAYS,
) -> Opening:
    """Return whether the place is open at the instant, why, since when, and until when."""
    if schedule is None and not overrides:
        return UNKNOWN
    hours = Hours(schedule or Schedule(()), overrides, calendar)
    # Two times of one zone are compared by the clock on the wall, which strikes two twice a year.
    at = at.astimezone(UTC)
    today = at.astimezone(hours.zone).date()
    last = today + timedelta(days=HORIZON_DAYS - 2)
    now = next((f for f in hours.walk(today - _DAY, last) if f.end > at), None)
    rule, since = hours.rule_at(at), hours.since(at)
    if now is None or now.start > at:
        opens_at = now.start if now else None
        assumed = hours.assumes(today, opens_at.date() if opens_at else last)
        return Opening("closed", opens_at, None, assumed, since, rule)
    # An opening that outlasts the horizon has no closing worth telling: it never closes.
    closes_at = now.end if now.end - at <= timedelta(days=HORIZON_DAYS - 3) else None
    assumed = hours.assumes(today, closes_at.date() if closes_at else last)
    return Opening("open", None, closes_at, assumed, since, rule)


def intervals(
    schedule: Schedule,
    first: date,
    days: int,
    *,
    overrides: tuple[Override, ...] = (),
    calendar: Calendar = NO_HOLIDAYS,
) -> Iterator[Interval]:
    """Yield the openings that start within the days from the first, joined where they touch."""
    if days < 1:
        return iter(())
    return Hours(schedule, overrides, calendar).walk(first, first + timedelta(days=days - 1))


class _Day(NamedTuple):
    """What a date holds: its openings in UTC, each with its window; whether the next is like it."""

    openings: tuple[tuple[Interval, Window], ...]
    lasting: bool


class Hours:
    """The hours of one place, date by date: schedule, exceptions and calendar put together."""

    def __init__(
        self, schedule: Schedule, overrides: tuple[Override, ...], calendar: Calendar
    ) -> None:
        self.zone = ZoneInfo(schedule.time_zone)
        self._schedule, self._overrides, self._calendar = schedule, overrides, calendar
        self._days: dict[date, _Day] = {}
        self._edges_about: dict[int, tuple[date, ...]] = {}

    def walk(self, first: date, last: date) -> Iterator[Interval]:
        """Yield the openings that start within the dates, joined where they touch."""
        current: Interval | None = None
        for found in self._pieces(first, last):
            if current is None:
                current = found
            elif found.start <= current.end:
                current = Interval(current.start, max(current.end, found.end))
            else:
                yield self._local(current)
                current = found
        if current is not None:
            yield self._local(current)

    def rule_at(self, at: datetime) -> Rule:
        """Return the rule that decides at the instant.

        When open, that of the day on which the opening started; when closed, that of the date.
        """
        today = at.astimezone(self.zone).date()
        for day in (today, today - _DAY):
            holding = [w for span, w in self._day(day).openings if span.start <= at < span.end]
            if holding:
                return self._or_season(self.rule_of(day), all(w.season for w in holding))
        return self._or_season(self.rule_of(today), self._is_out_of_season(today))

    def rule_of(self, day: date) -> Rule:
        """Return the rule that gives a date its hours; seasons count as weekly windows."""
        override = deciding(self._overrides, day)
        if override is not None:
            return Rule("override", override)
        kind, weekday = self._calendar.day_kind(day), DAYS[day.weekday()]
        usual, held = (
            {(w.opens, w.closes) for w in self._regular(day, k)} for k in (weekday, kind)
        )
        if usual == held:
            return WEEKLY
        return Rule("holiday" if kind == "PH" else "workday")

    def turns(self, day: date) -> list[datetime]:
        """Return the instants at which a date can change something, its midnight first; in UTC."""
        spans = [span for span, _ in self._day(day).openings]
        return [self._instant(day, 0), *(turn for s in spans for turn in (s.start, s.end))]

    def since(self, at: datetime) -> datetime | None:
        """Return when the state of an instant began, None when longer ago than the horizon."""
        today = at.astimezone(self.zone).date()
        for first in self._looking_back(today):
            # What started the day before the first may reach into it.
            settled = self._instant(first + _DAY, 0)
            found = None
            for span in self.walk(first, today):
                if span.start > at:
                    break
                found = span.start if span.end > at else span.end
            if found is not None and found >= settled:
                return found
        return None

    def assumes(self, *days: date) -> bool:
        """Whether what holds on a date rests on holidays that have not been announced."""
        return self._schedule.minds_holidays and not all(map(self._calendar.knows, days))

    def _looking_back(self, today: date) -> Iterator[date]:
        """From where to look for the beginning of a state: mostly it was yesterday."""
        earliest = today - HORIZON_DAYS * _DAY
        yield from (today - 2 * _DAY, today - 9 * _DAY)
        # Else a season or an exception has ended what went on in the week before.
        edges = (edge for edge in reversed(self._edges(today.year)) if edge <= today)
        yield from (max(edge - 9 * _DAY, earliest) for edge in islice(edges, 4))
        yield earliest

    def _or_season(self, rule: Rule, seasonal: bool) -> Rule:
        return Rule("season") if seasonal and rule.kind == "weekly" else rule

    def _pieces(self, first: date, last: date) -> Iterator[Interval]:
        """The openings that start within the dates, by their start; long ones in one piece."""
        day = first
        while day <= last:
            openings, lasting = self._day(day)
            spans, until = [span for span, _ in openings], day + _DAY
            endless = [w.opens for _, w in openings if w.closes - w.opens == 1440]
            if lasting and (endless or not openings):
                # A year of a closed season, or of 24/7, is one step.
                until = min(self._edge_after(day), last + _DAY)
                spans += [span for span, _ in self._day(until - _DAY).openings]
                spans += [Interval(self._instant(day, m), self._instant(until, m)) for m in endless]
            yield from sorted(spans, key=_start) if len(spans) > 1 else spans
            day = until

    def _day(self, day: date) -> _Day:
        if day not in self._days:
            windows, lasting = self._windows(day)
            spans = [
                Interval(self._instant(day, w.opens), self._instant(day, w.closes)) for w in windows
            ]
            # One that the clocks jump over is none.
            held = tuple((s, w) for s, w in zip(spans, windows, strict=True) if s.start < s.end)
            self._days[day] = _Day(held, lasting)
        return self._days[day]

    def _windows(self, day: date) -> tuple[tuple[Window, ...], bool]:
        """The windows that start on a date, and whether all days until an edge have the same."""
        kind, override = self._calendar.day_kind(day), deciding(self._overrides, day)
        if override is not None:
            return _of_day(override.hours, kind, day), _daily(override.hours)
        return self._regular(day, kind), _daily(self._in_season(day))

    def _regular(self, day: date, kind: str) -> tuple[Window, ...]:
        """The weekly windows of a date if it were a day of the kind."""
        if kind == "PH" and self._schedule.closed_on_holidays:
            return ()
        return _of_day(self._in_season(day), kind, day)

    def _in_season(self, day: date) -> tuple[Window, ...]:
        return tuple(w for w in self._schedule.windows if w.season is None or day in w.season)

    def _is_out_of_season(self, day: date) -> bool:
        """Whether a date has no opening, and would have one in another season."""
        kind = self._calendar.day_kind(day)
        if self._day(day).openings or (kind == "PH" and self._schedule.closed_on_holidays):
            return False
        return bool(_of_day(self._schedule.windows, kind, day))

    def _edge_after(self, day: date) -> date:
        return next((edge for edge in self._edges(day.year) if edge > day), date.max)

    def _edges(self, year: int) -> tuple[date, ...]:
        """The dates on which an exception, a season or a holiday begins, or has just ended.

        Those of seasons within two years, which is farther than the horizon.
        """
        if year not in self._edges_about:
            ends = [day for rule in self._overrides for day in (rule.first, rule.last)]
            ends += self._calendar.days if self._schedule.minds_holidays else ()
            seasons = {window.season for window in self._schedule.windows if window.season}
            for near in range(year - 2, year + 3):
                ends += [end.in_year(near) for s in seasons for end in (s.first, s.last)]
            # The day behind each, too: of what ends; and a season from 29 February starts there.
            self._edges_about[year] = tuple(sorted({e + n * _DAY for e in ends for n in (0, 1)}))
        return self._edges_about[year]

    def _span(self, day: date, window: Window) -> Interval:
        return Interval(self._instant(day, window.opens), self._instant(day, window.closes))

    def _instant(self, day: date, minute: int) -> datetime:
        # On the wall clock, so that 22:00-04:00 means that on a night of changing clocks too.
        wall = datetime.combine(day, time(), self.zone) + timedelta(minutes=minute)
        return wall.astimezone(UTC)

    def _local(self, span: Interval) -> Interval:
        return Interval(span.start.astimezone(self.zone), span.end.astimezone(self.zone))


def deciding(overrides: tuple[Override, ...], day: date) -> Override | None:
    """Return the dated exception that decides a date, None where there is none.

    One of the place itself goes before one of its whole kind, and the shorter before the longer.
    But a closing of the whole kind goes before a longer opening of the place: the storm that shuts
    all markets for a day shuts the one with a festival week too.
    """
    holding = [rule for rule in overrides if rule.first <= day <= rule.last]
    if len(holding) < 2:
        return holding[0] if holding else None
    own = min((r for r in holding if not r.of_kind), key=_specific, default=None)
    shared = min((r for r in holding if r.of_kind), key=_specific, default=None)
    if own is None or shared is None:
        return own or shared
    shut_all = own.opens and not shared.opens and shared.length_days < own.length_days
    return shared if shut_all else own


def _specific(rule: Override) -> tuple[object, ...]:
    """The more specific first; then the later one, the closing one, the one with hours.

    The rest only makes the choice the same in whatever order they come.
    """
    windows = [(w.opens, w.closes, sorted(w.days)) for w in rule.windows]
    words = (rule.reason_zh, rule.reason_en)
    late = -rule.first.toordinal()
    return rule.length_days, late, rule.opens, not windows, windows, words


def _of_day(windows: tuple[Window, ...], kind: str, day: date) -> tuple[Window, ...]:
    """The windows of a date; a holiday that none of them names is a day like any other."""
    if kind == "PH" and not _names_holidays(windows):
        kind = DAYS[day.weekday()]
    return tuple(window for window in windows if kind in window.days)


def _names_holidays(windows: tuple[Window, ...]) -> bool:
    return any("PH" in window.days for window in windows)


def _daily(windows: tuple[Window, ...]) -> bool:
    """Whether the windows are the same on every day but holidays."""
    return all(window.days >= WEEK or window.days == {"PH"} for window in windows)


def _start(span: Interval) -> datetime:
    return span.start
