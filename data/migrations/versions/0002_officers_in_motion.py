"""officers in motion: fixes by day, dropped after their retention; tokens on the clock

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data.migrations.sql import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fixes",
        sa.Column(
            "batch",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="批次 · the batch it came in",
        ),
        sa.Column("officer_code", sa.Text(), nullable=False, comment="工号 · staff number"),
        sa.Column(
            "received_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="接收时间 · when we learnt of it",
        ),
        sa.Column(
            "geom",
            Geometry("POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="位置 · place, WGS 84",
        ),
        sa.Column(
            "observed_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="定位时间 · when the device was there",
        ),
        sa.Column("accuracy_m", sa.Float(), nullable=True, comment="精度（米） · accuracy, metres"),
        sa.PrimaryKeyConstraint("batch", "officer_code", "received_at", name=op.f("pk_fixes")),
        schema="city",
        comment="历史位置（内部） · fixes of officers for the time of retention, internal",
        postgresql_partition_by="RANGE (received_at)",
    )
    run_sql("0002_fixes.sql")


def downgrade() -> None:
    run_sql("0002_fixes_down.sql")
    op.drop_table("fixes", schema="city")
