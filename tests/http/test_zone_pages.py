"""The page of one zone through the running app: what it answers, to whom, and what stays inside."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.database import Database
from api.settings import Settings
from data.demo.city import DemoCity

PATH = "/maps/stalls/zones/LD-T-01"
EVENING = "2026-11-28T20:00:00+08:00"


def test_the_page_tells_a_zone_in_full(client: TestClient, demo_city: DemoCity) -> None:
    zone = next(one for one in demo_city.stall_zones if one.code == "LD-T-01")

    answer = client.get(PATH, params={"at": EVENING})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "营业中</b>" in answer.text
    told = (zone.name, zone.fee, zone.how_to_apply, zone.rules, zone.manager, zone.duty_phone)
    assert all(word in answer.text for word in (*told, *zone.goods, *zone.goods_banned))
    assert f'href="tel:{zone.duty_phone.replace("-", "")}"' in answer.text
    assert 'href="/maps/stalls?lang=zh&amp;zone=LD-T-01"' in answer.text


def test_no_page_of_a_zone_holds_a_managers_phone(client: TestClient, demo_city: DemoCity) -> None:
    for zone in demo_city.stall_zones:
        page = client.get(f"/maps/stalls/zones/{zone.code}").text
        assert zone.duty_phone in page
        assert zone.phone not in page
        assert zone.phone.replace("-", "") not in page


def test_the_api_tells_the_phone_on_duty_and_how_to_apply(
    client: TestClient, demo_city: DemoCity
) -> None:
    zone = next(one for one in demo_city.stall_zones if one.code == "LD-T-01")
    told = client.get("/v1/stall-zones/LD-T-01").json()["properties"]
    assert told["duty_phone"] == zone.duty_phone
    assert told["how_to_apply"] == zone.how_to_apply
    assert told["goods_banned"] == list(zone.goods_banned)
    assert "phone" not in told


def test_the_same_page_is_not_sent_twice_and_head_sends_none(client: TestClient) -> None:
    whole = client.get(PATH, params={"at": EVENING})
    tag = {"If-None-Match": whole.headers["etag"]}

    assert client.get(PATH, params={"at": EVENING}, headers=tag).status_code == 304
    assert client.get(PATH, params={"at": EVENING, "lang": "en"}, headers=tag).status_code == 200
    head = client.head(PATH, params={"at": EVENING})
    assert head.status_code == 200
    assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("code", ["LD-T-99", "<script>alert(1)", "{{7*7}}", "%2e%2e", "x" * 500])
def test_an_unknown_zone_is_a_page_that_leads_back_to_the_map(
    client: TestClient, code: str
) -> None:
    answer = client.get(f"/maps/stalls/zones/{code}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "没有这个摊区" in answer.text
    assert 'href="/maps/stalls?lang=zh"' in answer.text
    assert "<script>" not in answer.text


def test_an_unknown_zone_is_told_in_english_too(client: TestClient) -> None:
    page = client.get("/maps/stalls/zones/NONE", params={"lang": "en"}).text
    assert "There is no such stall zone" in page
    assert "没有" not in page


def link_of(page: str) -> str:
    found: list[str] = re.findall(r'href="([^"]+)" data-text="link"', page)
    assert len(found) == 1
    return found[0]


def test_the_share_link_is_the_address_of_the_request_in_its_language(client: TestClient) -> None:
    asked = {"at": EVENING, "lang": "en"}
    page = client.get(PATH, params=asked, headers={"Host": "tide.example:8443"}).text
    assert link_of(page) == f"http://tide.example:8443{PATH}?lang=en"
    assert link_of(client.get(PATH).text) == f"http://testserver{PATH}"


def test_the_public_address_of_the_settings_wins(database: Database) -> None:
    settings = Settings(public_url="https://city.example/tide/")
    with TestClient(create_app(settings, database)) as client:
        page = client.get(PATH, headers={"Host": "10.0.0.7:8000"}).text
    assert link_of(page) == f"https://city.example/tide{PATH}"


@pytest.mark.parametrize(
    "url", ["city.example", "javascript:alert(1)", "https://a b", "https://a?x"]
)
def test_a_public_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(public_url=url)
