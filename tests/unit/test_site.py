"""What the settings make of the site, and when a public service may not show its map."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from api.app import create_app
from api.database import Database
from api.settings import Settings
from api.site import basemap_of
from geo.errors import InvalidParameter

NUMBER = "GS(2026)0001号"
BASEMAPS: dict[str, dict[str, Any]] = {
    "osm": {},
    "tianditu": {"tianditu_key": SecretStr("0123abc")},
    "xyz": {"basemap_url": "https://tiles.example/{z}/{x}/{y}.png", "basemap_source": "Tiles"},
}


def settings(**told: Any) -> Settings:
    return Settings(_env_file=None, **told)


@pytest.mark.parametrize("basemap", BASEMAPS)
def test_a_public_service_needs_the_number_of_any_basemap(basemap: str) -> None:
    told = {"basemap": basemap, **BASEMAPS[basemap]}

    with pytest.raises(InvalidParameter, match="TIDEGRID_MAP_APPROVAL_NUMBER"):
        basemap_of(settings(public=True, **told))
    with_number = basemap_of(settings(public=True, map_approval_number=NUMBER, **told))
    assert with_number.approval_number == NUMBER
    assert basemap_of(settings(**told)).approval_number == ""


def test_the_own_outlines_need_no_number_but_show_one_that_is_set() -> None:
    assert basemap_of(settings(public=True)).approval_number == ""
    assert basemap_of(settings(public=True, map_approval_number=NUMBER)).approval_number == NUMBER


def test_a_worker_refuses_as_the_command_does() -> None:
    with pytest.raises(InvalidParameter, match="审图号"):
        create_app(settings(public=True, basemap="osm"), Database("", "", ""))
