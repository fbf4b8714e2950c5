"""What zones are called, for searching: names, addresses and the initials of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.records import StallZone
from maps.initials import initials


def names(zones: Sequence[StallZone]) -> dict[str, Any]:
    """Return columns in the order of the zones; `initials` are of name, blank and address."""
    found = initials([text for zone in zones for text in (zone.name, zone.address)])
    return {
        "name": [zone.name for zone in zones],
        "name_en": [zone.name_en for zone in zones],
        "address": [zone.address for zone in zones],
        "initials": [" ".join(pair) for pair in zip(found[::2], found[1::2], strict=True)],
    }
