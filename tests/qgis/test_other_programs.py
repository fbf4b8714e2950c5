"""What QGIS is told, every program is told: ogr2ogr, GeoPandas, pyogrio's SQL files, plain SQL."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import psycopg
import pyogrio  # type: ignore[import-untyped]
import pytest
from shapely import Polygon, box
from sqlalchemy import URL, create_engine

from tests.db.planning import Office

SQUARE = box(112.01, 27.73, 112.0104, 27.7304)
BOW_TIE = Polygon([(112, 27.73), (112.0004, 27.7304), (112.0004, 27.73), (112, 27.7304)])
MULTI = ("-nlt", "PROMOTE_TO_MULTI")
TIMEOUT_S = 60
Add = Callable[[Office, Path, gpd.GeoDataFrame], str]
"""Has hong add areas to the plan, and returns what the program told, nothing if all went well."""


def frame(code: str, shape: Polygon) -> gpd.GeoDataFrame:
    columns = {"kind": ["compound"], "code": [code], "name": ["外来小区"]}
    return gpd.GeoDataFrame(columns, geometry=[shape], crs=4326).rename_geometry("geom")


def run(office: Office, *words: str, who: str = "hong") -> subprocess.CompletedProcess[str]:
    """Run a program as a planner has it: it finds its way by the variables of libpq."""
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env={
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(office.cluster.port),
            "PGDATABASE": office.database,
            "PGUSER": who,
            "PGPASSWORD": office.passwords[who],
            "PGAPPNAME": words[0],
        },
    )


def by_ogr2ogr(office: Office, folder: Path, given: gpd.GeoDataFrame) -> str:
    source = folder / "given.geojson"
    source.write_text(given.to_json())
    done = run(office, "ogr2ogr", "-append", "PG:", str(source), "-nln", "plan.areas", *MULTI)
    return done.stderr


def by_pyogrio(office: Office, folder: Path, given: gpd.GeoDataFrame) -> str:
    """Its wheels have no driver for PostgreSQL itself, but write what psql can read."""
    dump = folder / "given.sql"
    pyogrio.write_dataframe(
        given, dump, driver="PGDUMP", layer="areas", geometry_type="Polygon", SCHEMA="plan",
        CREATE_SCHEMA="OFF", CREATE_TABLE="OFF", DROP_TABLE="OFF", SPATIAL_INDEX="NONE",
        GEOMETRY_NAME="geom",
    )  # fmt: skip
    return run(office, "psql", "-v", "ON_ERROR_STOP=1", "-qf", str(dump)).stderr


def by_geopandas(office: Office, _folder: Path, given: gpd.GeoDataFrame) -> str:
    url = URL.create(
        "postgresql+psycopg", "hong", office.passwords["hong"], "127.0.0.1", office.cluster.port,
        office.database, {"application_name": "geopandas"},
    )  # fmt: skip
    engine = create_engine(url)
    try:
        given.to_postgis("areas", engine, schema="plan", if_exists="append")
    except Exception as error:
        return str(error)
    finally:
        engine.dispose()
    return ""


def by_sql(office: Office, _folder: Path, given: gpd.GeoDataFrame) -> str:
    row = given.iloc[0]
    try:
        with office.at_work("hong", application="sql") as session:
            session.execute(
                "INSERT INTO plan.areas (kind, code, name, geom) VALUES (%s, %s, %s, %s)",
                [row["kind"], row["code"], row["name"], row["geom"].wkt],
            )
    except psycopg.Error as error:
        return str(error)
    return ""


programs = pytest.mark.parametrize("add", [by_ogr2ogr, by_pyogrio, by_geopandas, by_sql])


@programs
def test_what_a_program_adds_is_an_edit_of_its_planner(
    office: Office, tmp_path: Path, add: Add
) -> None:
    code = f"X-{add.__name__}"
    assert add(office, tmp_path, frame(code, SQUARE)) == ""

    with office.watched() as admin:
        row = admin.execute(
            "SELECT a.edited_by, a.row_version, GeometryType(a.geom), h.application "
            "FROM plan.areas AS a JOIN city.history AS h ON h.row_id = a.id "
            "AND h.table_name = 'plan.areas' WHERE a.code = %s", [code],
        ).fetchone()  # fmt: skip
    assert row is not None
    assert row[:3] == ("hong", 1, "MULTIPOLYGON")
    assert row[3] != ""


@programs
def test_a_program_is_told_what_is_wrong_and_what_to_do(
    office: Office, tmp_path: Path, add: Add
) -> None:
    told = add(office, tmp_path, frame("X-bad", BOW_TIE))

    assert "小区 X-bad “外来小区”：边界与自身相交（位置 112.000200, 27.730200）" in told
    assert "HINT" in told
    assert office.one("SELECT count(*) FROM plan.areas WHERE code = 'X-bad'") == 0


def test_what_ogr2ogr_reshapes_and_deletes_is_kept_in_history(office: Office) -> None:
    by_sql(office, Path(), frame("X-ogr", SQUARE))
    told = [
        run(office, "ogrinfo", "-ro", "-q", "PG:", "-sql", statement).stderr
        for statement in (
            "UPDATE plan.areas SET geom = ST_Translate(geom, 0.0001, 0) WHERE code = 'X-ogr'",
            "UPDATE plan.areas SET geom = ST_Translate(geom, 9, 0) WHERE code = 'X-ogr'",
            "DELETE FROM plan.areas WHERE code = 'X-ogr'",
        )
    ]

    assert told[0] == told[2] == ""
    assert "位置" in told[1]
    assert "HINT" in told[1]
    with office.watched() as admin:
        kept = admin.execute(
            "SELECT action, application FROM city.history WHERE table_name = 'plan.areas' "
            "AND coalesce(before, after) ->> 'code' = 'X-ogr' ORDER BY id"
        ).fetchall()
    assert kept == [("INSERT", "sql"), ("UPDATE", "ogrinfo"), ("DELETE", "ogrinfo")]


@pytest.mark.parametrize("program", ["ogrinfo", "psql"])
def test_what_a_program_overwrites_of_somebody_else_becomes_a_finding(
    office: Office, program: str
) -> None:
    zone = "LD-T-08" if program == "psql" else "LD-T-09"
    rename = f"UPDATE plan.stall_zones SET name = '{{}}' WHERE code = '{zone}'"
    with office.at_work("green") as session:
        session.execute(rename.format("绿的名字").encode())
    words = ("-q", "PG:", "-sql") if program == "ogrinfo" else ("-qc",)
    assert run(office, program, *words, rename.format("红的名字")).stderr == ""

    told = office.one(
        "DELETE FROM plan.findings WHERE rule = 'overwritten' AND features = %s RETURNING words_zh",
        [f"night_market:{zone}"],
    )
    assert "“绿的名字”：green 于" in told
    assert told.endswith("被 hong 覆盖")


def test_ogr2ogr_neither_reads_nor_writes_what_is_not_the_planners(
    office: Office, tmp_path: Path
) -> None:
    source, target = tmp_path / "given.geojson", tmp_path / "out.csv"
    source.write_text(frame("X-city", SQUARE).to_json())
    officers = run(office, "ogrinfo", "-ro", "-q", "PG:", "-sql", "SELECT * FROM city.officers")
    published = run(office, "ogr2ogr", "-append", "PG:", str(source), "-nln", "city.areas", *MULTI)
    cameras = run(
        office, "ogr2ogr", "-f", "CSV", str(target), "PG:", "plan.facilities",
        "-where", "kind IN ('camera', 'park')", "-select", "kind",
    )  # fmt: skip

    assert "permission denied" in officers.stderr
    assert "permission denied" in published.stderr
    assert cameras.returncode == 0, cameras.stderr
    assert set(target.read_text().split()[1:]) == {"park"}
    assert office.one("SELECT count(*) FROM plan.facilities WHERE kind = 'camera'") == 68
