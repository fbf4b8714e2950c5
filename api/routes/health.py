"""Whether we live, and whether we can serve."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from api import __version__
from api.deps import ServicesDep, connected
from data.queries.clock import schema_revision
from data.schema import head
from geo.errors import Unavailable

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the process answers."""

    status: str = "ok"
    version: str = __version__


class Readiness(Health):
    """That it can serve: the database answers and is at the schema that we know."""

    schema_revision: str


@router.get("/healthz", summary="存活 · alive")
async def healthz() -> Health:
    """Whether the process answers; asks nobody else."""
    return Health()


@router.get("/readyz", summary="就绪 · ready")
async def readyz(services: ServicesDep) -> Readiness:
    """Whether the database answers and its schema is ours; 503 otherwise."""
    async with connected(services.public) as connection:
        found = await schema_revision(connection)
    if found != head():
        raise Unavailable(
            f"the schema is at {found}, this program needs {head()}: tidegrid migrate"
        )
    return Readiness(schema_revision=found)
