"""River and main streets: ribbons along the first cuts, the map where there is no basemap."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo import codes, words
from data.demo.cuts import Cut
from data.demo.ground import to_lonlat, to_metres
from data.demo.terrain import Terrain
from data.demo.tiling import bent_line
from data.demo.town import Block, Road, Town, largest
from geo.records import Area

RIVER_WIDTH_M = 80.0
AVENUE_WIDTH_M, STREET_WIDTH_M, ROAD_WIDTH_M, RIVERSIDE_WIDTH_M = 30.0, 26.0, 20.0, 16.0
RIVERSIDE_M = 62.0
"""From the middle of the river to the middle of the road along it."""


def lay_out(cuts: Sequence[Cut], terrain: Terrain, areas: Sequence[Area]) -> Town:
    """Return the ground of the tiling areas with its river, main streets and blocks."""
    ground = largest(to_metres(areas[0].geometry))
    river = next(bent_line(cut, terrain) for cut in cuts if cut.level == "river")
    water = largest(river.buffer(RIVER_WIDTH_M / 2, cap_style="square") & ground)
    roads = _roads(cuts, terrain, river, water, ground)
    # The avenue crosses on a bridge, so the water is taken off as well as the streets.
    built = shapely.union_all([water, *(road.ribbon for road in roads)])
    shapely.prepare(built)
    return Town(_blocks(areas, built), roads, water)


def basemap_areas(town: Town) -> list[Area]:
    """Return the river as `water` and the main streets as `road`, in lon/lat."""
    return [
        Area(
            "water",
            codes.numbered("LD-W", 1),
            words.RIVER[0],
            to_lonlat(town.water),
            words.RIVER[1],
            codes.CITY,
        ),
        *(
            Area(
                "road",
                codes.numbered("LD-R", number),
                road.name[0],
                to_lonlat(road.ribbon),
                road.name[1],
                codes.CITY,
            )
            for number, road in enumerate(town.roads, start=1)
        ),
    ]


def _roads(
    cuts: Sequence[Cut], terrain: Terrain, river: LineString, water: Polygon, ground: Polygon
) -> list[Road]:
    def ribbon(line: LineString, width_m: float) -> Polygon:
        return largest(line.buffer(width_m / 2, cap_style="flat") & ground)

    def on_banks(name: words.Named, line: LineString, width_m: float) -> Road:
        line = _longest(line - water)
        return Road(name, line, largest(ribbon(line, width_m) - water))

    avenue = next(bent_line(cut, terrain) for cut in cuts if cut.level == "zone")
    streets = [cut for cut in cuts if cut.level == "street"]
    others = sorted(
        (cut for cut in cuts if cut.level == "responsibility_grid"),
        key=lambda cut: cut.length_m,
        reverse=True,
    )[: len(words.ROADS) - len(streets)]
    named = zip(words.ROADS, [*streets, *others], strict=True)
    return [
        Road(words.AVENUE, avenue, ribbon(avenue, AVENUE_WIDTH_M)),
        *(on_banks(name, bent_line(cut, terrain), _width_m(cut)) for name, cut in named),
        on_banks(
            words.RIVERSIDE, _longest(river.offset_curve(RIVERSIDE_M) & ground), RIVERSIDE_WIDTH_M
        ),
    ]


def _width_m(cut: Cut) -> float:
    return STREET_WIDTH_M if cut.level == "street" else ROAD_WIDTH_M


def _longest(shape: BaseGeometry) -> LineString:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, LineString)]
    return max(parts, key=lambda part: part.length)


def _blocks(areas: Sequence[Area], built: BaseGeometry) -> list[Block]:
    by_code = {(area.kind, area.code): area for area in areas}
    found = []
    for area in areas:
        if area.kind == "unit_grid":
            community = by_code["community", area.code[:12]]
            street = by_code["street", area.code[:9]]
            found.append(Block(area, community, street, largest(to_metres(area.geometry) - built)))
    return found
