"""What QGIS keeps in a database: projects and styles, in tables as QGIS itself makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from data.models import Base

# QGIS looks for these names, and makes them so where they are missing.
_TABLES = """
    CREATE TABLE IF NOT EXISTS public.qgis_projects (
        name text PRIMARY KEY, metadata jsonb, content bytea);
    CREATE TABLE IF NOT EXISTS public.layer_styles (
        id serial PRIMARY KEY, f_table_catalog varchar, f_table_schema varchar,
        f_table_name varchar, f_geometry_column varchar, stylename text, styleqml xml,
        stylesld xml, useasdefault boolean, description text, owner varchar(63), ui xml,
        update_time timestamp DEFAULT CURRENT_TIMESTAMP);
    GRANT SELECT ON public.qgis_projects, public.layer_styles TO tidegrid_planner;
"""
_KINDS = """
    SELECT k.family, k.slug, k.name_zh, k.name_en, k.family <> 'facility' OR EXISTS (
            SELECT FROM plan.facilities AS f WHERE f.kind = k.slug
            AND GeometryType(f.geom) <> 'POINT') AS has_shapes
    FROM city.kinds AS k
    WHERE k.is_public AND k.family IN ('area', 'stall_zone', 'facility') ORDER BY 1, 2
"""
_EXTENT = """
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
        SELECT coalesce((SELECT ST_Extent(geom) FROM plan.city_pieces),
            (SELECT ST_Extent(geom) FROM plan.areas), 'BOX(73 18,135 54)'::box2d) AS box) AS found
"""


@dataclass(frozen=True, slots=True)
class DrawnKind:
    """A public kind, and whether the plan has shapes of it beside points."""

    family: str
    slug: str
    name_zh: str
    name_en: str
    has_shapes: bool


def drawn_kinds(connection: Connection) -> list[DrawnKind]:
    """Return the kinds that planners draw."""
    return [DrawnKind(*row) for row in connection.execute(text(_KINDS))]


def extent(connection: Connection) -> tuple[float, float, float, float]:
    """Return the box of the city: west, south, east, north; of China where nothing is drawn."""
    west, south, east, north = connection.execute(text(_EXTENT)).one()
    return west, south, east, north


def column_names() -> dict[str, list[tuple[str, str, str]]]:
    """Return of each table the columns with what their comments call them in both languages."""
    return {
        table.fullname: [(column.name, *_called(column.comment or "")) for column in table.columns]
        for table in Base.metadata.tables.values()
    }


def _called(comment: str) -> tuple[str, str]:
    chinese, _, english = comment.partition(" · ")
    short = english.partition(":")[0].partition(";")[0].partition(",")[0]
    return chinese, short[:1].upper() + short[1:]


def store_project(connection: Connection, name: str, content: bytes) -> None:
    """Keep a project where QGIS finds it: Project, Open From, PostgreSQL. The caller commits."""
    connection.exec_driver_sql(_TABLES)
    about = {"last_modified_time": datetime.now(UTC).isoformat(), "last_modified_user": "tidegrid"}
    connection.execute(
        text(
            "INSERT INTO public.qgis_projects (name, metadata, content) "
            "VALUES (:name, cast(:about AS jsonb), :content) ON CONFLICT (name) "
            "DO UPDATE SET metadata = excluded.metadata, content = excluded.content"
        ),
        {"name": name, "about": json.dumps(about), "content": content},
    )


def store_style(connection: Connection, table: str, qml: str) -> None:
    """Make a style the one that a table of the plan gets when it is added by hand."""
    given = {"table": table, "qml": qml}
    connection.execute(
        text(
            "DELETE FROM public.layer_styles WHERE f_table_schema = 'plan' "
            "AND f_table_name = :table AND owner = 'tidegrid'"
        ),
        given,
    )
    connection.execute(
        text(
            "INSERT INTO public.layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, stylename, styleqml, useasdefault, description, owner) "
            "VALUES (current_database(), 'plan', cast(:table AS text), 'geom', "
            "cast(:table AS text), xmlparse(document :qml), true, 'tidegrid', 'tidegrid')"
        ),
        given,
    )
