"""By what leads are counted: each dimension declared once, for both engines.

A dimension is a function of fact columns that uses only columns, constants, `+`, `-`, comparisons, `&` and `either`.
Numpy arrays and SQLAlchemy columns both understand that, so the same declaration counts in this process or becomes a
GROUP BY where the data lies; a property test keeps the two equal to the last lead. Columns of days are 16 bits wide: no
constant is added to one (`day < m.day - 30`, not `day + 30 < m.day`), so that NO_DAY cannot overflow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from data_access import facts
from data_access.counted import AtArrival, Ending, Promise, Standing
from data_access.fact_columns import narrowest
from data_access.fact_tables import LONGEST_MINUTES, NEVER, NOT_MEASURED
from data_access.facts import Stored
from data_access.vocabulary import EXCLUDED_REASONS, VISIT_KINDS, CloseReason, Flag, code

LONGEST_DAYS = 1_095
"""Days are counted up to here; whatever is longer counts as this long."""


def either(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`; on numpy arrays and on SQL columns."""
    if isinstance(condition, sa.ColumnElement):
        return sa.case((condition, yes), else_=no)
    return _chosen(condition, _narrow(yes), _narrow(no))


def _chosen(condition: npt.NDArray[np.bool_], yes: Any, no: Any) -> Any:
    """What `numpy.where` gives, by bits: a branch for each row would cost it twenty times as much."""
    kind = np.result_type(yes, no)
    ones = np.negative(condition.view(np.int8)).astype(kind, copy=False)  # all bits are set where it holds
    return (ones & np.bitwise_xor(yes, no, dtype=kind)) ^ no


def _narrow(value: Any) -> Any:
    """A constant in the smallest type that holds it, so that an array made with it is no wider than it has to be."""
    return np.dtype(narrowest(value, value)).type(value) if isinstance(value, int) else value


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


def plain(name: str) -> Key:
    """The key that a column of the facts is."""
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


UNTOUCHED_DAYS = 30
"""An open lead this old that nobody ever answered is called untouched."""


def _untouched(f: Any, m: Moment) -> Any:
    waiting = (
        (f.closed_at > m.minute) & (f.attempt_at > m.minute) & (f.scheduled_at > m.minute) & (f.answered_live == 0)
    )
    return either(waiting & (f.received_day < m.day - UNTOUCHED_DAYS), 1, 0)


def qualified(f: Any, m: Moment) -> Any:
    """By the practice's agreement: found eligible, and headed for a visit or sent by a partner."""
    headed = reduce(or_, (f.kind == code(kind) for kind in VISIT_KINDS)) | (f.partner > 0)
    return either((f.eligible_at <= m.minute) & headed, 1, 0)


def _at_arrival(f: Any, m: Moment) -> Any:
    """Whether it came with the records that it needs; what was found needless later was never needed."""
    came = either(f.arrival_at <= m.minute, AtArrival.COMPLETE, AtArrival.INCOMPLETE)
    needless = (f.records_needed == 0) | ((f.records_needed == 2) & (f.arrival_at <= m.minute))
    # On its first day nobody is judged, the complete ones neither: counting those early would flatter.
    return either(needless, AtArrival.NONE_NEEDED, either(f.day_over_at > m.minute, AtArrival.FIRST_DAY, came))


def _mature(f: Any, m: Moment) -> Any:
    return either(f.received_day <= m.day - (m.horizon_days + 1), 1, 0)


def _within(at: str, lag: str) -> Key:
    return lambda f, m: either((getattr(f, lag) <= m.horizon_days) & (getattr(f, at) <= m.minute), 1, 0)


def clipped(value: Any, longest: int) -> Any:
    """A duration within its bounds: what is negative counts as 0, what is longer as the longest."""
    return either(value < 0, 0, either(value > longest, longest, value))


def _days_to(at: str, lag: str) -> Key:
    """Whole days from receipt until it happened, until the lead was closed, or until now."""

    def key(f: Any, m: Moment) -> Any:
        waiting = either(f.closed_at <= m.minute, f.closed_lag, m.day - f.received_day)
        return clipped(either(getattr(f, at) <= m.minute, getattr(f, lag), waiting), LONGEST_DAYS)

    return key


def _ending_of(at: str, lag: str) -> Key:
    """How the wait ended that `_days_to` measures."""

    def key(f: Any, m: Moment) -> Any:
        happened = either(getattr(f, lag) < 0, Ending.SPOILED, Ending.HAPPENED)
        ended = either(f.closed_at <= m.minute, either(_not_a_lead(f), Ending.EXCLUDED, Ending.ENDED), Ending.OPEN)
        return either(ended == Ending.EXCLUDED, Ending.EXCLUDED, either(getattr(f, at) <= m.minute, happened, ended))

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


@dataclass(frozen=True)
class Unit:
    """What is counted: where its facts are, by what it can be counted, and which rows are there at a moment."""

    stored: Stored
    dimensions: Mapping[str, Dimension]
    present: Callable[[Any, Moment], Any]


SHARED = (
    *(Dimension(name, plain(name)) for name in ("location", "partner", "service_line", "source", "campaign", "owner")),
    *(
        Dimension(name, plain(name), 16)
        for name in ("kind", "pathway", "channel", "priority", "asker", "partner_category", "topic")
    ),
    Dimension("qualified", qualified, 2),
)
"""What every unit can be counted by."""

DIMENSIONS: Mapping[str, Dimension] = {
    d.name: d
    for d in (
        *SHARED,
        *(Dimension(name, plain(name)) for name in ("received_week", "due_week")),
        Dimension("close_reason", lambda f, m: either(f.closed_at <= m.minute, f.close_reason, 0), 16),
        Dimension("visit_weekday", lambda f, m: either(f.scheduled_at <= m.minute, f.visit_weekday, 0), 8),
        Dimension("entered", _entered, 16),
        Dimension("furthest", _furthest, 6),
        Dimension("state", _state, 4),
        Dimension("stage_now", _stage_now, 6),
        Dimension("moved_back", plain("moved_back"), 2),
        Dimension("mature", _mature, 2),
        Dimension("scheduled_in_time", _within("scheduled_at", "scheduled_lag"), 2),
        Dimension("attended_in_time", _within("attended_at", "attended_lag"), 2),
        Dimension("response", _judged("attempt_at", "attempt_met"), 8),
        Dimension("contact", _judged("contact_at", "contact_met"), 8),
        Dimension("flags", plain("flags"), 2 ** len(Flag)),
        Dimension("untouched", _untouched, 2),
        Dimension("at_arrival", _at_arrival, 4),
        Dimension("records_needed", plain("records_needed"), 4),
        Dimension("received_day", plain("received_day")),
        Dimension("received_hour", plain("received_hour"), 169),
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
        *(
            Dimension(name, plain(name), LONGEST_MINUTES + 2)
            for name in ("attempt_minutes", "contact_minutes", "log_minutes")
        ),
        Dimension("waited_since", plain("received_at")),
        Dimension("waited_until", lambda f, m: either(f.closed_at <= m.minute, f.closed_at, m.minute)),
    )
}


LEADS = Unit(
    facts.LEADS,
    DIMENSIONS,
    lambda f, m: (f.received_at <= m.minute) & (f.valid_from <= m.minute) & (f.valid_until > m.minute),
)
