"""The readings of public kinds in memory, as long as they hold.

A notification only says where to look: the rows are read with the rights of the public. Each change
has a number, its turn, so that whoever tells of changes keeps no queue of them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Engine

from data.live.snapshots import snapshot
from data.queries.readings import family_and_kind, public_kinds, readings_now
from geo.errors import Unavailable

# Of more than that at once all are read: anybody who may log in can notify without an end.
_MOST_NAMED = 2_000

Key = tuple[str, str]


@dataclass(frozen=True)
class LiveReading:
    """What is told of a target: a value and how long it holds, or None when it was taken back."""

    target: str
    measure: str
    value: float | None
    observed_at: datetime | None = None
    valid_until: datetime | None = None

    @cached_property
    def told(self) -> bytes:
        """It as JSON, written once however many are told."""
        return json.dumps(
            {
                "target": self.target,
                "measure": self.measure,
                "value": self.value,
                "observed_at": _instant(self.observed_at),
                "valid_until": _instant(self.valid_until),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()


@dataclass(frozen=True, slots=True)
class _Held:
    """A reading, the turn in which it came, and when that was on `time.monotonic`."""

    reading: LiveReading
    until: datetime
    turn: int
    since_s: float


class LiveReadings:
    """What one worker knows; `reader` has the rights of the public."""

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._held: OrderedDict[Key, _Held] = OrderedDict()
        self._kinds: Mapping[str, frozenset[str]] | None = None
        self._named: set[str] = set()
        self._all = True
        self.turn = 0
        """Rises whenever something came or was taken back."""

    @property
    def is_loaded(self) -> bool:
        """Whether all was read once."""
        return self._kinds is not None

    @property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """The public kinds by family; raises `Unavailable` before the first load."""
        if self._kinds is None:
            raise Unavailable("the readings are still being loaded; try again shortly")
        return self._kinds

    def holding(self) -> list[LiveReading]:
        """Return what holds now; raises `Unavailable` before the first load."""
        now, _ = datetime.now(UTC), self.kinds
        return [one.reading for one in self._held.values() if _holds(one, now)]

    def since(self, turn: int) -> list[LiveReading]:
        """Return what came after a turn and holds, or was taken back; the oldest first."""
        now, found = datetime.now(UTC), []
        for one in reversed(self._held.values()):
            if one.turn <= turn:
                break
            if one.until > now:
                found.append(one.reading)
        return found[::-1]

    def turn_ago(self, seconds: float) -> int:
        """Return the turn that was the last one so long ago."""
        then = time.monotonic() - seconds
        turn = self.turn
        for one in reversed(self._held.values()):
            if one.since_s <= then:
                break
            turn = one.turn - 1
        return turn

    # --- loading ----------------------------------------------------------------------------

    def look_up(self, target: object) -> None:
        """Note what `load` is to read: one target, or all when it is no word."""
        if isinstance(target, str) and len(self._named) < _MOST_NAMED:
            self._named.add(target)
        else:
            self._all = True

    async def load(self) -> bool:
        """Read what was noted and return whether anything changed; raises `Unavailable`."""
        named = None if self._all else self._named
        self._named, self._all = set(), False
        try:
            found, kinds = await asyncio.to_thread(self._read, named)
        except BaseException:
            # Whatever it was: the next time asks for nothing that somebody else has worded.
            self._all = True
            raise
        self._kinds = kinds
        return self.take(found, named)

    def _read(
        self, named: Collection[str] | None
    ) -> tuple[list[LiveReading], Mapping[str, frozenset[str]]]:
        with snapshot(self._reader) as connection:
            rows = readings_now(connection, named)
            return [LiveReading(*row) for row in rows], public_kinds(connection)

    def take(self, found: list[LiveReading], named: Collection[str] | None) -> bool:
        """Take what was read of some targets, or of all, and return whether anything changed."""
        now, before = datetime.now(UTC), self.turn
        self.turn += 1
        came = {(one.target, one.measure) for one in found}
        for key, held in list(self._held.items()):
            if held.until <= now:
                del self._held[key]
            elif (named is None or key[0] in named) and key not in came:
                self._put(LiveReading(*key, None), held.until)
        for one in found:
            assert one.valid_until is not None
            self._put(one, one.valid_until)
        if not self._held or next(reversed(self._held.values())).turn < self.turn:
            self.turn = before
        return self.turn > before

    def _put(self, reading: LiveReading, until: datetime) -> None:
        key = reading.target, reading.measure
        held = self._held.get(key)
        if held is None or held.reading != reading:
            self._held[key] = _Held(reading, until, self.turn, time.monotonic())
            self._held.move_to_end(key)


def is_of(reading: LiveReading, family: str | None, kinds: Collection[str] | None) -> bool:
    """Return whether a reading is of a family and of one of some kinds; None is any."""
    of_family, of_kind = family_and_kind(reading.target)
    return family in (None, of_family) and (kinds is None or of_kind in kinds)


def _holds(one: _Held, now: datetime) -> bool:
    return one.reading.value is not None and one.until > now


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
