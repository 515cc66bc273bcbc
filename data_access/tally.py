"""Counting leads and appointments by small keys, for a filter, a viewer's scope and a moment: in this process, or inside
the database.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial, reduce
from math import prod
from operator import or_
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access.dimensions import LEADS, Dimension, Moment, Unit
from data_access.fact_columns import first_from, taken
from data_access.fact_tables import NO_DAY
from data_access.facts import Segment, Snapshot

Ints = npt.NDArray[np.int64]

BLOCK = 2**18
SPARSE = 0.5  # where fewer of a block's rows than this share are wanted, only these are looked at further
FEW = 12  # so many comparisons are faster than a search
DENSE = 4  # with up to so many cells a row they are counted in an array, with more by those that occur


@dataclass(frozen=True)
class Where:
    """Which leads to count.

    Attributes
    ----------
    days : (from, to), optional
        Days since 1970, half-open: of receipt for leads, and of each unit's own day for the others.
    by_day : str
        The column of the facts that `days` means in place of the unit's own day; empty for that.
    due_weeks : (from, to), optional
        Week numbers in which the window ended, half-open: for questions about promises that fell due.
    keys : mapping of dimension name -> codes
        Only leads whose key is one of these.
    locations : collection of int, or None
        The viewer's scope; None for every location. An empty one counts nothing.
    """

    days: tuple[int, int] | None = None
    by_day: str = ""
    due_weeks: tuple[int, int] | None = None
    keys: Mapping[str, Collection[int]] = field(default_factory=dict)
    locations: Collection[int] | None = None


def narrower(where: Where, **keys: Collection[int]) -> Where:
    """A filter with further keys; one that is filtered already keeps only what both allow."""
    both = {
        name: tuple(code for code in codes if code in where.keys[name]) if name in where.keys else tuple(codes)
        for name, codes in keys.items()
    }
    return replace(where, keys={**where.keys, **both})


def tally(
    source: Snapshot | Connection, by: Sequence[str], where: Where, moment: Moment, unit: Unit = LEADS
) -> pd.DataFrame:
    """Count leads, or appointments, by keys.

    Parameters
    ----------
    source : Snapshot or Connection
        Where to count: in this process, or inside the database.
    by : sequence of dimension names

    Returns
    -------
    DataFrame
        One row per non-empty cell: a column of int64 per dimension, and `count`; in order of the keys.

    Raises
    ------
    KeyError
        When a dimension is not known.
    """
    dimensions = [unit.dimensions[name] for name in by]
    count = _count_here if isinstance(source, Snapshot) else _count_there
    return count(source, dimensions, where, moment, unit)  # type: ignore[arg-type]  # one branch per type, above


def members(
    source: Snapshot | Connection, where: Where, moment: Moment, unit: Unit = LEADS, *, soonest: str = ""
) -> list[int]:
    """Ids of the leads that a tally with the same arguments counts, newest first; of appointments, one per appointment.

    `soonest`: in order of this column of the facts instead, the smallest first; only inside the database.
    """
    if isinstance(source, Snapshot):
        return _members_here(source, where, moment, unit)
    c = unit.stored.table.c
    query = sa.select(c.lead_id).where(*_conditions(where, moment, unit))
    order = (c[soonest], c.lead_id) if soonest else (c[unit.stored.day].desc(), c.lead_id.desc())
    return list(source.execute(query.order_by(*order)).scalars())


def keys_of(
    connection: Connection, lead_ids: Collection[int], by: Sequence[str], moment: Moment, unit: Unit
) -> dict[int, dict[str, int]]:
    """Keys of some leads at a moment, by lead: for a unit that has one row of a lead at a time."""
    f = unit.stored.table.c
    keys = [unit.dimensions[name].key(f, moment).label(name) for name in by]
    query = sa.select(f.lead_id, *keys).where(unit.present(f, moment), f.lead_id.in_(list(lead_ids)))
    return {row.pop("lead_id"): row for row in map(dict, connection.execute(query).mappings())}


# ---------------------------------------------------------------- which rows count, on both


def _asked(where: Where, moment: Moment, unit: Unit) -> Iterator[Callable[[Any], Any]]:
    """What must hold of a row, one after the other: of arrays, or of the columns of a table."""
    yield lambda f: unit.present(f, moment)
    for column, span in ((where.by_day, where.days), ("due_week", where.due_weeks)):
        if column and span:
            yield partial(_lies_within, column, span)
    allowed = [(unit.dimensions[name], codes) for name, codes in where.keys.items()]
    if where.locations is not None:
        allowed = [(unit.dimensions["location"], where.locations), *allowed]
    for dimension, codes in allowed:
        yield partial(_is_one_of, dimension, moment, [int(one) for one in codes])


def _lies_within(column: str, span: tuple[int, int], f: Any) -> Any:
    first, last = map(_kept, span)
    return (getattr(f, column) >= first) & (getattr(f, column) < last)


def _kept(day: int) -> int:
    """A day or week as a column of the facts could hold it; beyond all that they hold there is nothing to tell apart."""
    return min(max(day, -NO_DAY), NO_DAY)


def _is_one_of(dimension: Dimension, moment: Moment, codes: list[int], f: Any) -> Any:
    key = dimension.key(f, moment)
    if isinstance(key, sa.ColumnElement):
        return key.in_(codes)
    return reduce(or_, (key == code for code in codes)) if 0 < len(codes) <= FEW else np.isin(key, codes)


# ---------------------------------------------------------------- in this process


class _Some:
    """Some rows of the facts; each of their columns is taken out when it is first asked for.

    A column that holds the same in all rows has one value, and so has what is worked out from such columns alone.
    """

    def __init__(self, column: Callable[[str], Any], rows: int) -> None:
        self._column, self._rows = column, rows

    def __getattr__(self, name: str) -> Any:
        column = self._column(name)
        setattr(self, name, column)
        return column

    def __len__(self) -> int:
        return self._rows

    def only(self, wanted: Any) -> "_Some":
        """Those of these rows that are wanted."""
        places = np.flatnonzero(wanted)

        def column(name: str) -> Any:
            whole = getattr(self, name)
            return whole if len(whole) == 1 else whole.take(places)

        return _Some(column, len(places))


def _counted(snapshot: Snapshot, where: Where, moment: Moment, unit: Unit) -> Iterator[tuple[_Some, Any]]:
    """Block by block some rows, and which of them count; None for all of them."""
    for segment in snapshot.of[unit.stored].segments:
        if segment.until <= moment.minute:
            continue
        first, last = 0, len(segment)
        if where.days and not where.by_day:
            first, last = (first_from(segment.columns[unit.stored.day], _kept(day)) for day in where.days)
        for start in range(first, last, BLOCK):
            stop = min(start + BLOCK, last)
            f = _Some(partial(_block, segment, start, stop), stop - start)
            wanted: Any = segment.standing(start, stop)
            for holds in _asked(where, moment, unit):
                wanted = holds(f) if wanted is None else wanted & holds(f)
                number = int(np.count_nonzero(wanted)) * (len(f) if len(wanted) == 1 else 1)
                if number == len(f):
                    wanted = None
                elif number < len(f) * SPARSE:  # what else is asked is asked of these alone
                    f, wanted = f.only(wanted), None
                if not number:
                    break
            else:
                yield f, wanted


def _block(segment: Segment, start: int, stop: int, name: str) -> Any:
    return taken(segment.columns[name], start, stop)


def _members_here(snapshot: Snapshot, where: Where, moment: Moment, unit: Unit) -> list[int]:
    found = [np.empty((2, 0), np.int64)]
    for f, wanted in _counted(snapshot, where, moment, unit):
        both = np.array([np.broadcast_to(getattr(f, name), len(f)) for name in (unit.stored.day, "lead_id")], np.int64)
        found.append(both if wanted is None else both[:, wanted])
    days, leads = np.concatenate(found, axis=1)
    return [int(i) for i in leads[np.lexsort((leads, days))[::-1]]]


def _count_here(
    snapshot: Snapshot, dimensions: list[Dimension], where: Where, moment: Moment, unit: Unit
) -> pd.DataFrame:
    sizes = [d.size for d in dimensions]
    blocks = [
        _cells([d.key(f, moment) for d in dimensions], sizes, len(f), wanted=wanted)
        for f, wanted in _counted(snapshot, where, moment, unit)
    ]
    if len(blocks) > 1:
        *keys, counts = (np.concatenate(columns) for columns in zip(*blocks, strict=True))
        blocks = [_cells(keys, sizes, len(counts), counts=counts)]
    return _frame(blocks[0] if blocks else [np.empty(0, np.int64)] * (len(dimensions) + 1), dimensions)


def _cells(
    keys: list[Any], sizes: list[int | None], rows: int, *, wanted: Any = None, counts: Any = None
) -> list[Ints]:
    """The cells that hold anything, in order: an array per key, and how many rows each has.

    Parameters
    ----------
    keys : list of arrays, each of shape (rows,), or (1,) for the same in all rows
    sizes : list of int or None
        Bounds of the keys, where they are known.
    wanted : array of bool, shape (rows,), optional
        Which rows count.
    counts : array of int, shape (rows,), optional
        For how many each row stands.
    """
    if not keys:
        return [np.array([rows if wanted is None else np.count_nonzero(wanted)] if counts is None else [counts.sum()])]
    lows = [0 if size else int(key.min()) for key, size in zip(keys, sizes, strict=True)]
    spans = [size or int(key.max()) - low + 1 for key, size, low in zip(keys, sizes, lows, strict=True)]
    cells = prod(spans)
    if cells > 2**62:  # one number would not hold them
        stacked = np.stack(np.broadcast_arrays(*keys, np.empty(rows))[:-1])
        stacked = stacked if wanted is None else stacked.compress(wanted, axis=1)
        there, codes = np.unique(stacked.astype(np.int64), axis=1, return_inverse=True)
        return [*there, np.bincount(codes.ravel(), counts).astype(np.int64)]
    kind: Any = np.int32 if cells < 2**31 - 1 else np.int64
    number = np.broadcast_to(keys[0], rows).astype(kind)
    number -= lows[0]
    for key, low, span in zip(keys[1:], lows[1:], spans[1:], strict=True):
        number *= span
        number += np.subtract(key, low, dtype=kind) if low else key
    number = number if wanted is None else number.compress(wanted)  # which, unlike [], does not branch for each row
    if cells <= max(rows * DENSE, 2**12):
        found = np.bincount(number, counts)
        places = np.flatnonzero(found)
        found = found[places]
    else:
        codes, places = pd.factorize(number, sort=True)
        found = np.bincount(codes, counts)
    columns = np.unravel_index(places, spans)
    return [*(column + low for column, low in zip(columns, lows, strict=True)), found.astype(np.int64)]


# ---------------------------------------------------------------- inside the database


def _conditions(where: Where, moment: Moment, unit: Unit) -> list[Any]:
    f = unit.stored.table.c
    of_period = [_lies_within(unit.stored.day, where.days, f)] if where.days and not where.by_day else []
    return [*of_period, *(holds(f) for holds in _asked(where, moment, unit))]


def _count_there(
    connection: Connection, dimensions: list[Dimension], where: Where, moment: Moment, unit: Unit
) -> pd.DataFrame:
    query = _grouped(connection, dimensions, where, moment, unit)
    rows = sorted(tuple(int(v) for v in row) for row in connection.execute(query))
    return _frame(list(np.array(rows, np.int64).reshape(-1, len(dimensions) + 1).T), dimensions)


def _grouped(
    connection: Connection, dimensions: list[Dimension], where: Where, moment: Moment, unit: Unit
) -> sa.Select[Any]:
    """The query of a tally.

    A partitioned table is counted in each partition by the column by which it is partitioned too, and the counts are added
    up: only so does PostgreSQL let other servers count what they hold.
    """
    table = unit.stored.table
    keys = [d.key(table.c, moment).label(d.name) for d in dimensions]
    apart = [table.c[name].label("partition") for name in _partitioned_by(connection, table)]
    inner = sa.select(*keys, *apart, sa.literal(1).label("one")).where(*_conditions(where, moment, unit)).subquery()
    columns, number = list(inner.c)[: len(keys) + len(apart)], sa.func.count().label("count")
    query = sa.select(*columns, number).select_from(inner).group_by(*columns)
    if apart:
        parts = query.subquery()
        columns, number = (
            list(parts.c)[: len(keys)],
            sa.cast(sa.func.sum(parts.c["count"]), sa.BigInteger).label("count"),
        )
        query = sa.select(*columns, number).select_from(parts).group_by(*columns)
    return query if columns else query.having(sa.func.count() > 0)


def _partitioned_by(connection: Connection, table: sa.Table) -> list[str]:
    """The columns by which PostgreSQL keeps a table in parts."""
    if connection.dialect.name != "postgresql":
        return []
    known = _PARTITIONED.setdefault(connection.engine, {})
    if table.name not in known:
        query = sa.text(
            "SELECT a.attname FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid "
            "AND a.attnum = ANY(p.partattrs) WHERE p.partrelid = to_regclass(:name)"
        )
        known[table.name] = list(connection.execute(query, {"name": table.name}).scalars())
    return known[table.name]


_PARTITIONED: WeakKeyDictionary[sa.Engine, dict[str, list[str]]] = WeakKeyDictionary()
"""How tables are kept in parts, by database: that does not change under a running process."""


def _frame(columns: list[Ints], dimensions: list[Dimension]) -> pd.DataFrame:
    return pd.DataFrame(np.array(columns).T, columns=_names(tuple(d.name for d in dimensions)))


@lru_cache(maxsize=1024)
def _names(by: tuple[str, ...]) -> pd.Index:
    return pd.Index([*by, "count"])
