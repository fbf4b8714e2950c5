"""`tidegrid demo`: a whole city from nothing, served."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.request import Request, urlopen

import typer

from api.commands.serve import Host, Port, check_port, run
from api.commands.session import check_ownership, session_of
from api.console import bar, out, step
from api.database import Database, database
from api.settings import Settings
from api.site import basemap_of
from data import tokens
from data.demo import DEFAULT_SEED
from data.engine import translated
from data.models import SCOPES
from data.queries.city import holds_city
from geo.errors import NotFound, Unavailable
from geo.records import Position

FIRST_WALK_S = 3
WALK_EVERY_S = 60


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    seed: Annotated[int, typer.Option(help="Another number, another made-up city.")] = DEFAULT_SEED,
) -> None:
    """Make the demo city if there is none, and serve it; Ctrl-C stops, the data stays."""
    settings = Settings()
    basemap_of(settings)
    check_port(host, port)
    with database(settings, step) as found:
        check_ownership(found)
        ensure_city(found, seed)
        secrets = demo_tokens(found)
        with officers_walking(found, local_address(host, port), secrets["position"]):
            run(
                settings, found, host, port, workers,
                lambda: welcome(settings, found, secrets, host, port),
            )  # fmt: skip


def ensure_city(database: Database, seed: int) -> None:
    """Load the demo city into an empty database; a city that is there is kept."""
    with session_of(database) as session:
        if holds_city(session):
            step("the city is there already, its data is kept")
            return
        # GeoPandas and GEOS take a second to load; other commands, and later starts, do without.
        from data.demo.city import build_city
        from data.demo.load import load_city

        city = build_city(seed, observed_at=datetime.now(UTC), progress=step)
        with bar("loading the demo city") as progress:
            load_city(session, city, progress)


def demo_tokens(database: Database) -> dict[str, str]:
    """Return a fresh token for each scope, good for a week; those of earlier starts are revoked."""
    found = {}
    with session_of(database) as session:
        for scope in SCOPES:
            with suppress(NotFound):
                tokens.revoke(session, f"demo-{scope}")
            found[scope] = tokens.issue(session, f"demo-{scope}", [scope], timedelta(days=7))
    return found


@contextmanager
def officers_walking(database: Database, address: str, secret: str) -> Iterator[None]:
    """Report the demo's officers every minute, as their phones would: through the API."""
    from data.demo.motion import walked

    stop = threading.Event()

    def move() -> None:
        wait_s = FIRST_WALK_S
        while not stop.wait(wait_s):
            wait_s = WALK_EVERY_S
            # They stand still while the service or the database is away, and walk on when back.
            with suppress(Unavailable, OSError), translated():
                with session_of(database) as session:
                    positions = walked(session, datetime.now(UTC))
                _report(address, secret, positions)

    mover = threading.Thread(target=move, name="officers", daemon=True)
    mover.start()
    try:
        yield
    finally:
        stop.set()
        mover.join(timeout=10)


def _report(address: str, secret: str, positions: list[Position]) -> None:
    told = [
        {
            "id": position.officer_code,
            "lon": position.geometry.x,
            "lat": position.geometry.y,
            "observed_at": position.observed_at.isoformat(),
            "accuracy_m": position.accuracy_m,
        }
        for position in positions
    ]
    request = Request(
        f"{address}/v1/positions",
        data=json.dumps(told).encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30):
        pass


def welcome(
    settings: Settings, database: Database, secrets: dict[str, str], host: str, port: int
) -> None:
    """Say where everything is."""
    address = local_address(host, port)
    out.print("\n[green]✓[/] 演示城市已就绪（虚构数据） · The demo city is ready (made-up data)\n")
    out.print(f"  地图 map     {address}/maps/stalls")
    out.print(f"  接口 API     {address}/docs")
    for scope, secret in secrets.items():
        out.print(f"  令牌 token   {scope:<9} {secret}", markup=False)
    if database.cluster is not None:
        password = database.cluster.password("tidegrid_planner")
        out.print(
            f"  QGIS         host=127.0.0.1 port={settings.database_port} dbname=tidegrid "
            f"user=tidegrid_planner password={password}",
            markup=False,
        )
    out.print("\nCtrl-C 停止 · stops\n")


def local_address(host: str, port: int) -> str:
    """Return where somebody on this machine reaches the service."""
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
