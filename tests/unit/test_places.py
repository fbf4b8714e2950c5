"""Which kinds come whole, and what strange attributes do: nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from geo.records import Facility
from maps.places import WHOLE_MAX, capacity_of, gates_of, whole_kinds

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


def facility(**attributes: Any) -> Facility:
    return Facility("park", "P1", "公园", Point(112, 27), attributes=attributes)


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 2 * WHOLE_MAX)))
def test_whole_kinds_are_few_places_and_no_small_one_is_left_for_a_larger(
    counts: dict[str, int],
) -> None:
    whole = whole_kinds(counts)
    assert sum(counts[slug] for slug in whole) <= WHOLE_MAX
    left = [counts[slug] for slug in counts if slug not in whole]
    assert all(counts[slug] <= least for slug in whole for least in left)


@given(json_values, json_values)
def test_no_attribute_makes_a_place_without_sense(gates: Any, spaces: Any) -> None:
    odd = facility(gates=gates, spaces=spaces)
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in gates_of(odd))
    capacity = capacity_of(odd)
    assert capacity is None or capacity > 0


@pytest.mark.parametrize(
    ("attributes", "capacity"),
    [({"spaces": 120}, 120), ({"bays": 20, "chargers": 10}, 10), ({"bays": 8}, 8), ({}, None)],
)
def test_the_places_of_a_shed_are_its_chargers_else_its_bays(
    attributes: dict[str, int], capacity: int | None
) -> None:
    assert capacity_of(facility(**attributes)) == capacity
