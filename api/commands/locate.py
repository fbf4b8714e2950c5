"""`tidegrid locate`: a file of points, and which area holds each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.console import bar, out, show_json, step
from api.database import database
from api.settings import Settings
from data.engine import make_engine

if TYPE_CHECKING:
    from geo.locating import AreaIndex


def locate(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet, or a GeoPackage of points.")],
    kind: Annotated[str, typer.Option(help="Kind of the areas, like unit_grid.")],
    to: Annotated[Path, typer.Option("--out", "-o", help="Ends in .csv, .parquet or .gpkg.")],
    crs: Annotated[
        str | None,
        typer.Option(help="wgs84 (default), cgcs2000, gcj02, bd09 or EPSG:n."),
    ] = None,
    lon: Annotated[str, typer.Option(help="Column with longitudes or eastings.")] = "lon",
    lat: Annotated[str, typer.Option(help="Column with latitudes or northings.")] = "lat",
    column: Annotated[str, typer.Option(help="Name of the column that is added.")] = "code",
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Add to each row the code of the area that holds its point; files of any size."""
    # Arrow and GDAL take a while to load: only those wait who need them.
    from data.locating import Columns, locate_file

    index = _areas()
    with bar(f"locating {file.name}") as progress:
        done = locate_file(
            file, to, index, kind, columns=Columns(lon, lat, column), crs=crs, progress=progress
        )
    if json:
        show_json(asdict(done) | {"outside": done.outside, "file": str(to)})
        return
    out.print(
        f"{done.rows} rows in {to}: {done.inside} inside, {done.outside} outside a {kind}; "
        f"coordinates read as {done.crs}",
        markup=False,
    )


def _areas() -> AreaIndex:
    """Return the areas as they are published now; the database is not needed after that."""
    from data.live.areas import load_areas

    with database(Settings(), step) as found:
        engine = make_engine(found.owner_url, role="tidegrid_owner", application="tidegrid-cli")
        try:
            return load_areas(engine).index
        finally:
            engine.dispose()
