"""`tidegrid import`: a file into the city."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from api.commands.session import owner_session
from api.console import bar, err, out, show_json
from geo.errors import ImportRefused, InvalidParameter

if TYPE_CHECKING:
    from data.importing.findings import Finding
    from data.importing.mapping import LayerName

LAYERS = ("areas", "facilities", "stall-zones", "officers")
_SHOWN = 10


def import_(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage, Shapefile, CSV or XLSX.")],
    to: Annotated[str, typer.Option(help=f"One of {', '.join(LAYERS)}.")],
    mapping: Annotated[str, typer.Option(help="A mapping file, or the name of a shipped one.")],
    crs: Annotated[
        str | None,
        typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n, if the file is silent."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where findings go, .csv or .json; default: beside you.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Import a file: good rows go in, bad ones are reported, all in one transaction."""
    # GeoPandas takes a second to load: only those wait who need it.
    from data.importing.mapping import load_mapping
    from data.importing.run import import_file, write_report

    layer = cast("LayerName", layer_named(to))
    if not file.exists():
        raise ImportRefused(f"there is no file {file}")
    rules = load_mapping(mapping)
    with owner_session() as session, bar(f"importing {file.name}") as progress:
        done = import_file(
            session,
            file,
            layer,
            rules,
            by=getpass.getuser(),
            crs=crs,
            dry_run=dry_run,
            progress=progress,
        )
    if done.findings:
        target = report or Path(f"{file.stem}.findings.csv")
        write_report(done, target)
        for finding in done.findings[:_SHOWN]:
            err.print(f"  {told(finding)}", markup=False)
        err.print(f"  {len(done.findings)} findings in {target}", markup=False)
    if json:
        show_json(asdict(done))
    else:
        out.print(str(done), markup=False)


def layer_named(word: str) -> str:
    """Return the layer of a word of the command line; raises `InvalidParameter`."""
    if word not in LAYERS:
        raise InvalidParameter(f"--to must be one of {', '.join(LAYERS)}, not {word!r}")
    return word


def told(finding: Finding) -> str:
    """Return a finding in one line."""
    place = f"row {finding.row}" + (f" ({finding.code})" if finding.code else "")
    return f"{finding.severity}: {place}: {finding.reason}"
