"""Bends a straight-ruled plan into a grown city: wiggly outline, winding river, curved streets.

The city is first drawn flat, as an ellipse that straight lines cut into convex pieces (`cuts`).
One smooth bijection then bends everything at once. Pieces that touched still touch, lines that did
not cross still do not, and streets near the river follow it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from data.demo.ground import Floats

HALF_LENGTH_M, HALF_WIDTH_M = 4310.0, 3590.0
"""The flat ellipse: its long axis lies along the river."""
RIVER_Y_M = 0.1125 * HALF_WIDTH_M
"""The flat river, a line of constant y, leaves three sevenths of the city on its far side."""
RIVER_BEARING = math.radians(-36.0)
"""The river flows from the north-west to the south-east."""
RIVER_REACH_M = 1100.0
"""How far from the river its bends still bend the streets."""

BENDS_M = ((4300.0, 190.0), (2300.0, 110.0), (1250.0, 45.0))
"""Wavelength and amplitude of the river's bends."""
LOBES = ((2, 0.05), (3, 0.055), (5, 0.04), (8, 0.022), (13, 0.012), (21, 0.006))
"""How many bays the outline has of each size, and how deep they are as part of the radius."""
SWELLS_M = ((3700.0, 75.0), (2900.0, 60.0), (1500.0, 26.0), (800.0, 11.0), (430.0, 5.0))
"""Wavelength and amplitude of the bends of all streets; amplitudes times wave numbers stay far
below one, so that nothing folds over."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """The bijection from the flat plan to the ground, metres to metres."""

    bends: tuple[tuple[float, float, float], ...]
    lobes: tuple[tuple[int, float, float], ...]
    swells: tuple[tuple[float, float, float, float, float], ...]

    @classmethod
    def random(cls, rng: Random) -> Terrain:
        """Return one of many: sizes are given, phases and directions are drawn."""
        turn = 2 * math.pi
        return cls(
            tuple((turn / wave, high, rng.uniform(0, turn)) for wave, high in BENDS_M),
            tuple((count, deep, rng.uniform(0, turn)) for count, deep in LOBES),
            tuple(_swell(wave, high, rng) for wave, high in SWELLS_M),
        )

    def bend(self, flat: Floats) -> Floats:
        """Return rows of ground metres from rows of flat metres."""
        return _rotated(self._swollen(self._lobed(self._wound(flat))), RIVER_BEARING)

    def _wound(self, flat: Floats) -> Floats:
        """The river winds, and what is near it winds along."""
        x, y = flat.T
        along = _waves(x, self.bends)
        return np.column_stack([x, y + along * np.exp(-(((y - RIVER_Y_M) / RIVER_REACH_M) ** 2))])

    def _lobed(self, plan: Floats) -> Floats:
        """The outline gets its bays, and the centre smaller blocks than the outskirts."""
        x, y = plan.T
        radius = np.hypot(x / HALF_LENGTH_M, y / HALF_WIDTH_M)
        angle = np.arctan2(y, x)
        bays = sum(deep * np.sin(count * angle + phase) for count, deep, phase in self.lobes)
        scale = (0.84 + 0.17 * radius**2) * (1 + np.minimum(radius, 1.1) ** 3 * bays)
        lobed: Floats = plan * scale[:, None]
        return lobed

    def _swollen(self, plan: Floats) -> Floats:
        x, y = plan.T
        moved = plan.copy()
        for across, along, high, phase, toward in self.swells:
            wave = high * np.sin(across * x + along * y + phase)
            moved += np.column_stack([wave * math.cos(toward), wave * math.sin(toward)])
        return moved


def _swell(wave: float, high: float, rng: Random) -> tuple[float, float, float, float, float]:
    angle, number = rng.uniform(0, 2 * math.pi), 2 * math.pi / wave
    across, along = number * math.cos(angle), number * math.sin(angle)
    return across, along, high, rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi)


def _waves(x: Floats, waves: Sequence[tuple[float, float, float]]) -> Floats:
    total = np.zeros_like(x)
    for number, high, phase in waves:
        total += high * np.sin(number * x + phase)
    return total


def _rotated(plan: Floats, angle: float) -> Floats:
    cos, sin = math.cos(angle), math.sin(angle)
    rotated: Floats = plan @ np.array([[cos, sin], [-sin, cos]])
    return rotated
