"""Whether each area lies within one area of the kind above, and says so itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import STRtree

from geo.planning.findings import Finding, Pair, Rules, finding, label, ref
from geo.planning.ground import joined, shapes_of, worth_telling
from geo.planning.plan import ABOVE
from geo.planning.words import KINDS, NO_AREA
from geo.records import Area


@dataclass(frozen=True, slots=True)
class Place:
    """Where an area lies among those of one kind above: in the first that holds most of it.

    `above` is None where there is none. `touched` are all that hold a part of it; `is_inside` says
    that one holds all of it.
    """

    kind: str
    above: Area | None = None
    touched: Sequence[Area] = ()
    is_inside: bool = False


@dataclass(frozen=True, slots=True)
class Nest:
    """An area and its places, one for each kind above that is drawn."""

    area: Area
    places: Sequence[Place] = field(default_factory=tuple)

    def within(self, kind: str) -> Area | None:
        """Return the area of a kind that holds it, None if there is none."""
        return next((place.above for place in self.places if place.kind == kind), None)


def nested(areas: Sequence[Area], above: Mapping[str, Sequence[Area]]) -> list[Nest]:
    """Return where areas of one kind lie among those of each kind above."""
    shapes = shapes_of(areas)
    tree = STRtree(shapes)
    columns = [_places(kind, areas, shapes_tree=tree, above=held) for kind, held in above.items()]
    return [Nest(area, tuple(column[i] for column in columns)) for i, area in enumerate(areas)]


def _places(
    kind: str, areas: Sequence[Area], *, shapes_tree: STRtree, above: Sequence[Area]
) -> list[Place]:
    shapes = shapes_of(above)
    found = [Place(kind)] * len(areas)
    # The many that lie wholly within one are settled by prepared shapes.
    holder, held = shapes_tree.query(shapes, predicate="covers")
    for high, low in sorted(zip(holder.tolist(), held.tolist(), strict=True), reverse=True):
        found[low] = Place(kind, above[high], (above[high],), is_inside=True)
    rest = [i for i, place in enumerate(found) if place.above is None]
    if not rest:
        return found
    left, near = STRtree(shapes).query(shapes_of([areas[i] for i in rest]), predicate="intersects")
    for number, i in enumerate(rest):
        candidates = np.sort(near[left == number])
        shared = shapely.area(shapely.intersection(areas[i].geometry, shapes[candidates]))
        candidates, shared = candidates[shared > 0], shared[shared > 0]
        if len(candidates):
            most = above[candidates[int(np.argmax(shared))]]
            found[i] = Place(kind, most, [above[c] for c in candidates])
    return found


def nesting_findings(nests: Sequence[Nest], rules: Rules) -> Iterator[Finding]:
    """Yield what lies outside, and what says that it lies elsewhere."""
    for nest in nests:
        if "nesting" in rules:
            for place in (place for place in nest.places if not place.is_inside):
                yield from _outside(nest.area, place, rules)
        if "parent" in rules and nest.places:
            yield from _said(nest, rules)


def _outside(area: Area, place: Place, rules: Rules) -> Iterator[Finding]:
    rule, kind = rules["nesting"], Pair(*KINDS.get(place.kind, (place.kind, place.kind)))
    facts = {"name": label(area), "kind": kind}
    if place.above is None:
        shape, words = area.geometry, "nesting.none"
        yield finding(
            rule, "areas", [ref(area)], shape, facts, words=words, shape=shape, tag=place.kind
        )
        return
    rest = shapely.difference(area.geometry, place.above.geometry)
    parts = worth_telling(rest, rule.width_m, rule.least_m2)
    if parts:
        facts |= {"above": label(place.above)}
        named = (ref(area), ref(place.above))
        yield finding(rule, "areas", named, rest, facts, shape=joined(parts), tag=place.kind)


def _said(nest: Nest, rules: Rules) -> Iterator[Finding]:
    """The codes that an area names as above it: as its parent, and by kind in its attributes."""
    area = nest.area
    held = {one.code for place in nest.places for one in place.touched}
    # It may be of any kind above: as long as one of them is not drawn nobody can tell.
    is_drawn = {place.kind for place in nest.places}.issuperset(ABOVE[area.kind])
    if area.parent_code and is_drawn and area.parent_code not in held:
        yield _wrong(area, area.parent_code, nest.places[0], rules)
    for place in nest.places:
        said = area.attributes.get(place.kind)
        # Attributes are people's and may hold anything; a code may have been read as a number.
        if not isinstance(said, str | int | float) or not said or isinstance(said, bool):
            continue
        if str(said) not in {one.code for one in place.touched}:
            yield _wrong(area, str(said), place, rules)


def _wrong(area: Area, said: str, place: Place, rules: Rules) -> Finding:
    above = place.above
    facts = {
        "name": label(area),
        "said": said,
        "above": label(above) if above else Pair(*NO_AREA),
    }
    named = (ref(area), *([ref(above)] if above else []))
    return finding(rules["parent"], "areas", named, area.geometry, facts, tag=said)
