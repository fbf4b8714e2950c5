"""The map of the plan's changes (规划变更图): a shell without data, for those who have a token."""

from __future__ import annotations

from collections.abc import Mapping

from geo.types import BBox
from maps.canvas import draw
from maps.page import compose
from maps.site import Page, Site
from maps.text import Language


def plan_page(
    view: BBox | None, names: Mapping[str, Mapping[str, str]], language: Language, site: Site
) -> Page:
    """Return the page that opens on the view; what is internal, its script asks for.

    `names` has what people call `kinds` and `columns`, by their slugs and names.
    """
    return compose("plan.html", draw(view, site.basemap, "plan"), language, site, names=names)
