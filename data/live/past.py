"""The areas of other instants: built when they are asked for, and the last few kept."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from sqlalchemy import Engine

from data.live.areas import load_areas
from geo.locating import AreaIndex

_KEPT = 2


class PastAreas:
    """Indexes of instants gone by, or still to come. For threads: building one takes a while."""

    def __init__(self, loader: Engine) -> None:
        self._loader = loader
        self._kept: list[AreaIndex] = []
        # One at a time: two that ask for the same year should not both build it.
        self._lock = Lock()

    def at(self, instant: datetime, revision: int) -> AreaIndex:
        """Return the areas valid at an instant, as they are known since a revision.

        Raises `Unavailable` when they are not kept and the database is away.
        """
        with self._lock:
            for index in self._kept:
                if index.revision >= revision and index.answers_for(instant):
                    return index
            built = load_areas(self._loader, instant).index
            self._kept = [built, *self._kept][:_KEPT]
            return built
