"""Every curl example of the manual runs against the demo city and answers what the page shows."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.docs.pages import PAGES, ROOT, blocks

BASE = "http://127.0.0.1:8000"


class Example(NamedTuple):
    """A curl command, and the answer shown below it, if one is."""

    page: str
    command: str
    language: str = ""
    answer: str = ""

    @property
    def shown(self) -> Any:
        return json.loads(self.answer) if self.answer else None


def examples(page: Path) -> Iterator[Example]:
    found = blocks(page.read_text(encoding="utf-8"))
    name = str(page.relative_to(ROOT))
    for number, block in enumerate(found):
        if block.language != "sh":
            continue
        lines = block.text.replace("\\\n", " ").splitlines()
        commands = [line for line in lines if line.startswith("curl ")]
        after = found[number + 1] if number + 1 < len(found) else None
        if len(commands) == 1 and after and after.language in ("json", "jsonc"):
            yield Example(name, commands[0], *after)
        else:
            yield from (Example(name, command) for command in commands)


EXAMPLES = [example for page in PAGES for example in examples(page)]


def run(client: TestClient, command: str, secrets: dict[str, str]) -> Response:
    """Ask what the curl command asks; an option that is not known here fails the test."""
    for name, secret in secrets.items():
        command = command.replace(f"${name.upper()}_TOKEN", secret)
    words = iter(shlex.split(command)[1:])
    method, headers, body, url = "GET", dict[str, str](), None, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            key, _, value = next(words).partition(": ")
            headers[key] = value
        elif word == "-d":
            body = next(words)
        elif word != "-s":
            assert word.startswith(BASE), f"{word} is nothing that a reader could run"
            url = word.removeprefix(BASE)
    answer: Response = client.request(method, url, headers=headers, content=body)
    return answer


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page}: {e.command[:90]}")
def test_an_example_runs_and_answers_what_is_shown(
    client: TestClient, secrets: dict[str, str], example: Example
) -> None:
    answer = run(client, example.command, secrets)
    shown = example.shown
    is_problem = isinstance(shown, dict) and str(shown.get("type")).startswith("urn:")

    assert answer.status_code == (shown["status"] if is_problem else answer.status_code)
    assert answer.is_success or is_problem, answer.text
    if shown is not None:
        check(answer.json(), shown, "$", values=example.language == "json")


def check(found: Any, shown: Any, place: str, *, values: bool) -> None:
    """Hold what is shown against the answer: shortened it may be, other than it not.

    Without `values` only the members are compared: for answers that differ from minute to minute.
    """
    if isinstance(shown, dict):
        assert isinstance(found, dict), place
        for key, part in shown.items():
            assert key in found, f"{place}.{key}"
            check(found[key], part, f"{place}.{key}", values=values)
    elif isinstance(shown, list):
        assert len(found) >= len(shown), place
        for number, part in enumerate(shown):
            check(found[number], part, f"{place}[{number}]", values=values)
    elif values:
        assert found == shown, place


def test_there_are_examples_for_every_door_of_the_api() -> None:
    readme = " ".join(one.command for one in EXAMPLES if one.page == "README.md")
    for path in ("/v1/locate", "/v1/officers/nearest", "/v1/stall-zones", "/v1/facilities"):
        assert path in readme
    assert len(EXAMPLES) > 12


def test_a_wrong_answer_would_be_seen() -> None:
    with pytest.raises(AssertionError, match=r"\$\.a\[0\]\.b"):
        check({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 3}]}, "$", values=True)


def test_every_json_block_is_json() -> None:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            if re.fullmatch("jsonc?", block.language):
                json.loads(block.text)
