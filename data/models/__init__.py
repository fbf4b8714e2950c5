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

__all__ = [
    "CITY",
    "LEVELS",
    "PLAN",
    "SCOPES",
    "SRID",
    "AreaDraft",
    "AreaRow",
    "AssignmentRow",
    "Base",
    "CalendarDayRow",
    "CalendarYearRow",
    "CodeListRow",
    "FacilityCellRow",
    "FacilityDraft",
    "FacilityRow",
    "FixRow",
    "GenerationRow",
    "HistoryRow",
    "KindRow",
    "LayerRow",
    "OfficerRow",
    "OverrideRow",
    "PositionRow",
    "ReadingRow",
    "ScheduleRow",
    "ShiftRow",
    "StallDraft",
    "StallRow",
    "StallZoneDraft",
    "StallZoneRow",
    "TokenRow",
]
