"""What the clock says aloud: which layer, which revision, which box, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from shapely.geometry import Point
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from data.cluster import Cluster
from data.engine import Role
from data.live.listener import CHANNEL
from data.publishing import publish
from geo.records import Facility
from tests.conftest import CreateDatabase


@pytest.fixture
def scratch(cluster: Cluster, migrated: str, create_database: CreateDatabase) -> str:
    """The address of a copy that the test may change for good."""
    return cluster.url("postgres", create_database("clock", migrated))


def test_the_box_of_a_change_leaves_out_what_is_not_public(
    scratch: str, engine_of: Callable[[str, Role], Engine]
) -> None:
    camera = Facility("camera", "C1", "摄像机", Point(111.111, 27.111))
    toilet = Facility("toilet", "T1", "公厕", Point(112.5, 27.5))
    address = make_url(scratch).set(drivername="postgresql").render_as_string(hide_password=False)

    with psycopg.connect(address, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        for records in ([camera], [camera, toilet]):
            with Session(engine_of(scratch, "tidegrid_owner")) as session, session.begin():
                publish(session, records, by="tester", note="")
        heard = [json.loads(n.payload) for n in listener.notifies(timeout=2, stop_after=2)]

    assert [one["layer"] for one in heard] == ["facilities", "facilities"]
    assert heard[0]["bbox"] is None
    assert heard[1]["bbox"] == [112.5, 27.5, 112.5, 27.5]
    assert "111.111" not in json.dumps(heard)
