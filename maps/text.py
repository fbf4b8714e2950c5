"""The texts of the pages, and the one place where text is made safe for the map."""

from __future__ import annotations

import html
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@lru_cache(maxsize=len(LANGUAGES))
def words(language: Language) -> Mapping[str, str]:
    """Return the texts of one language by key; `{word}` in them is for `str.format`."""
    return {key: text[language] for key, text in both_languages().items()}


def both_languages() -> dict[str, dict[str, str]]:
    """Return every text as it is written in `text.toml`: key, then language."""
    return tomllib.loads(files("maps").joinpath("text.toml").read_text("utf-8"))


class Worded(NamedTuple):
    """A text of the data, and the language that it is in."""

    text: str
    language: Language


def worded(chinese: str, english: str, language: Language) -> Worded:
    """Return the text in the language; in Chinese where the data has no English."""
    return Worded(english, "en") if language == "en" and english else Worded(chinese, "zh")


def inert(text: str) -> str:
    """Return the text as HTML that shows it and does nothing else, also inside Folium.

    Leaflet writes layer names, tooltips and attributions into `innerHTML`. And Folium renders what
    it has rendered once more as a Jinja template, so that `{{ ... }}` in a name would run on the
    server: braces have to go, too. Every text handed to Folium passes through here; all other
    text reaches the page through our own, autoescaping templates.
    """
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")
