"""The import itself: a file into the database, in one transaction, repeatable."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.importing.findings import Finding
from data.importing.mapping import FAMILIES, ImportMapping, LayerName
from data.importing.reading import Imported, Progress, read_records
from data.importing.records import Place
from data.importing.strict import nearest
from data.models import AreaRow
from data.publishing import Changes, publish
from data.queries.kinds import kinds_of
from data.staff import store_officers
from geo.errors import ImportRefused
from geo.records import Assignment, Officer, Shift


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: `rows` and `refused` count rows, the others records."""

    file: str
    layer: LayerName
    dry_run: bool
    rows: int
    added: int
    changed: int
    unchanged: int
    refused: int
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        would = "would be " if self.dry_run else ""
        said = (
            f"{self.file}: {self.rows} rows; {self.layer} {would}added {self.added}, "
            f"{would}changed {self.changed}, unchanged {self.unchanged}; "
            f"rows refused {self.refused}"
        )
        noted = len(self.findings) - sum(f.severity == "refused" for f in self.findings)
        return said + (f"; {noted} more remarks" if noted else "")


def import_file(
    session: Session,
    path: Path,
    layer: LayerName,
    mapping: ImportMapping,
    *,
    by: str,
    crs: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file and return what that did; good rows go in, bad ones are reported.

    The caller commits. A dry run does all the same and takes it back. Raises `ImportRefused` when
    nothing of the file can be imported.
    """
    if mapping.layer != layer:
        raise ImportRefused(f"the mapping is for {mapping.layer}, not for {layer}")
    kinds = kinds_of(session, FAMILIES[layer])
    areas = _area_codes(session, mapping.area_kind) if mapping.area_kind else None
    reading = read_records(path, mapping, kinds, crs=crs, areas=areas, progress=progress)
    with session.begin_nested() as savepoint:
        note = f"import of {path.name}"
        changes = _store(session, layer, reading.records, by, note, progress or _silent)
        if dry_run:
            savepoint.rollback()
    return ImportReport(
        file=path.name,
        layer=layer,
        dry_run=dry_run,
        rows=reading.rows,
        added=changes.added,
        changed=changes.changed,
        unchanged=changes.unchanged,
        refused=reading.refused,
        findings=reading.findings,
    )


def write_report(report: ImportReport, path: Path) -> None:
    """Write the findings as CSV (UTF-8), or the whole report as JSON, by the ending of the path."""
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1), encoding="utf-8")
        return
    if path.suffix.lower() != ".csv":
        raise ImportRefused(f"the report {path.name!r} must end in .csv or .json")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.name for column in fields(Finding))
        writer.writerows(tuple(asdict(finding).values()) for finding in report.findings)


def _store(
    session: Session,
    layer: LayerName,
    records: Sequence[Imported],
    by: str,
    note: str,
    progress: Progress,
) -> Changes:
    if layer != "officers":
        places = cast("Sequence[Place]", records)
        return publish(session, places, by=by, note=note, progress=progress)
    return store_officers(
        session, _only(records, Officer), _only(records, Assignment), _only(records, Shift)
    )


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def _only(records: Sequence[Imported], kind: type[Any]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def _area_codes(session: Session, kind: str) -> frozenset[str]:
    kinds = kinds_of(session, "area")
    if kind not in kinds:
        raise ImportRefused(f"area_kind {kind!r} is not in the city; {nearest(kind, kinds)}")
    chosen = select(AreaRow.code).where(AreaRow.kind == kind, func.upper_inf(AreaRow.valid))
    return frozenset(session.scalars(chosen))
