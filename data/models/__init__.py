"""The tables, said once: GeoAlchemy2 models that the migrations are held against."""

from data.models.base import CITY, PLAN, SRID, Base
from data.models.catalog import (
    CalendarDayRow,
    CalendarYearRow,
    CodeListRow,
    KindRow,
    OverrideRow,
    ScheduleRow,
)
from data.models.cells import LEVELS, FacilityCellRow
from data.models.city import (
    AreaDraft,
    AreaRow,
    FacilityDraft,
    FacilityRow,
    StallDraft,
    StallRow,
    StallZoneDraft,
    StallZoneRow,
)
from data.models.fixes import FixRow
from data.models.ledger import (
    SCOPES,
    GenerationRow,
    HistoryRow,
    LayerRow,
    ReadingRow,
    TokenRow,
)
from data.models.people import AssignmentRow, OfficerRow, PositionRow, ShiftRow
from data.models.planning import (
    SEVERITIES,
    CityPieceRow,
    DirtyRow,
    FindingRow,
    MessageRow,
    PatternRow,
    RuleRow,
)

__all__ = [
    "CITY",
    "LEVELS",
    "PLAN",
    "SCOPES",
    "SEVERITIES",
    "SRID",
    "AreaDraft",
    "AreaRow",
    "AssignmentRow",
    "Base",
    "CalendarDayRow",
    "CalendarYearRow",
    "CityPieceRow",
    "CodeListRow",
    "DirtyRow",
    "FacilityCellRow",
    "FacilityDraft",
    "FacilityRow",
    "FindingRow",
    "FixRow",
    "GenerationRow",
    "HistoryRow",
    "KindRow",
    "LayerRow",
    "MessageRow",
    "OfficerRow",
    "OverrideRow",
    "PatternRow",
    "PositionRow",
    "ReadingRow",
    "RuleRow",
    "ScheduleRow",
    "ShiftRow",
    "StallDraft",
    "StallRow",
    "StallZoneDraft",
    "StallZoneRow",
    "TokenRow",
]
