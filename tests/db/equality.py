"""What PostGIS says of many points, and whether an index in memory says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, text

from geo.locating import AreaIndex, Hit
from geo.types import LonLat

Floats = npt.NDArray[np.float64]

SHORTEST_DEG = 1e-12
"""Of a segment that PostGIS always looks at."""

_HOLDERS = """
    WITH asked AS MATERIALIZED (
        SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom FROM unnest(
            CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY AS p(lon, lat, n)
    )
    SELECT p.n - 1, a.kind, a.code, NOT ST_Contains(a.geom, p.geom) AS on_border
    FROM asked p JOIN city.areas a ON a.geom && p.geom AND ST_Intersects(a.geom, p.geom)
    WHERE a.valid @> now() ORDER BY on_border, a.code COLLATE "C"
"""


def tricky_points(
    shapes: Sequence[Any] | npt.NDArray[np.object_], seed: int, many: int
) -> tuple[Floats, Floats]:
    """Points anywhere, on corners, in the middle of borders, and a hair off all of these."""
    rng = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(np.asarray(shapes, dtype=object)))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    # PostGIS passes over shorter ones once it has cached the area, and then says of a point on one
    # that it is inside, which it did not say before: so it cannot be asked about them.
    is_long = np.hypot(*(xy[1:] - xy[:-1]).T) > SHORTEST_DEG
    starts = np.flatnonzero((ring[:-1] == ring[1:]) & is_long)
    picked = rng.choice(starts, many)
    corners, middles = xy[picked], (xy[picked] + xy[picked + 1]) / 2
    share = rng.uniform(0, 1, (many, 1))
    along = xy[picked] + share * (xy[picked + 1] - xy[picked])
    hair = 10.0 ** rng.uniform(-9, -7, (many, 2)) * rng.choice([-1, 1], (many, 2))
    bounds = shapely.total_bounds(rings)
    anywhere = rng.uniform(bounds[:2] - 0.005, bounds[2:] + 0.005, (many, 2))
    found = np.vstack([corners, middles, along, anywhere, (corners + hair), (middles + hair)])
    return found[:, 0], found[:, 1]


def assert_equal(connection: Connection, index: AreaIndex, lon: Floats, lat: Floats) -> int:
    """Compare every holder of every point, borders and winners too; return how many border ones."""
    points = {"lon": lon.tolist(), "lat": lat.tolist()}
    held: dict[tuple[int, str], list[tuple[str, bool]]] = defaultdict(list)
    for n, kind, code, on_border in connection.execute(text(_HOLDERS), points):
        held[n, kind].append((code, on_border))
    _assert_winners(index, lon, lat, held)
    for n in range(len(lon)):
        expected: list[tuple[str, str, bool]] = []
        for kind, part in index.kinds.items():
            holders = held.get((n, kind), [])
            only = holders[:1] if index.labels[part.start].exclusive else sorted(holders)
            expected += [(kind, code, on_border) for code, on_border in only]
        said = [told(index, hit) for hit in index.holding(LonLat(lon[n], lat[n]))]
        assert sorted(said) == sorted(expected), (n, lon[n], lat[n])
    return sum(on_border for holders in held.values() for _, on_border in holders)


def _assert_winners(
    index: AreaIndex, lon: Floats, lat: Floats, held: dict[tuple[int, str], list[tuple[str, bool]]]
) -> None:
    for kind in index.kinds:
        positions = index.winners(kind, lon, lat).tolist()
        ours = [index.labels[position].code if position >= 0 else None for position in positions]
        theirs = [held[n, kind][0][0] if (n, kind) in held else None for n in range(len(lon))]
        different = [n for n, pair in enumerate(zip(ours, theirs, strict=True)) if len({*pair}) > 1]
        assert not different, (kind, [(lon[n], lat[n], ours[n], theirs[n]) for n in different[:5]])


def told(index: AreaIndex, hit: Hit) -> tuple[str, str, bool]:
    label = index.labels[hit.position]
    return label.kind, label.code, hit.on_border
