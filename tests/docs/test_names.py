"""Names that the manual lists in full: dependencies, mapping keys, findings, commands, targets."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from api.cli import app
from data.importing.mapping import FIELDS, load_mapping, parse_mapping, shipped_mappings
from geo.chinese_hours import parse_chinese_hours
from geo.errors import InvalidSchedule
from geo.hours import format_hours
from tests.docs.pages import PAGES, ROOT, blocks, first_words, prose, read, rows, section
from tests.docs.sources import import_problems, mapping_keys

PROJECT = tomllib.loads(read("pyproject.toml"))
IMPORT = read("docs/import.md")


def bare(requirement: str) -> str:
    """Return the name of a requirement like `psycopg[binary]>=3.2`."""
    return re.split(r"[\[<>=!~; ]", requirement)[0]


PYTHON = [bare(one) for one in PROJECT["project"]["dependencies"]]
DEV = [bare(one) for group in PROJECT["dependency-groups"].values() for one in group]
BROWSER = list(json.loads(read("package.json"))["dependencies"])


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("What runs", PYTHON),
        ("What tests and development need", DEV),
        ("What the browser loads", BROWSER),
    ],
)
def test_every_dependency_has_its_reason_and_nothing_else_has(
    heading: str, names: list[str]
) -> None:
    told = first_words(section(read("docs/dependencies.md"), heading))
    assert sorted(told) == sorted(names)


@pytest.mark.parametrize("row", list(rows(read("docs/dependencies.md"))), ids=lambda row: row[0])
def test_a_licence_is_the_one_that_the_package_declares(row: list[str]) -> None:
    name, licence = row[0].strip("`"), row[1]
    if name in BROWSER:
        installed = ROOT / "node_modules" / name / "package.json"
        assert json.loads(installed.read_text(encoding="utf-8"))["license"] == licence
        return
    told = metadata(name)
    if "License-Expression" in told:
        assert licence == told["License-Expression"]
        return
    declared = " ".join([*told.get_all("License", []), *told.get_all("Classifier", [])])
    # Older metadata holds whole texts: MIT's begins with these words.
    is_mit = licence == "MIT" and "Permission is hereby granted, free of charge" in declared
    assert is_mit or licence in declared


def test_every_key_of_a_mapping_is_told() -> None:
    told = set(first_words(section(IMPORT, "Mapping file")))
    assert mapping_keys() - {"type"} == told - set(FIELDS)
    assert "`type`" in section(IMPORT, "Mapping file")


@pytest.mark.parametrize("layer", FIELDS)
def test_every_field_of_a_layer_is_told(layer: str) -> None:
    row = next(r for r in rows(section(IMPORT, "Mapping file")) if r[0] == f"`{layer}`")
    assert set(re.findall(r"`(\w+)`", row[1])) == FIELDS[layer]  # type: ignore[index]


def test_every_shipped_mapping_is_told() -> None:
    told = first_words(section(IMPORT, "Shipped mappings"))
    assert sorted(told) == shipped_mappings()


def test_every_finding_of_an_import_is_told_with_what_to_do() -> None:
    told = {row[0].strip("`"): row[2] for row in rows(section(IMPORT, "Findings"))}
    assert set(told) == import_problems()
    assert all(told.values())


def test_the_example_of_a_mapping_is_one() -> None:
    (example,) = [one.text for one in blocks(IMPORT) if one.language == "toml"]
    assert parse_mapping(tomllib.loads(example)).kind == "toilet"


@pytest.mark.parametrize("row", list(rows(section(IMPORT, "Opening hours"))), ids=lambda r: r[0])
def test_chinese_hours_are_read_as_the_table_says(row: list[str]) -> None:
    text, told = row
    if told.startswith("refused"):
        with pytest.raises(InvalidSchedule):
            parse_chinese_hours(text)
        return
    found = parse_chinese_hours(text)
    assert format_hours(found.schedule) == told.split("`")[1]
    assert found.note in told


def commands() -> dict[str, set[str]]:
    """The subcommands of `tidegrid`, each with its options."""
    root = get_command(app)
    found: dict[str, set[str]] = {}
    for name, command in getattr(root, "commands", {}).items():
        for inner, one in getattr(command, "commands", {"": command}).items():
            full = f"{name} {inner}".strip()
            found[full] = {option for p in one.params for option in p.opts}
    return found


def test_every_command_is_told() -> None:
    text = section(read("docs/operations.md"), "Three ways to run it")
    told = {word.removeprefix("tidegrid ") for word in first_words(text)}
    assert set(commands()) <= told
    assert isinstance(app, typer.Typer)


def test_every_command_line_of_the_manual_has_options_that_exist() -> None:
    known, seen = commands(), 0
    for line in shell_lines():
        words = shlex.split(line.split("#")[0])
        if not words or Path(words[0]).name != "tidegrid":
            continue
        two = " ".join(words[1:3])
        name = two if two in known else words[1]
        seen += 1
        assert {word for word in words if word.startswith("--")} <= known[name], line
        if "--mapping" in words and not words[words.index("--mapping") + 1].endswith(".toml"):
            load_mapping(words[words.index("--mapping") + 1])
    assert seen > 8


def shell_lines() -> list[str]:
    texts = [one.text for page in PAGES for one in blocks(page.read_text()) if one.language == "sh"]
    return [line for text in texts for line in text.replace("\\\n", " ").splitlines()]


def test_readme_shows_both_targets_first_and_every_target_exists() -> None:
    (first, *_) = [one.text for one in blocks(read("README.md")) if one.language == "sh"]
    assert re.findall(r"^make (\w+)", first, re.MULTILINE) == ["demo", "test"]
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:^|`|=\S+ )make ([a-z]+)", page.read_text(encoding="utf-8"), re.M)
        assert set(named) <= targets, page.name


def test_the_changelog_tells_of_this_version() -> None:
    assert PROJECT["project"]["version"] in prose(read("CHANGELOG.md"))
