"""Readings in memory: whoever follows by turns knows what memory knows, however much was missed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from data.live.news import Bell
from data.live.readings import LiveReading, LiveReadings, is_of

NOW = datetime.now(UTC)
TARGETS = [f"facility:toilet:{n}" for n in range(4)]
# What is in the table after each step, whether all is read or some targets, whether they follow.
Step = tuple[dict[str, int], set[str] | None, bool]


def reading(target: str, value: float, holds_s: float = 600) -> LiveReading:
    return LiveReading(target, "free", value, NOW, datetime.now(UTC) + timedelta(seconds=holds_s))


steps = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(TARGETS), st.integers(0, 2)),
        st.none() | st.sets(st.sampled_from(TARGETS)),
        st.booleans(),
    )
)


def memory() -> LiveReadings:
    return LiveReadings(create_engine("postgresql+psycopg://nowhere"))


@given(steps)
def test_whoever_follows_by_turns_knows_what_memory_knows(steps: list[Step]) -> None:
    until = datetime.now(UTC) + timedelta(minutes=10)
    live, known, turn = memory(), dict[str, float | None](), 0
    truth: dict[str, float] = {}
    for table, named, follows in [*steps, ({}, set(), True)]:
        asked = set(TARGETS) if named is None else named
        truth = {t: v for t, v in truth.items() if t not in asked}
        truth |= {t: v for t, v in table.items() if t in asked}
        found = [
            LiveReading(target, "free", value, NOW, until)
            for target, value in table.items()
            if target in asked
        ]
        before = live.turn
        assert live.take(found, named) == (live.turn > before)
        if follows:
            for one in live.since(turn):
                known[one.target] = one.value
            turn = live.turn
            assert {t: v for t, v in known.items() if v is not None} == truth
    assert live.since(live.turn) == []


def test_what_has_lapsed_is_neither_held_nor_told() -> None:
    live = memory()
    live.take([reading(TARGETS[0], 1), reading(TARGETS[1], 2, holds_s=-1)], None)
    assert [one.target for one in live.since(0)] == [TARGETS[0]]


def test_a_second_reading_of_the_same_is_no_news() -> None:
    live, same = memory(), reading(TARGETS[0], 1)
    assert live.take([same], None)
    assert not live.take([same], None)
    assert not live.take([same], {TARGETS[0]})
    assert live.turn == 1


def test_the_turn_of_a_while_ago_is_before_what_came_since() -> None:
    live = memory()
    live.take([reading(TARGETS[0], 1)], None)
    live.take([reading(TARGETS[1], 1)], {TARGETS[1]})
    assert len(live.since(live.turn_ago(60))) == 2
    assert live.since(live.turn_ago(0)) == []


def test_it_is_told_in_times_of_one_zone_and_without_any_when_taken_back() -> None:
    at = datetime.fromisoformat("2026-10-01T19:30:00+08:00")
    told = LiveReading("stall_zone:produce:菜1", "free", 3.0, at, at + timedelta(minutes=10)).told
    assert json.loads(told) == {
        "target": "stall_zone:produce:菜1", "measure": "free", "value": 3,
        "observed_at": "2026-10-01T11:30:00Z", "valid_until": "2026-10-01T11:40:00Z",
    }  # fmt: skip
    gone = json.loads(LiveReading(TARGETS[0], "free", None).told)
    assert gone["value"] is gone["observed_at"] is gone["valid_until"] is None


def test_family_and_kind_are_those_that_the_target_begins_with() -> None:
    one = reading("stall_zone:produce:facility:toilet", 1)
    assert is_of(one, None, None)
    assert is_of(one, "stall_zone", ["produce"])
    assert not is_of(one, "facility", None)
    assert not is_of(one, None, ["toilet"])


def test_the_bell_wakes_all_who_wait_and_nobody_who_comes_later() -> None:
    async def main() -> None:
        bell = Bell()
        waits = [asyncio.create_task(bell.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        bell.ring()
        await asyncio.gather(*waits)
        late = asyncio.create_task(bell.wait())
        await asyncio.sleep(0.01)
        assert not late.done()
        late.cancel()

    asyncio.run(main())
