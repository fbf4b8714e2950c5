"""`tidegrid plan`: what planners draw, from the check to what is published."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.commands.session import owner_engine, owner_session
from api.console import err, out, show_json
from data import publications, scheduling
from data.changes import changes_now, changes_of
from data.checking import Checked, Kept, check
from data.edits import edits_of, named_layer
from data.fixing import fix_and_check
from data.layers import LAYERS
from data.planners import LANGUAGES
from data.restoring import Restored, restore_all_of
from data.restoring import restore as restore_feature
from data.softening import softened
from data.turns import in_turn
from data.undoing import revert as undo
from geo.errors import InvalidParameter
from geo.planning.snapping import Moved
from geo.types import parse_instant

app = typer.Typer(help="规划编辑 · What planners draw.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lang = Annotated[str, typer.Option(help=f"Language of findings: {' or '.join(LANGUAGES)}.")]


@app.callback()
def plan() -> None:
    """规划编辑 · What planners draw."""


@app.command("check")
def check_plan(
    full: Annotated[bool, typer.Option(help="Judge all, not what changed.")] = False,
    fix: Annotated[
        bool, typer.Option(help="Close gaps and overlaps thinner than the rule `sliver` says.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="With --fix: show, and change nothing.")] = False,
    json: Json = False,
    lang: Lang = "zh",
) -> None:
    """Judge what planners drew; ends with 1 where there are errors."""
    _known(lang)
    if dry_run and not fix:
        raise InvalidParameter("--dry-run shows what --fix would move; give both")

    def work(session: Session) -> tuple[tuple[Moved, ...], Checked]:
        if fix:
            return fix_and_check(session, is_dry=dry_run, full=full)
        return (), check(session, full=full)

    with owner_engine() as engine:
        moved, checked = in_turn(engine, work)
    if json:
        told = [{"kind": m.kind, "code": m.code, "distance_m": m.distance_m} for m in moved]
        milder = _asdicts(checked.softened)
        found = _asdicts(checked.findings)
        show_json(
            {"is_full": checked.is_full, "moved": told, "softened": milder, "findings": found}
        )
    else:
        for one in moved:
            verb = "would move" if dry_run else "moved"
            out.print(f"{verb} {one.kind}:{one.code} by {one.distance_m:.3f} m", markup=False)
        for kept in checked.findings:
            _show(kept, lang)
        for rule in checked.softened:
            out.print(str(rule), markup=False)
        out.print(str(checked), markup=False)
    if checked.count("error"):
        raise typer.Exit(1)


@app.command()
def diff(
    generation: Annotated[
        int | None, typer.Option(help="What this publication changed, not what is unpublished.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what planners edited and nobody has published yet."""
    with owner_session() as session:
        found = changes_now(session) if generation is None else changes_of(session, generation)
    if json:
        show_json([_change(one) for one in found])
        return
    for one in found:
        out.print(str(one), markup=False)
    out.print(f"{len(found)} differences", markup=False)


@app.command()
def publish(
    note: Annotated[str, typer.Option(help="What for; everybody who reads history sees it.")] = "",
    accept: Annotated[bool, typer.Option(help="Publish in spite of warnings.")] = False,
    on: Annotated[
        str | None, typer.Option(help="Take effect then: a day, or an instant with a zone.")
    ] = None,
    due: Annotated[
        bool, typer.Option(help="Publish what waits and is due; a service does so by itself.")
    ] = False,
    json: Json = False,
) -> None:
    """Judge all that planners drew and publish it as one generation, or nothing of it."""
    if due and (on is not None or note):
        raise InvalidParameter("--due publishes what waits already; it takes no --on and --note")
    with owner_engine() as engine:
        if due:
            _list(scheduling.take_due(engine), json)
            return
        if on is not None:
            at = scheduling.effect_of(on)
            waits = scheduling.schedule(
                engine, at, by=getpass.getuser(), note=note, accept_warnings=accept
            )
            _list([] if waits is None else [waits], json)
        else:
            done = publications.publish_drafts(
                engine, by=getpass.getuser(), note=note, accept_warnings=accept
            ).generation
            _tell(done, json)
        with Session(engine) as session:
            for rule in softened(session):
                err.print(str(rule), markup=False)


@app.command()
def history(
    layer: Annotated[str | None, typer.Argument(help="Layer of a feature.")] = None,
    feature: Annotated[
        str | None, typer.Argument(help="kind:code, or stall:zone/number: its changes.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
    json: Json = False,
) -> None:
    """List what waits or failed, and publications with what they changed, the newest first.

    With LAYER and KIND:CODE, the changes of that feature: number, when, who, program, what.
    """
    if layer is not None and feature is None:
        raise InvalidParameter("name a feature as LAYER KIND:CODE, like areas unit_grid:1")
    if layer is not None and feature is not None:
        _edits(layer, feature, limit, json)
        return
    with owner_session() as session:
        found, dated = publications.history(session, limit), scheduling.scheduled(session, limit)
    if json:
        told = [asdict(one) for one in dated]
        show_json({"generations": [_generation(one) for one in found], "scheduled": told})
        return
    for waits in dated:
        if waits.state != "done":
            out.print(str(waits), markup=False)
    for one in found:
        out.print(str(one), markup=False)


@app.command()
def cancel(
    number: Annotated[int, typer.Argument(help="Number that `tidegrid plan history` tells.")],
    json: Json = False,
) -> None:
    """Take back a publication that waits for its date, or settle one that failed."""
    with owner_engine() as engine:
        _list([scheduling.cancel(engine, number)], json)


@app.command()
def revert(
    generation: Annotated[int, typer.Argument(help="Number in `tidegrid plan history`.")],
    note: Annotated[str, typer.Option(help="What for.")] = "",
    keep_newer: Annotated[
        bool, typer.Option(help="Leave what was published there since as it is.")
    ] = False,
    accept: Annotated[bool, typer.Option(help="In spite of errors that it brings in.")] = False,
    json: Json = False,
) -> None:
    """Publish the state before a generation again, as a new one; drafts follow."""
    with owner_engine() as engine:
        done = undo(
            engine,
            generation,
            by=getpass.getuser(),
            note=note,
            keep_newer=keep_newer,
            accept_errors=accept,
        )
    _tell(done, json)


@app.command()
def discard(
    features: Annotated[
        list[str] | None, typer.Argument(help="LAYER KIND:CODE, repeated; or --all.")
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="The work of all planners.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Show, and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Bring drafts back to what is published; of a new code both sides."""
    pairs = _pairs(features or [])
    if is_all is (pairs is not None):
        raise InvalidParameter("name features as LAYER KIND:CODE, or all of everybody with --all")
    with owner_engine() as engine:
        done = publications.discard(engine, pairs, is_dry=dry_run)
    if json:
        show_json(done)
        return
    for one in done:
        out.print(f"{'would discard' if dry_run else 'discarded'} {one}", markup=False)
    out.print(f"{len(done)} {'would be ' if dry_run else ''}discarded", markup=False)


@app.command()
def restore(
    layer: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(layer.name for layer in LAYERS)}.")
    ] = None,
    feature: Annotated[str | None, typer.Argument(help="kind:code, or stall:zone/number.")] = None,
    at: Annotated[
        str | None, typer.Option(help="As it was then, like 2026-11-25T18:00:00+08:00.")
    ] = None,
    change: Annotated[
        int | None, typer.Option(help="As it was after this change; a finding names it.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="All that this person changed or deleted; with --since.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="With --by: from this instant on.")] = None,
    dry_run: Annotated[bool, typer.Option(help="With --by: show, and change nothing.")] = False,
    json: Json = False,
    lang: Lang = "zh",
) -> None:
    """Bring deleted or spoiled features back from history, as new edits.

    One by its name, without --at and --change by undoing its last change; or all of a person.
    """
    _known(lang)
    if at is not None and change is not None:
        raise InvalidParameter("--at and --change are two ways to say the same; give one")
    one, many = (layer, feature), (by, since)
    if {one.count(None), many.count(None)} != {0, 2}:
        raise InvalidParameter("say LAYER KIND:CODE for one feature, or --by and --since for many")
    if (dry_run and by is None) or (by is not None and (at, change) != (None, None)):
        raise InvalidParameter("--dry-run goes with --by, --at and --change with one feature")
    instant = parse_instant(at or since or "") if at or since else None

    def work(session: Session) -> list[Restored]:
        session.execute(text("SELECT set_config('tidegrid.language', :lang, true)"), {"lang": lang})
        if by is not None and instant is not None:
            return restore_all_of(session, by, instant, is_dry=dry_run)
        return [restore_feature(session, str(layer), str(feature), at=instant, change=change)]

    with owner_engine() as engine:
        done = in_turn(engine, work)
    if json:
        show_json(_asdicts(done))
        return
    for restored in done:
        out.print(restored.told(lang, is_dry=dry_run), markup=False)


def _edits(layer: str, feature: str, limit: int, json: bool) -> None:
    with owner_session() as session:
        found = edits_of(session, layer, feature, limit)
    if json:
        show_json(_asdicts(found))
        return
    for one in found:
        out.print(str(one), markup=False)
    out.print(f"{len(found)} changes", markup=False)


def _known(lang: str) -> None:
    if lang not in LANGUAGES:
        raise InvalidParameter(f"the language is one of {', '.join(LANGUAGES)}, not {lang!r}")


def _pairs(words: list[str]) -> list[tuple[str, str]] | None:
    """Layer and feature in turns; None for no words at all."""
    if len(words) % 2:
        raise InvalidParameter("name features as LAYER KIND:CODE, like stall_zones night_market:A1")
    pairs = [(named_layer(words[at]), words[at + 1]) for at in range(0, len(words), 2)]
    return pairs or None


def _tell(done: publications.Generation | None, json: bool) -> None:
    if json:
        show_json(None if done is None else _generation(done))
    else:
        out.print("nothing to publish" if done is None else f"published {done}", markup=False)


def _list(found: list[scheduling.Waiting], json: bool) -> None:
    if json:
        show_json([asdict(one) for one in found])
        return
    for one in found:
        out.print(str(one), markup=False)
    if not found:
        out.print("nothing to publish", markup=False)


def _show(kept: Kept, lang: str) -> None:
    words, hint = (kept.text_zh, kept.hint_zh) if lang == "zh" else (kept.text_en, kept.hint_en)
    spot = "" if kept.place is None else f" ({kept.place.lon:.6f}, {kept.place.lat:.6f})"
    out.print(f"{kept.severity} {kept.rule} #{kept.id}: {words}{spot} {hint}", markup=False)


def _generation(done: publications.Generation) -> dict[str, Any]:
    return asdict(done)


def _change(one: Any) -> dict[str, Any]:
    names = ("layer", "feature", "change", "edited_by", "edited_at", "moved_m", "grown_m2")
    return {name: getattr(one, name) for name in names} | {"fields": _asdicts(one.fields)}


def _asdicts(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]
