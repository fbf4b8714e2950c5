"""The poster as text: every zone numbered and told, nothing covered, nothing that could act."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import cos, hypot, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box

from geo.records import Area, Kind, StallZone
from maps.basemap import Basemap
from maps.paper import HEIGHT, NUMBERED_MAX, REACH_MM, WIDTH, paper_map
from maps.poster import FORMS, City, poster
from maps.site import Site
from maps.text import LANGUAGES, Language, words
from tests.many_zones import many_zones
from tests.page.sample import KINDS, SITE, backdrop, zones
from tests.unit.test_maps import HOSTILE, Reader

URL = "https://tide.example/maps/stalls"


def sample(shown: Sequence[StallZone] | None = None, areas: Sequence[Area] | None = None) -> City:
    held = [one.zone for one in zones()] if shown is None else shown
    ordered = sorted(held, key=lambda zone: zone.code)
    return City(ordered, KINDS, backdrop() if areas is None else areas)


def page(city: City | None = None, language: Language = "zh", site: Site = SITE) -> Reader:
    return Reader(poster(city or sample(), language, site, "a4", URL).html)


def square(lon: float, lat: float, code: str = "1") -> StallZone:
    return StallZone("night_market", code, code, box(lon, lat, lon + 0.001, lat + 0.001))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_zone_stands_in_the_table_with_all_that_a_reader_needs(language: Language) -> None:
    zone = replace(
        zones()[0].zone, duty_phone="0738-5550999", fee="免费", phone="0738-1", goods=("小吃",)
    )
    told = page(sample([zone]), language).words
    name = zone.name_en if language == "en" else zone.name
    assert all(word in told for word in (name, "186", "小吃", zone.address, "0738-5550999"))
    assert ("02:00 (+1 day)" if language == "en" else "次日02:00") in told
    assert "0738-1" not in told.replace("0738-5550999", "")


def test_zones_are_numbered_by_their_codes_on_the_map_and_in_the_table() -> None:
    html = poster(sample(), "zh", SITE, "a4", URL).html
    on_map, in_table = html.split("<table>")
    numbers = [int(one) for one in re.findall(r'<text class="number[^>]*>(\d+)<', on_map)]
    assert sorted(numbers) == list(range(1, len(zones()) + 1))
    codes = [int(one) for one in re.findall(r'aria-label="(\d+)"', in_table)]
    assert codes == sorted(numbers)


def test_kinds_differ_in_the_form_of_their_marks_and_the_legend_names_each() -> None:
    read = page()
    used = {one.zone.kind for one in zones()}
    assert all(KINDS[kind].name_zh in read.words for kind in used)
    forms = {attrs["href"] for tag, attrs in read.elements if tag == "use"}
    drawn = {f"#{attrs['id']}" for _, attrs in read.elements if "id" in attrs}
    assert forms <= drawn
    assert len(forms) == len(used)
    assert len(drawn) == FORMS


@given(
    st.lists(
        st.tuples(st.floats(111.9, 112.1), st.floats(27.6, 27.8)), min_size=1, max_size=NUMBERED_MAX
    )
)
@settings(max_examples=40)
def test_no_mark_covers_another_and_all_are_on_the_sheet(places: list[tuple[float, float]]) -> None:
    drawn = paper_map([square(*place, str(n)) for n, place in enumerate(places)], [], "zh")
    assert drawn is not None
    for mark in drawn.marks:
        assert 0 < mark.at.x < WIDTH
        assert 0 < mark.at.y < HEIGHT
    for one, other in combinations(drawn.marks, 2):
        assert hypot(one.at.x - other.at.x, one.at.y - other.at.y) > 2 * REACH_MM * 0.9


@given(st.floats(-60, 60), st.floats(-170, 170))
def test_a_metre_to_the_east_is_as_long_as_one_to_the_north(lat: float, lon: float) -> None:
    east, north = 0.05 / cos(radians(lat)), 0.05
    corners = [(lon, lat), (lon + east, lat), (lon, lat + north)]
    drawn = paper_map([square(*place, str(n)) for n, place in enumerate(corners)], [], "zh")
    assert drawn is not None
    start, right, up = (mark.means for mark in drawn.marks)
    geod = Geod(ellps="sphere", a=6_378_137, b=6_378_137)
    far = [geod.inv(*corners[0], *corner)[2] for corner in corners[1:]]
    on_paper = [hypot(one.x - start.x, one.y - start.y) for one in (right, up)]
    assert on_paper[0] / far[0] == pytest.approx(on_paper[1] / far[1], rel=0.005)
    # And the bar is true.
    assert drawn.bar.length_mm / drawn.bar.length_m == pytest.approx(
        on_paper[1] / far[1], rel=0.005
    )


def test_more_zones_than_numbers_have_room_are_found_by_their_squares() -> None:
    many = many_zones(2_000)
    read = page(sample(many))
    assert words("zh")["squares_lead"] in read.words
    drawn = paper_map(many, [], "zh")
    assert drawn is not None
    assert not drawn.is_numbered
    rows = re.findall(
        r"(?<=</svg><b>)[A-H][1-8](?=</b>)", poster(sample(many), "zh", SITE, "a4", URL).html
    )
    assert len(rows) == 2_000
    assert rows == sorted(rows)


def test_names_on_the_map_cover_no_mark_and_no_other_name() -> None:
    drawn = paper_map(sample().zones, backdrop(), "en")
    assert drawn is not None
    assert {"North", "South", "Lian River"} <= {name.text.text for name in drawn.names}
    for name in drawn.names:
        for mark in drawn.marks:
            assert max(abs(name.at.x - mark.at.x), abs(name.at.y - mark.at.y)) > REACH_MM


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_data_can_act_and_there_is_no_script_or_style_of_its_own(
    language: Language,
) -> None:
    zone = replace(
        zones()[0].zone,
        kind=HOSTILE,
        code=HOSTILE,
        name=HOSTILE,
        name_en=HOSTILE,
        goods=(HOSTILE,),
        address=HOSTILE,
        duty_phone=HOSTILE,
    )
    areas = [replace(area, name=HOSTILE, name_en=HOSTILE) for area in backdrop()]
    kinds = {"named": Kind("stall_zone", "named", HOSTILE, HOSTILE)}
    site = replace(SITE, city_zh=HOSTILE, city_en=HOSTILE, basemap=Basemap(approval_number=HOSTILE))
    shown = [zone, replace(zone, kind="named", code="2")]
    found = poster(City(shown, kinds, areas), language, site, "a3", URL + HOSTILE)
    read = Reader(found.html)
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "style"}
    assert read.attributes("style", "onerror", "onload", "onclick") == []
    assert not [tag for tag, attrs in read.elements if tag == "img" and attrs.get("src") == "x"]
    assert found.script_hashes == ()
    assert "{{ 7*191 }}" in read.words
    assert "1337" not in read.words


def test_the_date_the_notice_and_the_number_of_approval_stand_on_it() -> None:
    told = page(site=replace(SITE, basemap=Basemap(approval_number="GS(2026)1"))).words
    assert "2026年6月1日" in told
    assert words("zh")["synthetic"] in told
    assert "审图号：GS(2026)1" in told
    tiles = Basemap(("https://t.example/{z}/{x}/{y}.png",), "©", "某图", "GS(2026)1")
    # The number is that of the tiles, which are not on it.
    assert "GS(2026)1" not in page(site=replace(SITE, basemap=tiles)).words


def test_without_an_address_there_is_no_code_and_without_zones_no_table() -> None:
    assert "<figure>" not in poster(sample(), "zh", SITE, "a4", "").html
    empty = poster(sample([]), "zh", SITE, "a4", URL).html
    assert words("zh")["no_zones"] in empty
    assert "<table>" not in empty
    assert "<svg" in empty
    assert "<svg" not in poster(sample([], []), "zh", SITE, "a4", URL).html
