"""The wheel: exactly our four packages, with everything that they need, and it runs elsewhere."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from data.schema import head

ROOT = Path(__file__).parents[2]
NEEDED = (
    "data/migrations/versions/0001_the_city.py",
    "data/migrations/sql/0001_clock.sql",
    "data/migrations/script.py.mako",
    "data/reference/kinds.csv",
    "data/samples/mappings/tidegrid-areas.toml",
    "maps/text.toml",
    "maps/templates/stalls.html",
    "maps/templates/zone_alone.html",
    "maps/static/page.css",
    "maps/static/poster.css",
    "maps/static/built/stalls.js",
    "maps/static/vendor/leaflet/leaflet.js",
    "maps/static/vendor/leaflet/LICENSE",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_four_names_and_what_they_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names} - {"tidegrid-0.1.0.dist-info"}
    assert tops == {"api", "geo", "data", "maps"}
    assert set(NEEDED) <= set(names)


def test_the_wheel_runs_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import api; print(api.__file__)\n"
        "from data.schema import head; print(head())\n"
        "from api.cli import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "site"), "--help"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip

    where, found, *_ = done.stdout.splitlines()
    assert where.startswith(str(tmp_path))
    assert found == head()
    assert "demo" in done.stdout
