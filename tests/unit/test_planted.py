"""Every mistake that was planted is found, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest

from geo.planning.findings import RULES, Finding
from geo.planning.judging import judge
from geo.planning.plan import Plan
from tests.planted import MISTAKES, TOGETHER, Expected, Mistake
from tests.sound_plan import sound_plan

Record = TypeVar("Record")


def told(findings: list[Finding]) -> Counter[Expected]:
    return Counter((one.rule, tuple(sorted(one.features))) for one in findings)


def expected(*mistakes: Mistake) -> Counter[Expected]:
    return Counter((r, tuple(sorted(f))) for mistake in mistakes for r, f in mistake.expected)


def test_a_sound_plan_with_an_enclave_and_a_grid_of_two_parts_has_no_finding() -> None:
    assert judge(sound_plan()) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_planted_mistake_is_found_and_nothing_else(mistake: Mistake) -> None:
    assert told(judge(mistake.make(sound_plan()))) == expected(mistake)


def test_all_mistakes_in_one_plan_are_found_and_nothing_else() -> None:
    assert told(judge(planted())) == expected(*TOGETHER)


def test_every_rule_has_a_planted_mistake() -> None:
    assert {rule for mistake in MISTAKES for rule, _ in mistake.expected} == set(RULES)


def test_a_rule_that_a_city_does_not_have_is_not_judged() -> None:
    for name in RULES:
        fewer = {rule: held for rule, held in RULES.items() if rule != name}
        assert name not in {one.rule for one in judge(planted(), fewer)}


def test_a_city_says_how_grave_a_rule_is_and_from_what_distance_on() -> None:
    milder = {**RULES, "near_crossing": replace(RULES["near_crossing"], severity="notice")}
    nearer = {**RULES, "near_crossing": replace(RULES["near_crossing"], distance_m=14.0)}

    found = [one for one in judge(planted(), milder) if one.rule == "near_crossing"]
    assert [one.severity for one in found] == ["notice"]
    assert not [one for one in judge(planted(), nearer) if one.rule == "near_crossing"]


@pytest.mark.parametrize(
    ("said", "is_told"),
    [({"a": 1}, False), (["R0"], False), (True, False), (None, False), (990100, False),
     ("990100", False), (7, True), ("7", True)],
)  # fmt: skip
def test_what_attributes_say_of_the_area_above_is_read_when_it_can_be_a_code(
    said: object, is_told: bool
) -> None:
    plan = sound_plan()
    areas = tuple(
        replace(area, attributes={"city": said}) if area.kind == "district" else area
        for area in plan.drawn
    )

    found = judge(replace(plan, drawn=areas))
    assert [one.rule for one in found] == ["parent"] * is_told


def test_the_order_of_records_does_not_matter() -> None:
    plan = planted()
    found = judge(plan)
    for seed in range(5):
        assert judge(shuffled(plan, Random(seed))) == found


def test_keys_are_told_apart_and_every_text_is_filled_in() -> None:
    found = judge(planted())

    assert len({one.key for one in found}) == len(found)
    for one in found:
        for text in (one.text_zh, one.text_en, one.hint_zh, one.hint_en):
            assert text
            assert "{" not in text


def planted() -> Plan:
    plan = sound_plan()
    for mistake in TOGETHER:
        plan = mistake.make(plan)
    return plan


def shuffled(plan: Plan, rng: Random) -> Plan:
    def mixed(records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(rng.sample(records, len(records)))

    return replace(
        plan,
        drawn=mixed(plan.drawn),
        zones=mixed(plan.zones),
        all_stalls=mixed(plan.all_stalls),
        all_facilities=mixed(plan.all_facilities),
        in_force=mixed(plan.in_force),
        unreadable=mixed(plan.unreadable),
    )
