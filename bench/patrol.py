"""Officers on patrol: 1,400 fixes a second, from a process of its own.

Run as `python -m bench.patrol PORT CITY_FILE SECONDS WATCH`; the token is in TIDEGRID_BENCH_TOKEN.
When told to watch, it follows one fix of each second batch until a search at its very spot finds
the officer there, and says how long that took from the moment when the batch was sent.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import orjson

from bench.servers import Client

BATCH = 140
EACH_S = 0.1
_POLL_S = 0.01
_GIVE_UP_S = 10.0
_REFRESHED = 2_000

Sample = tuple[dict[str, Any], float]


class Patrol:
    """Sends batches on time and remembers what became of them."""

    def __init__(self, port: int, token: str, codes: list[str], spots: list[list[float]]) -> None:
        self._client, self._watcher = Client(port, token), Client(port, token)
        self._codes, self._spots = itertools.cycle(codes), itertools.cycle(spots)
        self._samples: SimpleQueue[Sample | None] = SimpleQueue()
        self.sent = self.refused = 0
        self.visible_s: list[float] = []

    def run(self, seconds: float, *, watch: bool) -> dict[str, Any]:
        """Patrol for a while and return what happened."""
        following = threading.Thread(target=self._follow)
        following.start()
        start = time.monotonic()
        for number in range(round(seconds / EACH_S)):
            time.sleep(max(0.0, start + number * EACH_S - time.monotonic()))
            batch, sent_at = self._batch(), time.monotonic()
            self._send(batch)
            if watch and number % 2 == 0:
                self._samples.put((batch[0], sent_at))
        took = max(time.monotonic() - start, seconds)
        self._samples.put(None)
        following.join()
        return {
            "per_s": self.sent / took,
            "refused": self.refused,
            "visible_s": self.visible_s,
        }

    def _batch(self) -> list[dict[str, Any]]:
        now = datetime.now(UTC).isoformat()
        return [
            {"id": code, "lon": lon, "lat": lat, "observed_at": now}
            for code, (lon, lat) in zip(
                itertools.islice(self._codes, BATCH),
                itertools.islice(self._spots, BATCH),
                strict=True,
            )
        ]

    def _send(self, batch: list[dict[str, Any]]) -> None:
        headers = {"Content-Type": "application/json"}
        told = self._client.ask("POST", "/v1/positions", orjson.dumps(batch), headers)
        self.sent += len(batch)
        self.refused += len(orjson.loads(told)["refused"])

    def _follow(self) -> None:
        while (sample := self._samples.get()) is not None:
            fix, sent_at = sample
            target = f"/v1/officers/nearest?lon={fix['lon']}&lat={fix['lat']}&k=5"
            while not self._is_there(target, fix["id"]):
                if time.monotonic() - sent_at > _GIVE_UP_S:
                    break
                time.sleep(_POLL_S)
            self.visible_s.append(time.monotonic() - sent_at)

    def _is_there(self, target: str, code: str) -> bool:
        found = self._watcher.get(target)["officers"]
        return any(one["id"] == code and one["distance_m"] < 1 for one in found)


def refresh(client: Client, codes: list[str], spots: list[list[float]]) -> None:
    """Report where everybody is, so that no fix is stale."""
    now = datetime.now(UTC).isoformat()
    fixes = [
        {"id": code, "lon": lon, "lat": lat, "observed_at": now}
        for code, (lon, lat) in zip(codes, spots, strict=True)
    ]
    headers = {"Content-Type": "application/json"}
    for start in range(0, len(fixes), _REFRESHED):
        part = orjson.dumps(fixes[start : start + _REFRESHED])
        client.ask("POST", "/v1/positions", part, headers)


def main() -> None:
    """Patrol as the command line says and print the result as JSON."""
    port, city, seconds, watch = sys.argv[1:]
    given = json.loads(Path(city).read_text())
    patrol = Patrol(int(port), os.environ["TIDEGRID_BENCH_TOKEN"], given["codes"], given["spots"])
    json.dump(patrol.run(float(seconds), watch=watch == "watch"), sys.stdout)


if __name__ == "__main__":
    main()
