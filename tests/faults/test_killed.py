"""`kill -9` and starts at once: the next start, or the next request, goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from data.cluster import Cluster
from tests.cli.program import COMMAND, CRASH, Home, Program, alive, environment, eventually
from tests.conftest import free_port
from tests.faults.conftest import REVISION, FirstStart

LOCATE = "/v1/locate?lon=112.0&lat=27.7"
AGE = "Tidegrid-Data-Age"
NEAREST = "/v1/officers/nearest?lon=112.0&lat=27.7"


def kill_database(home: Home) -> None:
    pid = home.postgres()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not alive(pid))


def test_after_a_kill_of_the_service_the_next_start_takes_over_its_port_and_its_database(
    first_start: FirstStart,
) -> None:
    home = first_start.home
    with home.serving("serve", "--workers", 2) as served:
        assert served.end(signal.SIGKILL) == -signal.SIGKILL
        orphan = home.postgres()
        assert orphan is not None
        # Its workers see that it is gone and leave too.
        assert eventually(lambda: not served.is_ready())

        with home.serving("serve") as again:
            assert home.postgres() == orphan
            assert home.scalar(REVISION) == first_start.revision
            assert again.get(NEAREST, first_start.token).status_code == 200
            assert again.end(signal.SIGTERM) == 0
    assert home.postgres() is None


def test_a_service_without_its_database_answers_what_it_knows_and_goes_on_when_it_is_back(
    first_start: FirstStart,
) -> None:
    home = first_start.home
    with home.serving("demo") as served:
        assert served.get(LOCATE).status_code == 200
        recoveries = home.log.count(CRASH)

        kill_database(home)

        refuses_politely(served, "/v1/facilities")
        refuses_politely(served, "/v1/stall-zones")
        refuses_politely(served, NEAREST, "tg_unknown")
        answers_from_memory(served, LOCATE)
        answers_from_memory(served, NEAREST, first_start.token)
        assert served.get("/readyz").json()["status"] == "degraded"
        assert served.get("/healthz").status_code == 200
        with home.cluster.running():
            assert home.log.count(CRASH) == recoveries + 1
            assert home.scalar(REVISION) == first_start.revision
            assert eventually(lambda: served.get("/readyz").json()["status"] == "ok")
            assert AGE not in served.get(LOCATE).headers
            assert served.get("/v1/facilities").status_code == 200
            assert served.get(NEAREST, first_start.token).status_code == 200
        assert "Traceback" not in served.told


def answers_from_memory(served: Program, path: str, token: str | None = None) -> None:
    answer = served.get(path, token)
    assert answer.status_code == 200
    assert float(answer.headers[AGE]) >= 0


def refuses_politely(served: Program, path: str, token: str | None = None) -> None:
    answer = served.get(path, token)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    problem = answer.json()
    assert problem["detail"] in (
        "the database does not answer in time; try again shortly",
        "the connection to the database was lost; try again",
    )
    assert set(problem) == {"type", "title", "status", "detail"}


def test_after_a_kill_while_the_cluster_is_made_the_next_start_makes_it(home: Home) -> None:
    with subprocess.Popen(
        [COMMAND, "migrate"],
        env=environment(**home.settings),
        cwd=home.folder.parent,
        stderr=subprocess.DEVNULL,
    ) as first:
        assert eventually(lambda: any(home.folder.glob("db.new.*/PG_VERSION")))
        first.kill()
    (home.folder / "db.new.older" / "base").mkdir(parents=True)

    done = home.run("migrate")

    assert done.returncode == 0, done.stderr
    assert not (home.folder / "db.new.older").exists()
    assert not (home.folder / "initdb.password").exists()


def test_two_first_starts_at_once_both_succeed(home: Home) -> None:
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: home.run("migrate"), range(2)))

    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert sum("creating the database cluster" in one.stderr for one in done) == 1
    assert home.postgres() is None


def test_two_starts_that_meet_before_there_is_a_home_make_one(home: Home) -> None:
    folders = [home.folder / f"home-{n}" / "below" for n in range(50)]
    together = Barrier(2)

    def meet(_: int) -> None:
        for folder in folders:
            together.wait(10)
            Cluster.at(folder, free_port())._make_home()

    with ThreadPoolExecutor(2) as both:
        list(both.map(meet, range(2)))

    assert all((folder / "start.lock").is_file() for folder in folders)
