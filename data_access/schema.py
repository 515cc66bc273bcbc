"""The shape of the database: brought to this version, or refused."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access.engine import writing
from data_access.fact_tables import FACTS_VERSION
from data_access.tables import revisions

if TYPE_CHECKING:  # loaded where something is migrated, which is seldom
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")
_VERSIONS = sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
_CHUNK = 2_000


class SchemaIsOld(RuntimeError):
    """The database was made by another version of Handoff."""


class SchemaIsEmpty(SchemaIsOld):
    """The database holds nothing of ours yet."""


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision and the facts to its shape; on an empty database, create it.

    What breaks off while facts are made anew is taken up again by the next call.
    """
    with suppress(SchemaIsOld):
        require_current(engine)
        return
    from alembic import command

    with _copying_tables(engine) as connection:
        command.upgrade(_alembic(connection), "head")
        counted = connection.scalar(sa.select(revisions.c.facts_version))
    if counted is None or counted == FACTS_VERSION:
        return
    from data_access import leads  # too long to load for who only asks whether the schema is current

    last: int | None = 0
    while last is not None:
        with writing(engine) as connection:
            last = leads.rebuild_next(connection, after=last, limit=_CHUNK)
            if last is None:
                connection.execute(sa.update(revisions).values(facts_version=FACTS_VERSION))


@contextmanager
def _copying_tables(engine: Engine) -> Iterator[Connection]:
    """A write transaction in which SQLite may replace a table that others point to; nothing dangles when it ends."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(writes=True) as connection:
        raw = connection.connection.dbapi_connection
        if sqlite and raw:
            raw.execute("PRAGMA foreign_keys=OFF")  # only outside a transaction
        try:
            with connection.begin():
                yield connection
                if sqlite and (dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise RuntimeError(f"the migration would leave rows that point nowhere: {dangling[:3]}")
        finally:
            if sqlite and raw:
                raw.execute("PRAGMA foreign_keys=ON")


def require_current(engine: Engine) -> None:
    """Raise `SchemaIsOld` unless the schema, and the shape of the facts, are those that this version knows."""
    with engine.connect() as connection:
        found, newest = _version(connection), _VERSIONS[-1]
        if found and found not in _VERSIONS:
            raise SchemaIsOld(
                f"the database has schema {found}, which a newer Handoff made; this one knows {newest}: upgrade"
            )
        if found != newest:
            kind = SchemaIsOld if found else SchemaIsEmpty
            raise kind(f"the database has schema {found or 'none'}, this version needs {newest}; run: handoff migrate")
        if connection.scalar(sa.select(revisions.c.facts_version)) not in (None, FACTS_VERSION):
            raise SchemaIsOld("the facts of this database were counted by another version; run: handoff migrate")


def _version(connection: Connection) -> str | None:
    """Which version of the schema a database has, as alembic wrote it down."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
