"""The poster through the running app: every zone, the right addresses, nothing internal."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.demo.city import DemoCity
from maps.qr import qr_image

PATH = "/maps/stalls/poster"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_poster_tells_every_zone_and_no_managers_phone(
    client: TestClient, demo_city: DemoCity, language: str
) -> None:
    answer = client.get(PATH, params={"lang": language})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    for zone in demo_city.stall_zones:
        assert (zone.name_en if language == "en" else zone.name) in answer.text
        assert zone.address in answer.text
        assert zone.duty_phone in answer.text
        assert zone.phone not in answer.text
    assert "made up" in answer.text


def test_it_runs_no_script_and_loads_only_what_is_ours(client: TestClient) -> None:
    answer = client.get(PATH)

    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert " style=" not in answer.text


def test_the_size_of_the_paper_is_one_of_two(client: TestClient) -> None:
    assert 'class="a4"' in client.get(PATH).text
    assert 'class="a3"' in client.get(PATH, params={"size": "a3"}).text
    refused = client.get(PATH, params={"size": "letter"})
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:tidegrid:problem:invalid-request"


def test_the_code_leads_to_the_map_of_the_settings_else_of_the_request(
    client: TestClient, database: Database
) -> None:
    here = client.get(PATH, params={"lang": "en"}, headers={"Host": "tide.example:8443"}).text
    assert "http://tide.example:8443/maps/stalls?lang=en<" in here
    settings = Settings(public_url="https://city.example/tide/")
    with TestClient(create_app(settings, database)) as settled:
        told = settled.get(PATH, headers={"Host": "10.0.0.7:8000"}).text
    assert "https://city.example/tide/maps/stalls<" in told
    assert str(qr_image("https://city.example/tide/maps/stalls")).replace("&", "&amp;") in told


def test_the_same_poster_is_not_sent_twice(client: TestClient) -> None:
    tag = {"If-None-Match": client.get(PATH).headers["etag"]}
    assert client.get(PATH, headers=tag).status_code == 304
    assert client.get(PATH, params={"size": "a3"}, headers=tag).status_code == 200


def test_the_map_leads_to_it(client: TestClient) -> None:
    assert 'href="/maps/stalls/poster?lang=en"' in client.get("/maps/stalls?lang=en").text
