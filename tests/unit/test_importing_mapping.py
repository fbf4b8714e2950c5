"""Mappings are read strictly: a typing error is named, not ignored."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data.importing.mapping import load_mapping, parse_mapping, shipped_mappings
from geo.errors import ImportRefused, TidegridError

GOOD: dict[str, Any] = {
    "layer": "facilities",
    "kind": "bin",
    "fields": {"code": "id", "name": ["name", "{street} {number}"]},
}


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_shipped_mapping_can_be_read_by_its_name(name: str) -> None:
    assert load_mapping(name).fields["code"]


def test_a_mapping_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "staff.toml"
    path.write_text(
        'layer = "officers"\nkind = "street"\narea_kind = "responsibility_grid"\n'
        'since = 2026-01-01\n[fields]\ncode = "工号"\nname = "姓名"\narea_code = "网格"\n',
        encoding="utf-8",
    )

    mapping = load_mapping(path)

    assert mapping.fields["area_code"] == ("网格",)
    assert mapping.since == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"encodng": "gbk"}, "unknown key 'encodng' in the mapping; did you mean 'encoding'"),
        ({"layer": "facility"}, "did you mean 'facilities'"),
        ({"layer": None}, "needs layer"),
        ({"kind": 3}, "kind in the mapping must be text in quotes, not 3"),
        ({"kind_field": "type"}, "either kind or kind_field"),
        ({"kind": None}, "either kind or kind_field"),
        ({"fields": {"name": "n"}}, "needs code"),
        ({"fields": {"code": "id", "adress": "a"}}, "unknown key 'adress' .* mean 'address'"),
        ({"fields": {"code": [1]}}, "must name columns"),
        ({"fields": ["code"]}, r"must be a \[table\]"),
        ({"layer": "areas", "fields": {"code": "id"}}, "needs name"),
        (
            {"layer": "areas", "schedule": {"day": "d", "opens": "o", "closes": "c"}},
            "not for areas",
        ),
        ({"schedule": {"day": "d", "opens": "o"}}, "needs closes"),
        ({"attributes": {"seats": {"field": "s", "type": "int"}}}, "did you mean 'integer'"),
        ({"attributes": {"seats": {"type": "integer"}}}, "seats needs a column"),
        ({"geometry": {"lon": "x"}}, "lon and lat together"),
        ({"geometry": {"lon": "x", "lat": "y", "wkt": "w"}}, "or wkt alone"),
        ({"geometry": {"bbox": [1, 2, 3]}}, "west, south, east, north"),
        ({"geometry": {"bbox": [1, 2, 3, "x"]}}, "west, south, east, north"),
        ({"geometry": {"bbox": [1, 50, 3, 4]}}, "west, south, east, north"),
        ({"geometry": {"axis_order": "yx"}}, "axis_order"),
        ({"geometry": {"repair": "yes"}}, "true or false"),
        ({"geometry": {"point_radius_m": True}}, "metres"),
        ({"geometry": {"point_radius_m": 0}}, "above 0"),
        ({"time_zone": "Asia/Loudi"}, "like Asia/Shanghai"),
        ({"time_zone": "../etc"}, "like Asia/Shanghai"),
        ({"area_kind": "zone"}, "area_kind and the field area_code"),
    ],
)
def test_a_slip_in_a_mapping_is_named(change: dict[str, Any], words: str) -> None:
    content = {key: value for key, value in (GOOD | change).items() if value is not None}

    with pytest.raises(TidegridError, match=words):
        parse_mapping(content)


def test_a_mapping_that_is_not_there_names_the_shipped_ones() -> None:
    with pytest.raises(ImportRefused, match="taipei-villages"):
        load_mapping("nowhere")


def test_a_mapping_that_is_no_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("layer = areas\n")

    with pytest.raises(ImportRefused, match="line 1"):
        load_mapping(tmp_path / "m.toml")
