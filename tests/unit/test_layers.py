"""The dependency rule: arrows point down, siblings do not meet, each library has one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"api", "geo", "data", "maps"}
MAY_IMPORT = {"geo": {"geo"}, "data": {"data", "geo"}, "maps": {"maps", "geo"}, "api": OURS}
OUT_OF_BOUNDS = {
    "geo": {"fastapi", "starlette", "sqlalchemy", "geoalchemy2", "folium", "psycopg", "os"},
    "data": {"fastapi", "starlette", "folium", "pydantic_settings"},
    "maps": {"fastapi", "starlette", "sqlalchemy", "geoalchemy2", "os"},
    "api": {"folium", "rtree", "geoalchemy2", "geopandas"},
}
ONE_HOME = {"pyproj": "geo/crs.py", "pydantic_settings": "api/settings.py"}
SOURCES = sorted(path.relative_to(ROOT) for name in OURS for path in (ROOT / name).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_imports_point_down(path: Path) -> None:
    found, layer = set(imported(path)), path.parts[0]

    assert found & OURS <= MAY_IMPORT[layer]
    assert not found & OUT_OF_BOUNDS[layer]
    for library, home in ONE_HOME.items():
        assert library not in found or path == Path(home)


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    if "versions" not in path.parts:
        assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= 400


def test_the_rule_sees_a_breach(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from fastapi import FastAPI\nimport data.models\n")

    assert set(imported(bad)) & OUT_OF_BOUNDS["geo"] == {"fastapi"}
    assert set(imported(bad)) & OURS == {"data"}
