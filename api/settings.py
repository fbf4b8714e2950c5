"""The only reader of the environment: every setting, its bounds, and what it is for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return where the embedded database lives unless told otherwise.

    Root's own folder is closed to the account that runs the database, so root gets another.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/tidegrid")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "tidegrid"


class Settings(BaseSettings):
    """Everything that the environment (`TIDEGRID_...`, or a `.env` file) may change."""

    model_config = SettingsConfigDict(env_prefix="TIDEGRID_", env_file=".env", extra="ignore")

    home: Path = Field(
        default_factory=default_home, description="Folder of the embedded database and of caches."
    )
    database_port: int = Field(
        54329, ge=1, le=65535, description="Loopback port of the embedded database, for QGIS."
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostGIS of your own (postgresql://...); nothing embedded is started then.",
    )
    public_database_url: SecretStr | None = Field(
        None, description="The same as the login tidegrid_public; default: database_url."
    )
    owner_database_url: SecretStr | None = Field(
        None, description="The same as the schema's owner, for migrate, import and tokens."
    )
    service_password: SecretStr | None = Field(
        None, description="Password that migrate gives to the login tidegrid_service."
    )
    public_password: SecretStr | None = Field(
        None, description="Password that migrate gives to the login tidegrid_public."
    )
    planner_password: SecretStr | None = Field(
        None, description="Password that migrate gives to the login tidegrid_planner."
    )
    pool_size: int = Field(5, ge=1, le=100, description="Connections per role and worker.")
    statement_timeout_ms: int = Field(
        5000, ge=1, description="PostgreSQL gives up on a request's statement after this."
    )
    page_limit: int = Field(100, ge=1, description="Features per page when none is asked for.")
    page_limit_max: int = Field(1000, ge=1, description="The most features that a page may hold.")
    nearest_max: int = Field(100, ge=1, description="The most officers that one call may ask for.")
    query_max_bytes: int = Field(8192, ge=512, description="Longest query string; above it is 414.")
    body_max_bytes: int = Field(
        1_048_576, ge=1024, description="Largest request body; above it is 413."
    )
    batch_max_points: int = Field(
        1_000_000, ge=1, description="Most points in one batch to locate; above it is 413."
    )
    batch_max_bytes: int = Field(
        134_217_728, ge=1024, description="Largest body of a batch to locate; above it is 413."
    )
    batch_workers: int = Field(
        1, ge=1, le=64, description="Batches that one process works on at once; others wait."
    )
    keep_fixes_days: int = Field(
        7, ge=1, le=365, description="How many days the history of officers' positions is kept."
    )
    future_max_s: int = Field(
        60,
        ge=0,
        description="How far ahead of our clock the time of a position or a reading may be, "
        "seconds.",
    )
    reading_valid_max_s: int = Field(
        86_400, ge=1, description="The longest that a reading may say that it holds, seconds."
    )
    streams_max: int = Field(
        500,
        ge=0,
        description="Open streams of events per worker; beyond, pages ask now and then instead.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Address that people reach the service by (https://...), for share links and "
        "QR codes; default: that of the request.",
    )
    public: bool = Field(
        False,
        description="Open to the public in China: a basemap without an approval number then stops "
        "the start.",
    )
    city_zh: str = Field("娄底市", description="Name of the city on the pages, in Chinese.")
    city_en: str = Field("Loudi", description="Name of the city on the pages, in English.")
    basemap: Literal["none", "osm", "tianditu", "xyz"] = Field(
        "none",
        description="Ground of the maps: none, osm, tianditu (with a key), xyz (your tiles).",
    )
    tianditu_key: SecretStr | None = Field(None, description="Tianditu browser key (tk).")
    basemap_url: str = Field("", description="Tile address of basemap xyz, with {z}/{x}/{y}.")
    basemap_source: str = Field("", description="Who made the tiles of basemap xyz.")
    map_approval_number: str = Field(
        "",
        description="审图号 of the map, copied from its publisher; shown on every page with that "
        "map.",
    )
