"""The units that hang on a lead, and by what each is counted: appointments, checklist items, requests for records, spells
in a stage, and what open leads wait for.
"""

from collections.abc import Mapping
from typing import Any

from data_access import facts
from data_access.counted import Attendance, Due, Ending, ItemState
from data_access.dimensions import (
    LONGEST_DAYS,
    SHARED,
    Dimension,
    Moment,
    Unit,
    clipped,
    either,
    plain,
)
from data_access.fact_tables import LONGEST_MINUTES, NEVER, NO_DAY
from data_access.vocabulary import AppointmentStatus, CancelledBy, StallReason, code


def _by_name(*dimensions: Dimension) -> Mapping[str, Dimension]:
    return {d.name: d for d in (*SHARED, *dimensions)}


def _seen(f: Any, m: Moment) -> Any:
    return (f.seen_from <= m.minute) & (f.seen_until > m.minute)


# ---------------------------------------------------------------- appointments


def _attendance(f: Any, m: Moment) -> Any:
    cancelled = either(f.late == 1, Attendance.LATE_CANCEL, Attendance.CANCELLED_IN_TIME)
    cancelled = either(f.cancelled_by == code(CancelledBy.PRACTICE) + 1, Attendance.BY_PRACTICE, cancelled)
    known: Any = cancelled
    for status, counts_as in (
        (AppointmentStatus.RESCHEDULED, Attendance.RESCHEDULED),
        (AppointmentStatus.NO_SHOW, Attendance.NO_SHOW),
        (AppointmentStatus.ATTENDED, Attendance.ATTENDED),
    ):
        known = either(f.outcome == code(status) + 1, counts_as, known)
    due = either(f.starts_at <= m.minute, Attendance.MISSING, Attendance.FUTURE)
    due = either(f.starts_at == NEVER, Attendance.UNDATED, due)
    return either(f.outcome_at <= m.minute, known, due)


_LEAD_TIMES = (0, 1, 4, 8, 15, 31, 61)
"""First day of each bin of lead time: the same day, up to 3, 7, 14, 30 and 60 days, and beyond."""


def _lead_time(f: Any, _: Moment) -> Any:
    """1 for the same day .. 7 for beyond 60 days; 0 where it is not known, or lies before the booking."""
    bin_: Any = 0
    for number, first in enumerate(_LEAD_TIMES, start=1):
        bin_ = either((f.lead_days >= first) & (f.lead_days < NO_DAY), number, bin_)
    return bin_


def _of_chain(f: Any, m: Moment) -> Any:
    """1 for the last so far of the appointments that stand for the lead's first one."""
    return either((f.first_chain == 1) & (f.replaced_at > m.minute), 1, 0)


APPOINTMENTS = Unit(
    facts.APPOINTMENTS,
    _by_name(
        Dimension("start_week", plain("start_week")),
        Dimension("start_weekday", plain("start_weekday"), 16),
        Dimension("attendance", _attendance, 9),
        Dimension("lead_time", _lead_time, 8),
        Dimension("first_visit", lambda f, m: either(f.outcome_at <= m.minute, f.first_visit, 0), 2),
        Dimension("of_chain", _of_chain, 2),
        Dimension("moves", plain("moves"), 16),
    ),
    _seen,
)

# ---------------------------------------------------------------- items of records checklists


def _item_state(f: Any, m: Moment) -> Any:
    came = either(f.item_lag <= 0, ItemState.AT_ARRIVAL, ItemState.LATER)
    state = either(f.item_at <= m.minute, came, ItemState.MISSING)
    state = either(f.day_over_at > m.minute, ItemState.FIRST_DAY, state)
    return either(f.required == 0, ItemState.OPTIONAL, either(f.waived_at <= m.minute, ItemState.WAIVED, state))


ITEMS = Unit(
    facts.ITEMS,
    _by_name(
        Dimension("received_week", plain("received_week")),
        Dimension("item", plain("item"), 16),
        Dimension("item_state", _item_state, 6),
    ),
    _seen,
)

# ---------------------------------------------------------------- requests for records

REQUESTS = Unit(facts.REQUESTS, _by_name(Dimension("ordinal", plain("ordinal"), 16)), _seen)

# ---------------------------------------------------------------- spells in a stage


def _spell_days(f: Any, m: Moment) -> Any:
    return either(f.ended_at <= m.minute, f.days, m.day - f.began_day)


def _spell_ending(f: Any, m: Moment) -> Any:
    return either(f.ended_at <= m.minute, either(f.spoiled == 1, Ending.SPOILED, Ending.HAPPENED), Ending.OPEN)


def _run_days(f: Any, m: Moment) -> Any:
    return clipped(either(f.ended_at <= m.minute, f.run_days, 0), LONGEST_DAYS)


def _day_only(f: Any, m: Moment) -> Any:
    """1 where its length so far is known in days and not in minutes."""
    return either((f.began_day_only == 1) | ((f.ended_at <= m.minute) & (f.ended_day_only == 1)), 1, 0)


SPELLS = Unit(
    facts.SPELLS,
    _by_name(
        Dimension("stage", plain("stage"), 6),
        Dimension("came_from", plain("came_from"), 7),
        Dimension("went_to", lambda f, m: either(f.ended_at <= m.minute, f.went_to, 0), 9),
        Dimension("began_week", plain("began_week")),
        Dimension("ended_week", lambda f, m: either(f.ended_at <= m.minute, f.ended_week, 0)),
        Dimension("began_day", plain("began_day")),
        Dimension("ended_day", lambda f, m: either(f.ended_at <= m.minute, f.began_day + f.days, 0)),
        Dimension("spell_days", lambda f, m: clipped(_spell_days(f, m), LONGEST_DAYS), LONGEST_DAYS + 1),
        Dimension("spell_ending", _spell_ending, 5),
        Dimension(
            "total_days", lambda f, m: clipped(f.earlier_days + _spell_days(f, m), LONGEST_DAYS), LONGEST_DAYS + 1
        ),
        Dimension("latest_there", lambda f, m: either(f.again_at > m.minute, 1, 0), 2),
        Dimension("spell_minutes", plain("minutes"), LONGEST_MINUTES + 2),
        Dimension("day_only", _day_only, 2),
        Dimension("run_days", _run_days, LONGEST_DAYS + 1),
        Dimension("waited_since", plain("began_at")),
        Dimension("waited_until", lambda f, m: either(f.ended_at <= m.minute, f.ended_at, m.minute)),
    ),
    _seen,
)

# ---------------------------------------------------------------- what open leads wait for

STALLED_DAYS = 14
"""A lead that has stood in its stage for more than so many days is called stalled, unless its appointment lies ahead."""

_OURS = code(StallReason.OUR_FOLLOW_UP) + 1


def _waits_for(f: Any, m: Moment) -> Any:
    """Code of the reason + 1; 0 for an appointment ahead. One that is past without an outcome waits for us."""
    return either((f.waits_for == 0) & (f.starts_at <= m.minute), _OURS, f.waits_for)


def _due(f: Any, m: Moment) -> Any:
    due = either(f.due_day <= m.day, Due.TODAY, Due.LATER)
    return either(f.due_at == NEVER, Due.NO_STEP, either(f.due_at <= m.minute, Due.OVERDUE, due))


DEAD_END_DAYS = 14
"""A next step that nobody took for more than so many days after it was due leads nowhere."""


def _dead_end(f: Any, m: Moment) -> Any:
    """1 for an open lead that nobody owns, that has no next step, or whose next step nobody took for a long time."""
    nowhere = (f.owner == 0) | (f.due_at == NEVER) | ((f.due_at <= m.minute) & (f.due_day < m.day - DEAD_END_DAYS))
    return either(nowhere, 1, 0)


def _stalled(f: Any, m: Moment) -> Any:
    return either((_waits_for(f, m) > 0) & (f.stage_day < m.day - STALLED_DAYS), 1, 0)


SITUATIONS = Unit(
    facts.SITUATIONS,
    _by_name(
        Dimension("stage", plain("stage"), 6),
        Dimension("waits_for", _waits_for, 8),
        Dimension("due", _due, 4),
        Dimension("stalled", _stalled, 2),
        Dimension("dead_end", _dead_end, 2),
        Dimension("stage_age", lambda f, m: clipped(m.day - f.stage_day, LONGEST_DAYS), LONGEST_DAYS + 1),
        Dimension("open_age", lambda f, m: clipped(m.day - f.received_day, LONGEST_DAYS), LONGEST_DAYS + 1),
    ),
    _seen,
)
UNITS = (APPOINTMENTS, ITEMS, REQUESTS, SPELLS, SITUATIONS)
