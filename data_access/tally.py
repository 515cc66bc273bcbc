"""Counting leads by small keys, for a filter, a viewer's scope and a moment.

A dimension is declared once, as a function of fact columns that uses only columns, constants, `+`, `-`, comparisons,
`&` and `either`. Numpy arrays and SQLAlchemy columns both understand that, so the same declaration counts in this
process or becomes a GROUP BY where the data lies; a property test keeps the two equal to the last lead.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import prod
from operator import or_
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access.facts import NEVER, NOT_MEASURED, Snapshot
from data_access.tables import FACT_COLUMNS, lead_facts
from data_access.vocabulary import EXCLUDED_REASONS, VISIT_KINDS, CloseReason, Ending, Promise, Standing, code

BLOCK = 2**18
LONGEST_DAYS = 1_095
LONGEST_MINUTES = 30 * 24 * 60
"""Durations are counted up to here; whatever is longer counts as this long."""
DENSE = 2**22  # keys up to this many cells are counted in an array, beyond it by sorting


def either(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`; on numpy arrays and on SQL columns."""
    if isinstance(condition, sa.ColumnElement):
        return sa.case((condition, yes), else_=no)
    return np.where(condition, _narrow(yes), _narrow(no))


def _narrow(value: Any) -> Any:
    return np.int8(value) if isinstance(value, int) and -128 <= value <= 127 else value


@dataclass(frozen=True)
class Moment:
    """As of when to count, in the units of the facts.

    Attributes
    ----------
    minute : int
        Whole minutes since 1970; what happened in a later minute has not happened yet.
    day : int
        The practice's local day, as days since 1970.
    horizon_days : int
        How many days a lead is given to be booked or seen, and after which it is mature.
    """

    minute: int
    day: int
    horizon_days: int = 30


Key = Callable[[Any, Moment], Any]

_WITHDRAWN = code(CloseReason.WITHDRAWN) + 1
_ANSWERED = code(CloseReason.ANSWERED) + 1


def _not_a_lead(f: Any) -> Any:
    return reduce(or_, (f.close_reason == code(reason) + 1 for reason in EXCLUDED_REASONS))


def _plain(name: str) -> Key:
    return lambda f, _: getattr(f, name)


def _entered(f: Any, m: Moment) -> Any:
    """Bits of the stages with an entry of their own: 1 eligibility, 2 documentation, 4 scheduled, 8 attended."""
    return (
        either(f.eligible_at <= m.minute, 1, 0)
        + either(f.records_at <= m.minute, 2, 0)
        + either(f.scheduled_at <= m.minute, 4, 0)
        + either(f.attended_at <= m.minute, 8, 0)
    )


def _furthest(f: Any, m: Moment) -> Any:
    """Number of the furthest stage that the lead ever came to."""
    furthest: Any = 1
    for at, number in ((f.eligible_at, 2), (f.records_at, 3), (f.scheduled_at, 4), (f.attended_at, 5)):
        furthest = either(at <= m.minute, number, furthest)
    return furthest


def _state(f: Any, m: Moment) -> Any:
    closed = either(f.close_reason == _ANSWERED, Standing.ANSWERED, Standing.LOST)
    closed = either(_not_a_lead(f), Standing.EXCLUDED, closed)
    return either(f.closed_at <= m.minute, closed, Standing.OPEN)


def _stage_now(f: Any, m: Moment) -> Any:
    stage = f.stage
    for at, number in ((f.eligible_at, 2), (f.records_at, 3), (f.scheduled_at, 4), (f.attended_at, 5)):
        stage = either((at <= m.minute) & (at > f.valid_from) & (stage < number), number, stage)
    return stage


def _qualified(f: Any, m: Moment) -> Any:
    """By the practice's agreement: found eligible, and headed for a visit or sent by a partner."""
    headed = reduce(or_, (f.kind == code(kind) for kind in VISIT_KINDS)) | (f.partner > 0)
    return either((f.eligible_at <= m.minute) & headed, 1, 0)


def _mature(f: Any, m: Moment) -> Any:
    return either(f.received_day + (m.horizon_days + 1) <= m.day, 1, 0)


def _within(at: str, lag: str) -> Key:
    return lambda f, m: either((getattr(f, lag) <= m.horizon_days) & (getattr(f, at) <= m.minute), 1, 0)


def _clipped(value: Any, longest: int) -> Any:
    return either(value < 0, 0, either(value > longest, longest, value))


def _days_to(at: str, lag: str) -> Key:
    """Whole days from receipt until it happened, until the lead was closed, or until now."""

    def key(f: Any, m: Moment) -> Any:
        waiting = either(f.closed_at <= m.minute, f.closed_lag, m.day - f.received_day)
        return _clipped(either(getattr(f, at) <= m.minute, getattr(f, lag), waiting), LONGEST_DAYS)

    return key


def _ending_of(at: str, lag: str) -> Key:
    """How the wait ended that `_days_to` measures."""

    def key(f: Any, m: Moment) -> Any:
        happened = either(getattr(f, lag) < 0, Ending.SPOILED, Ending.HAPPENED)
        ended = either(f.closed_at <= m.minute, either(_not_a_lead(f), Ending.EXCLUDED, Ending.ENDED), Ending.OPEN)
        return either(ended == Ending.EXCLUDED, Ending.EXCLUDED, either(getattr(f, at) <= m.minute, happened, ended))

    return key


def _minutes(name: str) -> Key:
    """Staffed minutes; beyond the longest, the code for those that could not be measured."""

    def key(f: Any, _: Moment) -> Any:
        value = getattr(f, name)
        return either(value == NEVER, LONGEST_MINUTES + 1, _clipped(value, LONGEST_MINUTES))

    return key


def _day_of_visit(f: Any, m: Moment) -> Any:
    """A minute by which the first booked appointment has begun, or NEVER: known only when its day has come."""
    come = (f.scheduled_at <= m.minute) & (f.visit_lag <= m.day - f.received_day)
    return either(come, m.minute, NEVER)


def _visit(key: Callable[[str, str], Key]) -> Key:
    """The same key for the first booked appointment, whose fact is a day."""

    def visit(f: Any, m: Moment) -> Any:
        columns = {
            name: getattr(f, name) for name in ("closed_at", "closed_lag", "close_reason", "received_day", "visit_lag")
        }
        return key("visit_at", "visit_lag")(SimpleNamespace(**columns, visit_at=_day_of_visit(f, m)), m)

    return visit


def _judged(at: str, met: str) -> Key:
    def key(f: Any, m: Moment) -> Any:
        answered = getattr(f, at) <= m.minute
        late = either(getattr(f, met) == NOT_MEASURED, Promise.NOT_JUDGED, Promise.LATE)
        ended = either(answered, either(getattr(f, met) == 1, Promise.IN_TIME, late), Promise.OVERDUE)
        waiting = either(answered, Promise.PENDING_ANSWERED, Promise.PENDING_WAITING)
        # Not a lead at all, or withdrawn, before the window ended and before anybody answered: nobody broke a promise.
        closed_early = (f.closed_at <= m.minute) & (f.closed_at < f.due_at)
        not_a_lead = closed_early & _not_a_lead(f)
        withdrawn = closed_early & (f.close_reason == _WITHDRAWN) & (getattr(f, at) > f.closed_at)
        verdict = either(f.due_at <= m.minute, ended, waiting)
        verdict = either(not_a_lead, Promise.LEFT_OUT, either(withdrawn, Promise.LEFT_OUT, verdict))
        return either(f.answered_live == 1, Promise.LIVE, either(f.due_at == NEVER, Promise.NOT_JUDGED, verdict))

    return key


@dataclass(frozen=True)
class Dimension:
    """A named small-integer key. `size` bounds it: keys lie in [0, size); None where the data decides."""

    name: str
    key: Key
    size: int | None = None


DIMENSIONS: Mapping[str, Dimension] = {
    d.name: d
    for d in (
        *(
            Dimension(name, _plain(name))
            for name in ("received_week", "due_week", "location", "partner", "service_line", "source", "owner")
        ),
        *(
            Dimension(name, _plain(name), 16)
            for name in ("kind", "pathway", "channel", "priority", "asker", "partner_category", "topic")
        ),
        Dimension("close_reason", lambda f, m: either(f.closed_at <= m.minute, f.close_reason, 0), 16),
        Dimension("visit_weekday", lambda f, m: either(f.scheduled_at <= m.minute, f.visit_weekday, 0), 8),
        Dimension("entered", _entered, 16),
        Dimension("furthest", _furthest, 6),
        Dimension("state", _state, 4),
        Dimension("stage_now", _stage_now, 6),
        Dimension("moved_back", _plain("moved_back"), 2),
        Dimension("mature", _mature, 2),
        Dimension("scheduled_in_time", _within("scheduled_at", "scheduled_lag"), 2),
        Dimension("attended_in_time", _within("attended_at", "attended_lag"), 2),
        Dimension("response", _judged("attempt_at", "attempt_met"), 8),
        Dimension("contact", _judged("contact_at", "contact_met"), 8),
        Dimension("flagged", lambda f, m: either(f.flags > 0, 1, 0), 2),
        Dimension("qualified", _qualified, 2),
        Dimension("received_day", _plain("received_day")),
        Dimension("received_hour", _plain("received_hour"), 169),
        *(
            dimension
            for name, at, lag in (
                ("eligible", "eligible_at", "eligible_lag"),
                ("records", "records_at", "records_lag"),
                ("scheduled", "scheduled_at", "scheduled_lag"),
                ("attended", "attended_at", "attended_lag"),
            )
            for dimension in (
                Dimension(f"{name}_days", _days_to(at, lag), LONGEST_DAYS + 1),
                Dimension(f"{name}_ending", _ending_of(at, lag), 5),
            )
        ),
        Dimension("visit_days", _visit(_days_to), LONGEST_DAYS + 1),
        Dimension("visit_ending", _visit(_ending_of), 5),
        *(Dimension(name, _minutes(name), LONGEST_MINUTES + 2) for name in ("attempt_minutes", "contact_minutes")),
        Dimension("waited_since", _plain("received_at")),
        Dimension("waited_until", lambda f, m: either(f.closed_at <= m.minute, f.closed_at, m.minute)),
    )
}


@dataclass(frozen=True)
class Where:
    """Which leads to count.

    Attributes
    ----------
    days : (from, to), optional
        Days since 1970 of receipt, half-open.
    due_weeks : (from, to), optional
        Week numbers in which the window ended, half-open: for questions about promises that fell due.
    keys : mapping of dimension name -> codes
        Only leads whose key is one of these.
    locations : collection of int, or None
        The viewer's scope; None for every location. An empty one counts nothing.
    """

    days: tuple[int, int] | None = None
    due_weeks: tuple[int, int] | None = None
    keys: Mapping[str, Collection[int]] = field(default_factory=dict)
    locations: Collection[int] | None = None


def tally(source: Snapshot | Connection, by: Sequence[str], where: Where, moment: Moment) -> pd.DataFrame:
    """Count leads by keys.

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
    dimensions = [DIMENSIONS[name] for name in by]
    count = _count_here if isinstance(source, Snapshot) else _count_there
    return count(source, dimensions, where, moment)  # type: ignore[arg-type]  # one branch per type, above


def members(source: Snapshot | Connection, where: Where, moment: Moment) -> list[int]:
    """Ids of the leads that a tally with the same arguments counts, newest first."""
    if isinstance(source, Snapshot):
        found = [source.lead_id[rows][_wanted(facts, where, moment)] for rows, facts in _blocks(source, where)]
        return [int(i) for i in np.concatenate(found)[::-1]] if found else []
    query = sa.select(lead_facts.c.lead_id).where(*_conditions(where, moment))
    return list(source.execute(query.order_by(lead_facts.c.received_day.desc(), lead_facts.c.lead_id.desc())).scalars())


# ---------------------------------------------------------------- in this process


def _blocks(snapshot: Snapshot, where: Where) -> Any:
    first, last = 0, len(snapshot)
    if where.days:
        first, last = (int(np.searchsorted(snapshot.columns["received_day"], day)) for day in where.days)
    for start in range(first, last, BLOCK):
        rows = slice(start, min(start + BLOCK, last))
        yield rows, SimpleNamespace(**{name: snapshot.columns[name][rows] for name in FACT_COLUMNS})


def _wanted(f: Any, where: Where, moment: Moment) -> Any:
    wanted = (f.received_at <= moment.minute) & (f.valid_from <= moment.minute) & (moment.minute < f.valid_until)
    if where.due_weeks:
        wanted &= (f.due_week >= where.due_weeks[0]) & (f.due_week < where.due_weeks[1])
    if where.locations is not None:
        wanted &= np.isin(f.location, list(where.locations))
    for name, codes in where.keys.items():
        wanted &= np.isin(DIMENSIONS[name].key(f, moment), list(codes))
    return wanted


def _count_here(snapshot: Snapshot, dimensions: list[Dimension], where: Where, moment: Moment) -> pd.DataFrame:
    cells: dict[tuple[int, ...], int] = {}
    for _, facts in _blocks(snapshot, where):
        wanted = _wanted(facts, where, moment)
        keys = [np.broadcast_to(d.key(facts, moment), wanted.shape)[wanted] for d in dimensions]
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


def _conditions(where: Where, moment: Moment) -> list[Any]:
    f = lead_facts.c
    conditions = [f.received_at <= moment.minute, f.valid_from <= moment.minute, f.valid_until > moment.minute]
    if where.days:
        conditions += [f.received_day >= where.days[0], f.received_day < where.days[1]]
    if where.due_weeks:
        conditions += [f.due_week >= where.due_weeks[0], f.due_week < where.due_weeks[1]]
    if where.locations is not None:
        conditions.append(f.location.in_(list(where.locations)))
    conditions += [DIMENSIONS[name].key(f, moment).in_(list(codes)) for name, codes in where.keys.items()]
    return conditions


def _count_there(connection: Connection, dimensions: list[Dimension], where: Where, moment: Moment) -> pd.DataFrame:
    keys = [d.key(lead_facts.c, moment).label(d.name) for d in dimensions]
    inner = sa.select(*keys, sa.literal(1).label("one")).where(*_conditions(where, moment)).subquery()
    columns = [inner.c[d.name] for d in dimensions]
    query = sa.select(*columns, sa.func.count().label("count")).select_from(inner)
    query = query.group_by(*columns) if columns else query.having(sa.func.count() > 0)
    return _frame(sorted(tuple(int(v) for v in row) for row in connection.execute(query)), dimensions)


def _frame(rows: list[tuple[int, ...]], dimensions: list[Dimension]) -> pd.DataFrame:
    columns = [*(d.name for d in dimensions), "count"]
    return pd.DataFrame(np.array(rows, np.int64).reshape(-1, len(columns)), columns=columns)
