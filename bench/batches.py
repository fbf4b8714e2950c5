"""Many points in one call, against Shapely in process and against a join in PostGIS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import shapely
from shapely import STRtree
from sqlalchemy import Connection, text

from bench.city import Floats
from bench.stage import Pace, Stage
from bench.table import Row
from data.engine import make_engine

ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"
_COVERED = """
    FROM bench_points p JOIN city.areas a ON ST_Covers(a.geom, p.geom)
    WHERE a.kind = 'unit_grid' AND upper_inf(a.valid)
"""
_COUNTED = f"SELECT count(a.code) {_COVERED}"
_JOINED = f"SELECT a.code {_COVERED} ORDER BY p.id"


def batches(big: Stage, pace: Pace) -> list[Row]:
    """Return the rows of `POST /v1/locate`; answers are compared with the floor's, too."""
    points = big.city.points(pace.batch_points, seed=11)
    joined = points[: pace.joined_points]
    tree = Tree(big)
    with make_engine(big.base.admin_url, role=None).begin() as connection:
        _load_points(connection, joined)
        took = timed(
            {
                "tree": lambda: tree.query(points),
                "arrow": sender(big, arrow_body(points), ARROW),
                "json": sender(big, json_body(points), JSON),
                "arrow_joined": sender(big, arrow_body(joined), ARROW),
                "join": lambda: connection.execute(text(_JOINED)).all(),
                "count": lambda: connection.scalar(text(_COUNTED)),
            },
            rounds=3 if pace.rounds > 2 else 1,
        )
        right = _agree(big, tree, points) and connection.scalar(text(_COUNTED)) == len(joined)
        connection.rollback()
    many, few = f"{len(points):,} points", f"{len(joined):,} points"
    arrow, count = took["arrow_joined"], took["count"]
    return [
        _row(f"POST /v1/locate, {many}, Arrow", took, "arrow", "tree", _TREE, 1.3, right),
        _row(f"POST /v1/locate, {many}, JSON", took, "json", "tree", _TREE, 3.0, right),
        _row(f"POST /v1/locate, {few}, Arrow", took, "arrow_joined", "join", _POSTGIS, 0.2, right),
        Row(
            f"POST /v1/locate, {few}, Arrow",
            _seconds(arrow),
            f"the same join, counted there, nothing sent: {_seconds(count)}",
            f"{median(count) / median(arrow):.1f} times faster",
            raw={"floor": count},
        ),
    ]


_TREE = "Shapely's bulk STRtree query in process, points made from the same arrays"
_POSTGIS = "PostGIS: ST_Covers join, points there and indexed, codes read in order"


class Tree:
    """The floor: the index that Shapely gives away."""

    def __init__(self, big: Stage) -> None:
        grids = [area for area in big.city.areas if area.kind == "unit_grid"]
        self.codes = np.array([grid.code for grid in grids])
        self._tree = STRtree([grid.geometry for grid in grids])
        self._tree.query(shapely.points(0, 0))

    def query(self, points: Floats) -> npt.NDArray[np.int64]:
        """Return pairs of point and grid."""
        made = shapely.points(points[:, 0], points[:, 1])
        return np.asarray(self._tree.query(made, predicate="intersects"))


def arrow_body(points: Floats) -> bytes:
    """Return the points as an Arrow stream."""
    table = pa.table({"lon": points[:, 0], "lat": points[:, 1]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def json_body(points: Floats) -> bytes:
    """Return the points as columns in JSON."""
    return orjson.dumps({"lon": points[:, 0].tolist(), "lat": points[:, 1].tolist()})


def sender(big: Stage, body: bytes, media_type: str) -> Callable[[], bytes]:
    """Return a call that sends the points and reads the whole answer."""
    headers = {"Content-Type": media_type, "Accept": media_type}
    return lambda: big.client.ask("POST", "/v1/locate?kind=unit_grid", body, headers)


def timed(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each call, called in turn after one round that is not counted."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:
                took[name].append(time.perf_counter() - start)
    return took


def _agree(big: Stage, tree: Tree, points: Floats) -> bool:
    """Whether both ways in give the floor's codes; no point lies on a border by chance."""
    point, grid = tree.query(points)
    wanted = np.full(len(points), None, dtype=object)
    wanted[point] = tree.codes[grid]
    stream = pa.ipc.open_stream(sender(big, arrow_body(points), ARROW)())
    by_arrow = stream.read_all().column("code").to_pylist()
    by_json = orjson.loads(sender(big, json_body(points), JSON)())["codes"]
    return bool(wanted.tolist() == by_arrow == by_json)


def _row(
    measure: str, took: dict[str, list[float]], ours: str, floor: str, what: str, most: float,
    right: bool,
) -> Row:  # fmt: skip
    mine, theirs = median(took[ours]), median(took[floor])
    ratio = mine / theirs
    faster = most < 1
    return Row(
        measure,
        _seconds(took[ours]),
        f"{what}: {_seconds(took[floor])}",
        (f"{1 / ratio:.1f} times faster" if faster else f"{ratio:.2f} times its time")
        + ("" if right else ", WRONG ANSWERS"),
        f"≥ {1 / most:.0f} times faster" if faster else f"≤ {most} times its time",
        ratio <= most and right,
        {"ours": took[ours], "floor": took[floor]},
    )


def _seconds(took: list[float]) -> str:
    return f"{median(took):.2f} s ({min(took):.2f} to {max(took):.2f})"


def _load_points(connection: Connection, points: Floats) -> None:
    connection.execute(
        text(
            "CREATE TABLE bench_points AS "
            "SELECT id, ST_SetSRID(ST_MakePoint(x, y), 4326) AS geom "
            "FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[])) "
            "WITH ORDINALITY AS given (x, y, id)"
        ),
        {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()},
    )
    connection.execute(text("CREATE INDEX ON bench_points USING gist (geom)"))
    connection.execute(text("ANALYZE bench_points"))
