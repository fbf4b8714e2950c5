"""Scripts, styles and pictures of the pages: compressed once, and kept by browsers as they may be.

An address with the version of its content never has to be asked for again; any other is asked for
each time, and answered 304 when nothing has changed. The tags are strong, so parts can be asked
for (`Range`), of the plain bytes only; the compressed ones have a tag of their own.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.answers import has_it
from api.compression import LEAST_BYTES, takes_gzip, zipped
from api.shortcuts import header
from maps.files import FOLDER, version

FOR_EVER = "public, max-age=31536000, immutable"
_WORTH = 0.9
"""Pictures are compressed already: what does not get this much smaller goes as it is."""


class PageFiles(StaticFiles):
    """The folder of the pages' files."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file as this client may have it; raises `HTTPException`."""
        found = await super().get_response(path, scope)
        if not isinstance(found, FileResponse):
            return found
        told, small = await asyncio.to_thread(_facts, Path(found.path))
        known = parse_qs(scope["query_string"].decode("latin-1")).get("v") == [told]
        headers = {"Cache-Control": FOR_EVER if known else "no-cache"}
        coded = small is not None and takes_gzip(scope) and header(scope, b"range") is None
        tag = f"{told}-gzip" if coded else told
        headers["ETag"] = f'"{tag}"'
        if small is not None:
            headers["Vary"] = "Accept-Encoding"
        if has_it(scope, tag):
            return Response(status_code=304, headers=headers)
        if small is not None and coded:
            headers["Content-Encoding"] = "gzip"
            return Response(small, media_type=found.media_type, headers=headers)
        found.headers.update(headers)
        return found

    def file_response(
        self,
        full_path: Any,
        stat_result: Any,
        scope: Scope,  # noqa: ARG002
        status_code: int = 200,
    ) -> Response:
        """Return the whole file: whether it has changed is asked by content, not by date."""
        return FileResponse(full_path, status_code, stat_result=stat_result)


def _facts(path: Path) -> tuple[str, bytes | None]:
    told = version(path)
    return told, _zipped(path, told)


@lru_cache(maxsize=256)
def _zipped(path: Path, _version: str) -> bytes | None:
    """The compressed content, None where it is not worth it."""
    content = path.read_bytes()
    small = zipped(content)
    worth = len(content) >= LEAST_BYTES and len(small) < _WORTH * len(content)
    return small if worth else None
