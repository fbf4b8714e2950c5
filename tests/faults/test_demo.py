"""`tidegrid demo` and Ctrl-C: what it shows is true, and a second start keeps everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from data.models import SCOPES
from tests.cli.program import CRASH, Program, alive, wait_until
from tests.faults.conftest import REVISION, FirstStart

NEAREST = "/v1/officers/nearest?lon=112.0&lat=27.7&on_duty=false"


@pytest.fixture(scope="module")
def demo(first_start: FirstStart) -> Iterator[Program]:
    """The second start, on another address of the loopback."""
    with first_start.home.serving("demo", HOST="127.0.0.2") as demo:
        wait_until(demo, lambda demo: "Ctrl-C" in demo.shown)
        yield demo


@pytest.fixture(scope="module")
def planner(demo: Program) -> Iterator[psycopg.Connection]:
    """A connection by the line that is shown for QGIS, taken as it is."""
    (line,) = re.findall(r"QGIS +(\S.*)", demo.shown)
    with psycopg.connect(line, autocommit=True) as connection:
        yield connection


def test_the_first_start_says_each_step_that_it_takes(first_start: FirstStart) -> None:
    steps = [line.removeprefix("» ") for line in first_start.told.splitlines()]

    assert steps[:3] == [
        "creating the database cluster",
        "starting the database",
        "bringing the schema up to date",
    ]
    assert "streets and river" in steps
    assert re.search(r"loading the demo city .*(\d+)/\1 ", first_start.told)
    assert steps[-1] == "stopping the database"


def test_a_schema_that_is_up_to_date_is_not_said_to_be_brought_there(
    first_start: FirstStart,
) -> None:
    told = first_start.home.run("plan", "history")
    assert told.returncode == 0
    assert "starting the database" in told.stderr
    assert "schema" not in told.stderr


def test_ctrl_c_stops_everything_and_is_no_failure(first_start: FirstStart) -> None:
    assert first_start.code == 0
    assert first_start.postgres is not None
    assert not alive(first_start.postgres)
    assert "database system is shut down" in first_start.home.log
    assert "Traceback" not in first_start.told


def test_a_second_start_keeps_the_city_and_needs_no_recovery(
    first_start: FirstStart, demo: Program
) -> None:
    assert "the city is there already" in demo.told
    assert "streets and river" not in demo.told
    assert CRASH not in first_start.home.log
    assert first_start.home.scalar(REVISION) == first_start.revision


def test_a_token_of_somebodys_own_outlives_the_restart(
    first_start: FirstStart, demo: Program
) -> None:
    assert demo.get(NEAREST, first_start.token).status_code == 200


def test_each_start_makes_new_demo_tokens_and_takes_the_old_ones_back(
    first_start: FirstStart, demo: Program
) -> None:
    old = dict(re.findall(r"token +(\w+) +(tg_\S+)", first_start.shown))

    assert set(old) == set(demo.tokens()) == set(SCOPES)
    assert demo.get(NEAREST, old["query"]).status_code == 401


def test_the_shown_tokens_open_what_their_scope_says_and_nothing_else(demo: Program) -> None:
    answers = {scope: demo.get(NEAREST, token) for scope, token in demo.tokens().items()}

    assert {scope: answer.status_code for scope, answer in answers.items()} == {
        scope: 200 if scope == "query" else 403 for scope in SCOPES
    }
    assert answers["query"].json()["officers"]


def test_free_places_come_in_by_themselves(demo: Program) -> None:
    def told() -> list[dict[str, object]]:
        found: list[dict[str, object]] = demo.get("/v1/readings").json()["readings"]
        return found

    # Whatever the hour, some car parks never close.
    wait_until(demo, lambda _: bool(told()))
    assert any(str(one["target"]).startswith("facility:parking:") for one in told())


def test_the_shown_addresses_are_served_on_the_host_and_port_asked_for(demo: Program) -> None:
    addresses = re.findall(r"http://\S+", demo.shown)

    assert len(addresses) == 2
    for address in addresses:
        assert address.startswith(demo.address)
        assert demo.get(address.removeprefix(demo.address)).status_code == 200
    assert demo.address.startswith("http://127.0.0.2:")


def test_the_line_for_qgis_connects_over_the_loopback_as_the_planner(
    planner: psycopg.Connection,
) -> None:
    assert planner.info.host == "127.0.0.1"
    assert planner.execute("SELECT current_user").fetchone() == ("tidegrid_planner",)
    grids = planner.execute(
        "SELECT count(*) FROM city.areas WHERE kind = 'responsibility_grid' AND upper_inf(valid)"
    )
    assert grids.fetchone() == (63,)


def test_the_planner_cannot_read_where_officers_are(planner: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        planner.execute("SELECT count(*) FROM city.positions")


def test_the_port_for_qgis_wants_a_password(first_start: FirstStart, demo: Program) -> None:
    assert demo.is_ready()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1",
            port=first_start.home.database_port,
            dbname="tidegrid",
            user="tidegrid_planner",
            password="wrong",
        )
