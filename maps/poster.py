"""The poster (海报): the stall map on paper for a notice board, a page without any script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, NamedTuple, get_args

from geo.records import Area, Kind, StallZone
from maps.hours import hours_in_words
from maps.page import render
from maps.paper import COLUMNS, HEIGHT, ROWS, WIDTH, Mark, PaperMap, paper_map
from maps.qr import qr_image
from maps.site import Page, Site
from maps.text import Language, Worded, worded, words

PaperSize = Literal["a4", "a3"]
SIZES: tuple[PaperSize, ...] = get_args(PaperSize)

FORMS = 8
"""So many kinds have marks of their own: circle, square, diamond, triangle, hollow and full."""


@dataclass(frozen=True, slots=True)
class City:
    """What a poster shows: the zones published now, the names of their kinds, the ground."""

    zones: Sequence[StallZone]
    kinds: Mapping[str, Kind]
    areas: Sequence[Area]

    def kind_of(self, slug: str) -> Kind:
        """Return a kind; one that is not known is called by its slug."""
        return self.kinds.get(slug) or Kind("stall_zone", slug, slug, slug)


class Row(NamedTuple):
    """A zone as the table tells it; `form` is the number of its mark's form."""

    number: int
    form: int
    mark: Mark
    shape: str
    name: Worded
    kind: Worded
    hours: tuple[str, ...]
    stalls: str
    goods: tuple[str, ...]
    address: str
    phone: str


class Entry(NamedTuple):
    """A kind as the legend tells it."""

    form: int
    name: Worded
    zones: int


def poster(city: City, language: Language, site: Site, size: PaperSize, live_url: str) -> Page:
    """Return the poster; `live_url` is where the living map is found, empty where nobody knows.

    The first sheet is the map, the table goes on over as many as it needs. Zones are numbered in
    the order of their codes. Where there are too many to number on the map it is divided into
    squares, and zones are listed by square.
    """
    content = poster_content(city, language, size, live_url)
    return Page(render("poster.html", language, site, **content), ())


def poster_content(
    city: City, language: Language, size: PaperSize, live_url: str
) -> dict[str, Any]:
    """Return what `poster.html` asks for."""
    drawn = paper_map(city.zones, city.areas, language)
    forms = _forms(city.zones)
    return {
        "size": size,
        "sizes": SIZES,
        "drawn": drawn,
        "frame": (WIDTH, HEIGHT),
        "squares": (COLUMNS, ROWS),
        "rows": _rows(city, drawn, forms, language) if drawn else (),
        "legend": _legend(city, forms, language),
        "live_url": live_url,
        "qr": qr_image(live_url) if live_url else None,
    }


def _forms(zones: Sequence[StallZone]) -> dict[str, int]:
    """The form of each kind's mark, the commonest first: their forms are the plainest."""
    counts = Counter(zone.kind for zone in zones)
    ordered = sorted(counts, key=lambda kind: (-counts[kind], kind))
    return {kind: number % FORMS for number, kind in enumerate(ordered)}


def _legend(city: City, forms: Mapping[str, int], language: Language) -> list[Entry]:
    counts = Counter(zone.kind for zone in city.zones)
    return [
        Entry(form, _kind_name(city, kind, language), counts[kind]) for kind, form in forms.items()
    ]


def _rows(
    city: City, drawn: PaperMap, forms: Mapping[str, int], language: Language
) -> tuple[Row, ...]:
    held = list(zip(city.zones, drawn.marks, drawn.zones, strict=True))
    held.sort(key=lambda one: ("" if drawn.is_numbered else one[1].square, one[0].code))
    numbers = count(1)
    return tuple(
        Row(
            number=next(numbers),
            form=forms[zone.kind],
            mark=mark,
            shape=shape,
            name=worded(zone.name, zone.name_en, language),
            kind=_kind_name(city, zone.kind, language),
            hours=hours_in_words(zone.schedule, language),
            stalls=_stalls(zone, language),
            goods=zone.goods,
            address=zone.address,
            phone=zone.duty_phone,
        )
        for zone, mark, shape in held
    )


def _kind_name(city: City, slug: str, language: Language) -> Worded:
    kind = city.kind_of(slug)
    return worded(kind.name_zh, kind.name_en, language)


def _stalls(zone: StallZone, language: Language) -> str:
    if zone.capacity is None:
        return ""
    return words(language)["stall_count"].format(count=zone.capacity)
