"""No file names the registry or the machine that somebody happened to install from."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.docs.pages import ROOT

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("npmmirror", "com"),
        ("tuna", "tsinghua"),
        ("mirrors", "aliyun"),
        ("mirrors", "ustc"),
        ("mirrors", "cloud", "tencent"),
        ("repo", "huaweicloud"),
    )
]
# A folder of the root that is one machine's own; every machine has the others.
OWN_FOLDER = re.compile(r"(?<![\w.$}~*])/" + r"(?:work|root/\w|home/\w+)(?=[/\s'\"`)]|$)")


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that is in git, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in sorted(set(filter(None, listed.stdout.split("\0")))):
        path = ROOT / name
        # A picture is no text; what is deleted but not yet committed is no file.
        with suppress(UnicodeDecodeError, FileNotFoundError):
            yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_registry(host: str) -> None:
    assert [name for name, text in texts() if host in text] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = [(name, match[0]) for name, text in texts() for match in OWN_FOLDER.finditer(text)]
    assert found == []


def test_the_rule_sees_a_breach() -> None:
    assert OWN_FOLDER.search("see /" + "work/main/x")
    assert not OWN_FOLDER.search("the folder framework/ and ./wo" + "rk/")
