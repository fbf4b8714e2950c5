"""Opening hours that are written down and that nobody can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geo.planning.findings import Finding, LayerName, Rules, finding, label, ref
from geo.planning.plan import Unread
from geo.records import StallZone

_SHOWN = 60


def hours_findings(unread: Iterable[Unread], rules: Rules) -> Iterator[Finding]:
    """Yield a finding for each place whose hours cannot be read."""
    if "hours_unreadable" not in rules:
        return
    for place, hours in unread:
        layer: LayerName = "stall_zones" if isinstance(place, StallZone) else "facilities"
        shown = hours if len(hours) <= _SHOWN else f"{hours[:_SHOWN]}…"
        facts = {"name": label(place), "hours": shown}
        rule = rules["hours_unreadable"]
        yield finding(rule, layer, [ref(place)], place.geometry, facts)
