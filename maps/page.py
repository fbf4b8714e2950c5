"""The frame around a map: one template, one script, its security policy."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from maps.hours import date_in_words
from maps.site import Page, Site
from maps.text import LANGUAGES, Language, words

if TYPE_CHECKING:
    # Folium brings pandas along: a page without a map must not load it.
    from maps.canvas import Drawing


def compose(
    template: str, drawing: Drawing, language: Language, site: Site, **content: Any
) -> Page:
    """Return the page of a template around a map; `content` is what the template asks for."""
    # Folium wrote both from inert text; everything else is escaped by the template.
    canvas = {"canvas": Markup(drawing.html), "script": Markup(drawing.script)}
    html = render(template, language, site, **canvas, **content)
    return Page(html, (hash_source(drawing.script),), site.basemap.origins)


def render(template: str, language: Language, site: Site, **content: Any) -> str:
    """Return the HTML of a template; `content` is what it asks for besides what all pages have."""
    return (
        _environment()
        .get_template(template)
        .render(
            language=language,
            other_language=next(other for other in LANGUAGES if other != language),
            site=site,
            city=site.city(language),
            text=words(language),
            notices=[(other, words(other)["synthetic"]) for other in LANGUAGES],
            data_date=date_in_words(site.data_date, language) if site.data_date else None,
            **content,
        )
    )


def hash_source(script: str) -> str:
    """Return what a security policy calls an inline script or style by."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("maps"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
