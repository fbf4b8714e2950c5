"""Grid codes of 14, 15 and 20 digits, and what is none of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geo.planning.codes import division
from geo.planning.judging import judge
from tests.sound_plan import changed, community_code, grid_code, sound_plan

COMMUNITY = community_code(5, 5)


@pytest.mark.parametrize(
    ("kind", "code", "digits"),
    [
        ("unit_grid", "43130200400101", "43130200400101"),
        ("unit_grid", "431302004001013", "431302004001013"),
        ("unit_grid", "01010143130200400113", "43130200400113"),
        ("unit_grid", "4313020040010", None),
        ("unit_grid", "４３１３０２００４００１０１３", None),
        ("unit_grid", "LD-X", None),
        ("community", "431302004001", "431302004001"),
        ("community", "4313020040", None),
        ("street", "431302004", "431302004"),
        ("responsibility_grid", "431302004", None),
    ],
)
def test_the_digits_that_say_where_a_code_belongs(kind: str, code: str, digits: str | None) -> None:
    assert division(kind, code) == digits


@pytest.mark.parametrize("code", [f"{COMMUNITY}07", f"{COMMUNITY}007", f"010101{COMMUNITY}07"])
def test_each_known_length_is_accepted_in_its_community(code: str) -> None:
    assert judge(changed(sound_plan(), "unit_grid", grid_code(5, 5), code=code)) == []


@pytest.mark.parametrize(
    "code", ["99010100100107", "990101001001007", "01010199010100100107"], ids=len
)
def test_each_known_length_is_refused_in_another_community(code: str) -> None:
    (found,) = judge(changed(sound_plan(), "unit_grid", grid_code(5, 5), code=code))

    assert found.rule == "code_prefix"
    assert COMMUNITY in found.text_zh


def test_without_communities_the_code_of_the_street_counts() -> None:
    plan = sound_plan()
    fewer = replace(plan, drawn=tuple(a for a in plan.drawn if a.kind != "community"))
    other = changed(fewer, "unit_grid", grid_code(5, 5), code="990101001001007")

    assert judge(fewer) == []
    assert [one.rule for one in judge(other)] == ["code_prefix"]
