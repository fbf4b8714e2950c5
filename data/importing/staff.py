"""Rows as grid staff: officers, what they answer for, when they are on duty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from data.importing import cells
from data.importing.cells import Row, pick
from data.importing.findings import Finding, RowRefused
from data.importing.hours import read_hours
from data.importing.mapping import ImportMapping, time_zone
from data.importing.records import kind_of, needed, value
from geo.errors import ImportRefused, InvalidSchedule
from geo.records import Assignment, Kind, Officer, Shift


@dataclass(slots=True)
class StaffCollector:
    """Gathers officers; an officer who answers for several areas has several rows.

    `areas` are the codes of the mapping's `area_kind`; None: not known, so not checked.
    """

    mapping: ImportMapping
    kinds: Mapping[str, Kind]
    areas: Collection[str] | None = None
    officers: dict[str, Officer] = field(default_factory=dict)
    assignments: dict[tuple[str, str, str], Assignment] = field(default_factory=dict)
    shifts: dict[str, Shift] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, _number: int, row: Row) -> None:
        """Take in one row, the whole of it or nothing; raises `RowRefused`."""
        code = needed(row, self.mapping, "code")
        officer = Officer(
            code, needed(row, self.mapping, "name"), value(row, self.mapping, "phone")
        )
        if self.officers.get(code, officer) != officer:
            reason = f"the code {code} has another name or phone in a row above"
            raise RowRefused("duplicate_code", reason, "code")
        since, until = self._days(row)
        assignment = self._assignment(row, code, since, until)
        shift = self._shift(row, code, since, until)
        self.officers[code] = officer
        if assignment is not None:
            key = (code, assignment.role, assignment.area_code)
            if key in self.assignments:
                raise RowRefused("duplicate_code", "says the same as a row above", "area_code")
            self.assignments[key] = assignment
        if shift is not None:
            self.shifts[code] = shift

    def result(self) -> list[Officer | Assignment | Shift]:
        """Return officers, then assignments, then shifts."""
        return [*self.officers.values(), *self.assignments.values(), *self.shifts.values()]

    def _days(self, row: Row) -> tuple[date | None, date | None]:
        fields = self.mapping.fields
        since = cells.day(pick(row, fields.get("since", ())), "since") or self.mapping.since
        until = cells.day(pick(row, fields.get("until", ())), "until")
        if since and until and until < since:
            raise RowRefused("not_a_date", f"until {until} is before since {since}", "until")
        return since, until

    def _assignment(
        self, row: Row, code: str, since: date | None, until: date | None
    ) -> Assignment | None:
        area = cells.code(pick(row, self.mapping.fields.get("area_code", ())))
        if not area:
            return None
        role = kind_of(row, self.mapping, self.kinds)
        kind = self.mapping.area_kind or ""
        if self.areas is not None and area not in self.areas:
            reason = f"the city has no {kind} {area}; import the areas first, or correct the code"
            raise RowRefused("unknown_area", reason, "area_code")
        return Assignment(code, role, kind, area, _begun(since), until)

    def _shift(self, row: Row, code: str, since: date | None, until: date | None) -> Shift | None:
        words = value(row, self.mapping, "hours", keep_lines=True)
        if not words:
            return None
        zone = value(row, self.mapping, "time_zone") or self.mapping.time_zone
        try:
            schedule, note = read_hours(words, self.mapping.hours_format, time_zone(zone))
        except (InvalidSchedule, ImportRefused) as error:
            raise RowRefused("unreadable_hours", str(error), "hours") from None
        if note:
            raise RowRefused("unreadable_hours", f"cannot read {note!r} as hours of duty", "hours")
        shift = Shift(code, schedule, _begun(since), until)
        if self.shifts.get(code, shift) != shift:
            reason = f"the hours of duty of {code} differ from a row above"
            raise RowRefused("differing_rows", reason, "hours")
        return shift


def _begun(since: date | None) -> date:
    if since is None:
        reason = "since is blank; give it, or since = 2026-01-31 in the mapping"
        raise RowRefused("missing_field", reason, "since")
    return since
