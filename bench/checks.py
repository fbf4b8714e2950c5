"""Judging a plan: the demo city, a city of 40,000 grids, and one edited grid of that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median

import shapely
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from bench.stage import Pace, Stage
from bench.table import Row
from data.demo.city import build_city
from data.engine import make_engine
from data.planning import Drafts
from geo.planning.findings import Change, Finding
from geo.planning.ground import shapes_of
from geo.planning.judging import judge, rejudge
from geo.planning.plan import Plan
from geo.records import Area
from geo.types import BBox

DEMO_S, WHOLE_S, EDIT_S = 5.0, 60.0, 0.3
_EDITS = 20
DRAFT = """
    INSERT INTO plan.areas (kind, code, name, name_en, parent_code, attributes, geom)
    SELECT kind, code, name, name_en, parent_code, attributes, geom FROM city.areas
    WHERE upper_inf(valid)
"""
_SHIFT = """
    UPDATE plan.areas SET geom = ST_Translate(geom, 0.00003, 0.00002)
    WHERE kind = 'unit_grid' AND code = :code
"""
_BOX = """
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
    FROM (SELECT ST_Expand(geom, 0.00003, 0.00002) AS box FROM plan.areas
          WHERE kind = 'unit_grid' AND code = :code) AS held
"""


def checks(big: Stage, pace: Pace) -> list[Row]:
    """Return the rows; the drafts are made in a transaction that is undone."""
    rounds = 3 if pace.rounds > 2 else 1
    engine = make_engine(big.base.admin_url, role=None)
    with engine.connect() as connection, connection.begin() as outer:
        # Neither history nor clocks: they are not what is measured.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(DRAFT))
        connection.execute(text("ANALYZE plan.areas"))
        found = [_demo(rounds), _whole(connection, rounds)]
        grids = [area for area in big.city.areas if area.kind == "unit_grid"]
        measure = "judging again after an edit, 40,000 unit grids, read from PostGIS by box"
        with connection.begin_nested() as edits:
            found.append(_edited(measure, grids, connection))
            edits.rollback()
        connection.execute(text("DELETE FROM plan.areas WHERE kind <> 'unit_grid'"))
        measure = "the same at the outer edge, where no areas above say what has to be filled"
        found.append(_edited(measure, _outermost(grids), connection))
        outer.rollback()
    engine.dispose()
    return found


def _demo(rounds: int) -> Row:
    city = build_city()
    lists = (city.areas, city.stall_zones, city.stalls, city.facilities, city.areas)
    took, found = _timed(lambda: judge(Plan(date.today(), *lists)), rounds)
    measure = (
        f"judging the demo city, {len(city.areas):,} areas, {len(city.facilities):,} facilities"
    )
    return _row(measure, took, DEMO_S, found)


def _whole(connection: Connection, rounds: int) -> Row:
    def judged() -> list[Finding]:
        with Session(connection) as session:
            return judge(Drafts(session, date.today()).whole())

    took, found = _timed(judged, rounds)
    return _row("judging a plan of 40,000 unit grids, read from PostGIS", took, WHOLE_S, found)


def _outermost(grids: Sequence[Area]) -> list[Area]:
    shapes = shapes_of(grids)
    edge = shapely.coverage_union_all(shapes).boundary
    near = shapely.STRtree(shapes).query(edge, predicate="intersects")
    return [grids[i] for i in sorted(near)]


def _edited(measure: str, grids: Sequence[Area], connection: Connection) -> Row:
    """One grid after another is shifted by three metres and judged, with nothing kept in memory."""
    codes = [grid.code for grid in grids]
    took: list[float] = []
    found: list[Finding] = []
    for code in codes[:: len(codes) // _EDITS][:_EDITS]:
        box = BBox(*connection.execute(text(_BOX), {"code": code}).one())
        connection.execute(text(_SHIFT), {"code": code})
        start = time.perf_counter()
        with Session(connection) as session:
            change = Change("areas", "unit_grid", code, box)
            judgement = rejudge(Drafts(session, date.today()), found, [change])
        took.append(time.perf_counter() - start)
        found = judgement.applied_to(found)
    right = len({one.features[0] for one in found}) >= _EDITS
    return Row(
        measure,
        f"median {median(took) * 1000:.0f} ms, max {max(took) * 1000:.0f} ms of {len(took)}",
        "",
        f"{median(took):.3f} s" + ("" if right else ", FINDINGS MISSING"),
        f"≤ {EDIT_S} s",
        median(took) <= EDIT_S and right,
        {"took_s": took},
    )


def _timed(work: Callable[[], list[Finding]], rounds: int) -> tuple[list[float], list[Finding]]:
    took: list[float] = []
    found: list[Finding] = []
    for _ in range(rounds):
        start = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - start)
    return took, found


def _row(measure: str, took: list[float], most_s: float, found: list[Finding]) -> Row:
    """Both cities are sound: a finding would be wrong."""
    return Row(
        measure,
        f"{median(took):.2f} s ({min(took):.2f} to {max(took):.2f})",
        "",
        f"{median(took):.2f} s" + (f", {len(found)} WRONG FINDINGS" if found else ""),
        f"≤ {most_s:.0f} s",
        median(took) <= most_s and not found,
        {"took_s": took},
    )
