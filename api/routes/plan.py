"""What planners draw: checked, compared, published. Internal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.deps import Caller, Services, ServicesDep, needs
from api.plan_answers import (
    ChangeOut,
    CheckedOut,
    CheckIn,
    DiffOut,
    DiscardedOut,
    DiscardIn,
    EditOut,
    EditsOut,
    FindingsOut,
    GenerationOut,
    GenerationsOut,
    PublicationIn,
    PublishedOut,
    RevertIn,
    ScheduledOut,
    SoftenedOut,
    WaitingOut,
)
from data.changes import changes_now, changes_of
from data.checking import Checked, check, findings, internal_kinds, names_any
from data.edits import edits_of
from data.engine import translated
from data.fixing import fix_and_check
from data.publications import discard, history, publish_drafts
from data.scheduling import cancel, effect_of, schedule, scheduled
from data.softening import softened
from data.turns import in_turn, on_behalf
from data.undoing import revert
from geo.errors import InvalidParameter
from geo.planning.snapping import Moved

TIMEOUT_MS = 120_000
"""How long one statement may take, waiting for those who are before us counted in."""

router = APIRouter(tags=["plan"])
PublisherDep = Annotated[Caller, Depends(needs("publish"))]


# Plain functions run in threads: to judge a whole plan takes seconds.
@router.post("/v1/plan/check", summary="检查规划 · judge what planners drew")
def post_check(
    caller: PublisherDep, services: ServicesDep, asked: CheckIn | None = None
) -> CheckedOut:
    """Judge the drafts and keep what is found; as a rule, only what changed is judged.

    With `fix`, thin gaps and overlaps are closed by ordinary edits before.
    """
    how = asked or CheckIn.model_validate({})
    if how.dry_run and not how.fix:
        raise InvalidParameter("dry_run tells what fix would move; give both")

    def work(session: Session) -> tuple[tuple[Moved, ...], Checked]:
        if how.fix:
            return fix_and_check(session, is_dry=how.dry_run, full=how.full)
        return (), check(session, full=how.full)

    with translated():
        moved, checked = in_turn(_planning(services, caller), work)
    return CheckedOut.of_check(checked, moved)


@router.get("/v1/plan/findings", summary="检查结果 · what the last check found")
def get_findings(_: PublisherDep, services: ServicesDep) -> FindingsOut:
    """The findings that are kept; edits since the last check are not judged yet."""
    with _reading(services) as session:
        return FindingsOut.of(findings(session))


@router.get("/v1/plan/diff", summary="与已发布的差异 · what is not published yet")
def get_diff(
    _: PublisherDep,
    services: ServicesDep,
    generation: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="What this publication changed.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="How many are told at most.")] = 1_000,
) -> DiffOut:
    """How the drafts differ from what is published, or what a publication changed."""
    with _reading(services) as session:
        found = changes_now(session) if generation is None else changes_of(session, generation)
        hidden = internal_kinds(session)
    told = [one for one in found if not names_any([one.feature], hidden)]
    return DiffOut(
        count=len(told),
        changes=[ChangeOut.of(one) for one in told[:limit]],
        internal=len(found) - len(told),
    )


@router.post("/v1/plan/publications", summary="发布 · publish what planners drew")
def post_publication(
    asked: PublicationIn, caller: PublisherDep, services: ServicesDep
) -> PublishedOut:
    """Judge the drafts and publish them as one generation over all layers, or nothing of them.

    Errors refuse; warnings do unless they are accepted.
    """
    if asked.on is not None:
        with translated():
            waits = schedule(
                _planning(services, caller),
                effect_of(asked.on),
                by=str(caller.name),
                note=asked.note,
                accept_warnings=asked.accept,
            )
        told = None if waits is None else WaitingOut.model_validate(waits)
        return PublishedOut(generation=None, publication=told, softened=_softened(services))
    with translated():
        done = publish_drafts(
            _planning(services, caller),
            by=str(caller.name),
            note=asked.note,
            accept_warnings=asked.accept,
        ).generation
    made = None if done is None else GenerationOut.of(done)
    return PublishedOut(generation=made, softened=_softened(services))


@router.get("/v1/plan/publications", summary="定时发布 · publications for a date")
def get_publications(
    _: PublisherDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many at most.")] = 100,
) -> ScheduledOut:
    """Publications that wait for their date, and what came of those before, the newest first."""
    with _reading(services) as session:
        found = [WaitingOut.model_validate(one) for one in scheduled(session, limit)]
    return ScheduledOut(publications=found)


@router.delete(
    "/v1/plan/publications/{number}", summary="取消定时发布 · take it back before its date"
)
def delete_publication(
    number: Annotated[int, Path(ge=1, le=2**63 - 1)], caller: PublisherDep, services: ServicesDep
) -> WaitingOut:
    """Take back a publication that waits, or settle one that failed; its finding goes then."""
    with translated():
        return WaitingOut.model_validate(cancel(_planning(services, caller), number))


@router.get("/v1/plan/generations", summary="发布记录 · what was published when by whom")
def get_generations(
    _: PublisherDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many at most.")] = 100,
) -> GenerationsOut:
    """Publications with what they changed, the newest first."""
    with _reading(services) as session:
        return GenerationsOut(
            generations=[GenerationOut.of(one) for one in history(session, limit)]
        )


@router.get("/v1/plan/history", summary="修改记录 · who changed a feature when")
def get_history(
    _: PublisherDep,
    services: ServicesDep,
    layer: Annotated[str, Query(max_length=20, examples=["stall_zones"])],
    feature: Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$", description="kind:code")],
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many at most.")] = 100,
) -> EditsOut:
    """The changes of a feature of the plan, the newest first, as planners may see them."""
    with _reading(services) as session:
        found = edits_of(session, layer, feature, limit)
    return EditsOut(changes=[EditOut.model_validate(one) for one in found])


@router.post("/v1/plan/generations/{number}/revert", summary="撤回发布 · undo a publication")
def post_revert(
    number: Annotated[int, Path(ge=1, le=2**63 - 1)],
    caller: PublisherDep,
    services: ServicesDep,
    asked: RevertIn | None = None,
) -> PublishedOut:
    """Publish the state before a generation again, as a new one; drafts follow.

    Refused where something newer was published, unless it is kept, and where drafts are edited.
    """
    how = asked or RevertIn.model_validate({})
    with translated():
        done = revert(
            _planning(services, caller),
            number,
            by=str(caller.name),
            note=how.note,
            keep_newer=how.keep_newer,
            accept_errors=how.accept,
        )
    return PublishedOut(generation=None if done is None else GenerationOut.of(done))


@router.post("/v1/plan/discard", summary="放弃编辑 · bring drafts back to what is published")
def post_discard(asked: DiscardIn, caller: PublisherDep, services: ServicesDep) -> DiscardedOut:
    """Bring drafts back to what is published; unpublished edits stay in history."""
    named = None
    if asked.features != "all":
        named = [(one.layer, one.feature) for one in asked.features]
    with translated():
        return DiscardedOut(
            discarded=discard(_planning(services, caller), named, is_dry=asked.dry_run)
        )


def _planning(services: Services, caller: Caller) -> Engine:
    return on_behalf(services.planning, str(caller.name))


def _softened(services: Services) -> list[SoftenedOut]:
    with _reading(services) as session:
        return [SoftenedOut.model_validate(one) for one in softened(session)]


@contextmanager
def _reading(services: Services) -> Iterator[Session]:
    with translated(), Session(services.planning) as session:
        yield session
