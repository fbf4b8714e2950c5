"""QGIS as planners have it, beside a copy of the demo city with the stored project in it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from api.commands.qgis import plan_of
from data.cluster import Cluster
from data.engine import make_engine
from data.qgis import store_project, store_style
from maps.qgis.project import packed
from tests.conftest import CreateDatabase
from tests.db.planning import Office, close_office, open_office

INSIDE = Path(__file__).with_name("inside.py")
OUTPUT = Path(__file__).parents[1] / "output"
# Debian's own: our environment may have another Python than the one that QGIS is made for.
PYTHON = "/usr/bin/python3"
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Qgis:
    """QGIS at one planner's desk."""

    folder: Path
    name: str

    def start(self, step: str, **asked: Any) -> subprocess.Popen[str]:
        """Start a step."""
        return subprocess.Popen(
            [PYTHON, str(INSIDE), step, json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": os.defpath,
                "HOME": str(self.folder),
                "XDG_RUNTIME_DIR": str(self.folder),
                "LC_ALL": "C.UTF-8",
                "QT_QPA_PLATFORM": "offscreen",
                "PGSERVICEFILE": str(self.folder / f"{self.name}.conf"),
                "PGPASSFILE": str(self.folder / "pgpass"),
                "PGAPPNAME": "QGIS",
            },
        )

    def do(self, step: str, **asked: Any) -> Any:
        """Do a step and return what came of it."""
        return told(self.start(step, **asked))

    def edit(self, layer: str, *changes: dict[str, Any]) -> dict[str, Any]:
        """Make the changes in one edit session, save them, and return whether and why not."""
        found: list[dict[str, Any]] = self.do("edit", layer=layer, rounds=[changes])
        return found[0]


def told(process: subprocess.Popen[str]) -> Any:
    """Return what a step printed last."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


# For the package, not the session: logins belong to the whole cluster, and others list them.
@pytest.fixture(scope="package")
def office(cluster: Cluster, pristine: str, create_database: CreateDatabase) -> Iterator[Office]:
    """The demo city with the project stored in it, and two planners."""
    database = create_database("qgis", pristine)
    made = open_office(cluster, database, hong="zh", green="en")
    engine = make_engine(cluster.url("postgres", database), role=None)
    with engine.begin() as connection:
        plan = plan_of(connection, "service='tidegrid'")
        store_project(connection, "tidegrid", packed(plan, "zh"))
        store_style(connection, "areas", "<qgis/>")
    engine.dispose()
    yield made
    close_office(made)


@pytest.fixture(scope="package")
def desk(office: Office) -> Iterator[Callable[[str], Qgis]]:
    """Desks of planners."""
    url = make_url(office.cluster.url("postgres", office.database))
    with tempfile.TemporaryDirectory(prefix="tidegrid-qgis-") as name:
        folder = Path(name)
        lines = [f"*:*:*:{who}:{word}\n" for who, word in office.passwords.items()]
        (folder / "pgpass").write_text("".join(lines))
        (folder / "pgpass").chmod(0o600)
        for who in office.passwords:
            (folder / f"{who}.conf").write_text(
                f"[tidegrid]\nhost=127.0.0.1\nport={office.cluster.port}\n"
                f"dbname={url.database}\nuser={who}\n"
            )
        yield lambda who: Qgis(folder, who)
