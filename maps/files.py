"""The files that pages load, and addresses of them that change with their content."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

FOLDER = Path(__file__).with_name("static")


def address(base: str, name: str) -> str:
    """Return where a file of the folder is found, with its version, so that it may be kept long.

    Without a version when there is no such file: what is missing must not be kept.
    """
    path = FOLDER / name
    return f"{base}/{name}?v={version(path)}" if path.is_file() else f"{base}/{name}"


def version(path: Path) -> str:
    """Return a short hash of a file's content; raises `OSError`."""
    facts = path.stat()
    return _version(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _version(path: Path, _mtime_ns: int, _size: int) -> str:
    return blake2b(path.read_bytes(), digest_size=6).hexdigest()
