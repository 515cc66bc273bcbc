"""Reading rows of numbers from the database into arrays, a page at a time, so that memory stays bounded."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection

Page = dict[str, npt.NDArray[np.integer[Any]]]

_PAGE = 50_000
_COPY_HEADER = 19
"""Bytes before the first row of PostgreSQL's binary COPY: a signature, flags, and the length of an extension, which is 0."""
_BINARY = {"SMALLINT": ">i2", "INTEGER": ">i4", "BIGINT": ">i8"}


def read(
    connection: Connection, keys: Sequence[sa.Column[int]], kinds: Mapping[str, str], wanted: sa.ColumnElement[bool]
) -> Iterator[Page]:
    """Rows of a table of NOT NULL integers, in pages; the first is empty.

    Parameters
    ----------
    keys : sequence of Column
        The table's primary key.
    kinds : mapping of column name -> type of the array
        "id" for one that is as wide as the database's.
    wanted : SQL condition
        Which rows.
    """
    table = keys[0].table
    columns = [table.c[name] for name in kinds]
    types = [np.dtype(np.int64 if kind == "id" else kind) for kind in kinds.values()]
    pages = _copied if connection.dialect.name == "postgresql" else _fetched
    yield {name: np.empty(0, kind) for name, kind in zip(kinds, types, strict=True)}
    for page in pages(connection, keys, columns, wanted):
        yield {name: page[name].astype(kind) for name, kind in zip(kinds, types, strict=True)}


def _fetched(connection: Connection, keys: Sequence[Any], columns: Sequence[Any], wanted: Any) -> Iterator[Any]:
    last = (-1,) * len(keys)
    selected = {column.name: column for column in (*keys, *columns)}
    while True:  # keyset pages: no cursor is open for long, from which a driver could lose a row
        query = sa.select(*selected.values()).where(wanted, sa.tuple_(*keys) > last).order_by(*keys).limit(_PAGE)
        rows = connection.execute(query).cursor.fetchall()
        if not rows:
            return
        last = rows[-1][: len(keys)]
        page = np.array(rows, np.int64)
        yield {name: page[:, place] for place, name in enumerate(selected)}


def _copied(connection: Connection, _: Sequence[Any], columns: Sequence[Any], wanted: Any) -> Iterator[Any]:
    query = sa.select(*columns).where(wanted).compile(connection, compile_kwargs={"literal_binds": True})
    fields = [("fields", ">i2")]
    for column in columns:
        fields += [(f"bytes of {column.name}", ">i4"), (column.name, _BINARY[column.type.compile(connection.dialect)])]
    row = np.dtype(fields)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        blocks, left, begins = iter(copy), b"", _COPY_HEADER
        while got := b"".join([left, *islice(blocks, _PAGE)])[begins:]:
            number, rest = divmod(len(got), row.itemsize)
            if not number:
                break  # what ends it is shorter than a row
            yield np.frombuffer(got, row, number)
            left, begins = got[len(got) - rest :], 0
