"""planning: saves are judged, versioned and kept; rules, findings, and what is to be checked

Revision ID: 0007
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data.migrations.sql import run_sql

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

DRAWN = {
    "areas": "MULTIPOLYGON",
    "stall_zones": "MULTIPOLYGON",
    "stalls": "POINT",
    "facilities": "GEOMETRY",
}
SOUND = (
    "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom"
)
# array_position knows no lists of lists, and refuses them by that.
IN_ORDER = {
    "areas": "jsonb_typeof(attributes) = 'object'",
    "stall_zones": "jsonb_typeof(attributes) = 'object' AND array_position(goods, NULL) IS NULL "
    "AND array_position(goods_banned, NULL) IS NULL",
    "facilities": "jsonb_typeof(attributes) = 'object'",
}

PARTS = ("words", "versions", "values", "shapes", "hours", "ledger", "triggers", "rights")


def upgrade() -> None:
    new_tables()
    for table, geometry_type in DRAWN.items():
        add_versions(table)
        untype(table, geometry_type)
    retype_facilities("ARRAY[GeometryType(geom)] <@ ARRAY['POINT', 'POLYGON', 'MULTIPOLYGON']")
    for table, rule in IN_ORDER.items():
        for schema in ("city", "plan"):
            op.create_check_constraint(op.f(f"ck_{table}_in_order"), table, rule, schema=schema)
    for part in PARTS:
        run_sql(f"0007_{part}.sql")


def downgrade() -> None:
    run_sql("0007_planning_down.sql")
    retype_facilities("GeometryType(geom) IN ('POINT', 'POLYGON', 'MULTIPOLYGON')")
    for table, geometry_type in DRAWN.items():
        for name in ("srid", "dimensions", *(["geometry_type"] if table != "facilities" else [])):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, schema="plan")
        op.execute(
            f"ALTER TABLE plan.{table} ALTER id TYPE bigint, "
            f"ALTER geom TYPE geometry({geometry_type}, 4326), "
            f"ADD CONSTRAINT ck_{table}_sound_geometry CHECK ({SOUND}), "
            "DROP COLUMN row_version, DROP COLUMN base_version"
        )
    for table in IN_ORDER:
        for schema in ("city", "plan"):
            op.drop_constraint(op.f(f"ck_{table}_in_order"), table, schema=schema)
    for table in ("city_pieces", "dirty", "findings", "messages", "patterns", "rules"):
        op.drop_table(table, schema="plan")


def add_versions(table: str) -> None:
    op.add_column(
        table,
        sa.Column(
            "row_version",
            sa.BigInteger(),
            server_default="1",
            nullable=False,
            comment="行版本 · raised by every change of the row",
        ),
        schema="plan",
    )
    op.add_column(
        table,
        sa.Column(
            "base_version",
            sa.BigInteger(),
            comment="所依据的版本 · the version that an edit started from, sent with it; empty at rest",
        ),
        schema="plan",
    )


def untype(table: str, geometry_type: str) -> None:
    """Judge the type by constraints, after the triggers: typed columns refuse before them.

    QGIS knows a row by a number of its own where the key is a bigint, and its tool that merges two
    areas mistakes one number for the other; where the key is an integer, they are the same.
    """
    rules = {"srid": "ST_SRID(geom) = 4326", "dimensions": "ST_NDims(geom) = 2"}
    if geometry_type != "GEOMETRY":
        rules["geometry_type"] = f"GeometryType(geom) = '{geometry_type}'"
    op.execute(
        f"ALTER TABLE plan.{table} DROP CONSTRAINT ck_{table}_sound_geometry, "
        f"ALTER id TYPE integer, ALTER geom TYPE geometry"
        + "".join(
            f", ADD CONSTRAINT ck_{table}_{name} CHECK ({is_})" for name, is_ in rules.items()
        )
    )


def retype_facilities(rule: str) -> None:
    """With = or IN, `geometry_columns` takes the first of the types for the column's."""
    for schema in ("city", "plan"):
        op.execute(
            f"ALTER TABLE {schema}.facilities DROP CONSTRAINT ck_facilities_geometry_type, "
            f"ADD CONSTRAINT ck_facilities_geometry_type CHECK ({rule})"
        )


def new_tables() -> None:
    op.create_table(
        "rules",
        sa.Column("rule", sa.Text(), nullable=False, comment="规则 · the rule"),
        sa.Column(
            "severity", sa.Text(), nullable=False, comment="严重程度 · error, warning or notice"
        ),
        sa.Column(
            "is_on",
            sa.Boolean(),
            server_default="true",
            nullable=False,
            comment="是否启用 · whether it is judged at all",
        ),
        sa.Column(
            "distance_m",
            sa.Double(),
            nullable=True,
            comment="距离（米） · the rule's distance or tolerance, metres",
        ),
        sa.Column(
            "area_m2",
            sa.Double(),
            nullable=True,
            comment="面积（平方米） · the rule's area or tolerance, square metres",
        ),
        sa.Column(
            "words_zh", sa.Text(), nullable=False, comment="中文说明 · what it asks, in Chinese"
        ),
        sa.Column(
            "words_en", sa.Text(), nullable=False, comment="英文说明 · what it asks, in English"
        ),
        sa.Column(
            "edited_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="编辑人 · who set it last",
        ),
        sa.Column(
            "edited_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="编辑时间 · when it was set last",
        ),
        sa.CheckConstraint("area_m2 BETWEEN 0 AND 1000000", name=op.f("ck_rules_area_m2")),
        sa.CheckConstraint("distance_m BETWEEN 0 AND 1000", name=op.f("ck_rules_distance_m")),
        sa.CheckConstraint(
            "severity IN ('error', 'warning', 'notice')", name=op.f("ck_rules_severity")
        ),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_rules")),
        schema="plan",
        comment="检查规则 · rules of the plan; planners set their values",
    )
    op.create_table(
        "messages",
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="代号 · which message; reasons of PostGIS under their own words",
        ),
        sa.Column(
            "sqlstate", sa.Text(), nullable=False, comment="错误码 · SQLSTATE that programs see"
        ),
        sa.Column("zh", sa.Text(), nullable=False, comment="中文 · what is wrong, in Chinese"),
        sa.Column("en", sa.Text(), nullable=False, comment="英文 · what is wrong, in English"),
        sa.Column(
            "hint_zh", sa.Text(), nullable=False, comment="中文建议 · the remedy, in Chinese"
        ),
        sa.Column(
            "hint_en", sa.Text(), nullable=False, comment="英文建议 · the remedy, in English"
        ),
        sa.CheckConstraint("sqlstate ~ '^TG[0-9A-Z]{3}$'", name=op.f("ck_messages_sqlstate")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_messages")),
        schema="plan",
        comment="提示用语 · what planners are told, in both languages",
    )
    op.create_table(
        "patterns",
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · what it is a pattern of"),
        sa.Column("pattern", sa.Text(), nullable=False, comment="格式 · the regular expression"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_patterns")),
        schema="plan",
        comment="文字格式 · patterns that codes and opening hours must match",
    )
    op.create_table(
        "findings",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="键 · the same for the same finding in every check",
        ),
        sa.Column("rule", sa.Text(), nullable=False, comment="规则 · rule that it breaks"),
        sa.Column(
            "severity", sa.Text(), nullable=False, comment="严重程度 · error, warning or notice"
        ),
        sa.Column("layer", sa.Text(), nullable=False, comment="图层 · layer of the features"),
        sa.Column(
            "features",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="要素 · the features, as kind:code",
        ),
        sa.Column(
            "place",
            Geometry("POINT", srid=4326, spatial_index=False),
            nullable=True,
            comment="位置 · where to look, WGS 84",
        ),
        sa.Column(
            "shape",
            Geometry("GEOMETRY", srid=4326, spatial_index=False),
            nullable=True,
            comment="范围 · what offends, WGS 84",
        ),
        sa.Column(
            "words_zh", sa.Text(), nullable=False, comment="中文说明 · what is wrong, in Chinese"
        ),
        sa.Column(
            "words_en", sa.Text(), nullable=False, comment="英文说明 · what is wrong, in English"
        ),
        sa.Column(
            "hint_zh",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="中文建议 · the remedy, in Chinese",
        ),
        sa.Column(
            "hint_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文建议 · the remedy, in English",
        ),
        sa.Column(
            "found_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="发现时间 · when",
        ),
        sa.Column(
            "lost_by",
            sa.Text(),
            nullable=True,
            comment="受影响的人 · whose edit was overwritten, and who may settle it",
        ),
        sa.CheckConstraint(
            "severity IN ('error', 'warning', 'notice')", name=op.f("ck_findings_severity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("key", name=op.f("uq_findings_key")),
        schema="plan",
        comment="检查结果 · what the check of the plan found",
    )
    op.create_index(
        "ix_findings_features",
        "findings",
        ["features"],
        unique=False,
        schema="plan",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_findings_place",
        "findings",
        ["place"],
        unique=False,
        schema="plan",
        postgresql_using="gist",
    )
    op.create_table(
        "dirty",
        sa.Column(
            "change",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="变更号 · number of the change in city.history",
        ),
        sa.PrimaryKeyConstraint("change", name=op.f("pk_dirty")),
        schema="plan",
        comment="待检查 · changes that the check has not looked at yet",
    )
    op.create_table(
        "city_pieces",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "geom",
            Geometry("GEOMETRY", srid=4326, spatial_index=False),
            nullable=False,
            comment="范围 · a piece, WGS 84",
        ),
        sa.Column(
            "is_square",
            sa.Boolean(),
            nullable=False,
            comment="是否方格 · whether it is one of the overlapping squares inside, or a true piece",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_pieces")),
        schema="plan",
        comment="城市范围分块 · the city's outline in pieces, kept by triggers",
    )
    op.create_index(
        "ix_city_pieces_geom", "city_pieces", ["geom"], schema="plan", postgresql_using="gist"
    )
