"""`tidegrid planner`, `tidegrid plan restore` and `tidegrid qgis connection`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url, text

from tests.cli.conftest import City
from tests.cli.program import Command, said
from tests.conftest import CreateDatabase

ADDED = (
    "INSERT INTO plan.facilities (kind, code, name, geom) "
    "VALUES ('bin', 'B1', '旧名', 'POINT(112 27.7)')"
)


@pytest.fixture
def nobody_left(city: City) -> Iterator[None]:
    """Logins belong to the whole cluster: none stays."""
    yield
    with city.admin.begin() as connection:
        for name in ("zhang_wei", "smith"):
            connection.execute(text(f"DROP ROLE IF EXISTS {name}"))


def connected(city: City, name: str, password: str) -> psycopg.Connection[tuple[object, ...]]:
    url = make_url(city.url).set(drivername="postgresql", username=name, password=password)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.mark.usefixtures("nobody_left")
def test_a_planner_gets_in_with_the_password_shown_once_until_removed(
    at_city: Command, city: City
) -> None:
    added = at_city("planner", "add", "zhang_wei", "--lang", "en")
    password = added.stdout.strip()
    with connected(city, "zhang_wei", password) as session:
        session.execute(ADDED)
        with pytest.raises(psycopg.Error, match="there is no state"):
            session.execute("UPDATE plan.facilities SET state = 'x'")
        listed = at_city("planner", "list")
        removed = at_city("planner", "remove", "zhang_wei")

    assert added.returncode == 0
    assert listed.stdout == "zhang_wei\ten\t1 connected\n"
    assert removed.stdout == "removed zhang_wei, 1 sessions ended\n"
    assert city.scalar("SELECT edited_by FROM plan.facilities") == "zhang_wei"
    with pytest.raises(psycopg.OperationalError, match="failed"):
        connected(city, "zhang_wei", password)


@pytest.mark.usefixtures("nobody_left")
def test_programs_are_told_in_json(at_city: Command) -> None:
    made = json.loads(at_city("planner", "add", "smith", "--json").stdout)
    listed = json.loads(at_city("planner", "list", "--json").stdout)

    assert (made["name"], made["language"], len(made["password"])) == ("smith", "zh", 24)
    assert listed == [{"name": "smith", "language": "zh", "sessions": 0}]


@pytest.mark.parametrize(
    "name",
    [
        "postgres",
        "tidegrid_owner",
        "Tidegrid_x",
        "pg_read",
        "public",
        "a b",
        'a"; DROP',
        "张伟",
        "",
    ],
)
def test_a_name_that_is_none_or_somebody_elses_is_one_sentence(at_city: Command, name: str) -> None:
    assert "a planner's name has letters, digits and _" in said(at_city("planner", "add", name))


@pytest.mark.usefixtures("nobody_left")
def test_a_name_is_had_once_and_only_planners_are_removed(at_city: Command) -> None:
    at_city("planner", "add", "smith")

    assert "there is a login 'Smith' already" in said(at_city("planner", "add", "Smith"))
    assert "no planner is called 'postgres'" in said(at_city("planner", "remove", "postgres"))
    assert "the language is one of" in said(at_city("planner", "add", "b", "--lang", "fr"))


@pytest.mark.usefixtures("nobody_left")
def test_a_planner_who_left_things_in_the_database_is_removed_with_them(
    at_city: Command, city: City
) -> None:
    password = at_city("planner", "add", "smith").stdout.strip()
    with connected(city, "smith", password) as session:
        session.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO tidegrid_planner")
    with city.admin.begin() as connection:
        connection.execute(text("SELECT lo_from_bytea(0, 'x')"))
        connection.execute(text(
            "DO $$ BEGIN EXECUTE (SELECT format('ALTER LARGE OBJECT %s OWNER TO smith', max(oid)) "
            "FROM pg_largeobject_metadata); END $$"
        ))  # fmt: skip

    assert at_city("planner", "remove", "smith").stdout == "removed smith, 0 sessions ended\n"
    assert city.scalar("SELECT count(*) FROM pg_largeobject_metadata") == 0
    assert at_city("planner", "add", "smith").returncode == 0


@pytest.mark.usefixtures("nobody_left")
def test_a_planner_who_cannot_be_removed_stays_whole(
    at_city: Command, city: City, create_database: CreateDatabase
) -> None:
    password = at_city("planner", "add", "smith").stdout.strip()
    other = create_database("of_smith")
    with city.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {other} OWNER TO smith"))
    with city.admin.begin() as connection:
        connection.execute(text(f"GRANT CONNECT ON DATABASE {other} TO smith"))

    told = said(at_city("planner", "remove", "smith"))
    listed = at_city("planner", "list").stdout
    connected(city, "smith", password).close()
    with city.admin.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {other} OWNER TO postgres"))
        connection.execute(text(f"REVOKE ALL ON DATABASE {other} FROM smith"))

    assert "the login still has something in another database" in told
    assert "smith\tzh\t0 connected" in listed
    assert at_city("planner", "remove", "smith").returncode == 0


def test_what_was_spoiled_or_deleted_comes_back_as_a_new_edit(at_city: Command, city: City) -> None:
    with city.admin.begin() as connection:
        connection.execute(text(ADDED))
    for change in ("UPDATE plan.facilities SET name = '新名', geom = 'POINT(112 28)'",
                   "DELETE FROM plan.facilities"):  # fmt: skip
        with city.admin.begin() as connection:
            connection.execute(text(change))
    first, _, last = city.scalar("SELECT array_agg(id ORDER BY id) FROM city.history")
    at = city.scalar("SELECT to_json(changed_at) #>> '{}' FROM city.history ORDER BY id LIMIT 1")

    number = city.scalar("SELECT min(row_id) FROM city.history")
    undone = at_city("plan", "restore", "facilities", "bin:B1", "--lang", "en")
    assert undone.stdout.startswith(f"restored bin:B1 as it was before change {last} (postgres, 20")
    assert city.scalar("SELECT id FROM plan.facilities") == number
    assert city.scalar("SELECT name || ST_Y(geom) || row_version FROM plan.facilities") == "新名283"

    at_city("plan", "restore", "facilities", "bin:B1", "--change", first)
    assert (
        city.scalar("SELECT name || ST_Y(geom) || row_version FROM plan.facilities") == "旧名27.74"
    )
    at_city("plan", "restore", "facilities", "bin:B1")
    assert city.scalar("SELECT name FROM plan.facilities") == "新名"
    at_city("plan", "restore", "facilities", "bin:B1", "--at", at)
    assert city.scalar("SELECT name FROM plan.facilities") == "旧名"
    assert city.scalar("SELECT application FROM city.history ORDER BY id DESC") == "tidegrid-cli"


def test_what_cannot_come_back_is_one_sentence(at_city: Command, city: City) -> None:
    with city.admin.begin() as connection:
        connection.execute(text(ADDED))
        connection.execute(text("DELETE FROM plan.facilities"))
        connection.execute(text(ADDED))
    last = city.scalar("SELECT max(id) FROM city.history")
    deleted = last - 1

    assert "history knows no 'bin:B9'" in said(at_city("plan", "restore", "facilities", "bin:B9"))
    assert "the layer is one of areas" in said(at_city("plan", "restore", "bins", "bin:B1"))
    taken = said(at_city("plan", "restore", "facilities", "bin:B1", "--change", deleted))
    assert "编号“B1”已被“旧名”占用" in taken
    assert "换一个编号" in taken
    english = said(
        at_city("plan", "restore", "facilities", "bin:B1", "--change", deleted, "--lang", "en")
    )
    assert "is taken by '旧名'. choose another code" in english
    drawn = said(at_city("plan", "restore", "facilities", "bin:B1"))
    assert "the last change of bin:B1 is that it was drawn" in drawn
    assert f"{deleted} 20" in drawn
    assert "postgres" in drawn
    both = at_city("plan", "restore", "facilities", "bin:B1", "--change", 1, "--at", "x")
    assert "give one" in said(both)
    for words in (["facilities"], ["--by", "x"], ["facilities", "bin:B1", "--by", "x"]):
        assert "or --by and --since" in said(at_city("plan", "restore", *words))
    same = at_city("plan", "restore", "facilities", "bin:B1", "--change", last)
    assert same.stdout == "bin:B1 已是该内容，没有可恢复的\n"


def test_what_happened_to_a_feature_is_listed(at_city: Command, city: City) -> None:
    for change in (ADDED, "UPDATE plan.facilities SET name = '新', state = 'lost'",
                   "DELETE FROM plan.facilities"):  # fmt: skip
        with city.admin.begin() as connection:
            connection.execute(text(change))
    told = at_city("plan", "history", "facilities", "bin:B1").stdout.splitlines()
    listed = json.loads(at_city("plan", "history", "facilities", "bin:B1", "--json").stdout)

    assert [line.partition(": ")[2] for line in told] == [
        "DELETE", "UPDATE (name, state)", "INSERT", ""
    ]  # fmt: skip
    assert told[-1] == "3 changes"
    assert [one["action"] for one in listed] == ["DELETE", "UPDATE", "INSERT"]
    assert "LAYER KIND:CODE" in said(at_city("plan", "history", "facilities"))


def test_all_that_one_person_deleted_comes_back_at_once(at_city: Command, city: City) -> None:
    with city.admin.begin() as connection:
        connection.execute(text(
            "INSERT INTO plan.facilities (kind, code, name, geom) SELECT 'bin', 'C' || n, '', "
            "'POINT(112 27.7)' FROM generate_series(1, 30) AS n"
        ))  # fmt: skip
    since = city.scalar("SELECT to_json(clock_timestamp()) #>> '{}'")
    with city.admin.begin() as connection:
        connection.execute(text("DELETE FROM plan.facilities WHERE code <> 'C1'"))
        connection.execute(text("UPDATE plan.facilities SET name = 'x'"))
    asked = ("plan", "restore", "--by", "postgres", "--since", since)

    shown = at_city(*asked, "--dry-run", "--lang", "en")
    assert shown.stdout.count("would restore bin:C") == 30
    assert city.scalar("SELECT count(*) FROM plan.facilities") == 1
    done = json.loads(at_city(*asked, "--json").stdout)
    assert len(done) == 30
    assert city.scalar("SELECT count(*) FROM plan.facilities WHERE name = ''") == 30
    assert "changed and deleted nothing" in said(at_city(*asked[:3], "nobody", *asked[4:]))


def test_the_service_entry_has_no_password_and_no_socket(at_city: Command, city: City) -> None:
    url = make_url(city.url)
    entry = at_city("qgis", "connection", "zhang_wei")
    line = at_city("qgis", "connection", "zhang_wei", "--host", "db.city.cn", "--password-file")

    port = url.query["port"]
    assert entry.stdout == (
        f"[tidegrid]\nhost=127.0.0.1\nport={port}\ndbname={url.database}\nuser=zhang_wei\n"
    )
    assert line.stdout == f"db.city.cn:{port}:{url.database}:zhang_wei:PASSWORD\n"
    assert str(url.password) not in entry.stdout + line.stdout
