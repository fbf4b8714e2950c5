"""The plan as JSON: findings, differences, publications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry import mapping

from data.changes import Changed
from data.checking import Checked, Kept
from data.publications import Generation
from geo.planning.snapping import Moved


class FindingOut(BaseModel):
    """Something in the plan that a planner should look at."""

    id: int
    rule: str = Field(examples=["overlap"])
    severity: Literal["error", "warning", "notice"]
    layer: str = Field(examples=["areas"])
    features: list[str] = Field(examples=[["unit_grid:431302004001013"]])
    lon: float | None = Field(description="Where to look, WGS 84.")
    lat: float | None
    text_zh: str
    text_en: str
    hint_zh: str
    hint_en: str
    size_m2: float | None = Field(description="Area of what offends, square metres.")
    found_at: datetime

    @classmethod
    def of(cls, kept: Kept) -> FindingOut:
        """Return a finding as it is told."""
        place = kept.place
        names = set(cls.model_fields) - {"lon", "lat", "features"}
        return cls(
            **{name: getattr(kept, name) for name in names},
            features=list(kept.features),
            lon=None if place is None else place.lon,
            lat=None if place is None else place.lat,
        )


INTERNAL = Field(description="How many more there are, of internal kinds, which are not told.")


class FindingsOut(BaseModel):
    """What the last check found, the gravest first."""

    findings: list[FindingOut]
    internal: int = INTERNAL

    @classmethod
    def of(cls, found: Sequence[Kept]) -> FindingsOut:
        """Return findings as they are told."""
        told = [FindingOut.of(one) for one in found if not one.is_internal]
        return cls(findings=told, internal=len(found) - len(told))


class CheckIn(BaseModel):
    """What to check."""

    model_config = ConfigDict(extra="forbid")

    full: bool = Field(False, description="Judge all, not what changed since the last check.")
    fix: bool = Field(
        False, description="First close gaps and overlaps thinner than the rule `sliver` says."
    )
    dry_run: bool = Field(False, description="With `fix`: tell what it would move, move nothing.")


class MovedOut(BaseModel):
    """An area whose border was moved, or would be."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["unit_grid"])
    code: str = Field(examples=["431302004001013"])
    distance_m: float = Field(description="How far at most, metres.")


class SoftenedOut(BaseModel):
    """A rule that is milder than it was shipped."""

    model_config = ConfigDict(from_attributes=True)

    rule: str = Field(examples=["near_school"])
    name: str = Field(description="is_on, severity, distance_m or area_m2.")
    is_set: bool | str | float | None
    shipped: bool | str | float | None
    edited_by: str = Field(description="Who set it last.")


class CheckedOut(FindingsOut):
    """What a check found; it counts those that are not told as well."""

    is_full: bool = Field(description="Whether all was judged.")
    errors: int
    warnings: int
    notices: int
    moved: list[MovedOut] = Field(description="What was fixed, or with `dry_run` would be.")
    softened: list[SoftenedOut] = Field(description="Rules that are off or milder than shipped.")

    @classmethod
    def of_check(cls, checked: Checked, moved: Iterable[Moved]) -> CheckedOut:
        """Return a check as it is told."""
        told = FindingsOut.of(checked.findings)
        return cls(
            findings=told.findings,
            internal=told.internal,
            is_full=checked.is_full,
            errors=checked.count("error"),
            warnings=checked.count("warning"),
            notices=checked.count("notice"),
            moved=[MovedOut.model_validate(one) for one in moved],
            softened=[SoftenedOut.model_validate(one) for one in checked.softened],
        )


class FieldOut(BaseModel):
    """A column that differs."""

    name: str = Field(examples=["capacity"])
    before: Any
    after: Any


class ChangeOut(BaseModel):
    """One feature that differs; geometries are GeoJSON, WGS 84."""

    layer: str = Field(examples=["stall_zones"])
    feature: str = Field(examples=["night_market:LD-T-01"])
    name: str
    change: Literal["added", "changed", "withdrawn"]
    fields: list[FieldOut]
    moved_m: float | None = Field(description="How far its middle moved; null: same shape.")
    grown_m2: float | None
    edited_by: str | None
    edited_at: datetime | None
    publication: int | None = Field(description="The publication that waits with just this.")
    former: str | None = Field(
        description="Code that an added stall zone had before: under it, it is withdrawn."
    )
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @classmethod
    def of(cls, one: Changed) -> ChangeOut:
        """Return a difference as it is told."""
        names = ("layer", "feature", "change", "moved_m", "grown_m2", "edited_by", "edited_at")
        fields = [FieldOut(name=f.name, before=f.before, after=f.after) for f in one.fields]
        return cls(
            **{name: getattr(one, name) for name in names},
            name=(one.after or one.before or {}).get("name") or "",
            fields=fields,
            publication=one.publication,
            former=one.former,
            old=None if one.old is None else mapping(one.old),
            new=None if one.new is None else mapping(one.new),
        )


class DiffOut(BaseModel):
    """Differences by layer and feature."""

    count: int = Field(description="How many there are in all, those that are told.")
    changes: list[ChangeOut]
    internal: int = INTERNAL


class CountsOut(BaseModel):
    """How many features of a layer came, changed and went."""

    model_config = ConfigDict(from_attributes=True)

    added: int
    changed: int
    withdrawn: int


class GenerationOut(BaseModel):
    """A publication that took place."""

    number: int
    published_at: datetime
    published_by: str
    note: str
    counts: dict[str, CountsOut] = Field(description="By layer, those that it changed.")

    @classmethod
    def of(cls, one: Generation) -> GenerationOut:
        """Return a publication as it is told."""
        counts: Mapping[str, Any] = one.counts
        return cls(
            number=one.number,
            published_at=one.published_at,
            published_by=one.published_by,
            note=one.note,
            counts={layer: CountsOut.model_validate(told) for layer, told in counts.items()},
        )


class GenerationsOut(BaseModel):
    """Publications, the newest first."""

    generations: list[GenerationOut]


class PublicationIn(BaseModel):
    """What to publish as."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=1_000, description="What for.")
    accept: bool = Field(False, description="Publish in spite of warnings.")
    on: str | None = Field(
        None,
        max_length=60,
        description="When it takes effect: a day of the city, or an instant; null: at once.",
        examples=["2026-12-01"],
    )


class RevertIn(BaseModel):
    """How to undo a publication."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=1_000, pattern=r"^[^\x00]*$", description="What for.")
    keep_newer: bool = Field(False, description="Leave what was published there since as it is.")
    accept: bool = Field(False, description="In spite of errors that it brings in.")


class WaitingOut(BaseModel):
    """A publication for a date."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    takes_effect_at: datetime
    made_by: str
    note: str
    state: Literal["waiting", "done", "failed", "cancelled"]
    reason: str = Field(description="Why it failed.")
    generation: int | None = Field(description="What it became.")
    features: int = Field(description="How many features it holds while it waits.")


class ScheduledOut(BaseModel):
    """Publications that have or had a date, the newest first."""

    publications: list[WaitingOut]


class PublishedOut(BaseModel):
    """What came of it: a generation, a publication that waits, or neither: there was nothing."""

    generation: GenerationOut | None
    publication: WaitingOut | None = None
    softened: list[SoftenedOut] = Field(
        [], description="Rules that are off or milder than shipped."
    )


class EditOut(BaseModel):
    """A change of a row of the plan."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="In history; `tidegrid plan restore --change` takes it.")
    layer: str
    feature: str = Field(description="What the row was called then.")
    row_id: int
    action: Literal["INSERT", "UPDATE", "DELETE"]
    changed_by: str
    changed_at: datetime
    application: str = Field(description="Which program.", examples=["QGIS"])
    columns: list[str] = Field(description="What an update changed.")


class EditsOut(BaseModel):
    """Changes of a feature, the newest first."""

    changes: list[EditOut]


class FeatureIn(BaseModel):
    """A feature by name."""

    model_config = ConfigDict(extra="forbid")

    layer: Literal["areas", "stall_zones", "stalls", "facilities"]
    feature: str = Field(max_length=300, pattern=r"^[^\x00]*$", examples=["bin:B-0001"])


class DiscardIn(BaseModel):
    """Which edits to give up; all of them has to be said."""

    model_config = ConfigDict(extra="forbid")

    features: list[FeatureIn] | Literal["all"] = Field(
        description='Features, or "all".', max_length=10_000
    )
    dry_run: bool = Field(False, description="Tell what would be brought back, and change nothing.")


class DiscardedOut(BaseModel):
    """What was brought back, as `layer kind:code`."""

    discarded: list[str]
