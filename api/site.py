"""The site that all pages belong to, as the settings and the data tell of it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from api.settings import Settings
from data.queries.city import CityFacts
from geo.errors import InvalidParameter
from geo.schedules import CITY_TIME
from maps.basemap import Basemap
from maps.site import Site
from maps.text import Language


def site_of(settings: Settings, facts: CityFacts) -> Site:
    """Return what the settings and the data say of the site."""
    changed = facts.changed_at.astimezone(ZoneInfo(CITY_TIME)).date() if facts.changed_at else None
    return replace(site_named(settings), synthetic=facts.synthetic, data_date=changed)


def site_named(settings: Settings) -> Site:
    """Return what the settings alone say of the site."""
    return Site(
        city_zh=settings.city_zh,
        city_en=settings.city_en,
        synthetic=False,
        basemap=basemap_of(settings),
    )


def public_address(settings: Settings, path: str, language: Language, here: str = "") -> str:
    """Return where others find a page: the settings' address wins over that of `here`.

    Chinese is the default and needs no words in it. Empty where neither is known.
    """
    base = settings.public_url or here
    query = "?lang=en" if language == "en" else ""
    return f"{base.rstrip('/')}{path}{query}" if base else ""


def basemap_of(settings: Settings) -> Basemap:
    """Return the ground that the settings ask for; raises `InvalidParameter`."""
    found = replace(_basemap_of(settings), approval_number=settings.map_approval_number.strip())
    if settings.public and found.urls and not found.approval_number:
        raise InvalidParameter(
            f"TIDEGRID_PUBLIC=1 with the basemap {settings.basemap!r} needs its 审图号: "
            "set TIDEGRID_MAP_APPROVAL_NUMBER, or TIDEGRID_BASEMAP=none"
        )
    return found


def _basemap_of(settings: Settings) -> Basemap:
    if settings.basemap == "osm":
        return Basemap.openstreetmap()
    if settings.basemap == "tianditu":
        return Basemap.tianditu(
            settings.tianditu_key.get_secret_value() if settings.tianditu_key else ""
        )
    if settings.basemap == "xyz":
        source = settings.basemap_source
        return Basemap((settings.basemap_url,), source, source)
    return Basemap()
