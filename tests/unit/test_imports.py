"""Importing reads no environment and opens nothing."""

import pkgutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Alembic's entry runs when it is imported: that is what Alembic does with it.
RUN_BY_ALEMBIC = ("data.migrations.env", "data.migrations.versions.")


def modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages([str(ROOT)], onerror=lambda _: None)]
    ours = [n for n in found if n.split(".")[0] in ("api", "geo", "data", "maps")]
    return [n for n in ours if not n.startswith(RUN_BY_ALEMBIC)]


def test_every_module_can_be_imported_with_an_empty_environment() -> None:
    names = modules()
    assert len(names) > 50
    program = "import importlib, sys\nfor n in sys.argv[1:]: importlib.import_module(n)"

    done = subprocess.run(
        [sys.executable, "-c", program, *names],
        env={}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
