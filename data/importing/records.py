"""Rows as records: areas, stall zones and facilities."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from shapely.geometry.base import BaseGeometry

from data.importing import cells
from data.importing.cells import Row, pick, text
from data.importing.findings import Finding, RowRefused
from data.importing.hours import read_hours, read_opening, read_overrides, weekly
from data.importing.mapping import ImportMapping, time_zone
from data.importing.strict import nearest
from data.models.city import STATES
from geo.errors import ImportRefused, InvalidSchedule
from geo.records import Area, Facility, Kind, StallZone
from geo.schedules import Schedule, Window

Place = Area | StallZone | Facility

_LIST = re.compile(r"\s*[,，、;；]\s*")


@dataclass(slots=True)
class Collector:
    """Gathers records from rows; says of each row that cannot become one why not."""

    mapping: ImportMapping
    kinds: Mapping[str, Kind]
    records: dict[tuple[str, ...], Place] = field(default_factory=dict)
    first_rows: dict[tuple[str, ...], int] = field(default_factory=dict)
    openings: dict[tuple[str, ...], list[Window]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, number: int, row: Row, shape: BaseGeometry) -> None:
        """Take in one row; raises `RowRefused`."""
        record = self._record(number, row, shape)
        # Stall zones have one numbering for all kinds, as signs in the street have.
        key = (record.code,) if isinstance(record, StallZone) else (record.kind, record.code)
        if self.mapping.schedule is not None:
            self._add_opening(number, row, record, key)
        elif key in self.records:
            reason = f"the code {record.code} stands in row {self.first_rows[key]} already"
            raise RowRefused("duplicate_code", reason, "code")
        self.records.setdefault(key, record)
        self.first_rows.setdefault(key, number)

    def result(self) -> list[Place]:
        """Return the records, in the order of the file."""
        if self.mapping.schedule is None:
            return list(self.records.values())
        return [
            replace(record, schedule=weekly(self.openings[key], self.mapping.time_zone))
            for key, record in self.records.items()
            if not isinstance(record, Area)
        ]

    def _add_opening(self, number: int, row: Row, record: Place, key: tuple[str, ...]) -> None:
        assert self.mapping.schedule is not None
        opening = read_opening(row, self.mapping.schedule)
        if self.records.get(key, record) != record:
            reason = f"differs from row {self.first_rows[key]} of the same code, which holds"
            self.findings.append(Finding(number, "warning", "differing_rows", reason, record.code))
        self.openings.setdefault(key, []).append(opening)

    def _record(self, number: int, row: Row, shape: BaseGeometry) -> Place:
        mapping = self.mapping
        shared: dict[str, Any] = {
            "kind": kind_of(row, mapping, self.kinds),
            "code": needed(row, mapping, "code"),
            "name": value(row, mapping, "name"),
            "name_en": value(row, mapping, "name_en"),
            "geometry": shape,
            "attributes": _attributes(row, mapping),
        }
        if mapping.layer != "facilities":
            needed(row, mapping, "name")
        if mapping.layer == "areas":
            parent = cells.code(pick(row, mapping.fields.get("parent_code", ())))
            return Area(parent_code=parent or None, **shared)
        shared["address"] = value(row, mapping, "address")
        shared["schedule"] = self._schedule(number, row, shared)
        if mapping.layer == "facilities":
            return Facility(state=_state(row, mapping), **shared)
        return _stall_zone(row, mapping, shared)

    def _schedule(self, number: int, row: Row, shared: dict[str, Any]) -> Schedule | None:
        """Hours that cannot be read are left unknown: the toilet is there all the same."""
        mapping, words = self.mapping, value(row, self.mapping, "hours", keep_lines=True)
        if not words:
            return None
        zone = value(row, mapping, "time_zone") or mapping.time_zone
        try:
            schedule, note = read_hours(words, mapping.hours_format, time_zone(zone))
        except (InvalidSchedule, ImportRefused) as error:
            self._warn(number, shared["code"], f"{error}; imported without hours")
            return None
        if note:
            shared["attributes"]["hours_note"] = note
            self._warn(
                number, shared["code"], f"kept as a note, not as hours: {note}", "hours_note"
            )
        return schedule

    def _warn(self, row: int, code: str, reason: str, problem: str = "unreadable_hours") -> None:
        self.findings.append(Finding(row, "warning", problem, reason, code, "hours"))


def value(row: Row, mapping: ImportMapping, name: str, *, keep_lines: bool = False) -> str:
    """Return a field as text, empty if the mapping or the row has none."""
    found = pick(row, mapping.fields.get(name, ()))
    return str(found).strip() if keep_lines else text(found)


def needed(row: Row, mapping: ImportMapping, name: str) -> str:
    """Return a field that a row must have; raises `RowRefused` where it is blank."""
    found = pick(row, mapping.fields[name])
    plain = cells.code(found) if name == "code" else text(found)
    if not plain:
        raise RowRefused("missing_field", f"{name} is blank; give it", name)
    return plain


def kind_of(row: Row, mapping: ImportMapping, kinds: Mapping[str, Kind]) -> str:
    """Return the kind of a row; raises `RowRefused` when the city has no such kind."""
    word = mapping.kind or cells.code(pick(row, (cast(str, mapping.kind_field),)))
    slug = mapping.kinds.get(word, word)
    if slug in kinds:
        return slug
    reason = f"{word!r} is not a kind of the city's; {nearest(word, {*kinds, *mapping.kinds})}"
    raise RowRefused("unknown_kind", reason, mapping.kind_field or "kind")


def _state(row: Row, mapping: ImportMapping) -> str:
    state = value(row, mapping, "state") or "normal"
    if state not in STATES:
        reason = f"state must be one of {', '.join(STATES)}, not {state!r}"
        raise RowRefused("unknown_state", reason, "state")
    return state


def _stall_zone(row: Row, mapping: ImportMapping, shared: dict[str, Any]) -> StallZone:
    capacity = cells.integer(pick(row, mapping.fields.get("capacity", ())), "capacity")
    if capacity is not None and capacity <= 0:
        raise RowRefused("not_a_number", "capacity must be above 0, or blank", "capacity")
    return StallZone(
        capacity=capacity,
        goods=_list(row, mapping, "goods"),
        goods_banned=_list(row, mapping, "goods_banned"),
        rules=value(row, mapping, "rules"),
        fee=value(row, mapping, "fee"),
        how_to_apply=value(row, mapping, "how_to_apply"),
        manager=value(row, mapping, "manager"),
        duty_phone=value(row, mapping, "duty_phone"),
        phone=value(row, mapping, "phone"),
        overrides=read_overrides(pick(row, mapping.fields.get("overrides", ())), "overrides"),
        **shared,
    )


def _list(row: Row, mapping: ImportMapping, name: str) -> tuple[str, ...]:
    return tuple(filter(None, _LIST.split(value(row, mapping, name))))


def _attributes(row: Row, mapping: ImportMapping) -> dict[str, Any]:
    found = _carried(pick(row, mapping.fields.get("attributes", ())))
    for name, rule in mapping.attributes.items():
        read = cells.TYPES[rule.type] if rule.type else cells.natural
        content = read(pick(row, rule.sources), name)
        if content is not None:
            found[name] = content
    _check_json(found)
    return found


def _check_json(attributes: dict[str, Any]) -> None:
    """PostgreSQL takes no NaN, no NUL and no half of a surrogate pair; Python's JSON takes all."""
    try:
        plain = json.dumps(attributes, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        plain = b"\\u0000"
    if b"\\u0000" in plain:
        reason = "attributes hold NaN, infinity or a broken character; correct them"
        raise RowRefused("unreadable_attributes", reason, "attributes")


def _carried(content: Any) -> dict[str, Any]:
    """The attributes that an export wrote as one JSON object."""
    try:
        found = json.loads(content) if isinstance(content, str) and content else content or {}
    except ValueError:
        found = None
    if isinstance(found, dict):
        return dict(found)
    raise RowRefused("unreadable_attributes", "attributes must be a JSON object", "attributes")
