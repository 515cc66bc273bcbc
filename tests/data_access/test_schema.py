"""The migrations make the tables that the code declares, and engines behave as promised."""

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from data_access import engine as databases
from data_access import schema
from data_access.tables import UtcDateTime, leads, metadata
from tests.factories import NOW, World, log


def test_the_migrations_make_the_declared_tables(database: sa.Engine) -> None:
    """Columns, types, keys and indexes: no difference on either database."""
    with database.connect() as c:
        difference = compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata)
    assert not [d for d in difference if "comment" not in str(d[0])]


def test_every_word_column_has_its_check_in_the_database(database: sa.Engine) -> None:
    """The vocabulary of today is what the database holds columns to."""
    inspector = sa.inspect(database)
    for table in metadata.sorted_tables:
        checks = {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table.name)}
        for column in table.columns:
            if words := column.info.get("words"):
                text = checks[f"ck_{table.name}_{column.name}"]
                assert all(f"'{member.value}'" in text for member in words), f"{table.name}.{column.name}"


def test_every_column_that_may_be_empty_says_what_that_means() -> None:
    """NULL has one meaning per column, written down."""
    silent = [f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns if c.nullable and not c.comment]
    assert not silent


def test_a_moment_comes_back_as_the_moment_it_was(world: World) -> None:
    """Stored in UTC, handed out aware, on both databases."""
    log(world, NOW)
    with world.engine.connect() as c:
        back = c.scalar(sa.select(leads.c.received_at))
    assert back == NOW
    assert back.utcoffset().total_seconds() == 0


def test_a_naive_moment_never_reaches_the_database() -> None:
    """SQLite would drop the zone in silence."""
    with pytest.raises(ValueError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), sa.dialects.sqlite.dialect())  # noqa: DTZ001


def test_an_old_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """An empty file is not a lead database."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'old.db'}")
    with pytest.raises(schema.SchemaIsOld, match="handoff migrate"):
        schema.require_current(engine)
    schema.migrate(engine)
    schema.require_current(engine)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense"])
def test_another_kind_of_database_is_refused_in_words(url: str) -> None:
    """And an example is given."""
    with pytest.raises(ValueError, match="sqlite:///"):
        databases.connect(url)
