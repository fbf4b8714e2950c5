"""`tidegrid token`: made, listed, taken back; what the API does with it then."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from api.database import given_database
from api.settings import Settings
from data.models import SCOPES
from tests.cli.conftest import City
from tests.cli.program import Command, eventually, said

NEAREST = "/v1/officers/nearest?lon=112.0&lat=27.7"


@pytest.fixture
def api(city: City) -> Iterator[TestClient]:
    settings = Settings(database_url=SecretStr(city.url))
    with TestClient(create_app(settings, given_database(settings))) as client:
        yield client


def test_a_token_opens_the_api_until_it_is_revoked(at_city: Command, api: TestClient) -> None:
    issued = at_city("token", "issue", "--name", "hotline", "--scope", "query")
    bearer = {"Authorization": f"Bearer {issued.stdout.strip()}"}

    assert (issued.returncode, issued.stderr) == (0, "")
    assert api.get(NEAREST, headers=bearer).status_code == 200

    revoked = at_city("token", "revoke", "hotline")

    assert (revoked.returncode, revoked.stdout) == (0, "revoked 1\n")
    assert eventually(lambda: api.get(NEAREST, headers=bearer).status_code == 401)


def test_a_list_tells_scopes_and_state_but_never_the_secret(at_city: Command) -> None:
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    secret = at_city("token", "issue", "--name", "all", *scopes).stdout.strip()
    at_city("token", "issue", "--name", "[red]old[/]", "--scope", "query", "--days", 1)
    at_city("token", "revoke", "[red]old[/]")

    done = at_city("token", "list")

    newest, oldest = (line.split("\t") for line in done.stdout.splitlines())
    assert newest == ["[red]old[/]", "query", "revoked"]
    assert oldest[:2] == ["all", ",".join(sorted(SCOPES))]
    assert oldest[2].startswith("until ")
    assert secret.startswith("tg_")
    assert secret not in done.stdout


def test_programs_are_told_in_json_on_stdout_alone(at_city: Command, city: City) -> None:
    issued = at_city("token", "issue", "--name", "热线", "--scope", "query", "--json")
    listed = at_city("token", "list", "--json")

    made, (kept,) = json.loads(issued.stdout), json.loads(listed.stdout)
    assert (made["name"], made["scopes"]) == ("热线", ["query"])
    assert made["token"].startswith("tg_")
    assert (kept["name"], kept["scopes"], kept["revoked_at"]) == ("热线", ["query"], None)
    assert made["token"] not in listed.stdout
    assert city.scalar("SELECT count(*) FROM city.tokens") == 1


def test_an_unknown_scope_is_one_sentence_that_names_the_known(
    at_city: Command, city: City
) -> None:
    done = at_city("token", "issue", "--name", "a", "--scope", "query", "--scope", "everything")

    assert said(done) == f"✗ scopes are {', '.join(SCOPES)}, not everything"
    assert city.scalar("SELECT count(*) FROM city.tokens") == 0


def test_to_revoke_a_name_that_has_no_token_is_one_sentence(at_city: Command) -> None:
    assert "no token named 'nobody' is in force" in said(at_city("token", "revoke", "nobody"))
