"""The schema: up, down, the same as the models, described, and closed to those without a right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, ProgrammingError

from data import schema
from data.cluster import Cluster
from data.engine import Role, make_engine
from data.models import Base
from tests.conftest import CreateDatabase

OURS = """
    SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname IN ('city', 'plan') AND relname NOT LIKE 'alembic_version%'
    UNION ALL SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname IN ('city', 'plan')
    UNION ALL SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
        WHERE nspname IN ('city', 'plan') AND typname NOT LIKE '%alembic_version%'
"""
AsRole = Callable[[Role], Engine]


def test_an_empty_database_goes_to_head_and_back_to_empty(
    cluster: Cluster, create_database: CreateDatabase
) -> None:
    engine = make_engine(cluster.url("postgres", create_database("up_and_down")), role=None)
    with engine.begin() as connection:
        assert schema.migrate(connection) == schema.head()
        assert connection.execute(text(OURS)).first() is not None
    with engine.begin() as connection:
        schema.downgrade(connection)
        assert connection.execute(text(OURS)).all() == []
    with engine.begin() as connection:
        assert schema.migrate(connection) == schema.head()
    engine.dispose()


def test_migrating_twice_changes_nothing(cluster: Cluster, migrated: str) -> None:
    engine = make_engine(cluster.url("postgres", migrated), role=None)
    with engine.begin() as connection:
        before = connection.execute(text("SELECT * FROM city.kinds ORDER BY 1, 2")).all()
        schema.migrate(connection)
        assert connection.execute(text("SELECT * FROM city.kinds ORDER BY 1, 2")).all() == before
    engine.dispose()


def test_autogenerate_finds_nothing(cluster: Cluster, migrated: str) -> None:
    engine = make_engine(cluster.url("postgres", migrated), role=None)
    with engine.begin() as connection:
        command.check(schema._config(connection))
    engine.dispose()


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.fullname)
def test_every_table_and_column_is_described_in_chinese_and_english(table) -> None:  # type: ignore[no-untyped-def]
    for comment in [table.comment, *(column.comment for column in table.columns)]:
        chinese, _, english = comment.partition(" · ")
        assert any("一" <= letter <= "鿿" for letter in chinese), comment
        assert english.isascii()
        assert len(english) > 2, comment


@pytest.mark.parametrize(
    ("table", "index"),
    [
        (f"{schema_name}.{table}", f"ix_{prefix}{table}_geom")
        for schema_name, prefix in (("city", ""), ("plan", "plan_"))
        for table in ("areas", "stall_zones", "stalls", "facilities")
    ],
)
def test_every_geometry_has_its_type_its_srid_and_its_index(
    engine_as: AsRole, table: str, index: str
) -> None:
    schema_name, name = table.split(".")
    with engine_as("tidegrid_owner").connect() as connection:
        srid = connection.scalar(text(f"SELECT find_srid('{schema_name}', '{name}', 'geom')"))
        made = connection.scalar(
            text(f"SELECT indexdef FROM pg_indexes WHERE indexname = '{index}'")
        )
    assert srid == 4326
    assert "USING gist" in made


INTERNAL = ("officers", "assignments", "shifts", "positions", "tokens", "history", "generations")


@pytest.mark.parametrize("table", INTERNAL)
def test_the_public_role_cannot_select_internal_tables(engine_as: AsRole, table: str) -> None:
    with (
        engine_as("tidegrid_public").connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(f"SELECT 1 FROM city.{table}"))


def test_the_public_role_cannot_select_a_managers_phone(engine_as: AsRole) -> None:
    with (
        engine_as("tidegrid_public").connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text("SELECT phone FROM city.stall_zones"))


def test_the_public_role_reads_the_phone_on_duty_and_how_to_apply(engine_as: AsRole) -> None:
    asked = text("SELECT goods_banned, how_to_apply, duty_phone FROM city.stall_zones")
    with engine_as("tidegrid_public").connect() as connection:
        assert connection.execute(asked).all() == []


@pytest.mark.parametrize("table", ["positions", "officers", "tokens"])
def test_a_planner_cannot_select_people_or_tokens(engine_as: AsRole, table: str) -> None:
    with (
        engine_as("tidegrid_planner").connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(f"SELECT 1 FROM city.{table}"))


@pytest.mark.parametrize("role", ["tidegrid_public", "tidegrid_planner", "tidegrid_service"])
@pytest.mark.parametrize("table", ["areas", "stall_zones", "stalls", "facilities", "kinds"])
def test_nobody_but_the_owner_edits_what_is_published(
    engine_as: AsRole, role: Role, table: str
) -> None:
    with (
        engine_as(role).connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(f"DELETE FROM city.{table}"))


@pytest.mark.parametrize("role", ["tidegrid_public", "tidegrid_planner", "tidegrid_service"])
def test_nobody_raises_the_clock_without_a_change(engine_as: AsRole, role: Role) -> None:
    with (
        engine_as(role).connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text("SELECT city.raise_clock('areas', NULL)"))


def test_cameras_do_not_exist_for_the_public_and_for_planners(cluster: Cluster, demo: str) -> None:
    counts = {}
    for role in ("tidegrid_service", "tidegrid_public", "tidegrid_planner"):
        engine = make_engine(cluster.url(role, demo), role=None)
        with engine.connect() as connection:
            asked = text("SELECT count(*) FROM city.facilities WHERE kind = 'camera'")
            counts[role] = connection.scalar(asked)
        engine.dispose()
    assert counts == {"tidegrid_service": 68, "tidegrid_public": 0, "tidegrid_planner": 0}


def test_a_planner_neither_sees_nor_makes_a_camera_in_the_plan(cluster: Cluster, demo: str) -> None:
    engine = make_engine(cluster.url("tidegrid_planner", demo), role=None)
    made = (
        "INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
        "('camera', 'C1', 'C1', ST_SetSRID(ST_MakePoint(112, 27.7), 4326))"
    )
    with engine.connect() as connection:
        asked = "SELECT count(*) FROM plan.facilities WHERE kind = '{}'"
        assert connection.scalar(text(asked.format("toilet"))) == 124
        assert connection.scalar(text(asked.format("camera"))) == 0
        with pytest.raises(DatabaseError, match="没有类型“camera”"):
            connection.execute(text(made))
    engine.dispose()


def test_the_public_login_cannot_become_somebody_else(cluster: Cluster, demo: str) -> None:
    engine = make_engine(cluster.url("tidegrid_public", demo), role=None)
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SET ROLE tidegrid_service"))
    engine.dispose()


def test_a_planner_edits_the_plan_and_the_edit_is_in_history(engine_as: AsRole) -> None:
    with engine_as("tidegrid_planner").connect() as connection:
        connection.execute(
            text(
                "INSERT INTO plan.facilities (kind, code, name, geom) VALUES "
                "('toilet', 'P1', '规划公厕', ST_SetSRID(ST_MakePoint(112, 27.7), 4326))"
            )
        )
        edited_by = connection.scalar(text("SELECT edited_by FROM plan.facilities"))
        connection.rollback()
    assert edited_by == "postgres"
