"""Pages: how long they are, and where the next one is."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request

from api.schemas import CollectionOut, FeatureOut, LinkOut
from api.settings import Settings
from geo.errors import InvalidParameter


def page_size(limit: int | None, settings: Settings) -> int:
    """Return how many features a page has; raises `InvalidParameter` above the ceiling."""
    if limit is None:
        return settings.page_limit
    if limit > settings.page_limit_max:
        raise InvalidParameter(f"limit may be at most {settings.page_limit_max}, not {limit}")
    return limit


def page_of(
    request: Request, at: datetime, features: list[FeatureOut], cursor: str | None
) -> CollectionOut:
    """Return a page, with a link to the next one when there is a cursor."""
    # Relative, so that they hold behind any proxy and under any host name.
    path = request.url.path
    query = f"?{request.url.query}" if request.url.query else ""
    links = [LinkOut(rel="self", href=path + query)]
    if cursor is not None:
        after = request.url.include_query_params(cursor=cursor).query
        links.append(LinkOut(rel="next", href=f"{path}?{after}"))
    return CollectionOut(at=at, numberReturned=len(features), links=links, features=features)
