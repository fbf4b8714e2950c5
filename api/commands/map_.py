"""`tidegrid map`: the public maps as files, for places without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from api import chromium
from api.console import out, step
from api.database import database
from api.settings import Settings
from api.site import public_address, site_of
from data.engine import make_engine
from data.queries.areas import areas_now
from data.queries.city import city_facts_now
from data.queries.kinds import kinds_of
from data.queries.schedules import calendar_of
from data.queries.stall_zones import FAMILY, zones_shown
from geo.errors import InvalidParameter, NotFound
from geo.schedules import Calendar
from geo.types import parse_instant
from maps.poster import City, PaperSize
from maps.site import GROUND, STALL_MAP, Site
from maps.text import Language

app = typer.Typer(help="地图文件 · Write the public maps as files.", no_args_is_help=True)

WIDTH, HEIGHT = 1600, 1000
_ONLY = {"at": (".html", ".png"), "size": (".pdf",), "width": (".png",), "height": (".png",)}


@dataclass(frozen=True, slots=True)
class _Order:
    """What is wanted, and what it is made of."""

    city: City
    calendar: Calendar
    site: Site
    settings: Settings
    language: Language
    at: datetime | None
    size: PaperSize
    width: int
    height: int


@app.command()
def stalls(
    file: Annotated[Path, typer.Option("--out", "-o", help="Ends in .html, .png or .pdf.")],
    lang: Annotated[Language, typer.Option(help="Language of the map.")] = "zh",
    at: Annotated[
        str | None,
        typer.Option(help="RFC 3339, within a week: the map opens on it; default: now."),
    ] = None,
    size: Annotated[PaperSize | None, typer.Option(help="Paper of a .pdf; default a4.")] = None,
    width: Annotated[
        int | None, typer.Option(min=320, max=8000, help=f"Pixels of a .png; default {WIDTH}.")
    ] = None,
    height: Annotated[
        int | None, typer.Option(min=320, max=8000, help=f"Pixels of a .png; default {HEIGHT}.")
    ] = None,
) -> None:
    """Write the stall map: .html works alone, .png is a picture of it, .pdf the poster."""
    _check(file, at=at, size=size, width=width, height=height)
    settings = Settings()
    instant = parse_instant(at) if at else None
    with _reading(settings) as session:
        site = site_of(settings, city_facts_now(session))
        city = City(zones_shown(session), kinds_of(session, FAMILY), areas_now(session, GROUND))
        calendar = calendar_of(session)
    if not city.zones:
        raise NotFound("no stall zones are published yet")
    step(f"drawing {file.name}")
    order = _Order(
        city, calendar, site, settings, lang, instant,
        size or "a4", width or WIDTH, height or HEIGHT,
    )  # fmt: skip
    _write(file, order)
    out.print(f"{len(city.zones)} stall zones in {file}", markup=False)


def _check(file: Path, **options: object) -> None:
    """What can be refused is refused before anything is started."""
    ending = file.suffix.lower()
    if ending not in _WRITERS:
        raise InvalidParameter(f"{file.name} must end in {', '.join(_WRITERS)}")
    if not file.parent.is_dir():
        raise InvalidParameter(f"there is no folder {file.parent}")
    if file.is_dir():
        raise InvalidParameter(f"{file} is a folder")
    for name, value in options.items():
        if value is not None and ending not in _ONLY[name]:
            raise InvalidParameter(f"--{name} is for {' and '.join(_ONLY[name])}, not {ending}")
    if ending != ".html":
        chromium.find()


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
    """One state of the city, with the rights of the public: nothing internal gets into a file."""
    # It brings the indexes along: only those wait who need it.
    from data.live.snapshots import snapshot

    with database(settings, step) as found:
        engine = make_engine(found.public_url, role="tidegrid_public", application="tidegrid-cli")
        try:
            with snapshot(engine) as connection, Session(connection) as session:
                yield session
        finally:
            engine.dispose()


def _write(file: Path, order: _Order) -> None:
    """It stands beside its final place until it is whole; an older one is replaced at once."""
    with TemporaryDirectory(prefix=".tidegrid-", dir=file.parent) as folder:
        half = Path(folder) / f"map{file.suffix.lower()}"
        _WRITERS[half.suffix](half, order)
        half.replace(file)


def _write_html(half: Path, order: _Order) -> None:
    # Folium brings pandas along: only those wait who need it.
    from maps.alone import Saving, stalls_file

    saving = Saving(datetime.now(UTC), order.at, order.settings.public_url.rstrip("/"))
    html = stalls_file(order.city, order.calendar, saving, order.language, order.site)
    half.write_text(html, encoding="utf-8")


def _write_png(half: Path, order: _Order) -> None:
    page = half.with_suffix(".html")
    _write_html(page, order)
    chromium.picture(page, half, order.width, order.height)


def _write_pdf(half: Path, order: _Order) -> None:
    from maps.alone import poster_file

    live_url = public_address(order.settings, STALL_MAP, order.language)
    if not live_url:
        step("without a QR code: TIDEGRID_PUBLIC_URL says where the living map is")
    page = half.with_suffix(".html")
    html = poster_file(order.city, order.language, order.site, order.size, live_url)
    page.write_text(html, encoding="utf-8")
    chromium.print_pdf(page, half)


_WRITERS: dict[str, Callable[[Path, _Order], None]] = {
    ".html": _write_html,
    ".png": _write_png,
    ".pdf": _write_pdf,
}
