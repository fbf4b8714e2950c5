"""The files that pages load, and addresses of them that change with their content."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

FOLDER = Path(__file__).with_name("static")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_PICTURE = re.compile(r"url\((images/[\w.-]+)\)")


def address(base: str, name: str) -> str:
    """Return where a file of the folder is found, with its version, so that it may be kept long.

    Without a version when there is no such file: what is missing must not be kept.
    """
    path = FOLDER / name
    return f"{base}/{name}?v={version(path)}" if path.is_file() else f"{base}/{name}"


def content(name: str) -> str:
    """Return a text file of the folder, to be written into a page; raises `OSError`.

    Pictures that a style names come along as `data:` URIs. Nothing in it ends a `<script>` or
    `<style>`: in our scripts and styles these signs could stand in texts only.
    """
    path = FOLDER / name
    found = _SOURCE_MAP.sub("", path.read_text("utf-8")).replace("</", "<\\/")
    return _PICTURE.sub(lambda match: f"url({data_uri(path.parent / match[1])})", found)


def data_uri(path: Path) -> str:
    """Return a picture as a `data:` URI; raises `OSError`."""
    kind = {".svg": "image/svg+xml", ".png": "image/png"}[path.suffix]
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"


def version(path: Path) -> str:
    """Return a short hash of a file's content; raises `OSError`."""
    facts = path.stat()
    return _version(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _version(path: Path, _mtime_ns: int, _size: int) -> str:
    return blake2b(path.read_bytes(), digest_size=6).hexdigest()
