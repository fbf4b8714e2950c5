"""tiles of the map: how many facilities stand where, counted as they change

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from data.migrations.sql import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facility_cells",
        sa.Column(
            "level",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="级别 · zoom of the squares: each is one map tile of that zoom",
        ),
        sa.Column(
            "x",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="列 · column, from the west",
        ),
        sa.Column(
            "y",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="行 · row, from the north",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind of the facilities"),
        sa.Column(
            "n", sa.BigInteger(), nullable=False, comment="数量 · how many hold today, may be 0"
        ),
        sa.Column(
            "sum_x",
            sa.BigInteger(),
            nullable=False,
            comment="横坐标和 · sum of their columns at zoom 30, for the mean place",
        ),
        sa.Column(
            "sum_y",
            sa.BigInteger(),
            nullable=False,
            comment="纵坐标和 · sum of their rows at zoom 30",
        ),
        sa.PrimaryKeyConstraint("level", "x", "y", "kind", name=op.f("pk_facility_cells")),
        schema="city",
        comment="设施计数格 · facilities counted by square and kind, kept by triggers",
    )
    run_sql("0005_facility_cells.sql")


def downgrade() -> None:
    run_sql("0005_facility_cells_down.sql")
    op.drop_table("facility_cells", schema="city")
