"""Counting leads and appointments by small keys, for a filter, a viewer's scope and a moment: in this process, or inside
the database.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access.dimensions import LEADS, Dimension, Moment, Unit
from data_access.facts import Snapshot

BLOCK = 2**18
DENSE = 2**22  # keys up to this many cells are counted in an array, beyond it by sorting


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
        lead_id = source.rows[unit.stored].lead_id
        found = [lead_id[rows][_wanted(f, where, moment, unit)] for rows, f in _blocks(source, where, unit)]
        return [int(i) for i in np.concatenate(found)[::-1]] if found else []
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


# ---------------------------------------------------------------- in this process


def _blocks(snapshot: Snapshot, where: Where, unit: Unit) -> Any:
    columns = snapshot.rows[unit.stored].columns
    first, last = 0, len(columns[unit.stored.day])
    if where.days and not where.by_day:
        first, last = (int(np.searchsorted(columns[unit.stored.day], day)) for day in where.days)
    for start in range(first, last, BLOCK):
        rows = slice(start, min(start + BLOCK, last))
        yield rows, SimpleNamespace(**{name: column[rows] for name, column in columns.items()})


def _wanted(f: Any, where: Where, moment: Moment, unit: Unit) -> Any:
    wanted = unit.present(f, moment)
    if where.days and where.by_day:
        day = getattr(f, where.by_day)
        wanted &= (day >= where.days[0]) & (day < where.days[1])
    if where.due_weeks:
        wanted &= (f.due_week >= where.due_weeks[0]) & (f.due_week < where.due_weeks[1])
    if where.locations is not None:
        wanted &= np.isin(f.location, list(where.locations))
    for name, codes in where.keys.items():
        wanted &= np.isin(unit.dimensions[name].key(f, moment), list(codes))
    return wanted


def _count_here(
    snapshot: Snapshot, dimensions: list[Dimension], where: Where, moment: Moment, unit: Unit
) -> pd.DataFrame:
    cells: dict[tuple[int, ...], int] = {}
    for _, f in _blocks(snapshot, where, unit):
        wanted = _wanted(f, where, moment, unit)
        keys = [np.broadcast_to(d.key(f, moment), wanted.shape)[wanted] for d in dimensions]
        for cell, count in _count_block(keys, [d.size for d in dimensions], int(wanted.sum())):
            cells[cell] = cells.get(cell, 0) + count
    return _frame(sorted((*cell, count) for cell, count in cells.items()), dimensions)


def _count_block(keys: list[Any], sizes: list[int | None], rows: int) -> list[tuple[tuple[int, ...], int]]:
    if not rows:
        return []
    if not keys:
        return [((), rows)]
    bounds = [size or int(key.max()) + 1 for key, size in zip(keys, sizes, strict=True)]
    cells = prod(bounds)
    if cells > 2**62:  # one number would not hold them
        stacked, found = np.unique(np.stack([np.asarray(key, np.int64) for key in keys]), axis=1, return_counts=True)
        return [(tuple(int(k) for k in cell), int(n)) for *cell, n in zip(*stacked, found, strict=True)]
    combined = np.zeros(rows, np.int64)
    for key, size in zip(keys, bounds, strict=True):
        combined = combined * size + key
    if cells <= DENSE:
        counts = np.bincount(combined, minlength=cells)
        places = np.flatnonzero(counts)
        counts = counts[places]
    else:
        places, counts = np.unique(combined, return_counts=True)
    columns = np.unravel_index(places, bounds)
    return [(tuple(int(k) for k in cell), int(n)) for *cell, n in zip(*columns, counts, strict=True)]


# ---------------------------------------------------------------- inside the database


def _conditions(where: Where, moment: Moment, unit: Unit) -> list[Any]:
    f = unit.stored.table.c
    conditions = [unit.present(f, moment)]
    if where.days:
        day = f[where.by_day or unit.stored.day]
        conditions += [day >= where.days[0], day < where.days[1]]
    if where.due_weeks:
        conditions += [f.due_week >= where.due_weeks[0], f.due_week < where.due_weeks[1]]
    if where.locations is not None:
        conditions.append(f.location.in_(list(where.locations)))
    conditions += [unit.dimensions[name].key(f, moment).in_(list(codes)) for name, codes in where.keys.items()]
    return conditions


def _count_there(
    connection: Connection, dimensions: list[Dimension], where: Where, moment: Moment, unit: Unit
) -> pd.DataFrame:
    keys = [d.key(unit.stored.table.c, moment).label(d.name) for d in dimensions]
    inner = sa.select(*keys, sa.literal(1).label("one")).where(*_conditions(where, moment, unit)).subquery()
    columns = [inner.c[d.name] for d in dimensions]
    query = sa.select(*columns, sa.func.count().label("count")).select_from(inner)
    query = query.group_by(*columns) if columns else query.having(sa.func.count() > 0)
    return _frame(sorted(tuple(int(v) for v in row) for row in connection.execute(query)), dimensions)


def _frame(rows: list[tuple[int, ...]], dimensions: list[Dimension]) -> pd.DataFrame:
    columns = [*(d.name for d in dimensions), "count"]
    return pd.DataFrame(np.array(rows, np.int64).reshape(-1, len(columns)), columns=columns)
