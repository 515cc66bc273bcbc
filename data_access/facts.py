"""The facts as immutable snapshots of what is counted, brought up to date by what changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access import fact_tables as f
from data_access import tables as t
from data_access.engine import current_revision, reading
from data_access.fact_columns import Array, Column, packed, unpacked
from data_access.fact_reading import read
from data_access.fact_tables import NEVER, lead_facts

Plain = dict[str, Array]
"""Rows as an array for each column."""
Ids = npt.NDArray[np.int64]

RECENT = 2**14
"""So many rows that changed are kept beside the others; then, or when they are an eighth of them, all are sorted into one."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Where the facts of a unit are kept: its table, its columns with their types, its second key, its day, and the column
    that says from which minute on a row stands no more.
    """

    table: sa.Table
    kinds: Mapping[str, str]
    number: str
    day: str
    until: str = "seen_until"


LEADS = Stored(lead_facts, f.LEAD_COLUMNS, "part", "received_day", "valid_until")
APPOINTMENTS = Stored(f.appointment_facts, f.APPOINTMENT_COLUMNS, "number", "start_day")
ITEMS = Stored(f.item_facts, f.ITEM_COLUMNS, "number", "received_day")
REQUESTS = Stored(f.request_facts, f.REQUEST_COLUMNS, "number", "received_day")
SPELLS = Stored(f.spell_facts, f.SPELL_COLUMNS, "number", "began_day")
SITUATIONS = Stored(f.situation_facts, f.SITUATION_COLUMNS, "number", "received_day")
UNITS = (LEADS, APPOINTMENTS, ITEMS, REQUESTS, SPELLS, SITUATIONS)


@dataclass(frozen=True)
class Segment:
    """Rows of a unit in order of their day, and then of their lead.

    Attributes
    ----------
    columns : mapping of name -> Column
        `lead_id`, and one per column of the unit's table, with the type given in fact_tables.py.
    number : int
        How many rows there are.
    until : int
        A minute from which on none of them stands.
    newest : int
        The highest number of a lead among them.
    gone : array of int64
        Places of rows that no longer hold, in order: their lead changed.
    """

    columns: Mapping[str, Column]
    number: int
    until: int
    newest: int
    gone: Ids

    def __len__(self) -> int:
        return self.number

    def standing(self, start: int, stop: int) -> npt.NDArray[np.bool_] | None:
        """Which of the rows from one place until another still hold; None for all of them."""
        gone = self.gone[slice(*np.searchsorted(self.gone, (start, stop)))]
        if not len(gone):
            return None
        stands = np.ones(stop - start, bool)
        stands[gone - start] = False
        return stands


@dataclass(frozen=True)
class Facts:
    """All facts of one unit.

    Attributes
    ----------
    settled : sequence of Segment
        Those that stand for good, and those in whose place another came some day; most rows by far.
    recent : Segment
        Those of the leads that changed since these were sorted.
    kept : bool
        Whether those that are settled were copied to a disk, or could not be.
    """

    settled: Sequence[Segment]
    recent: Segment
    kept: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Those that hold any rows."""
        return tuple(one for one in (*self.settled, self.recent) if len(one))


@dataclass(frozen=True)
class Snapshot:
    """The facts of some units at one revision; never changed, only replaced."""

    revision: int
    of: Mapping[Stored, Facts]

    def rows(self, stored: Stored) -> Plain:
        """All rows of a unit, in order of their leads, and those of one by their columns, from the first on."""
        rows = _after_each_other([_standing(one) for one in (*self.of[stored].settled, self.of[stored].recent)])
        order = np.lexsort([*rows.values()][::-1])
        return {name: column[order] for name, column in rows.items()}


def load(engine: Engine, units: Collection[Stored] = UNITS) -> Snapshot:
    """Read all facts of some units."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        return Snapshot(revision, {stored: _settled(stored, _read(connection, stored, sa.true())) for stored in units})


def refresh(engine: Engine, known: Snapshot) -> Snapshot:
    """The same snapshot when nothing changed, otherwise a new one in which the changed leads are replaced."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        if revision == known.revision:
            return known
        if revision < known.revision:  # an older database was put in its place
            return load(engine, known.of)
        changed, removed = (
            np.array(connection.execute(_stamped_since(stamped, known.revision)).scalars().all(), np.int64)
            for stamped in (lead_facts, t.removed_leads)
        )
        if not len(changed) + len(removed):
            return Snapshot(revision, known.of)
        return Snapshot(
            revision,
            {
                stored: _brought(stored, facts, _read_since(connection, stored, known.revision), changed, removed)
                for stored, facts in known.of.items()
            },
        )


def _stamped_since(stamped: sa.Table, revision: int) -> sa.Select[tuple[int]]:
    """Leads that were stamped after a revision. Not distinct ones: for these SQLite would read all in order of the leads."""
    return sa.select(stamped.c.lead_id).where(stamped.c.revision > revision)


def _brought(stored: Stored, known: Facts, now: Plain, changed: Ids, removed: Ids) -> Facts:
    """Facts with the rows of changed leads replaced by those that they have now, which may be fewer, or none."""
    leads = np.concatenate([changed, removed])
    settled = [_without(one, leads) for one in known.settled]
    recent = _after_each_other([_standing(_without(known.recent, leads)), now])
    most = max(RECENT, sum(map(len, settled)) // 8)
    if len(recent["lead_id"]) > most or len(removed):  # of a lead that was taken out, nothing is kept
        return _settled(stored, _after_each_other([*map(_standing, settled), recent]))
    return replace(known, settled=settled, recent=_segment(stored, recent))


def _settled(stored: Stored, rows: Plain) -> Facts:
    lasting = rows[stored.until] == NEVER
    return Facts([_segment(stored, _only(rows, some)) for some in (lasting, ~lasting)], nothing(stored))


def nothing(stored: Stored) -> Segment:
    """A segment without rows."""
    return _segment(stored, {name: np.empty(0, np.int64) for name in _kinds(stored)})


def _segment(stored: Stored, rows: Plain) -> Segment:
    order = np.lexsort((rows["lead_id"], rows[stored.day]))
    until, newest = (int(rows[name].max(initial=0)) for name in (stored.until, "lead_id"))
    columns = {name: packed(rows.pop(name)[order], kind) for name, kind in _kinds(stored).items()}
    return Segment(MappingProxyType(columns), len(order), until, newest, np.empty(0, np.int64))


def _without(segment: Segment, leads: Ids) -> Segment:
    """A segment of which the rows of some leads hold no more."""
    leads = leads[leads <= segment.newest]
    if not len(leads):
        return segment
    theirs = np.flatnonzero(np.isin(unpacked(segment.columns["lead_id"]), leads))
    return replace(segment, gone=np.union1d(segment.gone, theirs))


def _standing(segment: Segment) -> Plain:
    rows = {name: unpacked(column) for name, column in segment.columns.items()}
    stands = segment.standing(0, len(segment))
    return rows if stands is None else _only(rows, stands)


def _read_since(connection: Connection, stored: Stored, revision: int) -> Plain:
    """All rows of the leads that were stamped after a revision: whatever writes them writes their lead."""
    return _read(connection, stored, stored.table.c.lead_id.in_(_stamped_since(lead_facts, revision).correlate(None)))


def _read(connection: Connection, stored: Stored, wanted: sa.ColumnElement[bool]) -> Plain:
    keys = (stored.table.c.lead_id, stored.table.c[stored.number])
    return _after_each_other(list(read(connection, keys, _kinds(stored), wanted)))


def _kinds(stored: Stored) -> dict[str, str]:
    return {"lead_id": "id", **stored.kinds}


def _after_each_other(some: Sequence[Plain]) -> Plain:
    return {name: np.concatenate([rows[name] for rows in some]) for name in some[0]}


def _only(rows: Plain, wanted: npt.NDArray[np.bool_]) -> Plain:
    places = np.flatnonzero(wanted)
    return {name: column[places] for name, column in rows.items()}
