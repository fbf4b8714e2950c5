"""`tidegrid import` and `export` as people type them: counts, reports, and nothing half done."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.cli.conftest import City
from tests.cli.program import COMMAND, Command, environment, eventually, said

MAPPING = """
layer = "facilities"
kind = "toilet"
crs = "wgs84"

[fields]
code = "id"
name = "name"

[geometry]
lon = "x"
lat = "y"
"""
GOOD = ["T1,一号公厕,112.001,27.701", "T2,二号公厕,112.002,27.702"]
BAD = ["T3,三号公厕,27.703,112.003", "T4,四号公厕,,", "T1,又一号,112.004,27.704"]
MANY = 8_000
FACILITIES = "SELECT count(*) FROM city.facilities"


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "toilets.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def table(folder: Path, rows: Iterable[str]) -> Path:
    path = folder / "toilets.csv"
    path.write_text("\n".join(["id,name,x,y", *rows]), encoding="utf-8")
    return path


def test_an_import_says_what_it_did_and_a_second_one_that_all_is_there(
    at_city: Command, city: City, toml: Path, tmp_path: Path
) -> None:
    words = ("import", table(tmp_path, GOOD), "--to", "facilities", "--mapping", toml)

    first, second = at_city(*words), at_city(*words)

    said_first = "facilities added 2, changed 0, unchanged 0; rows refused 0"
    said_second = "facilities added 0, changed 0, unchanged 2; rows refused 0"
    assert first.stdout == f"toilets.csv: 2 rows; {said_first}\n"
    assert second.stdout == f"toilets.csv: 2 rows; {said_second}\n"
    assert "importing toilets.csv" in first.stderr
    assert city.scalar(FACILITIES) == 2


def test_bad_rows_are_reported_with_row_code_and_reason_and_good_ones_go_in(
    at_city: Command, city: City, toml: Path, tmp_path: Path
) -> None:
    done = at_city("import", table(tmp_path, GOOD + BAD), "--to", "facilities", "--mapping", toml)

    assert done.returncode == 0
    assert city.scalar(FACILITIES) == 2
    with (tmp_path / "toilets.findings.csv").open(encoding="utf-8", newline="") as file:
        findings = list(csv.DictReader(file))
    assert {(one["row"], one["code"], one["severity"]) for one in findings} == {
        ("3", "T3", "refused"),
        ("4", "T4", "refused"),
        ("5", "T1", "refused"),
    }
    for one in findings:
        assert one["reason"]
        assert one["problem"]
        assert f"refused: row {one['row']} ({one['code']}): {one['reason']}" in done.stderr
    assert "3 findings in toilets.findings.csv" in done.stderr


def test_a_dry_run_tells_the_same_and_writes_nothing(
    at_city: Command, city: City, toml: Path, tmp_path: Path
) -> None:
    done = at_city(
        "import", table(tmp_path, GOOD), "--to", "facilities", "--mapping", toml, "--dry-run"
    )

    assert "facilities would be added 2" in done.stdout
    for kept in ("city.facilities", "plan.facilities", "city.generations", "city.history"):
        assert city.scalar(f"SELECT count(*) FROM {kept}") == 0


def test_json_is_all_that_stands_on_stdout(at_city: Command, toml: Path, tmp_path: Path) -> None:
    path, report = table(tmp_path, GOOD + BAD), tmp_path / "report.json"

    done = at_city(
        "import", path, "--to", "facilities", "--mapping", toml, "--json", "--report", report
    )

    told = json.loads(done.stdout)
    assert (told["rows"], told["added"], told["refused"]) == (5, 2, 3)
    assert [finding["row"] for finding in told["findings"]] == [3, 4, 5]
    assert json.loads(report.read_text(encoding="utf-8")) == told


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("nothing.csv", "--to", "facilities", "--mapping", "toilets.toml"), "no file nothing.csv"),
        (("toilets.csv", "--to", "trees", "--mapping", "toilets.toml"), "not 'trees'"),
        (("toilets.csv", "--to", "areas", "--mapping", "toilets.toml"), "is for facilities"),
        (("toilets.csv", "--to", "facilities", "--mapping", "nothing.toml"), "nothing.toml"),
        (("toilets.csv", "--to", "facilities", "--mapping", "nothing"), "taipei-villages"),
        (("toilets.toml", "--to", "facilities", "--mapping", "toilets.toml"), "toilets.toml"),
        (
            ("toilets.csv", "--to", "facilities", "--mapping", "toilets.toml", "--crs", "moon"),
            "moon",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_imported_at_all_is_one_sentence(
    at_city: Command, city: City, toml: Path, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    assert table(tmp_path, GOOD).parent == toml.parent

    assert reason in said(at_city("import", *words))
    assert city.scalar(FACILITIES) == 0


@pytest.mark.parametrize("ending", ["geojson", "csv"])
def test_an_export_is_taken_back_by_a_shipped_mapping_and_changes_nothing(
    at_city: Command, toml: Path, tmp_path: Path, ending: str
) -> None:
    at_city("import", table(tmp_path, GOOD), "--to", "facilities", "--mapping", toml)
    shipped = "tidegrid-facilities" + ("-table" if ending == "csv" else "")

    written = at_city("export", f"out.{ending}", "--from", "facilities", "--kind", "toilet")
    back = at_city("import", f"out.{ending}", "--to", "facilities", "--mapping", shipped)

    assert written.stdout == f"2 facilities in out.{ending}\n"
    assert "added 0, changed 0, unchanged 2; rows refused 0" in back.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("out.csv", "--from", "trees"), "there is no layer 'trees'"),
        (("out.csv", "--from", "areas"), "no areas yet"),
        (("out.dwg", "--from", "facilities"), "must end in"),
        (("out.csv", "--from", "facilities", "--kind", "camera"), "kind camera"),
        (("missing/out.csv", "--from", "facilities"), "missing"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    at_city: Command, toml: Path, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    at_city("import", table(tmp_path, GOOD), "--to", "facilities", "--mapping", toml)

    assert reason in said(at_city("export", *words))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 130)])
def test_an_import_that_is_stopped_in_the_middle_leaves_nothing(
    city: City, toml: Path, tmp_path: Path, how: signal.Signals, code: int
) -> None:
    rows = (f"T{n},公厕,{112 + n / 1e6},{27 + n / 1e6}" for n in range(MANY))
    with (tmp_path / "stderr").open("wb") as errors:
        importing = subprocess.Popen(
            [COMMAND, "import", table(tmp_path, rows), "--to", "facilities", "--mapping", toml],
            env=environment(TIDEGRID_DATABASE_URL=city.url),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    with importing:
        # Its rows are in the table's file by then, and nobody else sees them.
        assert eventually(city.when(is_filling), within_s=40)
        assert city.scalar(FACILITIES) == 0
        importing.send_signal(how)
        assert importing.wait(20) == code

    assert eventually(city.when(nobody_imports))
    assert city.scalar(FACILITIES) == 0
    assert city.scalar("SELECT count(*) FROM city.generations") == 0
    assert b"Traceback" not in (tmp_path / "stderr").read_bytes()


def is_filling(connection: Connection) -> bool:
    return bool(connection.scalar(text("SELECT pg_relation_size('city.facilities') > 200000")))


def nobody_imports(connection: Connection) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidegrid-cli'"
    return not connection.scalar(text(asked))
