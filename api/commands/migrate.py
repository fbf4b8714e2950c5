"""`tidegrid migrate`: the schema to its newest state."""

from __future__ import annotations

from api.console import out, step
from api.database import database, migrate_given
from api.settings import Settings


def migrate() -> None:
    """Bring the database's schema, roles and shipped lists up to date; safe to run again."""
    settings = Settings()
    if settings.database_url is not None:
        out.print(f"schema at {migrate_given(settings)}")
        return
    with database(settings, step):
        out.print("schema up to date")
