"""What was found wrong in a file, row by row, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geo.errors import ImportRefused

Severity = Literal["refused", "repaired", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in one row; rows count from 1 below the header.

    `problem` is one word for machines, `code` the code of the thing in that row, `field` where in
    the row. A `refused` row is not imported, a `repaired` one and one with a `warning` are.
    """

    row: int
    severity: Severity
    problem: str
    reason: str
    code: str = ""
    field: str = ""


class RowRefused(ImportRefused):
    """A row that cannot be imported; becomes a `Finding`, and the other rows go on."""

    def __init__(self, problem: str, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.problem, self.reason, self.field = problem, reason, field

    def finding(self, row: int, code: str) -> Finding:
        """Return it as a finding of that row."""
        return Finding(row, "refused", self.problem, self.reason, code, self.field)
