"""Answers that are kept: built once for all who ask, never held to be newer than they are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.held import Held, Version
from data.live.city import LiveCity
from geo.errors import NotFound, Unavailable

ASKED = {"type": "http", "headers": []}


class Clock(LiveCity):
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.revision: int | None = 1

    @property
    def age_s(self) -> float | None:
        return None

    def revision_of(self, *_: str) -> int | None:
        return self.revision


class Builder:
    """Builds what the data says, when it is let, and counts how often."""

    def __init__(self) -> None:
        self.data, self.count = "first", 0
        self.may_go, self.is_at_it = threading.Event(), threading.Event()
        self.may_go.set()
        self.error: Exception | None = None

    def __call__(self, version: Version) -> bytes:
        self.count += 1
        read = self.data
        self.is_at_it.set()
        assert self.may_go.wait(10)
        if self.error is not None:
            raise self.error
        return f"{version.revision} {version.part} {read}".encode()

    async def begun(self) -> None:
        assert await asyncio.to_thread(self.is_at_it.wait, 10)
        self.is_at_it.clear()


def play(scene: Callable[[Clock, Builder, Held], Awaitable[None]], **more: Any) -> None:
    """Run a scene with an answer that has not been built yet."""

    async def main() -> None:
        clock, build = Clock(), Builder()
        await scene(clock, build, Held(clock, ("zones",), build, **more))

    asyncio.run(main())


async def told(held: Held) -> str:
    answer = await held.answer(ASKED)
    return bytes(answer.body).decode()


def test_ten_who_ask_at_once_are_one_question() -> None:
    async def scene(_: Clock, build: Builder, held: Held) -> None:
        assert held.at_hand(ASKED) is None
        found = await asyncio.gather(*(told(held) for _ in range(10)))
        assert found == ["1 None first"] * 10
        assert await told(held) == "1 None first"
        at_hand = held.at_hand(ASKED)
        assert at_hand is not None
        assert at_hand.body == b"1 None first"
        assert build.count == 1

    play(scene)


def test_it_is_built_again_when_the_revision_differs_also_to_a_lower_one() -> None:
    async def scene(clock: Clock, build: Builder, held: Held) -> None:
        await told(held)
        for revision in (2, 1):
            clock.revision = revision
            assert held.at_hand(ASKED) is None
            assert await told(held) == f"{revision} None first"
        assert build.count == 3

    play(scene)


def test_it_is_built_again_when_its_part_has_passed() -> None:
    day = ["Monday"]

    async def scene(_: Clock, build: Builder, held: Held) -> None:
        assert await told(held) == "1 Monday first"
        day[0] = "Tuesday"
        assert held.at_hand(ASKED) is None
        assert await told(held) == "1 Tuesday first"
        assert build.count == 2

    play(scene, part=lambda: day[0])


def test_what_changes_while_it_is_built_is_not_missed() -> None:
    async def scene(clock: Clock, build: Builder, held: Held) -> None:
        build.may_go.clear()
        early = asyncio.create_task(told(held))
        await build.begun()
        build.data, clock.revision = "second", 2
        late = asyncio.create_task(told(held))
        await asyncio.sleep(0)
        build.may_go.set()
        # Who asks after the change gets the change; nobody keeps the old as the new.
        assert await late == "2 None second"
        assert await early in ("1 None first", "2 None second")
        assert await told(held) == "2 None second"
        assert build.count == 2

    play(scene)


def test_whoever_leaves_takes_nothing_from_the_others() -> None:
    async def scene(_: Clock, build: Builder, held: Held) -> None:
        build.may_go.clear()
        leaving, staying = (asyncio.create_task(told(held)) for _ in range(2))
        await build.begun()
        leaving.cancel()
        await asyncio.sleep(0)
        build.may_go.set()
        assert await staying == "1 None first"
        assert leaving.cancelled()
        assert build.count == 1

    play(scene)


@pytest.mark.parametrize("error", [Unavailable("away"), ValueError("a row that nobody foresaw")])
def test_the_last_answer_goes_on_and_tells_its_age(error: Exception) -> None:
    async def scene(clock: Clock, build: Builder, held: Held) -> None:
        assert "tidegrid-data-age" not in (await held.answer(ASKED)).headers
        clock.revision, build.error = 2, error
        for _ in range(5):
            answer = await held.answer(ASKED)
            assert answer.body == b"1 None first"
            assert int(answer.headers["tidegrid-data-age"]) >= 0
            assert held.at_hand(ASKED) is None
        # A database in trouble is not asked by everybody again and again.
        assert build.count == 2
        build.error, held._not_before = None, 0.0
        answer = await held.answer(ASKED)
        assert answer.body == b"2 None first"
        assert "tidegrid-data-age" not in answer.headers

    play(scene)


def test_without_a_first_answer_trouble_is_told() -> None:
    async def scene(clock: Clock, build: Builder, held: Held) -> None:
        clock.revision = None
        with pytest.raises(Unavailable, match="still being loaded"):
            await told(held)
        clock.revision, build.error = 1, Unavailable("away")
        with pytest.raises(Unavailable, match="away"):
            await told(held)
        build.error = None
        assert await told(held) == "1 None first"

    play(scene)


def test_what_there_is_no_longer_does_not_go_on() -> None:
    async def scene(clock: Clock, build: Builder, held: Held) -> None:
        await told(held)
        clock.revision, build.error = 2, NotFound("too many by now")
        for _ in range(2):
            with pytest.raises(NotFound):
                await told(held)
        clock.revision, build.error = 3, None
        assert await told(held) == "3 None first"

    play(scene)
