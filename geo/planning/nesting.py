"""Whether each area lies within one area of the kind above, and says so itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import Polygon, STRtree

from geo.planning.findings import RULES, Finding, Pair, Rule, Rules, finding, label, ref
from geo.planning.ground import joined, shapes_of, wide_parts, worth_telling
from geo.planning.plan import ABOVE
from geo.planning.words import KINDS, NO_AREA
from geo.records import Area


@dataclass(frozen=True, slots=True)
class Place:
    """Where an area lies among those of one kind above: in the first that holds most of it.

    `above` is None where there is none that holds more than noise; `is_inside` says that it holds
    all of the area.
    """

    kind: str
    above: Area | None = None
    is_inside: bool = False


@dataclass(frozen=True, slots=True)
class Nest:
    """An area and its places, one for each kind above that is drawn.

    `named` are the areas of each of these kinds by code.
    """

    area: Area
    places: Sequence[Place] = ()
    named: Mapping[str, Mapping[str, Sequence[Area]]] = field(default_factory=dict)

    def within(self, kind: str) -> Area | None:
        """Return the area of a kind that holds it, None if there is none."""
        return next((place.above for place in self.places if place.kind == kind), None)


def nested(areas: Sequence[Area], above: Mapping[str, Sequence[Area]], rules: Rules) -> list[Nest]:
    """Return where areas of one kind lie among those of each kind above.

    What is held of an area counts from the measures of the rule `nesting` on, also where it is off.
    """
    tree, noise = STRtree(shapes_of(areas)), _noise(rules)
    columns = [_places(kind, areas, tree, held, noise) for kind, held in above.items()]
    named = {kind: _by_code(held) for kind, held in above.items()}
    return [
        Nest(area, tuple(column[i] for column in columns), named) for i, area in enumerate(areas)
    ]


def _noise(rules: Rules) -> Rule:
    return rules.get("nesting", RULES["nesting"])


def _by_code(areas: Sequence[Area]) -> Mapping[str, Sequence[Area]]:
    found: dict[str, list[Area]] = {}
    for area in areas:
        found.setdefault(area.code, []).append(area)
    return found


def _places(
    kind: str, areas: Sequence[Area], shapes_tree: STRtree, above: Sequence[Area], noise: Rule
) -> list[Place]:
    shapes = shapes_of(above)
    found = [Place(kind)] * len(areas)
    # The many that lie wholly within one are settled by prepared shapes.
    holder, held = shapes_tree.query(shapes, predicate="covers")
    for high, low in sorted(zip(holder.tolist(), held.tolist(), strict=True), reverse=True):
        found[low] = Place(kind, above[high], is_inside=True)
    rest = [i for i, place in enumerate(found) if place.above is None]
    if not rest:
        return found
    left, near = STRtree(shapes).query(shapes_of([areas[i] for i in rest]), predicate="intersects")
    for number, i in enumerate(rest):
        candidates = np.sort(near[left == number])
        shared = shapely.area(shapely.intersection(areas[i].geometry, shapes[candidates]))
        if shared.any():
            most = above[candidates[int(np.argmax(shared))]]
            if _holds(most, areas[i], noise) or not _apart(areas[i], most, noise):
                found[i] = Place(kind, most)
    return found


def _holds(above: Area, area: Area, noise: Rule) -> bool:
    """Whether an area above holds more of an area than careless borders have in common."""
    shared = above.geometry & area.geometry
    return bool(worth_telling(shared, noise.width_m, noise.least_m2))


def _apart(area: Area, above: Area, noise: Rule) -> list[Polygon]:
    """What of an area lies outside another one, and is more than noise."""
    rest = shapely.difference(area.geometry, above.geometry)
    return wide_parts(rest, noise.width_m, noise.least_m2)


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
    parts = _apart(area, place.above, rule)
    if parts:
        facts |= {"above": label(place.above)}
        named, shape = (ref(area), ref(place.above)), joined(parts)
        yield finding(rule, "areas", named, shape, facts, shape=shape, tag=place.kind)


def _said(nest: Nest, rules: Rules) -> Iterator[Finding]:
    """The codes that an area names as above it: as its parent, and by kind in its attributes."""
    area = nest.area
    # It may be of any kind above: as long as one of them is not drawn nobody can tell.
    is_drawn = {place.kind for place in nest.places}.issuperset(ABOVE[area.kind])
    if area.parent_code and is_drawn and not _lies_in(nest, area.parent_code, nest.places, rules):
        yield _wrong(area, area.parent_code, nest.places[0], rules)
    for place in nest.places:
        said = area.attributes.get(place.kind)
        # Attributes are people's and may hold anything; a code may have been read as a number.
        if not isinstance(said, str | int | float) or not said or isinstance(said, bool):
            continue
        if not _lies_in(nest, str(said), [place], rules):
            yield _wrong(area, str(said), place, rules)


def _lies_in(nest: Nest, code: str, places: Sequence[Place], rules: Rules) -> bool:
    """Whether an area of that code holds a part of it; where two share it either may be named."""
    if any(place.above and place.above.code == code for place in places):
        return True
    named = (one for place in places for one in nest.named[place.kind].get(code, ()))
    return any(_holds(one, nest.area, _noise(rules)) for one in named)


def _wrong(area: Area, said: str, place: Place, rules: Rules) -> Finding:
    above = place.above
    facts = {
        "name": label(area),
        "said": said,
        "above": label(above) if above else Pair(*NO_AREA),
    }
    named = (ref(area), *([ref(above)] if above else []))
    return finding(rules["parent"], "areas", named, area.geometry, facts, tag=said)
