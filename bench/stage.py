"""Everything that the rows need, up at once: cities, their servers, the floors, the questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.city import City, draw_city
from bench.database import Base, make_base, running_cluster
from bench.load import Load, write_targets
from bench.patrol import refresh
from bench.servers import Client, Server, bare, tidegrid
from data.cluster import Cluster

BIG_SIDE, BIG_OFFICERS = 200, 14_000
SMALL_SIDE, SMALL_OFFICERS = 40, 560
QUESTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often things are measured."""

    seconds: int
    rounds: int
    batch_points: int
    joined_points: int
    facilities: int
    visits: int
    audits: int


FULL = Pace(
    seconds=4, rounds=5, batch_points=1_000_000, joined_points=200_000, facilities=2_000_000,
    visits=9, audits=3,
)  # fmt: skip
QUICK = Pace(
    seconds=1, rounds=2, batch_points=200_000, joined_points=50_000, facilities=200_000,
    visits=3, audits=1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """What all parts of a run stand on: a database cluster, and a folder for files."""

    cluster: Cluster
    folder: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """A city, its database and its server, and a folder for files."""

    folder: Path
    city: City
    base: Base
    server: Server

    @property
    def client(self) -> Client:
        """A new connection to the server, with the token."""
        return Client(self.server.port, self.base.token)

    def locate(self) -> list[str]:
        """Return questions where a point is."""
        points = self.city.points(QUESTIONS, seed=7).tolist()
        return [f"/v1/locate?lon={lon}&lat={lat}" for lon, lat in points]

    def nearest(self) -> list[str]:
        """Return questions who is nearest to a point."""
        points = self.city.points(QUESTIONS, seed=8).tolist()
        return [f"/v1/officers/nearest?lon={lon}&lat={lat}&k=5" for lon, lat in points]

    def load(self, name: str, server: Server | None = None, *, public: bool = False) -> Load:
        """Return the load of one of the calls, on our server or on a floor."""
        targets = {"locate": self.locate, "nearest": self.nearest}[name]()
        path = write_targets(self.folder / f"{name}-{len(self.city.areas)}.txt", targets)
        token = None if public or server is not None else self.base.token
        return Load(server or self.server, path, token)

    def report_all(self) -> None:
        """Let every officer on duty report, so that nobody's fix is stale."""
        codes = self.city.on_duty
        refresh(self.client, codes, self.city.points(len(codes), seed=9).tolist())

    def samples(self) -> Path:
        """Return a file with an answer of each hot call, as long as the median one."""
        client, path = self.client, self.folder / "samples.json"
        told = {}
        # Locate is asked without a token: that is how the public asks.
        public = Client(self.server.port)
        for name, asked, by in (
            ("locate", self.locate(), public),
            ("nearest", self.nearest(), client),
        ):
            answers = sorted((by.ask("GET", target) for target in asked[:99]), key=len)
            told[name] = json.loads(answers[len(answers) // 2])
        path.write_text(json.dumps(told, ensure_ascii=False))
        return path


@contextmanager
def ground(say: Callable[[str], None]) -> Iterator[Ground]:
    """Hold a cluster and a folder while inside; nothing of them stays."""
    with TemporaryDirectory(prefix="tidegrid-bench-files-") as folder:
        say("starting a private database cluster")
        with running_cluster() as cluster:
            yield Ground(cluster, Path(folder))


@contextmanager
def big_stage(
    ground: Ground, say: Callable[[str], None], profile: Path | None = None, name: str = "big"
) -> Iterator[Stage]:
    """Hold the big city up while inside, in a database of that name.

    Its server is profiled into a file if one is given.
    """
    say(f"drawing and loading a city of {BIG_SIDE**2:,} unit grids")
    city = draw_city(BIG_SIDE, BIG_OFFICERS, datetime.now(UTC))
    base = make_base(ground.cluster, name, city)
    with tidegrid(base.service_url, base.public_url, profile) as server:
        yield Stage(ground.folder, city, base, server)


@contextmanager
def small_stage(big: Stage, say: Callable[[str], None]) -> Iterator[Stage]:
    """Hold a small city up in the same cluster while inside."""
    say(f"drawing and loading a city of {SMALL_SIDE**2:,} unit grids")
    city = draw_city(SMALL_SIDE, SMALL_OFFICERS, datetime.now(UTC))
    base = make_base(big.base.cluster, "small", city)
    with tidegrid(base.service_url, base.public_url) as server:
        yield Stage(big.folder, city, base, server)


@contextmanager
def floors(stage: Stage) -> Iterator[dict[str, Server]]:
    """Hold the bare apps up while inside, by name."""
    samples = stage.samples()
    with ExitStack() as held:
        yield {n: held.enter_context(bare(n, samples)) for n in ("flat", "model", "starlette")}
