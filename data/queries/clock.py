"""The clock: at which revision each layer is."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data.models import LayerRow


async def revision_of(connection: AsyncConnection, *layers: str) -> int:
    """Return one number that rises whenever one of the layers changes."""
    asked = select(func.coalesce(func.sum(LayerRow.revision), 0)).where(LayerRow.name.in_(layers))
    return int(await connection.scalar(asked) or 0)


async def schema_revision(connection: AsyncConnection) -> str | None:
    """Return the migration that the database is at, None if it holds no city."""
    if await connection.scalar(text("SELECT to_regclass('city.alembic_version')")) is None:
        return None
    found = await connection.scalar(text("SELECT version_num FROM city.alembic_version"))
    return None if found is None else str(found)
