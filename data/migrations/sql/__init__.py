"""SQL that Alembic has no words for: functions, triggers, grants, policies."""

from importlib.resources import files

from alembic import op


def run_sql(name: str) -> None:
    """Run one file of this folder in the migration under way."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    # Straight to the driver: without parameters it leaves % alone and takes many statements.
    cursor = op.get_bind().connection.cursor()
    cursor.execute(text)
    cursor.close()
