"""The facts in memory: an immutable snapshot of what is counted, refreshed by what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access import fact_tables as f
from data_access import tables as t
from data_access.engine import reading
from data_access.fact_tables import lead_facts

_PAGE = 50_000


@dataclass(frozen=True)
class Rows:
    """The facts of one unit of counting, in order of its day.

    Attributes
    ----------
    lead_id : array of int64, shape (rows,)
    columns : mapping of arrays, each of shape (rows,)
        One per column of the unit's table, with the type given in tables.py.
    """

    lead_id: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[np.signedinteger[Any]]]

    def __len__(self) -> int:
        return len(self.lead_id)


@dataclass(frozen=True, eq=False)
class Stored:
    """Where the facts of a unit are kept: its table, its columns with their types, its second key, and its day."""

    table: sa.Table
    columns: Mapping[str, str]
    number: str
    day: str


LEADS = Stored(lead_facts, f.LEAD_COLUMNS, "part", "received_day")
APPOINTMENTS = Stored(f.appointment_facts, f.APPOINTMENT_COLUMNS, "number", "start_day")
ITEMS = Stored(f.item_facts, f.ITEM_COLUMNS, "number", "received_day")
REQUESTS = Stored(f.request_facts, f.REQUEST_COLUMNS, "number", "received_day")
SPELLS = Stored(f.spell_facts, f.SPELL_COLUMNS, "number", "began_day")
SITUATIONS = Stored(f.situation_facts, f.SITUATION_COLUMNS, "number", "received_day")
UNITS = (LEADS, APPOINTMENTS, ITEMS, REQUESTS, SPELLS, SITUATIONS)


@dataclass(frozen=True)
class Snapshot:
    """All facts at one revision, by unit; never changed, only replaced."""

    revision: int
    rows: Mapping[Stored, Rows]


class LiveFacts:
    """The newest snapshot, shared by everybody in this process. Readers never wait for each other's counting."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._snapshot: Snapshot | None = None

    def now(self) -> Snapshot:
        """The facts as they are in the database at this moment."""
        with self._lock:
            self._snapshot = load(self._engine) if self._snapshot is None else refresh(self._engine, self._snapshot)
            return self._snapshot


def load(engine: Engine) -> Snapshot:
    """Read all facts."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        return Snapshot(revision, {stored: _sorted(stored, _read(connection, stored, -1)) for stored in UNITS})


def refresh(engine: Engine, known: Snapshot) -> Snapshot:
    """The same snapshot when nothing changed, otherwise a new one in which the changed leads are replaced."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        if revision == known.revision:
            return known
        if revision < known.revision:  # an older database was put in its place
            return load(engine)
        stamped = (lead_facts, t.removed_leads)
        newer = sa.union_all(*(sa.select(one.c.lead_id).where(one.c.revision > known.revision) for one in stamped))
        changed = np.array(connection.execute(newer).scalars().all(), np.int64)
        if not len(changed):
            return Snapshot(revision, known.rows)
        read = {stored: _read(connection, stored, known.revision) for stored in UNITS}
    return Snapshot(
        revision, {stored: _replaced(stored, known.rows[stored], rows, changed) for stored, rows in read.items()}
    )


def _replaced(stored: Stored, known: Rows, read: Rows, changed: npt.NDArray[np.int64]) -> Rows:
    """Known rows with those of changed leads replaced by what was read; a lead may have fewer rows than before, or none."""
    kept = ~np.isin(known.lead_id, changed)
    columns = {name: np.concatenate([column[kept], read.columns[name]]) for name, column in known.columns.items()}
    return _sorted(stored, Rows(np.concatenate([known.lead_id[kept], read.lead_id]), columns))


def current_revision(connection: Connection) -> int:
    """The newest revision; 0 where nothing was written yet."""
    return int(connection.scalar(sa.select(t.revisions.c.revision)) or 0)


def _read(connection: Connection, stored: Stored, newer_than: int) -> Rows:
    table, number = stored.table, stored.table.c[stored.number]
    wanted = [table.c.lead_id, number, *(table.c[name] for name in stored.columns)]
    if table is lead_facts:
        newer: sa.ColumnElement[bool] = table.c.revision > newer_than
    else:  # the other units carry no stamp of their own: whatever writes them writes their lead
        stamp = lead_facts.alias()
        newer = sa.exists().where(stamp.c.lead_id == table.c.lead_id, stamp.c.revision > newer_than)
    pages: list[npt.NDArray[np.int64]] = []
    last = (-1, -1)
    while True:  # keyset pages: bounded memory, and no cursor that a driver could lose a row from
        query = sa.select(*wanted).where(newer, sa.tuple_(table.c.lead_id, number) > last)
        rows = [tuple(row) for row in connection.execute(query.order_by(table.c.lead_id, number).limit(_PAGE))]
        if not rows:
            break
        pages.append(np.array(rows, np.int64))
        last = (rows[-1][0], rows[-1][1])
    read = np.concatenate(pages) if pages else np.empty((0, len(wanted)), np.int64)
    columns = {name: read[:, place].astype(kind) for place, (name, kind) in enumerate(stored.columns.items(), start=2)}
    return Rows(read[:, 0].copy(), columns)


def _sorted(stored: Stored, rows: Rows) -> Rows:
    order = np.lexsort((rows.lead_id, rows.columns[stored.day]))
    in_order = {name: column[order] for name, column in rows.columns.items()}
    for column in in_order.values():
        column.flags.writeable = False
    return Rows(rows.lead_id[order], MappingProxyType(in_order))
