"""The plan over HTTP: checked, compared and published by holders of `publish`, by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data import turns
from data.cluster import Cluster
from data.engine import make_engine
from data.tokens import issue
from tests.cli.program import eventually
from tests.conftest import CreateDatabase

CALLS = [
    ("POST", "/v1/plan/check", None),
    ("GET", "/v1/plan/findings", None),
    ("GET", "/v1/plan/diff", None),
    ("POST", "/v1/plan/publications", {"note": "x"}),
    ("GET", "/v1/plan/publications", None),
    ("DELETE", "/v1/plan/publications/1", None),
    ("GET", "/v1/plan/generations", None),
    ("POST", "/v1/plan/generations/1/revert", None),
    ("GET", "/v1/plan/history?layer=areas&feature=x", None),
    ("POST", "/v1/plan/discard", {"features": "all"}),
]


@pytest.fixture(scope="module")
def admin(
    cluster: Cluster, pristine: str, create_database: CreateDatabase
) -> Iterator[tuple[Engine, Database]]:
    """A demo city of this module's own, and its database."""
    name = create_database("plan_http", pristine)
    found = Database(
        cluster.url("tidegrid_service", name),
        cluster.url("tidegrid_public", name),
        cluster.url("postgres", name),
    )
    engine = make_engine(found.owner_url, role="tidegrid_owner")
    yield engine, found
    engine.dispose()


@pytest.fixture(scope="module")
def office(admin: tuple[Engine, Database]) -> Iterator[TestClient]:
    """The planning office, with its token."""
    with Session(admin[0]) as session, session.begin():
        token = issue(session, "office", ["publish"], timedelta(days=1))
    with TestClient(create_app(Settings(), admin[1]), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def edit(admin: tuple[Engine, Database], statement: str) -> None:
    with admin[0].begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_without_the_scope_nothing_of_the_plan_is_told(
    client: TestClient,
    bearer: dict[str, dict[str, str]],
    method: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    assert client.request(method, path, json=body).status_code == 401
    assert client.request(method, path, json=body, headers=bearer["query"]).status_code == 403


def test_an_edit_is_compared_refused_accepted_and_seen_by_everybody(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    edit(admin, "UPDATE plan.stall_zones SET capacity = capacity + 1, "
                "geom = ST_Translate(geom, 0.00001, 0) WHERE code = 'LD-T-02'")  # fmt: skip
    (change,) = office.get("/v1/plan/diff").json()["changes"]
    assert change["change"] == "changed"
    assert [field["name"] for field in change["fields"]] == ["capacity"]
    assert change["moved_m"] == pytest.approx(0.98, abs=0.05)
    assert change["old"]["type"] == change["new"]["type"] == "MultiPolygon"

    checked = office.post("/v1/plan/check", json={"full": True}).json()
    assert (checked["is_full"], checked["errors"]) == (True, 0)
    assert checked["warnings"] == 1
    assert office.get("/v1/plan/findings").json()["findings"] == checked["findings"]

    refused = office.post("/v1/plan/publications", json={"note": "自动"})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:tidegrid:problem:publication-refused"
    made = office.post("/v1/plan/publications", json={"note": "夜市", "accept": True}).json()
    assert made["generation"]["published_by"] == "office"
    assert made["generation"]["counts"] == {
        "stall_zones": {"added": 0, "changed": 1, "withdrawn": 0}
    }
    assert office.get("/v1/plan/generations").json()["generations"][0] == made["generation"]
    told = office.get(f"/v1/plan/diff?generation={made['generation']['number']}").json()
    assert told["changes"][0]["fields"] == change["fields"]
    again = office.post("/v1/plan/publications", json={"note": "again", "accept": True})
    assert again.json() == {"generation": None, "publication": None, "softened": []}


def test_a_strip_is_told_by_a_dry_run_and_closed_by_a_fix(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    code = "431302004001013"
    # The grid gives up all that is nearer than some 20 cm to its border.
    edit(admin, f"UPDATE plan.areas SET geom = ST_Multi(ST_Buffer(geom, -0.000002, "
                f"'join=mitre')) WHERE code = '{code}'")  # fmt: skip
    drawn = office.get("/v1/plan/diff").json()["changes"]

    shown = office.post("/v1/plan/check", json={"fix": True, "dry_run": True}).json()
    assert "sliver" in {one["rule"] for one in shown["findings"]}
    assert office.get("/v1/plan/diff").json()["changes"] == drawn
    done = office.post("/v1/plan/check", json={"fix": True}).json()
    assert done["moved"] == shown["moved"] != []
    assert all(0 < one["distance_m"] < 0.5 for one in done["moved"])
    assert {one["edited_by"] for one in office.get("/v1/plan/diff").json()["changes"]} == {
        "token office"
    }
    assert "sliver" not in {one["rule"] for one in done["findings"]}
    assert office.post("/v1/plan/check").json()["moved"] == []

    alone = office.post("/v1/plan/check", json={"dry_run": True})
    assert (alone.status_code, alone.json()["detail"]) == (
        422, "dry_run tells what fix would move; give both",
    )  # fmt: skip
    edit(admin, "UPDATE plan.rules SET is_on = false WHERE rule = 'sliver'")
    refused = office.post("/v1/plan/check", json={"fix": True})
    (milder,) = office.post("/v1/plan/check").json()["softened"]
    assert (milder["rule"], milder["name"], milder["is_set"]) == ("sliver", "is_on", False)
    edit(admin, "UPDATE plan.rules SET is_on = true WHERE rule = 'sliver'")
    assert refused.status_code == 422
    assert "set it" in refused.json()["detail"]
    office.post("/v1/plan/discard", json={"features": "all"})


def test_cameras_are_counted_and_not_told(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    """Whoever holds `publish` plans; where cameras stand is not the planners' business."""
    camera = "SELECT f.code FROM plan.facilities AS f WHERE kind = 'camera' AND "
    held = f"EXISTS ({camera} ST_Within(f.geom, a.geom))"
    edit(admin, "UPDATE plan.areas AS a SET code = code || '-X' WHERE id = (SELECT min(id) FROM "
                f"plan.areas AS a WHERE kind = 'unit_grid' AND {held})")  # fmt: skip
    edit(admin, "ALTER TABLE plan.facilities DISABLE TRIGGER USER")
    edit(admin, "UPDATE plan.facilities SET hours = 'whenever' WHERE id = (SELECT min(id) FROM "
                "plan.facilities WHERE kind = 'camera')")  # fmt: skip
    edit(admin, "ALTER TABLE plan.facilities ENABLE TRIGGER USER")
    told = office.post("/v1/plan/check", json={"full": True})
    kept = office.get("/v1/plan/findings")
    assert "camera" not in told.text + kept.text
    counts = told.json()
    assert counts["internal"] == kept.json()["internal"] >= 2
    total = counts["errors"] + counts["warnings"] + counts["notices"]
    assert total == len(counts["findings"]) + counts["internal"]

    refused = office.post("/v1/plan/publications", json={"note": "x", "accept": True})
    assert refused.status_code == 409
    assert "of internal kinds." in refused.text
    assert "camera" not in refused.text
    edit(admin, "UPDATE plan.facilities SET hours = NULL WHERE hours = 'whenever'")
    office.post("/v1/plan/discard", json={"features": "all"})

    with admin[0].connect() as connection:
        first = connection.scalar(text(
            "SELECT min(generation) FROM city.facilities WHERE kind = 'camera'"))  # fmt: skip
    diff = office.get(f"/v1/plan/diff?generation={first}&limit=5000")
    assert diff.status_code == 200
    assert "camera" not in diff.text
    assert diff.json()["internal"] > 0


def test_old_dates_answer_as_they_did_before_a_publication_and_after_its_revert(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    def name(at: str | None = None) -> str:
        asked = "/v1/locate?lon=111.9943&lat=27.7283&kind=unit_grid"
        then = f"&at={quote(at)}" if at else ""
        (area,) = office.get(asked + then).json()["areas"]
        return str(area["name"])

    old = name()
    edit(admin, "UPDATE plan.areas SET name = '新名' WHERE kind = 'unit_grid' AND "
                "ST_Covers(geom, 'SRID=4326;POINT(111.9943 27.7283)')")  # fmt: skip
    before = datetime.now(UTC).isoformat()
    made = office.post("/v1/plan/publications", json={"note": "name", "accept": True}).json()
    number = made["generation"]["number"]
    between = datetime.now(UTC).isoformat()
    assert eventually(lambda: name() == "新名", 5)
    undone = office.post(f"/v1/plan/generations/{number}/revert", json={"note": "wrong"}).json()
    assert undone["generation"]["counts"]["areas"]["changed"] == 1
    assert eventually(lambda: name() == old, 5)
    assert [name(before), name(between)] == [old, "新名"]
    newer = office.post(f"/v1/plan/generations/{number}/revert")
    assert newer.status_code == 409
    assert "changed by a later publication" in newer.json()["detail"]


def test_a_publication_for_an_instant_takes_effect_by_itself_unless_it_is_cancelled(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    def state(number: int) -> str:
        told = office.get("/v1/plan/publications").json()["publications"]
        return str(next(one["state"] for one in told if one["number"] == number))

    edit(admin, "UPDATE plan.stall_zones SET fee = '3' WHERE code = 'LD-T-07'")
    at = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    asked = {"note": "soon", "accept": True, "on": at}
    waits = office.post("/v1/plan/publications", json=asked).json()["publication"]
    assert (waits["state"], waits["features"]) == ("waiting", 1)
    assert eventually(lambda: state(waits["number"]) == "done", 10)
    made = office.get("/v1/plan/generations").json()["generations"][0]
    assert datetime.fromisoformat(made["published_at"]) == datetime.fromisoformat(at)

    edit(admin, "UPDATE plan.stall_zones SET fee = '4' WHERE code = 'LD-T-07'")
    asked["on"] = "2099-01-01"
    waits = office.post("/v1/plan/publications", json=asked).json()["publication"]
    assert waits["takes_effect_at"] == "2098-12-31T16:00:00Z"
    cancelled = office.delete(f"/v1/plan/publications/{waits['number']}")
    assert cancelled.json()["state"] == "cancelled"
    assert office.delete(f"/v1/plan/publications/{waits['number']}").status_code == 404
    asked["on"] = "2020-01-01"
    assert office.post("/v1/plan/publications", json=asked).status_code == 422
    office.post("/v1/plan/discard", json={"features": "all"})


def test_history_names_the_token_of_whoever_discarded_or_reverted(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    def last(table: str) -> str:
        asked = f"SELECT changed_by FROM city.history WHERE table_name = '{table}' "
        with admin[0].connect() as connection:
            return str(connection.scalar(text(asked + "ORDER BY id DESC LIMIT 1")))

    fee = "UPDATE plan.stall_zones SET fee = '{}' WHERE code = 'LD-T-09'"
    edit(admin, fee.format(7))
    assert last("plan.stall_zones") == "postgres"
    office.post("/v1/plan/discard", json={"features": "all"})
    assert last("plan.stall_zones") == "token office"

    edit(admin, fee.format(8))
    made = office.post("/v1/plan/publications", json={"note": "fee", "accept": True}).json()
    assert [last(f"{schema}.stall_zones") for schema in ("plan", "city")] == [
        "postgres", "token office",
    ]  # fmt: skip
    office.post(f"/v1/plan/generations/{made['generation']['number']}/revert")
    assert last("plan.stall_zones") == "token office"


def test_who_changed_a_feature_when_is_told(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    edit(admin, "UPDATE plan.stall_zones SET fee = '8' WHERE code = 'LD-T-09'")
    (row,) = office.get("/v1/plan/diff").json()["changes"]
    asked = {"layer": "stall_zones", "feature": row["feature"]}
    newest, *_ = office.get("/v1/plan/history", params=asked).json()["changes"]
    assert (newest["action"], newest["columns"]) == ("UPDATE", ["fee"])
    assert newest["changed_by"] == row["edited_by"]
    unknown = office.get("/v1/plan/history", params=asked | {"layer": "bins"})
    assert unknown.status_code == 422
    office.post("/v1/plan/discard", json={"features": "all"})


def test_what_is_discarded_is_named_and_what_is_not_edited_is_not_found(
    admin: tuple[Engine, Database], office: TestClient
) -> None:
    edit(admin, "UPDATE plan.stall_zones SET fee = '9' WHERE code = 'LD-T-03'")
    (change,) = office.get("/v1/plan/diff").json()["changes"]
    named = {"layer": change["layer"], "feature": change["feature"]}
    shown = office.post("/v1/plan/discard", json={"features": [named], "dry_run": True}).json()
    assert shown["discarded"] == [f"{change['layer']} {change['feature']}"]
    assert office.get("/v1/plan/diff").json()["changes"] == [change]
    assert office.post("/v1/plan/discard", json={"features": [named]}).json()["discarded"] == [
        f"{change['layer']} {change['feature']}"
    ]
    missing = office.post("/v1/plan/discard", json={"features": [named]})
    assert missing.status_code == 404
    assert office.post("/v1/plan/discard", json={"features": "all"}).json() == {"discarded": []}
    assert office.get("/v1/plan/diff?generation=99999").status_code == 404
    assert office.post("/v1/plan/publications", json={"note": "  "}).status_code == 422


def test_a_plan_that_somebody_holds_is_told_with_when_to_try_again(
    admin: tuple[Engine, Database], office: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", text("SET LOCAL lock_timeout = '200ms'"))
    with admin[0].begin() as connection:
        connection.execute(text("LOCK TABLE plan.areas"))
        answer = office.post("/v1/plan/check", json={"full": True})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "the plan is held by postgres" in answer.json()["detail"]
