"""Tables that are read off the code are as the code has them now."""

from __future__ import annotations

import pytest

from api.settings import Settings
from data.models import Base
from data.reference import read_list
from tests.docs.pages import first_words, read, rows, section
from tests.docs.tables import TABLES, with_table


@pytest.mark.parametrize("name", TABLES)
def test_a_generated_table_is_what_the_code_says(name: str) -> None:
    page = TABLES[name][0]

    assert read(page) == with_table(read(page), name), (
        f"{page} is behind the code: .venv/bin/python -m tests.docs.tables"
    )


def test_every_setting_is_in_the_manual_and_nothing_else_is() -> None:
    page = read("docs/settings.md")
    theirs = [name for name in first_words(page) if name.startswith("TIDEGRID_")]
    ours = {f"TIDEGRID_{name.upper()}" for name in Settings.model_fields}
    of_tests = {"TIDEGRID_REALDATA", "TIDEGRID_DOCS_IMAGES"}

    assert ours <= set(theirs) <= ours | of_tests


def test_every_table_of_the_database_is_in_the_manual() -> None:
    page = read("docs/data.md")
    for table in Base.metadata.tables.values():
        assert len(list(rows(section(page, f"`{table.fullname}`")))) > 0


def test_every_year_of_the_calendar_and_no_other_is_called_known() -> None:
    known = {row["year"] for row in read_list("calendar_years")}
    told = section(read("docs/data.md"), "The calendar").split("**")[1]

    assert {word.strip(",") for word in told.split() if word[0].isdigit()} == known


def test_every_code_list_is_named_with_its_version() -> None:
    told = {(row[0], row[1]) for row in rows(section(read("docs/data.md"), "Reference lists"))}
    held = {(f"`{row['scheme']}`", f"`{row['version']}`") for row in read_list("code_lists")}

    assert told == held
