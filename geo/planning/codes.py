"""Codes that are numbered by rule: county, street, community, grid, each with that above in front.

15 digits after GB/T 30428.1 and the Beijing rule, 14 after CJ/T 213, 20 after CJ/T 349 with six of
an object class in front. A city's own codes are accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from geo.planning.findings import (
    Coded,
    Finding,
    LayerName,
    Pair,
    Rules,
    finding,
    label,
    ref,
)
from geo.planning.nesting import Nest
from geo.planning.words import KINDS

PREFIX_DIGITS = {"district": 6, "street": 9, "community": 12}
"""How many digits the codes of these kinds have: county, street, community."""
_GRID_LENGTHS = (14, 15, 20)
_CLASS_DIGITS = 6


def division(kind: str, code: str) -> str | None:
    """Return the digits of a code that say where it belongs, its own number behind; else None."""
    if not (code.isascii() and code.isdigit()):
        return None
    if kind == "unit_grid" and len(code) in _GRID_LENGTHS:
        return code[_CLASS_DIGITS:] if len(code) == 20 else code
    return code if len(code) == PREFIX_DIGITS.get(kind) else None


def code_findings(nests: Sequence[Nest], rules: Rules) -> Iterator[Finding]:
    """Yield the codes of areas that do not begin with the code above, and those of no known shape.

    Judged against the nearest area above whose own code is numbered by the rules.
    """
    for nest in nests:
        area = nest.area
        digits = division(area.kind, area.code)
        if digits is None:
            if area.kind == "unit_grid" and "code_unknown" in rules:
                facts: dict[str, object] = {"name": label(area)}
                yield finding(rules["code_unknown"], "areas", [ref(area)], area.geometry, facts)
            continue
        above = next(filter(None, map(nest.within, reversed(PREFIX_DIGITS))), None)
        prefix = division(above.kind, above.code) if above else None
        if above and prefix and not digits.startswith(prefix) and "code_prefix" in rules:
            facts = {
                "name": label(area),
                "kind": Pair(*KINDS[above.kind]),
                "prefix": prefix,
                "found": digits[: len(prefix)],
            }
            named = (ref(area), ref(above))
            yield finding(rules["code_prefix"], "areas", named, area.geometry, facts)


def twice_findings(layer: LayerName, records: Iterable[Coded], rules: Rules) -> Iterator[Finding]:
    """Yield the codes that several records have, each once, at the place of the first.

    Within a kind; of stall zones over all kinds.
    """
    if "code_twice" not in rules:
        return
    held: dict[tuple[str, str], list[Coded]] = {}
    for record in sorted(records, key=lambda one: (ref(one), one.geometry.bounds)):
        kind = "" if layer == "stall_zones" else record.kind
        held.setdefault((kind, record.code), []).append(record)
    for (_, code), same in sorted(held.items()):
        if len(same) > 1:
            facts = {"code": code, "count": len(same)}
            named = sorted(set(map(ref, same)))
            yield finding(rules["code_twice"], layer, named, same[0].geometry, facts)
