"""The demo city of two seeds, drawn once, and its parts."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry.base import BaseGeometry

from data.demo import DEFAULT_SEED
from data.demo.city import DemoCity, build_city
from geo.records import Area, Facility

TZ = ZoneInfo("Asia/Shanghai")
Areas = dict[str, list[Area]]


@cache
def built(seed: int) -> DemoCity:
    return build_city(seed)


@pytest.fixture(params=[DEFAULT_SEED, 7])
def city(request: pytest.FixtureRequest) -> DemoCity:
    return built(request.param)


@pytest.fixture
def areas(city: DemoCity) -> Areas:
    found: Areas = defaultdict(list)
    for area in city.areas:
        found[area.kind].append(area)
    return found


def of_kind(city: DemoCity, kind: str) -> list[Facility]:
    return [facility for facility in city.facilities if facility.kind == kind]


def shapes_of(city: DemoCity) -> list[BaseGeometry]:
    """All that stays where it is."""
    return [
        *(area.geometry for area in city.areas),
        *(zone.geometry for zone in city.stall_zones),
        *(stall.geometry for stall in city.stalls),
        *(facility.geometry for facility in city.facilities),
    ]
