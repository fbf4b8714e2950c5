"""From a file to records and findings, without a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.importing.cells import Row, code, columns_of, pick
from data.importing.findings import Finding, RowRefused
from data.importing.mapping import ImportMapping
from data.importing.places import Places, crs_of, read_places
from data.importing.records import Collector, Place
from data.importing.staff import StaffCollector
from data.importing.strict import nearest
from data.importing.tables import Table, read_table
from geo.errors import ImportRefused
from geo.records import Assignment, Kind, Officer, Shift

Progress = Callable[[int, int], None]
"""Called with how many rows are done, and of how many."""

Imported = Place | Officer | Assignment | Shift

_TICK_ROWS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: records that can be stored, and what was found wrong, by row."""

    rows: int
    records: tuple[Imported, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> int:
        """How many rows are not imported."""
        return len({found.row for found in self.findings if found.severity == "refused"})


def read_records(
    path: Path,
    mapping: ImportMapping,
    kinds: Mapping[str, Kind],
    *,
    crs: str | None = None,
    areas: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Return the records of a file, in WGS 84, and what is wrong with which row.

    `crs` wins over the mapping's; `kinds` are the city's, `areas` the codes that officers may be
    assigned to. Raises `ImportRefused` when nothing can be imported: unreadable, no CRS, a column
    that is not there, a kind that the city does not have.
    """
    table = read_table(path, encoding=mapping.encoding, table=mapping.table)
    _check_columns(table, mapping)
    _check_kinds(mapping, kinds)
    if mapping.layer == "officers":
        staff = StaffCollector(mapping, kinds, areas)
        found = _each_row(table, mapping, lambda n, row: staff.add(n, row), progress)
        return _reading(table, staff.result(), found)
    rules = mapping.geometry
    system = crs_of(table, crs or mapping.crs, in_columns=rules.is_in_columns)
    places = read_places(table, rules, system, mapping.layer)
    collector = Collector(mapping, kinds)

    def add(number: int, row: Row) -> None:
        if number - 1 in places.refused:
            raise places.refused[number - 1]
        collector.add(number, row, places.shapes[number - 1])

    found = _each_row(table, mapping, add, progress)
    return _reading(
        table, collector.result(), found + collector.findings + _remarks(places, table, mapping)
    )


def _each_row(
    table: Table,
    mapping: ImportMapping,
    add: Callable[[int, Row], None],
    progress: Progress | None,
) -> list[Finding]:
    findings = []
    for number, row in table.rows():
        try:
            add(number, row)
        except RowRefused as refusal:
            findings.append(refusal.finding(number, _code_of(row, mapping)))
        if progress is not None and number % _TICK_ROWS == 0:
            progress(number, table.size)
    if progress is not None:
        progress(table.size, table.size)
    return findings


def _reading(table: Table, records: Sequence[Imported], found: list[Finding]) -> Reading:
    return Reading(
        table.size - len(table.blank), tuple(records), tuple(sorted(found, key=lambda f: f.row))
    )


def _remarks(places: Places, table: Table, mapping: ImportMapping) -> list[Finding]:
    """What geometry was repaired or looks odd, with the code of its row; refused rows say why."""
    rows = {remark.row for remark in places.remarks} - {row + 1 for row in places.refused}
    codes = {n: _code_of(row, mapping) for n, row in table.rows() if n in rows}
    return [replace(r, code=codes[r.row]) for r in places.remarks if r.row in rows]


def _code_of(row: Row, mapping: ImportMapping) -> str:
    return code(pick(row, mapping.fields["code"]))


def _check_columns(table: Table, mapping: ImportMapping) -> None:
    rules, schedule = mapping.geometry, mapping.schedule
    named = dict(mapping.fields) | {name: r.sources for name, r in mapping.attributes.items()}
    single = {"kind": mapping.kind_field, "lon": rules.lon, "lat": rules.lat, "wkt": rules.wkt}
    if schedule is not None:
        single |= {"day": schedule.day, "opens": schedule.opens, "closes": schedule.closes}
    named |= {name: (column,) for name, column in single.items() if column}
    for name, sources in named.items():
        # Of several sources one must be there; of a template all its columns.
        if not any(all(c in table.columns for c in columns_of(source)) for source in sources):
            missing = next(c for c in columns_of(sources[0]) if c not in table.columns)
            raise ImportRefused(
                f"the mapping takes {name} from column {missing!r}, which the file does not have; "
                f"{nearest(missing, table.columns)}"
            )


def _check_kinds(mapping: ImportMapping, kinds: Mapping[str, Kind]) -> None:
    """A wrong kind in the mapping would refuse every row; once is enough."""
    named = {*mapping.kinds.values()} | ({mapping.kind} if mapping.kind else set())
    for slug in sorted(named - set(kinds)):
        raise ImportRefused(
            f"the mapping's kind {slug!r} is not in the city; {nearest(slug, kinds)}"
        )
