"""Two grids are made one with QGIS's own tool; published, history knows which became which."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from data.checking import check
from data.engine import make_engine
from data.publications import discard, publish_drafts
from data.turns import in_turn
from tests.db.planning import Office
from tests.qgis.conftest import Qgis
from tests.qgis.screen import HEIGHT, WIDTH, Hand, seated

IN_008, IN_009 = (111.99490, 27.72870), (111.99620, 27.73000)


@pytest.fixture(scope="module")
def hand(desk: Callable[[str], Qgis]) -> Iterator[Hand]:
    at = desk("hong")
    files = {"PGSERVICEFILE": f"{at.folder}/hong.conf", "PGPASSFILE": f"{at.folder}/pgpass"}
    with seated(at.folder, "zh-Hans", **files) as found:
        found.do("open")
        found.do("arrange", width=WIDTH, height=HEIGHT, toolbars=["mAdvancedDigitizeToolBar"])
        yield found


@pytest.fixture
def owner(office: Office) -> Iterator[Engine]:
    """An engine of the schema's owner; nobody else's edits are there."""
    engine = make_engine(office.cluster.url("postgres", office.database), role="tidegrid_owner")
    discard(engine, None)
    yield engine
    engine.dispose()


def test_two_grids_are_merged_and_lineage_tells_where_the_ground_went(
    office: Office, owner: Engine, hand: Hand
) -> None:
    hand.do("activate", layer="unit_grid")
    hand.do("zoom", layer="unit_grid", code="431302004001008", times=2)
    hand.do("press", action="mActionToggleEditing")
    hand.do("press", action="mActionSelectFeatures")
    hand.do("tap", at=IN_008)
    hand.do("tap", at=IN_009, adding=True)
    hand.do("press", action="mActionMergeFeatures")
    hand.do("click", window="QgsMergeAttributesDialog", button="mFromLargestPushButton")
    hand.do("click", window="QgsMergeAttributesDialog", button="OK")
    edits = hand.do("edits", layer="unit_grid")
    hand.do("press", action="mActionSaveLayerEdits")

    assert (len(edits["reshaped"]), edits["deleted"]) == (1, 1)
    assert hand.do("bar") == []
    (kept,) = edits["reshaped"]
    (gone,) = {"431302004001008", "431302004001009"} - {kept}
    checked = in_turn(owner, check)
    done = publish_drafts(owner, by="test", note="merged", accept_warnings=True).generation
    assert [one for one in checked.findings if one.rule in ("gap", "overlap", "sliver")] == []
    assert done is not None
    told = office.one(
        "SELECT jsonb_object_agg(from_code, to_code) FROM city.lineage WHERE generation = %s",
        done.number,
    )
    assert told.get(gone) == kept
