"""The compose file, as far as it can be judged without an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return found


def test_no_password_has_a_default(services: dict[str, Any]) -> None:
    names = set(re.findall(r"\$\{(\w*PASSWORD)", TEXT))
    assert len(names) == 4
    for name in names:
        assert not re.search(rf"\$\{{{name}(:?-|\}})", TEXT), name
        assert re.search(rf"^{name}=$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert services.keys() == {"db", "migrate", "api"}


def test_every_variable_given_to_us_is_a_setting(services: dict[str, Any]) -> None:
    known = {f"TIDEGRID_{name.upper()}" for name in Settings.model_fields}
    for service in ("migrate", "api"):
        assert set(services[service]["environment"]) <= known


def test_the_api_waits_for_the_migration_and_the_migration_for_the_database(
    services: dict[str, Any],
) -> None:
    waits = {name: one.get("depends_on", {}) for name, one in services.items()}
    assert waits["migrate"]["db"]["condition"] == "service_healthy"
    assert waits["api"]["migrate"]["condition"] == "service_completed_successfully"
    assert "healthcheck" in services["db"]


def test_the_api_logs_in_as_the_service_and_the_public_never_as_the_owner(
    services: dict[str, Any],
) -> None:
    given = services["api"]["environment"]
    assert "://tidegrid_service:" in given["TIDEGRID_DATABASE_URL"]
    assert "://tidegrid_public:" in given["TIDEGRID_PUBLIC_DATABASE_URL"]
    assert "POSTGRES_PASSWORD" not in str(given)


def test_ports_are_open_to_this_machine_alone_by_default(services: dict[str, Any]) -> None:
    for service in ("db", "api"):
        (port,) = services[service]["ports"]
        assert port.startswith("127.0.0.1:") or ":-127.0.0.1}" in port


def test_the_image_is_built_in_stages_and_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.split("\nFROM ")[-1]
    assert dockerfile.count("\nFROM ") == 3
    assert re.search(r"^USER tidegrid$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "--require-hashes" in dockerfile
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
