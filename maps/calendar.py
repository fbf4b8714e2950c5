"""A stall zone's coming openings as iCalendar (RFC 5545), to subscribe to or to take over.

Each opening is an event of its own, in UTC. A repeating event would be shorter, but would promise
hours for years whose holidays nobody knows, and calendar programs disagree about repetitions with
exceptions and about time zones they are told; a time in UTC they all read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import icalendar

from geo.openings import HORIZON_DAYS, Hours, Interval
from geo.records import Kind, StallZone
from geo.schedules import Calendar, Schedule
from maps.sheet import place_on
from maps.site import Site
from maps.text import Language, worded, words

DAYS_TOLD = 61
"""Yesterday, whose night may not be over, and two months."""

_DAY = timedelta(days=1)
_RENEWED_EVERY = timedelta(hours=6)
# Characters that iCalendar cannot carry in any form, and line ends that only some readers know.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a calendar tells: a zone from the day of an instant on, and where its page is."""

    zone: StallZone
    kind: Kind
    at: datetime
    calendar: Calendar
    page_url: str


def zone_calendar(plan: Plan, language: Language, site: Site) -> bytes:
    """Return the openings of the coming two months and the notices of closing, as iCalendar.

    The same for all instants of a day. Where nothing opens in that time it holds the next opening,
    or a word that there is none: a calendar without events is not one, and programs refuse it.
    """
    content: bytes = _Writer(plan, language, site).calendar().to_ical()
    return content


class _Writer:
    def __init__(self, plan: Plan, language: Language, site: Site) -> None:
        self.plan, self.zone, self.text = plan, plan.zone, words(language)
        self.language: Language = language
        schedule = plan.zone.schedule or Schedule((), site.time_zone)
        self.hours = Hours(schedule, plan.zone.overrides, plan.calendar)
        self.first = plan.at.astimezone(self.hours.zone).date() - _DAY
        self.days = [self.first + n * _DAY for n in range(DAYS_TOLD)]
        self.name = _in_one_line(worded(plan.zone.name, plan.zone.name_en, language).text)
        self.city = site.city_zh
        # Of the day, not of the moment: what has not changed must be the same bytes.
        midnight = datetime.combine(self.first + _DAY, time(), ZoneInfo(site.time_zone))
        self.stamp = midnight.astimezone(UTC)

    def calendar(self) -> icalendar.Calendar:
        """Return the calendar with its events."""
        about = self.text["calendar_about"].format(name=self.name)
        made = icalendar.Calendar()
        made.add("prodid", "-//tidegrid//stall zones//EN")
        made.add("version", "2.0")
        made.add("calscale", "GREGORIAN")
        made.add("method", "PUBLISH")
        for old, new, value in (
            ("x-wr-calname", "name", self.name),
            ("x-wr-caldesc", "description", about),
        ):
            # What the library does not know as a text it would write unescaped.
            made.add(old, icalendar.vText(value))
            made.add(new, icalendar.vText(value))
        made.add("url", self.plan.page_url)
        made.add("refresh-interval", _RENEWED_EVERY, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", icalendar.vDuration(_RENEWED_EVERY))
        for event in [*self._events()] or [self._nothing()]:
            made.add_component(event)
        return made

    def _events(self) -> Iterator[icalendar.Event]:
        if self.zone.schedule is None and not self.zone.overrides:
            return
        yield from self._notices()
        spans = list(self.hours.walk(self.first, self.days[-1]))
        yield from self._openings(spans or self._later())

    def _openings(self, spans: Iterable[Interval]) -> Iterator[icalendar.Event]:
        """An event for each opening, known by its day and its number on it."""
        for day, held in groupby(spans, key=lambda span: span.start.date()):
            for number, span in enumerate(held):
                event = self._event(f"{day:%Y%m%d}-{number}", self.name, self._why(span))
                event.add("dtstart", span.start.astimezone(UTC))
                event.add("dtend", span.end.astimezone(UTC))
                yield event

    def _later(self) -> list[Interval]:
        last = self.days[-1]
        return [*self.hours.walk(last + _DAY, last + HORIZON_DAYS * _DAY)][:1]

    def _notices(self) -> Iterator[icalendar.Event]:
        """An all-day event for each closing by a dated exception, over the days that it decides."""
        rules = ((self.hours.rule_of(day), day) for day in self.days)
        for rule, held in groupby(rules, key=lambda one: one[0]):
            if rule.override is None or rule.override.opens:
                continue
            days = [day for _, day in held]
            # Told whole, also what lies outside the days told.
            first = rule.override.first if days[0] == self.first else days[0]
            last = rule.override.last if days[-1] == self.days[-1] else days[-1]
            reason = worded(rule.reason_zh, rule.reason_en, self.language).text
            title = self.text["calendar_closed"].format(name=self.name)
            yield self._all_day(first, last, f"{first:%Y%m%d}-closed", title, reason)

    def _nothing(self) -> icalendar.Event:
        is_known = self.zone.schedule is not None or self.zone.overrides
        word = self.text["never_opens" if is_known else "hours_unknown"]
        title = self.text["labelled"].format(label=self.name, value=word)
        return self._all_day(self.first + _DAY, self.first + _DAY, "none", title, "")

    def _all_day(
        self, first: date, last: date, number: str, title: str, reason: str
    ) -> icalendar.Event:
        event = self._event(number, title, [reason])
        event.add("dtstart", first)
        event.add("dtend", last + _DAY)
        return event

    def _event(self, number: str, title: str, notes: list[str]) -> icalendar.Event:
        zone, place = self.zone, place_on(self.zone.geometry)
        event = icalendar.Event()
        # The same in both languages and at every address: taken over again, it replaces itself.
        event.add("uid", str(uuid5(NAMESPACE_URL, f"{self.city}/{zone.code}/{number}")))
        event.add("dtstamp", self.stamp)
        event.add("summary", title)
        event.add("location", _in_one_line(zone.address or zone.name))
        event.add("geo", (place.lat, place.lon))
        event.add("url", self.plan.page_url)
        event.add("description", _printable("\n".join(filter(None, (*notes, *self._facts())))))
        kind = worded(self.plan.kind.name_zh, self.plan.kind.name_en, self.language)
        event.add("categories", [_in_one_line(kind.text)])
        # A market does not make anybody busy.
        event.add("transp", "TRANSPARENT")
        return event

    def _why(self, span: Interval) -> list[str]:
        """What is special about an opening: the exception it follows, a date not announced."""
        rule = self.hours.rule_at(span.start)
        assumed = self.text["assumed"] if self.hours.assumes(span.start.date()) else ""
        return [worded(rule.reason_zh, rule.reason_en, self.language).text, assumed]

    def _facts(self) -> Iterator[str]:
        zone, separator = self.zone, self.text["separator"]
        facts = {
            "goods_allowed": separator.join(zone.goods),
            "goods_banned": separator.join(zone.goods_banned),
            "fee": zone.fee,
            "rules": zone.rules,
            "duty_phone": zone.duty_phone,
        }
        for label, value in facts.items():
            if value:
                yield self.text["labelled"].format(label=self.text[label], value=value)
        yield self.plan.page_url


def _printable(text: str) -> str:
    """The text without what no calendar can carry."""
    return _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _in_one_line(text: str) -> str:
    return " ".join(_printable(text).split())
