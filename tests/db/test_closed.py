"""Nobody has a right that we did not give: functions, temporary tables, large objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from data.closing import close_database
from data.cluster import Cluster
from data.engine import Role, make_engine
from data.schema import migrate
from tests.conftest import CreateDatabase
from tests.db.planning import Office

ROLES = ("tidegrid_service", "tidegrid_public", "tidegrid_planner")
DEFINERS = """
    SELECT n.nspname || '.' || p.proname, ARRAY(SELECT name FROM unnest(
        ARRAY['public', 'tidegrid_service', 'tidegrid_public', 'tidegrid_planner']) AS name
        WHERE has_function_privilege(name, p.oid, 'EXECUTE')), proconfig
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
    WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
OF_THE_SERVICE = {
    "city.keep_fixes", "plan.freeze", "plan.overtaken", "plan.take_effect", "plan.discard",
    "plan.undoing", "plan.freeze_undoing", "plan.move_border", "plan.former_zone",
}  # fmt: skip
OF_BOTH = {"plan.outside_city": ["tidegrid_service", "tidegrid_planner"]}
THEFT = "grant select on city.officers to li_na"


def test_what_acts_for_the_owner_may_be_called_by_those_it_is_made_for(office: Office) -> None:
    with office.watched() as admin:
        found = admin.execute(DEFINERS).fetchall()
    named = {called: who for called, who, _ in found}
    assert named.keys() >= {"city.tick_spatial", "plan.keep_change", "plan.cut_city"}
    # PostGIS's own, which QGIS asks instead of reading a whole layer.
    assert "public" in named.pop("public.st_estimatedextent")
    assert named == {
        name: OF_BOTH.get(name, ["tidegrid_service"] if name in OF_THE_SERVICE else [])
        for name in named
    }


def test_what_acts_for_the_owner_looks_among_temporary_things_last_or_names_all_in_full(
    office: Office,
) -> None:
    with office.watched() as admin:
        found = admin.execute(DEFINERS).fetchall()
    open_to_them = {
        called for called, _, places in found if not places or not places[0].endswith(", pg_temp")
    }
    named_in_full = {"plan.keep_change", "plan.first_version"}
    assert open_to_them == named_in_full | {"public.st_estimatedextent"}


def test_no_function_is_everybodys(office: Office) -> None:
    everybodys = (
        "SELECT array_agg(p.oid::regprocedure::text) FROM pg_proc AS p JOIN pg_namespace AS n "
        "ON n.oid = pronamespace WHERE nspname IN ('city', 'plan') "
        "AND has_function_privilege('public', p.oid, 'EXECUTE')"
    )
    assert office.one(everybodys) is None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE mine (a int)", "CREATE TYPE pg_temp.mine AS (a int)",
        "SELECT lo_create(0)", "SELECT lo_creat(-1)", "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_import('/etc/hostname')",
    ],
)  # fmt: skip
def test_nobody_makes_temporary_things_or_large_objects(
    cluster: Cluster, office: Office, role: Role, statement: str
) -> None:
    engine = make_engine(cluster.url(role, office.database), role=None)
    with (
        engine.connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(statement))
    engine.dispose()


def test_the_rights_of_a_copy_are_taken_back_by_the_next_migration(
    cluster: Cluster, create_database: CreateDatabase, migrated: str
) -> None:
    name = create_database("reopened", migrated)
    admin = make_engine(cluster.url("postgres", name), role=None)
    asked = text("SELECT has_database_privilege('public', current_database(), 'TEMPORARY')")
    with admin.begin() as connection:
        connection.execute(text(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC"))
        connection.execute(text("GRANT EXECUTE ON FUNCTION plan.keep_change() TO PUBLIC"))
        migrate(connection)
        assert connection.scalar(asked) is False
        assert not connection.scalar(
            text("SELECT has_function_privilege('public', 'plan.keep_change()', 'EXECUTE')")
        )
        assert connection.scalar(
            text("SELECT has_database_privilege('tidegrid_owner', :name, 'TEMPORARY')"),
            {"name": name},
        )
    admin.dispose()


def test_who_cannot_take_it_back_is_told_what_to_run(
    cluster: Cluster,
    create_database: CreateDatabase,
    migrated: str,
    engine_of: Callable[[str, Role], Engine],
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = create_database("not_mine", migrated)
    admin = engine_of(cluster.url("postgres", name), None)  # type: ignore[arg-type]
    with admin.begin() as connection:
        connection.execute(text(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC"))
    with engine_of(cluster.url("tidegrid_owner", name), "tidegrid_owner").begin() as connection:
        close_database(connection)
    assert "REVOKE TEMPORARY ON DATABASE" in caplog.text


# --- a planner who wants to be the owner: each of the two barriers by itself ----------------------


def prepare_theft(session: psycopg.Connection[Any]) -> None:
    for statement in (
        "create type pg_temp.evil as (w text)",
        "create function pg_temp.go(x pg_temp.evil) returns public.geometry language plpgsql "
        "as $$begin execute (x).w; return null; end$$",
        "create cast (pg_temp.evil as public.geometry) with function pg_temp.go(pg_temp.evil) "
        "as assignment",
        "create temp table areas (id bigint, geom pg_temp.evil)",
    ):
        session.execute(statement.encode())


def test_a_planner_cannot_make_what_the_owner_would_take_for_its_own(office: Office) -> None:
    with office.at_work("li_na") as session, pytest.raises(InsufficientPrivilege):
        prepare_theft(session)


@pytest.mark.parametrize(
    "function",
    [
        "plan.keep_change()", "plan.mind_others()", "plan.part_with()", "plan.cut_city()",
        "city.tick_spatial()", "city.tick_facilities()", "city.tick_plain('forged')",
        "city.keep_history()", "city.count_facilities()", "city.tell_reading()",
    ],
)  # fmt: skip
def test_nor_let_the_owners_functions_loose_on_tables_of_its_own(
    office: Office, function: str
) -> None:
    with office.watched() as admin:
        admin.execute(f"GRANT TEMPORARY ON DATABASE {office.database} TO li_na".encode())
    try:
        with office.at_work("li_na") as session:
            prepare_theft(session)
            with pytest.raises(InsufficientPrivilege, match="permission denied for function"):
                session.execute(
                    "create trigger t after insert on pg_temp.areas for each row "
                    f"execute function {function}".encode()
                )
    finally:
        with office.watched() as admin:
            admin.execute(f"REVOKE TEMPORARY ON DATABASE {office.database} FROM li_na".encode())


def test_nor_give_them_a_type_of_its_own(office: Office) -> None:
    shape = json.dumps({"type": "Point", "coordinates": [112, 27.73]})
    with office.watched() as admin:
        admin.execute(f"GRANT TEMPORARY ON DATABASE {office.database} TO li_na".encode())
    try:
        with office.at_work("li_na") as session:
            session.execute(
                "create function pg_temp.steal(g public.geometry) returns boolean language plpgsql "
                f"as $$begin execute '{THEFT}'; return true; end$$".encode()
            )
            session.execute(
                "create domain pg_temp.geometry as public.geometry check (pg_temp.steal(value))"
            )
            session.execute("SELECT plan.outside_city(ST_GeomFromGeoJSON(%s))", [shape])
            with pytest.raises(InsufficientPrivilege):
                session.execute("SELECT count(*) FROM city.officers")
    finally:
        with office.watched() as admin:
            admin.execute(f"REVOKE TEMPORARY ON DATABASE {office.database} FROM li_na".encode())
