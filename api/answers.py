"""Answers that can be asked again cheaply: an ETag from clock and content, 304 when equal."""

from __future__ import annotations

from hashlib import blake2b

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.types import Scope

from api.shortcuts import header


def answer(
    request: Request, body: BaseModel, revision: int, media_type: str = "application/json"
) -> Response:
    """Return the body with an ETag, or 304 when the caller has it already.

    `at` is left out of the tag: with the default of now it differs in every answer, and two answers
    that differ in nothing else are the same answer. So the tag is weak.
    """
    content = body.model_dump_json().encode()
    same = content
    if "at" in type(body).model_fields:
        same = body.model_dump_json(exclude={"at"}).encode()
    return tagged(request.scope, content, f"{revision}-{fingerprint(same)}", media_type)


def tagged(
    scope: Scope,
    content: bytes,
    tag: str,
    media_type: str,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the content under a weak ETag, or 304."""
    told = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache", "Vary": "Authorization"}
    told |= headers or {}
    if has_it(scope, tag):
        return Response(status_code=304, headers=told)
    return Response(content, media_type=media_type, headers=told)


def fingerprint(content: bytes) -> str:
    """Return a short hash of a content."""
    return blake2b(content, digest_size=8).hexdigest()


def has_it(scope: Scope, tag: str) -> bool:
    """Return whether the caller says that it has what bears the tag."""
    sent = header(scope, b"if-none-match")
    if sent is None:
        return False
    held = [one.strip().removeprefix("W/") for one in sent.decode("latin-1").split(",")]
    return held == ["*"] or f'"{tag}"' in held
