"""Whether we live, and whether we can serve."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from api import __version__
from api.deps import ServicesDep, connected
from api.routes.locate import areas_of
from data.queries.clock import schema_revision
from data.schema import head
from geo.errors import Unavailable

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the process answers."""

    status: str = "ok"
    version: str = __version__


class Readiness(Health):
    """That it can serve, and from what."""

    schema_revision: str | None
    revision: int
    data_age_s: float | None


@router.get("/healthz", summary="存活 · alive")
async def healthz() -> Health:
    """Whether the process answers; asks nobody else."""
    return Health()


@router.get("/readyz", summary="就绪 · ready")
async def readyz(services: ServicesDep) -> Readiness:
    """Whether hot questions can be answered, 503 otherwise.

    `ok`: the database answers and its schema is ours. `degraded`: it is away, and answers come from
    memory that is `data_age_s` seconds old; what is not in memory answers 503.
    """
    areas, age_s = areas_of(services), services.live.age_s
    if age_s is not None:
        return Readiness(
            status="degraded", schema_revision=None, revision=areas.revision, data_age_s=age_s
        )
    async with connected(services.public) as connection:
        found = await schema_revision(connection)
    if found != head():
        raise Unavailable(
            f"the schema is at {found}, this program needs {head()}: tidegrid migrate"
        )
    return Readiness(schema_revision=found, revision=areas.revision, data_age_s=None)
