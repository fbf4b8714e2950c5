"""Rows and statements whose columns are named where they are selected, not in their types."""

from __future__ import annotations

from typing import Any

import shapely
from sqlalchemy import Row, Select

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


def shape_of(wkb: bytes) -> Any:
    """Return the Shapely geometry of WKB; which type it is, the column says."""
    return shapely.from_wkb(bytes(wkb))
