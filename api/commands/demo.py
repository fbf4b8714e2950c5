"""`tidegrid demo`: a whole city from nothing, served."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.request import Request, urlopen

import typer
from sqlalchemy.orm import Session

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

FIRST_MINUTE_S = 3
MINUTE_S = 60


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
        with city_living(found, local_address(host, port), secrets):
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
def city_living(database: Database, address: str, secrets: dict[str, str]) -> Iterator[None]:
    """Report where officers are and what is free every minute.

    As phones and counters would: through the API.
    """
    stop = threading.Event()

    def live() -> None:
        wait_s = FIRST_MINUTE_S
        while not stop.wait(wait_s):
            wait_s = MINUTE_S
            # All stands still while the service or the database is away, and goes on when back.
            with suppress(Unavailable, OSError), translated():
                with session_of(database) as session:
                    walk, counts = _minute(session)
                _report(f"{address}/v1/positions", secrets["position"], walk)
                _report(f"{address}/v1/readings", secrets["reading"], counts)

    living = threading.Thread(target=live, name="living", daemon=True)
    living.start()
    try:
        yield
    finally:
        stop.set()
        living.join(timeout=10)


def _minute(session: Session) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the phones of officers, and those who count places, have to tell now."""
    from data.demo.motion import walked
    from data.demo.tides import counted

    now = datetime.now(UTC)
    walk = [
        {
            "id": position.officer_code,
            "lon": position.geometry.x,
            "lat": position.geometry.y,
            "observed_at": position.observed_at.isoformat(),
            "accuracy_m": position.accuracy_m,
        }
        for position in walked(session, now)
    ]
    counts = [
        {
            "target": reading.target,
            "measure": reading.measure,
            "value": reading.value,
            "observed_at": reading.observed_at.isoformat(),
            "valid_for_s": round(reading.valid_for.total_seconds()),
            "source": reading.source,
        }
        for reading in counted(session, now)
    ]
    return walk, counts


def _report(address: str, secret: str, told: list[dict[str, Any]]) -> None:
    request = Request(
        address,
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
