"""The map of the plan's changes (规划变更图): a shell without data, for those who have a token."""

from __future__ import annotations

from geo.types import BBox
from maps.canvas import draw
from maps.page import compose
from maps.site import Page, Site
from maps.text import Language


def plan_page(view: BBox | None, language: Language, site: Site) -> Page:
    """Return the page that opens on the view; what is internal, its script asks for."""
    return compose("plan.html", draw(view, site.basemap, "plan"), language, site)
