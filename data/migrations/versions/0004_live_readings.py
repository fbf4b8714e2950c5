"""live readings: each is told when it is stored; what is stored is a value that can be

Revision ID: 0004
Revises: 0003
"""

from data.migrations.sql import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0004_readings.sql")


def downgrade() -> None:
    run_sql("0004_readings_down.sql")
