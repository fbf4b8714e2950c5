"""Links into other people's maps: the order and datum that each one takes, and names that break
nothing.
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from geo.types import LonLat
from maps.navigation import ways_to

# Latitude, longitude in WGS 84, GCJ-02 and BD-09; made with the public formulas by other code.
VECTORS = {
    "Loudi": ("27.700000,111.994000", "27.696685,111.999516", "27.702520,112.006037"),
    "Ezhou": ("30.391000,114.895000", "30.388304,114.900041", "30.393964,114.906651"),
    "Jingzhou": ("30.335000,112.240000", "30.332443,112.245710", "30.338191,112.252258"),
    "Hefei": ("31.793000,117.310000", "31.791058,117.315572", "31.796814,117.322129"),
    "Hai'an": ("32.533000,120.467000", "32.531072,120.471649", "32.537402,120.478071"),
}
NAMES = (
    "滨河路夜市",
    "A;B|C:D",
    "a&b=c#d?e/f%20g+h",
    "夜市 (东门) 2,3",
    "<script>alert(1)</script>\"'`",
    "javascript:alert(1)\r\nX: y",
)


def found(city: str, name: str = "夜市", address: str = "滨河路") -> dict[str, str]:
    lat, lon = VECTORS[city][0].split(",")
    return {way.provider: way.url for way in ways_to(LonLat(float(lon), float(lat)), name, address)}


def query(url: str) -> dict[str, str]:
    """Return the parameters, each of which must be there once."""
    fields = parse_qs(urlsplit(url).query, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in fields.values())
    return {name: values[0] for name, values in fields.items()}


def swapped(pair: str) -> str:
    return ",".join(reversed(pair.split(",")))


@pytest.mark.parametrize("city", VECTORS)
def test_amap_takes_the_longitude_first_in_gcj02(city: str) -> None:
    url = found(city)["amap"]
    assert url.startswith("https://uri.amap.com/marker?")
    assert query(url)["position"] == swapped(VECTORS[city][1])
    assert query(url)["coordinate"] == "gaode"
    assert query(url)["name"] == "夜市"


@pytest.mark.parametrize("city", VECTORS)
def test_baidu_takes_the_latitude_first_in_bd09_and_is_told_so(city: str) -> None:
    url = found(city)["baidu"]
    assert url.startswith("https://api.map.baidu.com/marker?")
    assert query(url)["location"] == VECTORS[city][2]
    assert query(url)["coord_type"] == "bd09ll"
    assert query(url)["output"] == "html"
    assert (query(url)["title"], query(url)["content"]) == ("夜市", "滨河路")


@pytest.mark.parametrize("city", VECTORS)
def test_tencent_takes_the_latitude_first_in_gcj02_in_one_parameter(city: str) -> None:
    url = found(city)["tencent"]
    assert url.startswith("https://apis.map.qq.com/uri/v1/marker?")
    assert query(url)["marker"] == f"coord:{VECTORS[city][1]};title:夜市;addr:滨河路"
    assert query(url)["coord_type"] == "2"


@pytest.mark.parametrize("city", VECTORS)
def test_geo_takes_the_latitude_first_in_wgs84(city: str) -> None:
    url = found(city)["geo"]
    assert urlsplit(url).scheme == "geo"
    assert urlsplit(url).path == VECTORS[city][0]
    assert unquote(urlsplit(url).query) == f"q={VECTORS[city][0]}(夜市)"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_within_its_place_in_every_link(name: str) -> None:
    plain, odd = found("Loudi", "x", "y"), found("Loudi", name, name)

    for provider, url in odd.items():
        assert url.isascii()
        assert not set(url) & set(" \"'<>`#\\\r\n")
        assert urlsplit(url)[:3] == urlsplit(plain[provider])[:3]
    for provider in ("amap", "baidu", "tencent"):
        assert query(odd[provider]).keys() == query(plain[provider]).keys()
    assert query(odd["tencent"])["marker"].count(";") == 2
    assert query(odd["tencent"])["marker"].count(":") == 3
    assert "|" not in unquote("".join(odd.values()))
    assert odd["geo"].count("(") == odd["geo"].count(")") == 1


def test_a_name_is_told_whole_but_for_what_the_providers_would_read_as_syntax() -> None:
    urls = found("Loudi", "滨河;路|夜市 & 花市 #1")
    assert query(urls["amap"])["name"] == "滨河 路 夜市 & 花市 #1"
    assert "title:滨河 路 夜市 & 花市 #1;addr:滨河路" in query(urls["tencent"])["marker"]


def test_without_an_address_the_name_stands_for_it() -> None:
    assert query(found("Loudi", "夜市", "")["baidu"])["content"] == "夜市"


def test_far_from_china_nothing_is_shifted_and_only_geo_is_offered() -> None:
    ways = ways_to(LonLat(-122.42, 37.77), "Mission")
    assert [way.provider for way in ways] == ["geo"]
    assert ways[0].url == "geo:37.770000,-122.420000?q=37.770000,-122.420000(Mission)"
