"""publications: checks of the plan, what is to be published and when, which areas became which

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data.migrations.sql import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column(
        "findings",
        sa.Column(
            "kind",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="类型 · kind that is judged; with a gap, of what is missing",
        ),
        schema="plan",
    )
    op.add_column(
        "findings",
        sa.Column(
            "size_m2", sa.Double(), nullable=True, comment="面积（平方米） · area of the shape, m2"
        ),
        schema="plan",
    )
    new_tables()
    run_sql("0008_publications.sql")


def downgrade() -> None:
    run_sql("0008_publications_down.sql")
    op.drop_table("lineage", schema="city")
    for table in ("publication_features", "publications", "checks"):
        op.drop_table(table, schema="plan")
    for column in ("size_m2", "kind"):
        op.drop_column("findings", column, schema="plan")


def number(comment: str) -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False, comment=comment)


def new_tables() -> None:
    op.create_table(
        "checks",
        number("行号 · row number"),
        sa.Column(
            "checked_at",
            TIME,
            server_default=sa.text("now()"),
            nullable=False,
            comment="检查时间 · when",
        ),
        sa.Column(
            "is_full",
            sa.Boolean(),
            nullable=False,
            comment="是否全部检查 · whether all was judged, or what had changed",
        ),
        sa.Column(
            "grounds",
            postgresql.JSONB(),
            nullable=False,
            comment="依据 · rules, day and revisions that it was judged by",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        schema="plan",
        comment="检查记录 · checks of the plan",
    )
    op.create_table(
        "publications",
        number("行号 · row number"),
        sa.Column(
            "made_at",
            TIME,
            server_default=sa.text("now()"),
            nullable=False,
            comment="提交时间 · when it was asked",
        ),
        sa.Column("made_by", sa.Text(), nullable=False, comment="发布人 · who"),
        sa.Column("note", sa.Text(), nullable=False, comment="说明 · what for"),
        sa.Column(
            "takes_effect_at",
            TIME,
            nullable=True,
            comment="生效时间 · from when it holds; empty: at once",
        ),
        sa.Column(
            "state",
            sa.Text(),
            server_default="waiting",
            nullable=False,
            comment="状态 · waiting, done, failed or cancelled",
        ),
        sa.Column(
            "reason",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="原因 · why it failed",
        ),
        sa.Column(
            "generation", sa.BigInteger(), nullable=True, comment="发布批次 · what it became"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'cancelled')",
            name=op.f("ck_publications_state"),
        ),
        sa.CheckConstraint(
            "(state = 'done') = (generation IS NOT NULL)", name=op.f("ck_publications_generation")
        ),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_publications_generation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        schema="plan",
        comment="发布任务 · publications of the plan: done, waiting, failed",
    )
    op.create_table(
        "publication_features",
        sa.Column(
            "publication", sa.BigInteger(), nullable=False, comment="发布任务 · the publication"
        ),
        sa.Column("layer", sa.Text(), nullable=False, comment="图层 · layer"),
        sa.Column("feature", sa.Text(), nullable=False, comment="要素 · the feature, kind:code"),
        sa.Column(
            "change", sa.Text(), nullable=False, comment="变化 · added, changed or withdrawn"
        ),
        sa.Column(
            "base_id",
            sa.BigInteger(),
            nullable=True,
            comment="依据 · number of the published row that it replaces",
        ),
        sa.Column(
            "draft_id",
            sa.BigInteger(),
            nullable=True,
            comment="编辑行号 · number of the draft that was frozen",
        ),
        sa.Column(
            "draft_version",
            sa.BigInteger(),
            nullable=True,
            comment="编辑版本 · version of the draft that was frozen",
        ),
        sa.Column(
            "former_id",
            sa.BigInteger(),
            nullable=True,
            comment="原编号 · number of the published row that it was under another code",
        ),
        sa.Column(
            "record",
            postgresql.JSONB(),
            nullable=True,
            comment="内容 · the columns, without the shape",
        ),
        sa.Column(
            "geom",
            Geometry("GEOMETRY", srid=4326, spatial_index=False),
            nullable=True,
            comment="范围 · the shape, WGS 84",
        ),
        sa.CheckConstraint(
            "change IN ('added', 'changed', 'withdrawn')",
            name=op.f("ck_publication_features_change"),
        ),
        sa.CheckConstraint(
            "(change = 'withdrawn') = (record IS NULL)", name=op.f("ck_publication_features_record")
        ),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["plan.publications.id"],
            name=op.f("fk_publication_features_publication"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "publication", "layer", "feature", name=op.f("pk_publication_features")
        ),
        schema="plan",
        comment="发布内容 · frozen features of publications that wait",
    )
    op.create_table(
        "lineage",
        sa.Column(
            "generation", sa.BigInteger(), nullable=False, comment="发布批次 · the publication"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind of the areas or zones"),
        sa.Column("from_code", sa.Text(), nullable=False, comment="原编号 · code before"),
        sa.Column("to_code", sa.Text(), nullable=False, comment="新编号 · code after"),
        sa.Column(
            "share",
            sa.Double(),
            nullable=False,
            comment="份额 · share of the ground before that the other holds, up to 1",
        ),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_lineage_share")),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_lineage_generation")
        ),
        sa.PrimaryKeyConstraint(
            "generation", "kind", "from_code", "to_code", name=op.f("pk_lineage")
        ),
        schema="city",
        comment="区域和疏导区沿革 · which areas and stall zones became which",
    )
