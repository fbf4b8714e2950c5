"""The reference of the API: every call, parameter and error, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import errors
from api.schemas import ExcludedOut
from data.models import SCOPES
from tests.docs.pages import headings, read, rows, section

PAGE = read("docs/api.md")
_CALL = re.compile(r"`(GET|PUT|POST|DELETE|PATCH) (/[^`]*)`")
# Parameters of one call may be told together with those of another.
_AS_BEFORE = {"GET /v1/facilities": "GET /v1/stall-zones"}


@pytest.fixture(scope="module")
def operations(client: TestClient) -> dict[str, dict[str, Any]]:
    """Every call that OpenAPI knows, like `GET /v1/locate`."""
    app = client.app
    assert isinstance(app, FastAPI)
    paths = app.openapi()["paths"]
    return {
        f"{method.upper()} {path}": told
        for path, methods in paths.items()
        for method, told in methods.items()
    }


def test_every_call_has_a_section_and_every_section_is_a_call(
    operations: dict[str, Any],
) -> None:
    sections = {" ".join(found) for one in headings(PAGE) for found in _CALL.findall(one)}
    table = {" ".join(f) for row in rows(section(PAGE, "Calls")) for f in _CALL.findall(row[0])}

    assert sections == table == set(operations)


def test_every_parameter_is_named_in_its_section(operations: dict[str, dict[str, Any]]) -> None:
    for call, told in operations.items():
        text = section(PAGE, f"`{call}`") + section(PAGE, f"`{_AS_BEFORE.get(call, call)}`")
        for parameter in told.get("parameters", ()):
            if parameter["in"] == "query":
                assert f"`{parameter['name']}`" in text, (call, parameter["name"])


def test_every_parameter_that_is_told_exists(operations: dict[str, dict[str, Any]]) -> None:
    for call, told in operations.items():
        query = [p["name"] for p in told.get("parameters", ()) if p["in"] == "query"]
        for row in parameter_rows(call):
            assert set(re.findall(r"`(\w+)`", row[0])) <= set(query), (call, row[0])


def parameter_rows(call: str) -> Iterator[list[str]]:
    """The rows of the table whose head says `parameter`."""
    _, head, rest = section(PAGE, f"`{call}`").partition("| parameter |")
    if head:
        yield from rows("| parameter |" + rest.split("\n\n")[0])


def test_no_call_that_is_planned_is_told_as_if_it_were_there(
    operations: dict[str, Any],
) -> None:
    for name in ("README.md", "CHANGELOG.md", "docs/architecture.md", "docs/operations.md"):
        for method, address in _CALL.findall(read(name)):
            call = f"{method} {address.split('?')[0]}"
            assert any(known.startswith(call) for known in operations), (name, call)


def test_every_problem_stands_in_the_table_with_its_status() -> None:
    told = {row[0].strip("`"): int(row[1]) for row in problem_rows()}

    for error, kind in errors.PROBLEMS.items():
        word = re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
        assert told.pop(word) == kind.status
    assert told.pop("invalid-request") == 422
    assert told.pop("internal") == 500
    assert all(word == f"http-{status}" for word, status in told.items())


def test_the_problems_of_http_itself_are_those_that_are_answered(client: TestClient) -> None:
    found = {
        client.get("/no/such/path").json()["type"],
        client.delete("/v1/locate").json()["type"],
        client.get("/v1/locate?lon=%00").json()["type"],
        client.get("/v1/locate?lon=" + "1" * 9000).json()["type"],
    }
    told = {row[0].strip("`") for row in problem_rows() if row[0].startswith("`http-")}

    assert {one.removeprefix("urn:tidegrid:problem:") for one in found} <= told


def problem_rows() -> list[list[str]]:
    return [row for row in rows(section(PAGE, "Errors")) if row[1].isdigit()]


def test_every_scope_is_explained() -> None:
    told = {row[0].strip("`") for row in rows(section(PAGE, "Tokens and scopes"))}
    assert told == set(SCOPES)


def test_the_reasons_for_leaving_officers_out_are_in_their_order() -> None:
    text = section(PAGE, "`GET /v1/officers/nearest`").split("Who was left out")[1]
    assert tuple(w for w in re.findall(r"`(\w+)` \(", text)) == tuple(ExcludedOut.model_fields)
