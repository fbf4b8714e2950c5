"""What stands in the way is told in one sentence that says what to do, with code 1."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from data import binaries
from data.cluster import Cluster
from tests.cli.program import Command, Home, new_home, said
from tests.conftest import free_port
from tests.faults.conftest import FirstStart


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of the loopback on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no PostgreSQL but what a test puts into this folder."""
    monkeypatch.setattr(binaries, "_DEBIAN", tmp_path / "postgresql")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "postgresql"


def pretend(folder: Path, major: int, has_postgis: bool = False) -> Path:
    """Make what looks like a PostgreSQL of that version; return its programs' folder."""
    programs = folder / str(major) / "bin"
    extension = folder / str(major) / "share" / "extension"
    programs.mkdir(parents=True)
    extension.mkdir(parents=True)
    (programs / "initdb").touch()
    config = programs / "pg_config"
    config.write_text(f"#!/bin/sh\necho {extension.parent}\n")
    config.chmod(0o755)
    if has_postgis:
        (extension / "postgis.control").touch()
    return programs


@pytest.mark.parametrize("words", [("demo",), ("serve",), ("serve", "--workers", 2)])
def test_a_taken_port_of_the_api_is_told_before_anything_is_started(
    home: Home, taken: int, tidegrid: Command, words: tuple[object, ...]
) -> None:
    sentence = said(tidegrid(*words, **home.settings | {"PORT": taken}))

    assert f"127.0.0.1:{taken}" in sentence
    assert "choose another with PORT=" in sentence
    assert not home.folder.exists()


def test_a_taken_port_of_the_database_names_the_setting(
    first_start: FirstStart, taken: int, tidegrid: Command
) -> None:
    settings = first_start.home.settings | {"TIDEGRID_DATABASE_PORT": taken}

    sentence = said(tidegrid("migrate", **settings))

    assert f"port {taken} " in sentence
    assert "TIDEGRID_DATABASE_PORT" in sentence


def test_a_second_command_on_another_port_is_told_where_the_database_runs(
    first_start: FirstStart, tidegrid: Command
) -> None:
    home = first_start.home
    with home.cluster.running():
        done = tidegrid("migrate", **home.settings | {"TIDEGRID_DATABASE_PORT": free_port()})

        assert f"TIDEGRID_DATABASE_PORT={home.database_port}" in said(done)
        assert home.postgres() is not None


def test_a_machine_without_postgresql_is_told_what_to_install(
    home: Home, postgresql: Path, tidegrid: Command
) -> None:
    assert not postgresql.exists()

    sentence = said(tidegrid("migrate", **home.settings))

    assert "install the packages postgresql and postgresql-postgis" in sentence
    assert not home.folder.exists()


def test_a_postgresql_without_postgis_is_told_which_package_brings_it(
    home: Home, postgresql: Path, tidegrid: Command
) -> None:
    pretend(postgresql, 97)

    sentence = said(tidegrid("migrate", **home.settings))

    assert "install postgresql-97-postgis-3" in sentence


def test_of_two_servers_the_newest_with_postgis_is_taken_but_for_data_of_the_other(
    postgresql: Path,
) -> None:
    older, newer = (pretend(postgresql, major, has_postgis=True) for major in (97, 98))
    pretend(postgresql, 99)

    assert binaries.find_binaries() == newer
    assert binaries.find_binaries("97") == older


def test_a_folder_that_holds_something_else_is_left_alone(home: Home, tidegrid: Command) -> None:
    precious = home.folder / "db" / "precious"
    precious.parent.mkdir(parents=True)
    precious.touch()

    sentence = said(tidegrid("migrate", **home.settings))

    assert "something that tidegrid did not make" in sentence
    assert list(precious.parent.iterdir()) == [precious]


def test_data_of_another_major_version_names_the_package_that_reads_it(
    home: Home, tidegrid: Command
) -> None:
    (home.folder / "db").mkdir(parents=True)
    (home.folder / "db" / "PG_VERSION").write_text("9\n")
    (home.folder / "secrets.json").write_text(json.dumps({}))

    sentence = said(tidegrid("migrate", **home.settings))

    assert "was made by PostgreSQL 9," in sentence
    assert "install postgresql-9-postgis-3" in sentence


def test_a_home_that_cannot_be_entered_is_told_with_the_folder_in_the_way(
    home: Home, tidegrid: Command, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    # Root may always write; the account that runs the database for it may not.
    closed.mkdir(mode=0o700 if os.geteuid() == 0 else 0o500)
    (tmp_path / "way").symlink_to(closed)

    sentence = said(tidegrid("migrate", **home.settings | {"TIDEGRID_HOME": tmp_path / "way/in"}))

    assert re.search(f"may not enter {closed}|cannot use {closed}", sentence)
    assert "TIDEGRID_HOME" in sentence
    closed.chmod(0o700)


def test_a_disk_with_little_room_is_told_before_anything_is_made(
    home: Home, tidegrid: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(7 * 2**20))

    sentence = said(tidegrid("migrate", **home.settings))

    assert "only 7 MiB are free" in sentence
    assert not (home.folder / "db").exists()


def test_a_disk_that_fills_while_the_cluster_is_made_is_told_and_can_be_tried_again(
    home: Home,
) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))

    sentence = said(home.run("migrate", preexec_fn=no_room))

    assert "could not be made: " in sentence
    assert "File too large" in sentence
    with home.cluster.running():
        assert home.postgres() is not None


def test_a_home_whose_path_fits_no_socket_works_under_a_strict_umask() -> None:
    with new_home(f"it's 100% + {'很长的文件夹' * 8}, really") as home:
        done = home.run("migrate", umask=0o077)

        assert done.returncode == 0, done.stderr
        with home.cluster.running():
            assert home.scalar("SELECT count(*) > 0 FROM city.kinds") is True


def test_a_socket_folder_that_somebody_else_made_first_is_refused(
    first_start: FirstStart, tidegrid: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    monkeypatch.setattr(Cluster, "socket_dir", trap)

    assert "somebody else's" in said(tidegrid("migrate", **first_start.home.settings))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDEGRID_POOL_SIZE", "x"),
        ("TIDEGRID_POOL_SIZE", "0"),
        ("TIDEGRID_DATABASE_PORT", "70000"),
        ("TIDEGRID_BASEMAP", "moon"),
    ],
)
def test_a_bad_setting_is_named(tidegrid: Command, name: str, value: str) -> None:
    assert name in said(tidegrid("migrate", **{name: value}))


@pytest.mark.parametrize("words", [("demo",), ("serve",), ("serve", "--workers", 2)])
@pytest.mark.parametrize(
    "basemap",
    [
        {"TIDEGRID_BASEMAP": "tianditu", "TIDEGRID_TIANDITU_KEY": "0123abc"},
        {"TIDEGRID_BASEMAP": "osm"},
        {
            "TIDEGRID_BASEMAP": "xyz",
            "TIDEGRID_BASEMAP_URL": "https://tiles.example/{z}/{x}/{y}.png",
            "TIDEGRID_BASEMAP_SOURCE": "Tiles",
            "TIDEGRID_MAP_APPROVAL_NUMBER": " ",
        },
    ],
    ids=lambda basemap: basemap["TIDEGRID_BASEMAP"],
)
def test_a_public_service_with_a_basemap_without_its_number_does_not_start(
    home: Home, tidegrid: Command, words: tuple[object, ...], basemap: dict[str, str]
) -> None:
    sentence = said(tidegrid(*words, **home.settings | basemap | {"TIDEGRID_PUBLIC": 1}))

    assert "审图号" in sentence
    assert "TIDEGRID_MAP_APPROVAL_NUMBER" in sentence
    assert not home.folder.exists()


def test_a_basemap_that_cannot_be_drawn_is_told_before_anything_is_started(
    home: Home, tidegrid: Command
) -> None:
    sentence = said(tidegrid("serve", **home.settings | {"TIDEGRID_BASEMAP": "tianditu"}))

    assert "Tianditu key" in sentence
    assert not home.folder.exists()
