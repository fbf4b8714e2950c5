"""Answers that can be asked again cheaply: an ETag from clock and content, 304 when equal."""

from __future__ import annotations

from hashlib import blake2b

from fastapi import Request, Response
from pydantic import BaseModel


def answer(
    request: Request, body: BaseModel, revision: int, media_type: str = "application/json"
) -> Response:
    """Return the body with an ETag, or 304 when the caller has it already.

    `at` is left out of the tag: with the default of now it differs in every answer, and two answers
    that differ in nothing else are the same answer. So the tag is weak.
    """
    content = body.model_dump_json(exclude_none=False)
    same = body.model_dump_json(exclude={"at"}) if "at" in type(body).model_fields else content
    return tagged(request, content, f"{revision}-{fingerprint(same)}", media_type)


def tagged(
    request: Request,
    content: str,
    tag: str,
    media_type: str,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the content under a weak ETag, or 304."""
    told = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache", "Vary": "Authorization"}
    told |= headers or {}
    if _has_it(request, tag):
        return Response(status_code=304, headers=told)
    return Response(content, media_type=media_type, headers=told)


def fingerprint(text: str) -> str:
    """Return a short hash of a text."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _has_it(request: Request, tag: str) -> bool:
    held = request.headers.get("if-none-match", "")
    return held == "*" or f'"{tag}"' in [one.strip().removeprefix("W/") for one in held.split(",")]
