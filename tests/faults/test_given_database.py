"""`TIDEGRID_DATABASE_URL`: a PostGIS of the city's own, with logins of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text

from api.app import create_app
from api.database import given_database
from api.settings import Settings
from data.cluster import Cluster
from data.engine import make_engine
from tests.cli.program import Command, Home, eventually, new_home, program, said
from tests.conftest import free_port

NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Home]:
    """A server that tidegrid has not prepared yet, as a city's administrator hands it over."""
    with new_home() as home, home.cluster.running():
        yield home


def url(server: Home, login: str, password: str, database: str) -> str:
    return f"postgresql://{login}:{password}@127.0.0.1:{server.database_port}/{database}"


def as_superuser(server: Home, database: str) -> str:
    return url(server, "postgres", server.cluster.password("postgres"), database)


@pytest.fixture
def empty(server: Home) -> str:
    """The name of a database in which there is nothing."""
    name = f"city_{next(NUMBERS)}"
    engine = make_engine(server.cluster.url("postgres", "postgres"), role=None)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return name


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("not an address", "must look like postgresql://"),
        ("postgresql://host:port/name", "must look like postgresql://"),
        ("mysql://host/name", "must be PostgreSQL, not mysql"),
        ("postgresql://postgres:x@127.0.0.1:1/name", "cannot be used: .*refused"),
        ("postgresql://postgres:x@nowhere.invalid/name", "cannot be used: .*nowhere.invalid"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(
    tidegrid: Command, address: str, reason: str
) -> None:
    assert re.search(reason, said(tidegrid("migrate", TIDEGRID_DATABASE_URL=address)))


def test_a_wrong_password_is_one_sentence_and_is_not_shown(server: Home, tidegrid: Command) -> None:
    wrong = url(server, "postgres", "wrong-word", "postgres")

    sentence = said(tidegrid("migrate", TIDEGRID_DATABASE_URL=wrong))

    assert "password authentication failed" in sentence
    assert "wrong-word" not in sentence


@pytest.mark.parametrize("words", [("token", "list"), ("demo", "--port", free_port())])
def test_a_database_that_was_never_migrated_is_one_sentence(
    server: Home, empty: str, tidegrid: Command, words: tuple[object, ...]
) -> None:
    given = as_superuser(server, empty)

    done = tidegrid(*words, TIDEGRID_DATABASE_URL=given)

    assert "run `tidegrid migrate`" in said(done)


def test_a_login_without_the_rights_is_told_which_setting_is_missing(
    server: Home, empty: str, tidegrid: Command
) -> None:
    migrated = tidegrid(
        "migrate",
        TIDEGRID_DATABASE_URL=as_superuser(server, empty),
        TIDEGRID_SERVICE_PASSWORD="service",
    )
    assert migrated.returncode == 0, migrated.stderr
    service = url(server, "tidegrid_service", "service", empty)

    done = tidegrid("token", "list", TIDEGRID_DATABASE_URL=service)

    assert "TIDEGRID_OWNER_DATABASE_URL" in said(done)


def test_a_city_with_its_own_database_migrates_as_superuser_and_serves_as_lesser_logins(
    server: Home, empty: str, tidegrid: Command, tmp_path: Path
) -> None:
    # Characters that mean something in SQL or in an address.
    words = {"service": "se%r'v$$ice", "public": "pub:li/c@%41"}
    nothing = tmp_path / "home"
    owner = {"TIDEGRID_DATABASE_URL": as_superuser(server, empty), "TIDEGRID_HOME": nothing}
    passwords = {f"TIDEGRID_{role.upper()}_PASSWORD": word for role, word in words.items()}

    migrated = tidegrid("migrate", **owner, **passwords)
    issued = tidegrid("token", "issue", "--name", "a", "--scope", "query", "--json", **owner)

    assert migrated.returncode == 0, migrated.stderr
    token = json.loads(issued.stdout)["token"]
    logins = {
        role: url(server, f"tidegrid_{role}", quote(word, safe=""), empty)
        for role, word in words.items()
    }
    port = free_port()
    with program(
        "serve",
        cwd=tmp_path,
        address=f"http://127.0.0.1:{port}",
        PORT=port,
        TIDEGRID_HOME=nothing,
        TIDEGRID_DATABASE_URL=logins["service"],
        TIDEGRID_PUBLIC_DATABASE_URL=logins["public"],
    ) as served:
        assert served.get("/v1/locate?lon=112&lat=27.7").json()["areas"] == []
        assert served.get("/v1/officers/nearest?lon=112&lat=27.7", token).status_code == 200
        assert logged_in(server.cluster, empty) == {"tidegrid_service", "tidegrid_public"}
    assert not nothing.exists()


def logged_in(cluster: Cluster, database: str) -> set[str]:
    engine = make_engine(cluster.url("postgres", "postgres"), role=None)
    asked = text(
        "SELECT usename FROM pg_stat_activity WHERE datname = :name AND usename IS NOT NULL"
    )
    with engine.connect() as connection:
        found = set(connection.scalars(asked, {"name": database}))
    engine.dispose()
    return found


def test_a_service_started_before_its_database_was_migrated_is_ready_once_it_is(
    server: Home, empty: str, tidegrid: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.live.city._START_S", 0.1)
    given = as_superuser(server, empty)
    settings = Settings(database_url=SecretStr(given))
    with TestClient(create_app(settings, given_database(settings))) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert tidegrid("migrate", TIDEGRID_DATABASE_URL=given).returncode == 0
        assert eventually(lambda: client.get("/readyz").status_code == 200)
