"""what the page tells of a zone: duty phone, how to apply, what may not be sold

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.migrations.sql import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMAS = ("city", "plan")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.add_column(
            "stall_zones",
            sa.Column(
                "goods_banned",
                postgresql.ARRAY(sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
                comment="禁止经营 · goods not allowed",
            ),
            schema=schema,
        )
        op.add_column(
            "stall_zones",
            sa.Column(
                "how_to_apply",
                sa.Text(),
                server_default="",
                nullable=False,
                comment="怎样申请 · how to apply for a stall",
            ),
            schema=schema,
        )
        op.add_column(
            "stall_zones",
            sa.Column(
                "duty_phone",
                sa.Text(),
                server_default="",
                nullable=False,
                comment="值班电话（公开） · phone on duty, public",
            ),
            schema=schema,
        )
    run_sql("0003_zone_facts.sql")


def downgrade() -> None:
    for schema in SCHEMAS:
        for column in ("duty_phone", "how_to_apply", "goods_banned"):
            op.drop_column("stall_zones", column, schema=schema)
