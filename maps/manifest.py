"""The web manifest: what a phone shows when the map is put on its home screen."""

from __future__ import annotations

from typing import Any

from maps.site import Site
from maps.text import Language, words

BRAND = "#0a5f78"


def manifest(language: Language, site: Site) -> dict[str, Any]:
    """Return the members of the W3C's Web Application Manifest for the public maps."""
    text = words(language)
    icon = {"src": site.static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    return {
        "id": "/maps/stalls",
        "name": f"{site.city(language)} {text['title']}",
        "short_name": text["app_name"],
        "description": text["app_description"],
        "lang": "en" if language == "en" else "zh-CN",
        "start_url": f"/maps/stalls?lang={language}",
        "scope": "/maps/",
        "display": "standalone",
        "theme_color": BRAND,
        "background_color": BRAND,
        # Held long, the icon offers both maps.
        "shortcuts": [
            {"name": text[name], "url": f"/maps/{page}?lang={language}"}
            for page, name in (("stalls", "app_name"), ("facilities", "facilities_app"))
        ],
        # One picture for both: its edges are plain, so a round mask takes nothing away.
        "icons": [icon | {"purpose": purpose} for purpose in ("any", "maskable")],
    }
