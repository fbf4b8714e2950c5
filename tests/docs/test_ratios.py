"""The ratios that README quotes are those of the table that the bench wrote."""

from __future__ import annotations

import re

from tests.docs.pages import read, rows, section


def test_readme_quotes_what_was_measured() -> None:
    measured = [(row[0], row[3]) for row in rows(section(read("docs/bench.md"), "Measured"))]
    quoted = list(rows(section(read("README.md"), "How fast")))
    assert len(quoted) >= 6
    for measure, _, result in quoted:
        number = re.match(r"[\d.]+", result)
        assert number is not None
        begins = measure.replace("`", "").partition(",")[0]
        found = [told for name, told in measured if name.startswith(begins)]
        assert any(told.startswith(f"{number[0]} ") for told in found), (measure, found)


def test_every_promise_of_the_bench_is_kept() -> None:
    verdicts = {row[-1] for row in rows(section(read("docs/bench.md"), "Measured"))}
    assert verdicts == {"PASS", "–"}
