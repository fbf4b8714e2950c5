"""Importing reads no environment and opens nothing."""

import pkgutil
import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from data.schema import head

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


def test_a_worker_loads_nothing_that_serving_does_not_need() -> None:
    """Each of these takes ten to fifty MiB in every worker; they come with the work that needs
    them.
    """
    heavy = ("alembic", "folium", "geopandas", "openpyxl", "pandas", "pyarrow", "pyogrio")
    program = (
        "import sys, api.app, api.cli\nfrom data.schema import head\nhead()\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules} & set(sys.argv[1:])))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, *heavy],
        env={}, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip

    assert done.stdout.split() == []


def test_the_head_is_the_one_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", "data:migrations")

    assert head() == ScriptDirectory.from_config(config).get_current_head()
