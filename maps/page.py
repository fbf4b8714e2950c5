"""What all pages share: the site they belong to, the frame around the map, the security policy."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.openings import CITY_TIME
from maps.basemap import Basemap
from maps.canvas import Drawing
from maps.hours import date_in_words
from maps.text import LANGUAGES, Language, words

NO_BASEMAP = Basemap()


@dataclass(frozen=True, slots=True)
class Site:
    """The city and the server that all pages belong to."""

    city_zh: str
    city_en: str
    synthetic: bool
    basemap: Basemap = NO_BASEMAP
    static_url: str = "/static"
    data_date: date | None = None
    time_zone: str = CITY_TIME

    def city(self, language: Language) -> str:
        """Return the city's name in the language."""
        return self.city_en if language == "en" else self.city_zh


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page, and what its Content-Security-Policy has to allow.

    `script_hashes` are the sources of every inline script, `image_origins` where tiles come from.
    """

    html: str
    script_hashes: tuple[str, ...]
    image_origins: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        """The Content-Security-Policy header under which the page works, and no more."""
        return "; ".join(
            (
                "default-src 'self'",
                " ".join(("script-src 'self'", *self.script_hashes)),
                "style-src 'self'",
                " ".join(("img-src 'self' data:", *self.image_origins)),
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )


def compose(
    template: str, drawing: Drawing, language: Language, site: Site, **content: Any
) -> Page:
    """Return the page of a template around a map; `content` is what the template asks for."""
    html = (
        _environment()
        .get_template(template)
        .render(
            # Folium wrote both from inert text; everything else is escaped by the template.
            canvas=Markup(drawing.html),
            script=Markup(drawing.script),
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
    return Page(html, (_hash_source(drawing.script),), site.basemap.origins)


def _hash_source(script: str) -> str:
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
