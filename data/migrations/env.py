"""Alembic's entry: runs on the connection it is given, as the owner of the schema."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import text

from data.models import CITY, PLAN, Base

VERSION_TABLE = "alembic_version"


def ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Whether autogenerate may look at it: not at its own table, nor at the days of `fixes`."""
    return not (kind == "table" and (name == VERSION_TABLE or (name or "").startswith("fixes_")))


def our_schemas(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether autogenerate may look into a schema."""
    return kind != "schema" or name in (CITY, PLAN)


connection = context.config.attributes["connection"]
connection.execute(text("SET ROLE tidegrid_owner"))
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_schemas=True,
    include_name=our_schemas,
    include_object=ours,
    version_table=VERSION_TABLE,
    version_table_schema=CITY,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.execute(text("RESET ROLE"))
