"""The grid staff: five roles in each responsibility grid, their shifts, and where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from shapely.geometry import Point

from data.demo import codes, words
from data.demo.ground import to_lonlat
from data.demo.town import Block, Town
from geo.hours import parse_hours
from geo.records import Area, Assignment, Officer, Position, Shift
from geo.schedules import Schedule

SEEN = 290
"""Officers with a known position; the others have no fix."""
STARTS = (date(2024, 5, 20), date(2024, 5, 20), date(2025, 3, 1), date(2026, 1, 5))
SUMMER_ENDS, WINTER_STARTS = date(2026, 9, 30), date(2026, 10, 1)


def _hours(*texts: str) -> tuple[Schedule, ...]:
    return tuple(parse_hours(text) for text in texts)


SHIFTS = {
    "enforcement": _hours("Mo-Fr 08:00-17:30", "Tu-Sa 12:00-21:00", "We-Su 08:00-17:30"),
    "sanitation": _hours(
        "Mo-Sa 05:00-13:00", "Tu-Su 13:00-21:00", "Su-Th 21:00-05:00",
        "Tu-Su 05:00-13:00", "Mo-Sa 13:00-21:00", "We-Su 21:00-05:00",
    ),
    "landscaping": _hours("Mo-Fr 07:30-16:30", "Tu-Sa 07:30-16:30"),
    "lighting": _hours("Mo-Fr 14:00-22:00", "We-Su 17:00-01:00"),
    "street": _hours(
        "Mo-Fr 08:30-12:00,14:00-17:30", "Mo-Fr 08:30-12:00,14:00-17:30", "Sa,Su,PH 09:00-17:00"
    ),
}  # fmt: skip
"""By role; grids take them by turns, so that somebody is on duty at any time of the week."""
NIGHT_MARKET_SHIFT = parse_hours("We-Su,PH 16:30-01:30")


@dataclass(frozen=True, slots=True)
class Staff:
    """All records of people."""

    officers: tuple[Officer, ...]
    assignments: tuple[Assignment, ...]
    shifts: tuple[Shift, ...]
    positions: tuple[Position, ...]


def staff(
    town: Town,
    grids: Sequence[Area],
    night_grids: Collection[str],
    observed_at: datetime,
    rng: Random,
) -> Staff:
    """Return the staff of the responsibility grids; those of night_grids have a late shift."""
    names = _names(rng)
    officers: list[Officer] = []
    assignments: list[Assignment] = []
    shifts: list[Shift] = []
    for turn, grid in enumerate(grids):
        for role in SHIFTS:
            number = len(officers) + 1
            officer = Officer(codes.officer(number), next(names), f"0738-5550{number:03d}")
            since = rng.choice(STARTS)
            officers.append(officer)
            assignments.append(Assignment(officer.code, role, grid.kind, grid.code, since))
            late = role == "enforcement" and grid.code in night_grids
            shifts += _shifts(officer, role, turn, since, late)
    positions = _positions(town, assignments, observed_at, rng)
    return Staff(tuple(officers), tuple(assignments), tuple(shifts), tuple(positions))


def _shifts(officer: Officer, role: str, turn: int, since: date, late: bool) -> list[Shift]:
    if late:
        return [Shift(officer.code, NIGHT_MARKET_SHIFT, since)]
    choice = SHIFTS[role]
    here = choice[turn % len(choice)]
    if role != "sanitation":
        return [Shift(officer.code, here, since)]
    # Sanitation rotates with the season: every crew moves on to the next shift.
    after = choice[(turn + 1) % len(choice)]
    return [
        Shift(officer.code, here, since, SUMMER_ENDS),
        Shift(officer.code, after, WINTER_STARTS),
    ]


def _positions(
    town: Town, assignments: Sequence[Assignment], observed_at: datetime, rng: Random
) -> list[Position]:
    blocks = defaultdict(list)
    for block in town.blocks:
        blocks[block.area.attributes["responsibility_grid"]].append(block)
    seen = sorted(rng.sample(range(len(assignments)), SEEN))
    return [
        Position(
            assignments[index].officer_code,
            to_lonlat(_somewhere(rng.choice(blocks[assignments[index].area_code]), rng)),
            observed_at - timedelta(seconds=_age_s(rng)),
            rng.choice((4.0, 6.0, 8.0, 12.0, 20.0, 35.0, None)),
        )
        for index in seen
    ]


def _somewhere(block: Block, rng: Random) -> Point:
    """In the block, or a few steps off it."""
    middle = block.land.representative_point()
    return Point(middle.x + rng.gauss(0, 25), middle.y + rng.gauss(0, 25))


def _age_s(rng: Random) -> int:
    """Mostly fresh; one in twelve has not been heard of for a while."""
    return rng.randint(1800, 14_400) if rng.random() < 1 / 12 else rng.randint(3, 240)


def _names(rng: Random) -> Iterator[str]:
    """Different names put together from common characters, without end."""
    used = set()
    while True:
        given = rng.choice(words.GIVEN_SECOND)
        if rng.random() < 0.8:
            given = rng.choice(words.GIVEN_FIRST) + given
        name = rng.choice(words.SURNAMES) + given
        if name not in used:
            used.add(name)
            yield name
