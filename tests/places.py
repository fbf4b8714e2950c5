"""A few places to tell readings of: with and without known capacity, public and not."""

from __future__ import annotations

from datetime import timedelta

from shapely.geometry import Point, box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.models import SCOPES
from data.publishing import publish
from data.tokens import issue
from geo.records import Facility, StallZone
from geo.schedules import ALWAYS

MARKET = StallZone(
    "night_market", "YS1", "河边夜市", box(112.0, 27.70, 112.001, 27.7005),
    capacity=40, schedule=ALWAYS, name_en="Riverside Night Market",
)  # fmt: skip
_SHED = "ebike_charging"
OTHER_MARKET = StallZone("produce", "CS1", "菜市", box(112.003, 27.70, 112.004, 27.7005))
FACILITIES = (
    Facility("parking", "P1", "停车场", Point(112.0, 27.71), attributes={"spaces": 120}),
    Facility(_SHED, "E1", "充电棚", Point(112.0, 27.72), attributes={"bays": 20, "chargers": 10}),
    Facility(_SHED, "E2", "充电棚", Point(112.0, 27.73), attributes={"bays": 16}),
    Facility(_SHED, "E3", "充电棚", Point(112.0, 27.73), attributes={"chargers": "many"}),
    Facility("toilet", "T1", "公厕", Point(112.0, 27.74)),
    Facility("sensor", "S1", "客流计", Point(112.0, 27.75)),
    Facility("camera", "C1", "摄像头", Point(112.0, 27.76)),
)
ZONE, OTHER_ZONE = "stall_zone:night_market:YS1", "stall_zone:produce:CS1"
PARKING, TOILET = "facility:parking:P1", "facility:toilet:T1"
SHED, SHED_OF_BAYS, SHED_OF_MANY = (f"facility:{_SHED}:E{n}" for n in (1, 2, 3))
SENSOR, CAMERA = "facility:sensor:S1", "facility:camera:C1"


def founded(owner: Engine) -> dict[str, str]:
    """Publish the places and return a token for each scope."""
    with Session(owner) as session, session.begin():
        publish(session, [MARKET, OTHER_MARKET], by="tester", note="test")
        publish(session, FACILITIES, by="tester", note="test")
        return {scope: issue(session, scope, [scope], timedelta(days=1)) for scope in SCOPES}
