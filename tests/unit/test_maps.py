"""The stall page as text: what it says, what it loads, and that no data in it can act."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data.models.city import STATES as CONDITIONS
from data.models.planning import CHANGES, SEVERITIES
from geo.errors import InvalidInstant, InvalidParameter
from geo.openings import Opening, Rule
from geo.records import Kind
from geo.schedules import Override
from geo.types import LonLat
from maps.basemap import Basemap
from maps.canvas import latlon
from maps.hours import STATES, state_of
from maps.site import Page, zone_path
from maps.stall_list import ZoneInList, stall_list
from maps.stalls import stalls_page
from maps.text import LANGUAGES, Language, both_languages, inert, words
from tests.page import sample

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    "`${alert(3)}`{{ 7*191 }}{% include 'x' %}{# \" '"
)
TILES = Basemap(("https://{s}.tiles.example/{z}/{x}/{y}.png",), "© 测绘单位", "示例底图", "GS1")
SHANGHAI = timezone(timedelta(hours=8))


class Reader(HTMLParser):
    """Collects what a browser would see: elements, inline scripts, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self._in = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script" and "src" not in dict(attrs) and "type" not in dict(attrs):
            self.scripts.append("")
        elif tag == "script":
            self._in = "data"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "data":
            self.text.append(data)

    def attributes(self, *names: str) -> list[str]:
        return [attrs[n] or "" for _, attrs in self.elements for n in names if n in attrs]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def hostile_pages(language: Language = "zh") -> tuple[Page, Page]:
    """Return the map and the list with every text of the data an attack."""
    closed = Override(date(2026, 6, 1), date(2026, 6, 30), False, reason_zh=HOSTILE)
    zone = replace(
        sample.zones()[0].zone,
        kind=HOSTILE,
        code=HOSTILE,
        name=HOSTILE,
        name_en=HOSTILE,
        goods=(HOSTILE,),
        address=HOSTILE,
        overrides=(closed,),
    )
    other = replace(zone, kind="named", code="2")
    why = replace(closed, reason_en=HOSTILE)
    opening = Opening("closed", rule=Rule("override", why))
    basemap = replace(TILES, attribution=HOSTILE, source=HOSTILE, approval_number=HOSTILE)
    site = replace(sample.SITE, city_zh=HOSTILE, city_en=HOSTILE, basemap=basemap)
    kinds = {"named": Kind("stall_zone", "named", HOSTILE, HOSTILE)}
    shown = [ZoneInList(zone, opening), ZoneInList(other, opening)]
    return sample.page(language, site), sample.listed(language, site, shown, kinds)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_in_both_languages(language: Language) -> None:
    for key, text in both_languages().items():
        assert set(text) == set(LANGUAGES), key
        assert text[language].strip(), key


def test_the_two_languages_of_a_text_take_the_same_words_from_the_code() -> None:
    for key, text in both_languages().items():
        filled = {frozenset(re.findall(r"\{(\w+)\}", value)) - {"year"} for value in text.values()}
        assert len(filled) == 1, key


def test_no_text_is_left_unused() -> None:
    sources = [
        *(ROOT / "maps").glob("*.py"),
        *(ROOT / "maps" / "page").glob("*.js"),
        *(ROOT / "maps" / "templates").iterdir(),
    ]
    code = "".join(path.read_text("utf-8") for path in sources)
    made_up = {
        "Mo",
        "Tu",
        "We",
        "Th",
        "Fr",
        "Sa",
        "Su",
        "PH",
        *(f"month_{n}" for n in range(1, 13)),
        *(f"condition_{state}" for state in CONDITIONS if state != "normal"),
        *(f"plan_{word}" for word in (*CHANGES, *SEVERITIES)),
    }
    # Of kinds and attributes, which are data; and what is said of places in another manner.
    families = ("glyph_", "fact_")

    def is_used(key: str) -> bool:
        names = (key, key.removeprefix("places_"))
        return key in made_up or any(re.search(rf"\b{name}\b", code) for name in names)

    unused = [k for k in both_languages() if not k.startswith(families) and not is_used(k)]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_stay_texts(language: Language) -> None:
    for page in hostile_pages(language):
        found = Reader(page.html)
        assert not [tag for tag, attrs in found.elements if tag == "img" or "onerror" in attrs]
        assert not [name for _, attrs in found.elements for name in attrs if name.startswith("on")]
        scripts = len([tag for tag, _ in found.elements if tag == "script"])
        assert scripts == page.html.count("</script>")
        assert HOSTILE in "".join(found.text)


def test_the_script_holds_hostile_texts_only_as_inert_html() -> None:
    page, _ = hostile_pages()
    (script,) = Reader(page.html).scripts
    assert "<" not in re.sub(r"<=?\s", "", script)
    assert "{{" not in script
    # It went neither through Jinja...
    assert "1337" not in page.html
    # ...nor is anything left of it that Leaflet's innerHTML would read as an element.
    texts = [json.loads(text) for text in re.findall(r'"(?:[^"\\]|\\.)*"', script)]
    shown = [text for text in texts if "onerror" in text]
    assert shown
    assert not [text for text in shown if "<" in text or "{" in text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_brings_every_word_that_its_scripts_ask_for(language: Language) -> None:
    page = sample.page(language).html
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', page, re.S)
    assert found is not None
    assert json.loads(found[1]) == dict(words(language))
    asked = {
        key
        for path in (ROOT / "maps" / "page").glob("*.js")
        for key in re.findall(r'\bword\("(\w+)"', path.read_text("utf-8"))
    }
    assert asked
    assert asked <= words(language).keys()


def test_the_scripts_hold_no_text_for_people() -> None:
    for path in (ROOT / "maps" / "page").glob("*.js"):
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text("utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", code), path.name


@pytest.mark.parametrize("text", ["<b>", "{{ x }}", "{% x %}", "{# x #}", "a & b", "'\"", "夜市"])
def test_inert_html_shows_the_text_itself(text: str) -> None:
    assert Reader(f"<p>{inert(text)}</p>").words == text
    assert not set(inert(text)) & set("<>{}'\"")


def test_the_policy_names_the_hash_of_every_inline_script() -> None:
    page = sample.page()
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in Reader(page.html).scripts
    }
    assert hashes == set(page.script_hashes)
    assert all(source in page.policy for source in hashes)
    assert "unsafe" not in page.policy


def test_nothing_is_loaded_from_another_host() -> None:
    for address in Reader(sample.page().html).attributes("src", "href", "action", "data"):
        assert not re.match(r"(?:[a-z]+:)?//", address), address
    (script,) = Reader(sample.page().html).scripts
    assert "://" not in script


def test_every_file_that_the_page_loads_exists() -> None:
    addresses = Reader(sample.page().html).attributes("src", "href")
    ours = [a for a in addresses if a.startswith("/static/") and "/vendor/" not in a]
    assert len(ours) == 4
    for address in ours:
        assert (ROOT / "maps" / address.lstrip("/").partition("?")[0]).is_file(), address


def test_equal_input_gives_equal_bytes_also_in_several_threads() -> None:
    first = sample.page().html
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: sample.page().html, range(8)))
    assert set(pages) == {first}


def test_the_list_stays_the_same_within_a_minute() -> None:
    instants = [sample.FRIDAY_EVENING + timedelta(seconds=s) for s in (0, 12.5, 59.9)]
    pages = {stall_list([], {}, at, "zh", sample.SITE).html for at in instants}
    assert len(pages) == 1


def test_the_order_of_the_input_does_not_matter() -> None:
    assert sample.listed(shown=sample.zones()[::-1]).html == sample.listed().html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_its_language_city_and_sources(language: Language) -> None:
    site = replace(sample.SITE, basemap=TILES)
    found = Reader(sample.page(language, site).html)
    text = words(language)
    assert found.elements[0][1]["lang"] == {"zh": "zh-CN", "en": "en"}[language]
    for said in (text["title"], site.city(language), text["synthetic"], "示例底图", "GS1", "2026"):
        assert said in found.words
    assert f"?lang={'en' if language == 'zh' else 'zh'}" in found.attributes("href")


def test_the_notice_of_made_up_data_is_in_both_languages_and_only_on_made_up_data() -> None:
    notices = [words(language)["synthetic"] for language in LANGUAGES]
    real = sample.page("en", replace(sample.SITE, synthetic=False))
    assert all(notice in Reader(sample.page("en").html).words for notice in notices)
    assert not any(notice in Reader(real.html).words for notice in notices)


def test_the_list_goes_from_open_to_closed_and_counts_each_state() -> None:
    found = Reader(sample.listed().html)
    shown = [words("zh")[state] for state in STATES]
    headings = re.findall(rf"({'|'.join(shown)}) (\d+)", found.words)
    assert headings == list(zip(shown, ["4", "2", "5", "1"], strict=True))


def test_neither_manager_nor_phone_reaches_what_the_map_is_told() -> None:
    zone = sample.zones()[0]
    named = replace(zone, zone=replace(zone.zone, manager="某管理员", phone="0000-1234567"))
    told = sample.site_of(shown=[named])
    sheet = told.pop(zone_path(zone.zone.code) + "?lang=zh")
    assert isinstance(sheet, Page)
    # The managing body is public, and told where a zone is told in full.
    assert "某管理员" in sheet.html
    for path, answer in told.items():
        text = answer.html if isinstance(answer, Page) else answer.decode()
        assert "0000-1234567" not in text + sheet.html, path


def test_a_zone_says_why_it_is_closed_and_what_its_hours_rest_on() -> None:
    works = Override(date(2026, 6, 1), date(2026, 6, 30), False, (), "道路施工", "Road works")
    closed = Opening("closed", assumed=True, rule=Rule("override", works))
    shown = replace(sample.zones()[0], opening=closed)
    assert "道路施工" in Reader(sample.listed("zh", shown=[shown]).html).words
    assert "Road works" in Reader(sample.listed("en", shown=[shown]).html).words
    assert words("en")["assumed"] in Reader(sample.listed("en", shown=[shown]).html).words


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInstant, match="time zone"):
        stall_list([], {}, datetime(2026, 6, 12, 19, 30), "zh", sample.SITE)


def test_a_page_without_any_data_is_still_a_page() -> None:
    assert "folium-map" in stalls_page(None, "en", sample.SITE).html
    found = Reader(stall_list([], {}, sample.FRIDAY_EVENING, "en", sample.SITE).html)
    assert words("en")["no_zones"] in found.words


@pytest.mark.parametrize(
    ("opening", "state"),
    [
        (Opening("open"), "open"),
        (Opening("unknown"), "unknown"),
        (Opening("closed"), "closed"),
        (Opening("closed", datetime(2026, 6, 12, 23, 59, tzinfo=SHANGHAI)), "later"),
        (Opening("closed", datetime(2026, 6, 13, 0, 0, tzinfo=SHANGHAI)), "closed"),
    ],
)
def test_later_means_later_on_the_same_day_of_the_zones_clock(opening: Opening, state: str) -> None:
    at = datetime(2026, 6, 11, 16, 30, tzinfo=UTC)  # already the 12th in Shanghai
    assert state_of(opening, at) == state


def test_latitude_comes_first_for_leaflet_only() -> None:
    assert latlon(LonLat(111.99, 27.73)) == (27.73, 111.99)


def test_a_basemap_names_the_origins_of_its_tiles() -> None:
    assert Basemap().origins == ()
    assert Basemap.openstreetmap().origins == ("https://tile.openstreetmap.org",)
    tianditu = Basemap.tianditu("0123abc", "GS(2024)1号")
    assert tianditu.origins == tuple(f"https://t{n}.tianditu.gov.cn" for n in range(8))
    assert all("tk=0123abc" in url and "TILECOL={x}" in url for url in tianditu.urls)
    page = sample.page("zh", replace(sample.SITE, basemap=tianditu))
    assert " ".join(("img-src 'self' data:", *tianditu.origins)) in page.policy
    assert "GS(2024)1号" in Reader(page.html).words


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//{z}{x}{y}",
        "/tiles/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}.png",
        "https://tiles.example/{z}/{x}/{y}.png?{{ 7*191 }}",
        "https://tiles.example; script-src */{z}/{x}/{y}.png",
    ],
)
def test_a_tile_address_that_is_none_or_would_act_is_refused(url: str) -> None:
    with pytest.raises(InvalidParameter, match="tile address"):
        Basemap((url,), "a", "b")


def test_a_basemap_without_attribution_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="attribution"):
        Basemap(("https://tiles.example/{z}/{x}/{y}.png",), source="b")


def test_the_lock_of_the_page_names_no_registry_and_pins_by_hash() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert lock["lockfileVersion"] == 3
    packages = [found for path, found in lock["packages"].items() if path]
    assert packages
    assert all("resolved" not in found and found["integrity"] for found in packages)
