"""Where the real files are: never in the project, always named by the environment."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data; skipped at home when there is none, failed in CI."""
    folder = os.environ.get("TIDEGRID_REALDATA")
    if not folder:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("set TIDEGRID_REALDATA to the folder of real data sets")
    found = Path(folder).resolve()
    assert found.is_dir(), f"TIDEGRID_REALDATA names {folder}, which is no folder"
    return found
