"""Many rows at once, as fast as the driver takes them; their values go through the types of their columns as elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access.columns import UtcDateTime

_COPIED = 100
"""From so many rows on, PostgreSQL is given them by COPY."""
_BOUND = 4_000
"""So many values SQLite is given in one statement at most; it takes 32,766."""


def insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; the table's own defaults stand in those that they lack."""
    if not rows:
        return
    names = tuple(rows[0])
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in rows[0] and isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar
    }
    into, binders = _prepared(table, (*names, *defaults), connection.dialect)
    taken = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    columns: list[Sequence[Any]] = list(zip(*map(taken, rows), strict=True))
    columns += [(value,) * len(rows) for value in defaults.values()]
    bound = [
        bind(values) if bind and values.count(None) < len(values) else values
        for bind, values in zip(binders, columns, strict=True)
    ]
    values = list(zip(*bound, strict=True))
    if connection.dialect.name == "postgresql" and len(values) >= _COPIED:
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY {into} FROM STDIN") as out:
            for row in values:
                out.write_row(row)
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    places = f"({', '.join([mark] * len(binders))})"
    if connection.dialect.name == "sqlite" and len(table.foreign_keys) > 1:
        # Where it has several foreign keys to look up, a statement costs SQLite as much as a row: it gets several at once.
        together = _BOUND // len(binders)
        whole = len(values) - len(values) % together
        if whole:
            groups = [tuple(chain.from_iterable(values[at : at + together])) for at in range(0, whole, together)]
            connection.exec_driver_sql(f"INSERT INTO {into} VALUES {', '.join([places] * together)}", groups)
        values = values[whole:]
    if values:
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES {places}", values)


def new_ids(connection: Connection, table: sa.Table, number: int) -> list[int]:
    """Ids for so many new rows, which nothing else will get."""
    if not number:
        return []
    if connection.dialect.name == "postgresql":
        sequence = sa.func.nextval(sa.func.pg_get_serial_sequence(table.name, "id"))
        drawn = sa.select(sequence).select_from(sa.func.generate_series(1, number))
        return sorted(int(one) for one in connection.execute(drawn).scalars())
    given = "SELECT seq FROM sqlite_sequence WHERE name = ?"  # nobody else writes until this transaction ends
    last = int(connection.exec_driver_sql(given, (table.name,)).scalar() or 0)
    return list(range(last + 1, last + number + 1))


@lru_cache(maxsize=256)
def _prepared(
    table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[str, list[Callable[[Sequence[Any]], Sequence[Any]] | None]]:
    """Where the values go, as SQL says it, and what turns those of each column into the driver's."""
    quoted = [dialect.identifier_preparer.quote(name) for name in names]
    into = f"{dialect.identifier_preparer.format_table(table)} ({', '.join(quoted)})"
    return into, [_binder(table.c[name].type, dialect) for name in names]


def _binder(kind: Any, dialect: sa.Dialect) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return kind.texts
    bind: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None and isinstance(kind, sa.String) and dialect.name == "postgresql":
        bind = _plain
    if bind is not None and isinstance(kind, sa.JSON):
        return partial(_documents, bind)
    return None if bind is None else lambda values: list(map(bind, values))


def _documents(bind: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Small documents, most of which say one of a few things: each is written once."""
    known: dict[tuple[Any, ...], Any] = {}
    made = []
    for value in values:
        if not isinstance(value, dict) or len(value) > 1:
            made.append(bind(value))
            continue
        said = tuple((name, str(one), type(one)) for name, one in value.items())
        if said not in known:
            known[said] = bind(value)
        made.append(known[said])
    return made


def _plain(text: str | None) -> str | None:
    """A word of a vocabulary as the text that it is: a driver may take it for something else."""
    return None if text is None else str(text)
