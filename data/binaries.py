"""PostgreSQL's programs on this machine, and the account that may run them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ClusterError

MIN_MAJOR = 14
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Account:
    """A system account."""

    name: str
    uid: int
    gid: int


def find_binaries(preferred: str | None = None) -> Path:
    """Return the folder of the newest PostgreSQL server on this machine that has PostGIS.

    The preferred major version, the one that made the data, comes before newer ones. Asked are
    `pg_config` and Debian's folders. Raises `ClusterError` with what to install.
    """
    servers = [folder for folder in _candidates() if (folder / "initdb").exists()]
    servers.sort(key=lambda folder: folder.parent.name != preferred)
    for folder in servers:
        if _has_postgis(folder):
            return folder
    if servers:
        major = servers[0].parent.name
        package = f"postgresql-{major}-postgis-3" if major.isdigit() else "PostGIS"
        raise ClusterError(
            f"PostgreSQL is here ({servers[0]}) but PostGIS is not: install {package}, "
            "or set TIDEGRID_DATABASE_URL to a database that has it"
        )
    raise ClusterError(
        "no PostgreSQL server found: install the packages postgresql and postgresql-postgis "
        "(Debian, Ubuntu), or set TIDEGRID_DATABASE_URL"
    )


def _candidates() -> list[Path]:
    versions = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    versions.sort(key=lambda path: int(path.parent.name), reverse=True)
    found = [path for path in versions if int(path.parent.name) >= MIN_MAJOR]
    asked = _ask_pg_config("--bindir", shutil.which("pg_config"))
    return found + ([Path(asked)] if asked and Path(asked) not in found else [])


def _has_postgis(folder: Path) -> bool:
    share = _ask_pg_config("--sharedir", str(folder / "pg_config"))
    # Debian keeps pg_config of every version beside the server, but only with the -dev package.
    places = [Path(share)] if share else []
    places.append(Path("/usr/share/postgresql") / folder.parent.name)
    return any((place / "extension" / "postgis.control").exists() for place in places)


def _ask_pg_config(question: str, program: str | None) -> str:
    if not program or not Path(program).exists():
        return ""
    asked = subprocess.run([program, question], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def unprivileged_account() -> Account | None:
    """Return the account that the server must run as when we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ClusterError("PostgreSQL will not run as root and there is no account postgres: add one")
