"""Nearest officers are those of a geodesic search over everybody, wherever on earth they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geo.crs import ELLIPSOID
from geo.measure import circle
from geo.nearest import REASONS, Fixes, OfficerIndex, Search, arc_of, on_sphere
from geo.records import Assignment, Officer, Shift
from geo.roster import Roster
from geo.schedules import ALWAYS, Schedule, Window
from geo.types import LonLat

NOW = datetime(2026, 10, 16, 19, 0, tzinfo=UTC)  # Saturday, 03:00 in the city
EVER = date(2026, 1, 1)
FRIDAY_NIGHT = Schedule((Window.of("Fr", "22:00", "06:00"),))
ROLES = ("enforcement", "sanitation", "street")

Where = tuple[float, float] | None


def index_of(
    places: Sequence[Where],
    *,
    ages_s: Sequence[float] = (),
    roles: Sequence[Sequence[str]] = (),
    on_duty: Sequence[bool] = (),
) -> OfficerIndex:
    """Officers 0000, 0001, ...; if not said otherwise on duty, just seen, in no role."""
    codes = [f"{n:04d}" for n in range(len(places))]
    held = [Assignment(c, r, "street", "S", EVER) for c, rs in zip(codes, roles) for r in rs]  # noqa: B905
    idle = {c for c, on in zip(codes, on_duty) if not on}  # noqa: B905
    shifts = [Shift(code, ALWAYS, EVER) for code in codes if code not in idle]
    ages = np.array([*ages_s, *[0.0] * (len(places) - len(ages_s))])
    lon, lat = np.array([place or (nan, nan) for place in places]).reshape(-1, 2).T
    observed = np.where(np.isnan(lon), nan, NOW.timestamp() - ages)
    roster = Roster([Officer(code, f"officer {code}") for code in codes], held, shifts)
    return OfficerIndex(roster, Fixes(lon, lat, observed))


def ids(index: OfficerIndex, search: Search) -> list[int]:
    return [int(one.code) for one in index.nearest(search).officers]


def metres(a: LonLat, place: tuple[float, float]) -> float:
    return float(ELLIPSOID.inv(a.lon, a.lat, *place)[2])


# --- everybody, one by one ----------------------------------------------------------------------

LON = st.one_of(
    st.floats(-180, 180),
    st.sampled_from([180.0, -180.0, 0.0]),
    st.floats(0, 1e-3).map(lambda off: 180 - off),
    st.floats(0, 1e-3).map(lambda off: off - 180),
)
LAT = st.one_of(
    st.floats(-90, 90),
    st.sampled_from([90.0, -90.0, 0.0]),
    st.floats(0, 1e-3).map(lambda off: 90 - off),
    st.floats(0, 1e-3).map(lambda off: off - 90),
)
ANYWHERE = st.tuples(LON, LAT)
# A few places for many officers: clusters, and several at the very same place.
IN_TOWN = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
    lambda cell: (111.99 + cell[0] * 1e-3, 27.70 + cell[1] * 1e-3)
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[OfficerIndex, Search]:
    """Officers, and a search with any combination of filters."""
    where = draw(st.sampled_from([ANYWHERE, IN_TOWN, ANYWHERE | IN_TOWN]))
    officers = draw(
        st.lists(
            st.tuples(
                st.none() | where,
                st.sampled_from([0.0, 59.9, 60.0, 60.1, 5000.0]),
                st.lists(st.sampled_from(ROLES), unique=True),
                st.booleans(),
            ),
            max_size=40,
        )
    )
    places, ages, roles, on_duty = zip(*officers, strict=True) if officers else ((),) * 4
    index = index_of(places, ages_s=ages, roles=roles, on_duty=on_duty)
    grid = box(111.9905, 27.7005, 111.9935, 27.7035), frozenset(index.roster.codes[::3])
    search = Search(
        LonLat(*draw(where)),
        NOW,
        draw(st.integers(1, 60)),
        tuple(draw(st.lists(st.sampled_from(ROLES), unique=True, max_size=2))),
        draw(st.booleans()),
        draw(st.sampled_from([None, 60.0, 6000.0])),
        draw(st.sampled_from([None, 0.0, 150.0, 5e6])),
        draw(st.sampled_from([None, grid])),
    )
    return index, search


def reason(index: OfficerIndex, search: Search, n: int) -> str | None:
    """Why an officer is left out, rule by rule."""
    roster, fixes = index.roster, index.fixes
    place, observed = (float(fixes.lon[n]), float(fixes.lat[n])), float(fixes.observed_s[n])
    if search.roles and not set(roster.roles(n, search.at)) & set(search.roles):
        return "role"
    if np.isnan(observed):
        return "no_position"
    if search.on_duty and not roster.on_duty(search.at)[n]:
        return "off_duty"
    if search.max_age_s is not None and search.at.timestamp() > observed + search.max_age_s:
        return "stale"
    if search.grid is not None:
        shape, staff = search.grid
        if not shape.intersects(Point(place)) and roster.codes[n] not in staff:
            return "other_grid"
    if search.within_m is not None and metres(search.point, place) > search.within_m:
        return "too_far"
    return None


@given(situations())
def test_the_nearest_and_the_reasons_are_those_of_asking_one_by_one(
    situation: tuple[OfficerIndex, Search],
) -> None:
    index, search = situation
    reasons = [reason(index, search, n) for n in range(len(index.roster))]
    able = [n for n, why in enumerate(reasons) if why is None]
    lon, lat = index.fixes.lon, index.fixes.lat
    away = sorted((metres(search.point, (lon[n], lat[n])), n) for n in able)

    found = index.nearest(search)

    assert [(one.distance_m, one.position) for one in found.officers] == away[: search.k]
    assert {why: n for why, n in found.excluded.items() if n} == {
        why: reasons.count(why) for why in REASONS if why in reasons
    }
    beyond_k = max(len(able) - search.k, 0)
    assert len(found.officers) + sum(found.excluded.values()) + beyond_k == len(reasons)
    assert all(0 <= one.bearing_deg < 360 for one in found.officers)


@given(st.integers(0, 2**32), ANYWHERE, st.integers(1, 12), st.sampled_from([1.0, 0.2, 0.02]))
def test_among_thousands_the_tree_finds_the_same(
    seed: int, asked: tuple[float, float], k: int, share_on_duty: float
) -> None:
    chance = np.random.default_rng(seed)
    town = np.clip(np.array(asked) + chance.normal(0, 0.3, (1500, 2)), (-180, -90), (180, 90))
    world = chance.uniform((-180, -90), (180, 90), (1500, 2))
    places = [(float(x), float(y)) for x, y in np.concatenate([town, world])]
    on = chance.random(3000) < share_on_duty
    index = index_of(places, on_duty=on.tolist())
    point = LonLat(*asked)
    lon, lat = np.array(places).T
    away = ELLIPSOID.inv(np.full(3000, point.lon), np.full(3000, point.lat), lon, lat)[2]
    able = np.flatnonzero(on)

    assert (
        ids(index, Search(point, NOW, k))
        == able[np.argsort(away[able], kind="stable")][:k].tolist()
    )


def test_far_away_the_ellipsoid_decides_where_the_sphere_would_be_wrong() -> None:
    here = LonLat(0.0, 44.0)
    # North over the pole degrees are long, south to the equator they are short.
    places = [(180.0, 64.1)] * 20 + [(0.0, -28.414)]
    assert metres(here, places[-1]) < metres(here, places[0])
    chords = np.linalg.norm(on_sphere(*np.array(places).T) - on_sphere(here.lon, here.lat), axis=1)
    assert arc_of(chords[-1]) > 1.007 * arc_of(chords[0])

    assert ids(index_of(places), Search(here, NOW, 1)) == [20]


# --- what each rule means -----------------------------------------------------------------------


def test_at_28_north_a_kilometre_east_is_nearer_than_1050_m_north_though_farther_in_degrees() -> (
    None
):
    here = LonLat(112.0, 28.0)
    east, north = (ELLIPSOID.fwd(112.0, 28.0, b, m)[:2] for b, m in ((90, 1000), (0, 1050)))
    assert abs(east[0] - 112.0) > abs(north[1] - 28.0)

    found = index_of([north, east]).nearest(Search(here, NOW, 2)).officers

    assert [one.position for one in found] == [1, 0]
    assert [one.distance_m for one in found] == pytest.approx([1000, 1050], abs=1e-6)
    assert [one.bearing_deg for one in found] == pytest.approx([90, 0], abs=1e-6)


def test_the_antimeridian_and_the_poles_separate_nobody() -> None:
    assert ids(index_of([(179.0, 0.0), (-179.99, 0.0)]), Search(LonLat(180, 0), NOW, 1)) == [1]
    assert ids(index_of([(0.0, 89.0), (180.0, 89.9)]), Search(LonLat(0, 89.9), NOW, 1)) == [1]


def test_one_place_by_two_names_is_a_tie_and_the_lower_number_comes_first() -> None:
    for other, asked in (((180.0, 10.0), (-180.0, 10.0)), ((77.0, 90.0), (0.0, 90.0))):
        assert ids(index_of([other, asked]), Search(LonLat(*asked), NOW, 1)) == [0]
        nobody_far = replace(Search(LonLat(*asked), NOW, 5), within_m=0.0)
        assert ids(index_of([other, asked]), nobody_far) == [0, 1]


def test_equal_positions_come_by_staff_number_every_time() -> None:
    index = index_of([(112.0, 28.0)] * 1000)
    for _ in range(3):
        assert ids(index, Search(LonLat(112.001, 28.0), NOW, 7)) == list(range(7))


def test_fewer_than_k_are_all_who_there_are() -> None:
    index = index_of([(112.0, 28.0), None, (112.1, 28.0)])

    assert ids(index, Search(LonLat(112.0, 28.0), NOW, 100)) == [0, 2]
    assert index_of([]).nearest(Search(LonLat(0, 0), NOW)).officers == []
    assert index_of([None]).nearest(Search(LonLat(0, 0), NOW)).excluded["no_position"] == 1


def test_an_officer_without_a_fix_is_never_invented() -> None:
    nothing_asked = Search(LonLat(0.0, 0.0), NOW, 100, on_duty=False)
    found = index_of([None] * 50).nearest(nothing_asked)

    assert found.officers == []
    assert found.excluded["no_position"] == 50


def test_each_is_counted_once_under_the_first_reason() -> None:
    near, far = (112.0, 28.0), (113.0, 28.0)
    index = index_of(
        [None, None, far, far, far, near],
        ages_s=[0, 0, 999, 999, 0, 0],
        roles=[[], ["street"], ["street"], ["street"], ["street"], ["street"]],
        on_duty=[False, False, False, True, True, True],
    )
    search = Search(LonLat(*near), NOW, 5, ("street",), max_age_s=60, within_m=1000)

    found = index.nearest(search)

    assert [one.code for one in found.officers] == ["0005"]
    assert found.excluded == {
        "role": 1, "no_position": 1, "off_duty": 1, "stale": 1, "too_far": 1
    }  # fmt: skip
    assert list(found.excluded) == [why for why in REASONS if why in found.excluded]


def test_a_fix_is_stale_when_older_than_asked_to_the_fraction_of_a_second() -> None:
    index = index_of([(112.0, 28.0)], ages_s=[60.0])
    search = Search(LonLat(112.0, 28.0), NOW, max_age_s=60.0)
    later = replace(search, at=NOW.replace(microsecond=500_000))

    # Asked in both orders, so that nothing remembered of the second decides.
    for one, expected in ((search, [0]), (later, []), (search, [0]), (later, [])):
        assert ids(index, one) == expected
    assert index.nearest(later).excluded["stale"] == 1
    assert index.nearest(search).officers[0].position_age_s == 60.0


def test_on_duty_counts_the_night_that_began_on_friday() -> None:
    roster = Roster([Officer("A", "a"), Officer("B", "b")], [], [Shift("A", FRIDAY_NIGHT, EVER)])
    index = OfficerIndex(roster, index_of([(112.0, 28.0)] * 2).fixes)

    found = index.nearest(Search(LonLat(112.0, 28.0), NOW))

    assert [one.code for one in found.officers] == ["A"]
    assert found.excluded["off_duty"] == 1


def test_same_grid_keeps_those_inside_and_those_who_answer_for_it() -> None:
    here = LonLat(112.0, 28.0)
    grid = circle(here, 200.0)
    index = index_of([(112.0, 28.0), (112.01, 28.0), (112.02, 28.0), None])

    found = index.nearest(Search(here, NOW, grid=(grid, frozenset({"0002", "0003"}))))

    assert [one.position for one in found.officers] == [0, 2]
    assert found.excluded["other_grid"] == 1
    assert found.excluded["no_position"] == 1


def test_the_bounds_of_a_distance_are_geodesic_and_included() -> None:
    here = LonLat(112.0, 28.0)
    places = [ELLIPSOID.fwd(112.0, 28.0, b, 1000.0)[:2] for b in range(0, 360, 5)]
    away = [metres(here, place) for place in places]
    index = index_of(places)

    for limit in (min(away), 1000.0, max(away), np.nextafter(min(away), 0)):
        found = index.nearest(Search(here, NOW, 100, within_m=float(limit)))
        assert len(found.officers) == sum(one <= limit for one in away)
        assert found.excluded["too_far"] == sum(one > limit for one in away)


def test_a_team_is_the_best_of_each_role_and_a_role_that_nobody_has_is_missing() -> None:
    index = index_of(
        [(112.0, 28.0), (112.01, 28.0), (112.02, 28.0), (112.03, 28.0), (112.0, 28.0)],
        roles=[["street"], ["sanitation", "street"], ["sanitation"], [], ["street"]],
        on_duty=[False, True, True, True, True],
    )
    asked = ("sanitation", "enforcement", "street")

    team, excluded = index.team(Search(LonLat(112.0, 28.0), NOW, 5, asked))

    assert [(role, one.position) for role, one in team] == [("sanitation", 1), ("street", 4)]
    assert excluded == {"role": 1, "no_position": 0, "off_duty": 1}


def test_who_is_best_in_two_roles_comes_twice() -> None:
    index = index_of([(112.0, 28.0)], roles=[["street", "sanitation"]])
    team, _ = index.team(Search(LonLat(112.0, 28.0), NOW, 5, ("street", "sanitation")))
    assert [(role, one.position) for role, one in team] == [("street", 0), ("sanitation", 0)]


# --- fixes that move ----------------------------------------------------------------------------


def moved(fixes: Fixes, *rows: tuple[int, float, float, float]) -> Fixes:
    at, lon, lat, seconds = np.array(rows).T
    return fixes.moved(at.astype(np.int64), lon, lat, seconds)


def test_an_older_fix_never_replaces_a_newer_one() -> None:
    first = moved(Fixes.none(3), (0, 1.0, 2.0, 100.0), (1, 3.0, 4.0, 100.0))

    then = moved(first, (0, 9.0, 9.0, 99.0), (1, 5.0, 6.0, 101.0), (2, 7.0, 8.0, 1.0))

    assert then.lon.tolist() == [1.0, 5.0, 7.0]
    assert then.lat.tolist() == [2.0, 6.0, 8.0]
    assert then.observed_s.tolist() == [100.0, 101.0, 1.0]
    assert moved(then, (0, 9.0, 9.0, 100.0)).lon[0] == 1.0


def test_moving_leaves_the_former_fixes_as_they_were() -> None:
    first = moved(Fixes.none(2), (0, 1.0, 2.0, 100.0))
    before = [part.tobytes() for part in (first.lon, first.lat, first.observed_s)]
    index = OfficerIndex(index_of([None, None]).roster, first)

    moved(first, (0, 5.0, 5.0, 200.0), (1, 5.0, 5.0, 200.0))

    assert [part.tobytes() for part in (first.lon, first.lat, first.observed_s)] == before
    assert ids(index, Search(LonLat(1, 2), NOW)) == [0]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), unique_by=lambda fix: fix[0]),
        max_size=10,
    )
)
def test_in_whatever_order_fixes_come_the_newest_is_kept(
    batches: list[list[tuple[int, int]]],
) -> None:
    fixes, newest = Fixes.none(4), [-inf] * 4
    for batch in filter(None, batches):
        fixes = moved(fixes, *((n, float(s), float(-s), float(s)) for n, s in batch))
        for n, seconds in batch:
            newest[n] = max(newest[n], seconds)
    expected = [nan if seconds == -inf else seconds for seconds in newest]
    assert np.array_equal(fixes.observed_s, expected, equal_nan=True)
    assert np.array_equal(fixes.lon, expected, equal_nan=True)
