"""The made-up numbers of free places: plausible, repeatable, and said to be synthetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from statistics import mean

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.demo.city import DemoCity
from data.demo.tides import counted
from data.engine import Role
from data.queries.readings import places_of

SATURDAY_EVENING = datetime.fromisoformat("2026-11-28T21:00:00+08:00")
BEFORE_DAWN = datetime.fromisoformat("2026-11-28T05:00:00+08:00")


@pytest.fixture
def session(
    cluster: Cluster, demo: str, engine_of: Callable[[str, Role], Engine]
) -> Iterator[Session]:
    with Session(engine_of(cluster.url("postgres", demo), "tidegrid_owner")) as session:
        yield session


@pytest.fixture
def places(demo_city: DemoCity) -> dict[str, float | None]:
    """How many places each target has."""
    zones = {f"stall_zone:{one.kind}:{one.code}": one.capacity for one in demo_city.stall_zones}
    others = {
        f"facility:{one.kind}:{one.code}": places_of(one.kind, one.attributes)
        for one in demo_city.facilities
    }
    return zones | others


def test_some_are_free_of_every_kind_and_never_more_than_there_are(
    session: Session, places: dict[str, float | None]
) -> None:
    told = counted(session, SATURDAY_EVENING)

    kinds = {one.target.rpartition(":")[0] for one in told}
    assert {
        "stall_zone:night_market", "facility:parking", "facility:ebike_charging"
    } <= kinds  # fmt: skip
    shares = []
    for one in told:
        most = places[one.target]
        assert most is not None
        assert 0 <= one.value <= most
        assert one.value.is_integer()
        shares.append(one.value / most)
    assert 0.05 < mean(shares) < 0.6


def test_what_is_closed_has_no_number(session: Session) -> None:
    night = "stall_zone:night_market:"
    assert not any(one.target.startswith(night) for one in counted(session, BEFORE_DAWN))
    assert any(one.target.startswith(night) for one in counted(session, SATURDAY_EVENING))


def test_they_are_the_same_in_the_same_minute_and_say_that_they_are_made_up(
    session: Session,
) -> None:
    told = counted(session, SATURDAY_EVENING)
    assert told == counted(session, SATURDAY_EVENING)
    assert {one.source for one in told} == {"合成数据 · synthetic demo data"}
    # A minute later most have moved by little.
    later = {one.target: one.value for one in counted(session, SATURDAY_EVENING.replace(minute=1))}
    assert any(later[one.target] != one.value for one in told)
    assert mean(abs(later[one.target] - one.value) for one in told) < 5
