"""`tidegrid export`: a layer into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.session import owner_session
from api.console import out


def export(
    file: Annotated[Path, typer.Argument(help="Ends in .geojson, .gpkg, .shp, .csv or .xlsx.")],
    layer: Annotated[str, typer.Option("--from", help="One of areas, facilities, stall-zones.")],
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    crs: Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")] = "wgs84",
) -> None:
    """Write a layer as it is published now; `tidegrid import` reads it back."""
    # GeoPandas takes a second to load: only those wait who need it.
    from data.exporting import export_layer

    with owner_session() as session:
        count = export_layer(session, layer, file, kind=kind, crs=crs)
    out.print(f"{count} {layer} in {file}", markup=False)
