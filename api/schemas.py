"""The JSON that goes out and comes in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from geo.openings import RuleKind, State

GEOJSON = "application/geo+json"


class Problem(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(examples=["urn:tidegrid:problem:invalid-coordinate"])
    title: str = Field(examples=["Coordinate not usable"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["lat must be a number from -90 to 90, not 111.99"])


class AreaOut(BaseModel):
    """An area that holds the point."""

    kind: str = Field(examples=["unit_grid"])
    code: str = Field(examples=["431302001003007"])
    name: str
    name_en: str
    exclusive: bool = Field(description="Whether areas of this kind never overlap: one winner.")
    on_border: bool = Field(description="Whether the point lies exactly on the area's border.")


class ResponsibleOut(BaseModel):
    """Who answers for an area, in which role."""

    role: str = Field(examples=["enforcement"])
    id: str = Field(description="Staff number.", examples=["CG0001"])
    name: str
    area_kind: str = Field(examples=["responsibility_grid"])
    area_code: str


class LocateOut(BaseModel):
    """Every area that holds a point."""

    lon: float = Field(description="WGS 84", examples=[111.9943])
    lat: float = Field(description="WGS 84", examples=[27.7283])
    crs: str = Field(description="The system that the point was read in.", examples=["wgs84"])
    at: datetime
    revision: int = Field(description="Revision of the areas that answered.")
    areas: list[AreaOut]
    responsible: list[ResponsibleOut] | None = Field(
        description="Who answers for these areas on that day; null without the scope query."
    )


class OfficerOut(BaseModel):
    """An officer who can go."""

    id: str
    name: str
    roles: list[str]
    best_of: str | None = Field(description="The role of `roles` that this one is best of.")
    distance_m: float
    bearing_deg: float
    position_age_s: float
    responsible: bool = Field(description="Whether an area that holds the point is theirs.")


class ExcludedOut(BaseModel):
    """How many officers were left out, each under the first reason that holds, in this order."""

    role: int = 0
    no_position: int = 0
    off_duty: int = 0
    stale: int = 0
    other_grid: int = 0
    too_far: int = 0


class NearestOut(BaseModel):
    """The nearest officers, nearest first."""

    lon: float
    lat: float
    crs: str
    at: datetime
    officers: list[OfficerOut]
    excluded: ExcludedOut


class ZoneProperties(BaseModel):
    """A stall zone as the public sees it."""

    kind: str = Field(examples=["night_market"])
    kind_name: str
    kind_name_en: str
    code: str
    name: str
    name_en: str
    state: State
    opens_at: datetime | None
    closes_at: datetime | None
    since: datetime | None = Field(description="When the state began, if within 400 days.")
    rule: RuleKind | None = Field(description="Which kind of rule decided; null when unknown.")
    reason: str = Field(description="Why, when a dated exception decided.")
    reason_en: str
    assumed: bool = Field(description="Whether it rests on a year whose holidays are not known.")
    hours: str | None = Field(description="OSM opening_hours; null when not known.")
    time_zone: str | None
    capacity: int | None
    free: float | None = Field(description="Free stalls; null when not known or stale.")
    free_age_s: float | None
    goods: list[str]
    goods_banned: list[str] = Field(description="What may not be sold.")
    address: str
    rules: str
    fee: str
    how_to_apply: str
    manager: str
    duty_phone: str = Field(description="The phone that the public may ring.")
    distance_m: float | None
    attributes: dict[str, Any]


class FacilityProperties(BaseModel):
    """A facility."""

    kind: str = Field(examples=["toilet"])
    kind_name: str
    kind_name_en: str
    code: str
    name: str
    name_en: str
    condition: str = Field(description="normal, damaged, lost, suspended or closed")
    state: State
    opens_at: datetime | None
    closes_at: datetime | None
    since: datetime | None
    rule: RuleKind | None
    assumed: bool
    hours: str | None
    time_zone: str | None
    free: float | None
    free_age_s: float | None
    address: str
    distance_m: float | None
    attributes: dict[str, Any]


class StallProperties(BaseModel):
    """A numbered stall."""

    number: str
    goods: str
    condition: str


class FeatureOut(BaseModel):
    """A GeoJSON feature."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: ZoneProperties | FacilityProperties | StallProperties


class LinkOut(BaseModel):
    """Where to go on."""

    rel: str
    href: str
    type: str = GEOJSON


class CollectionOut(BaseModel):
    """A GeoJSON feature collection, one page of it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    at: datetime
    numberReturned: int
    links: list[LinkOut]
    features: list[FeatureOut]
