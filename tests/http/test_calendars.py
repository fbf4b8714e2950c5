"""The calendar of a zone through the running app."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient

from api.routes.calendars import _named

PATH = "/v1/stall-zones/LD-T-01/calendar.ics"
AUTUMN = {"at": "2026-09-20T12:00:00+08:00"}


def events(content: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def test_the_calendar_tells_the_openings_with_their_exceptions(client: TestClient) -> None:
    answer = client.get(PATH, params=AUTUMN)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('inline; filename="LD-T-01.ics"')
    found = {event.decoded("dtstart"): event for event in events(answer.content)}
    usual = found[datetime(2026, 9, 30, 10, tzinfo=UTC)]
    assert usual.decoded("dtend") == datetime(2026, 9, 30, 16, tzinfo=UTC)
    longer = found[datetime(2026, 10, 3, 9, tzinfo=UTC)]
    assert longer.decoded("dtend") == datetime(2026, 10, 3, 18, tzinfo=UTC)
    assert str(longer["description"]).startswith("国庆假期延长营业")
    assert str(longer["url"]) == "http://testserver/maps/stalls/zones/LD-T-01"


def test_an_unchanged_calendar_is_not_sent_twice_on_one_day(client: TestClient) -> None:
    whole = client.get(PATH, params=AUTUMN)
    tag = {"If-None-Match": whole.headers["etag"]}

    assert client.get(PATH, params=AUTUMN, headers=tag).status_code == 304
    evening = {"at": "2026-09-20T23:59:00+08:00"}
    assert client.get(PATH, params=evening, headers=tag).status_code == 304
    assert client.get(PATH, params=AUTUMN | {"lang": "en"}, headers=tag).status_code == 200
    assert client.head(PATH, params=AUTUMN).headers["etag"] == whole.headers["etag"]


def test_no_calendar_holds_a_managers_phone(client: TestClient, demo_city: Any) -> None:
    for zone in demo_city.stall_zones[:8]:
        text = client.get(f"/v1/stall-zones/{zone.code}/calendar.ics").text
        assert zone.phone not in text.replace("\r\n ", "")


@pytest.mark.parametrize("code", ["LD-T-99", "%2e%2e", "<b>", "x" * 300])
def test_a_zone_that_is_not_there_is_a_problem(client: TestClient, code: str) -> None:
    answer = client.get(f"/v1/stall-zones/{code}/calendar.ics")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_language_or_a_time_that_is_none_is_refused(client: TestClient) -> None:
    assert client.get(PATH, params={"lang": "fr"}).status_code == 422
    assert client.get(PATH, params={"at": "tomorrow"}).status_code == 422


def test_the_page_of_the_zone_leads_to_its_calendar(client: TestClient) -> None:
    page = client.get("/maps/stalls/zones/LD-T-01", params={"lang": "en"}).text

    assert f'href="{PATH}?lang=en"' in page
    assert client.get(f"{PATH}?lang=en").status_code == 200


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("LD-T-01", "LD-T-01"),
        ('a"; filename="x.exe', "a-filename-x.exe"),
        ("../../etc/passwd\r\nX: y", "etc-passwd-X-y"),
        ("夜市", "stall-zone"),
    ],
)
def test_the_name_of_the_file_is_harmless(code: str, name: str) -> None:
    told = _named(code)

    assert told.startswith(f'inline; filename="{name}.ics"; ')
    assert told.isascii()
    assert "\n" not in told
    assert "\r" not in told
