"""Capacity for new patients against the demand for it: openings, leads that are ready, and how long the next one waits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dashboard.metrics.columns import parts
from dashboard.metrics.once import once
from dashboard.metrics.timing import Ints

DEMAND_COLUMNS = ("ready_a_week", "waiting", "offered_a_week", "taken", "open", "wait_days", "warning")

GROWS, LATE, BOOKED_UP, FITS, NOT_KEPT = "grows", "late", "booked up", "fits", "not kept"
WARNINGS = (GROWS, LATE, BOOKED_UP)
"""What a meeting acts on before marketing fills what cannot be scheduled."""


@once
def demand(
    ready: pd.DataFrame,
    waiting: pd.DataFrame,
    slots: pd.DataFrame,
    by: Sequence[str],
    *,
    weeks_back: int,
    weeks_ahead: int,
    today: int,
    horizon: int,
) -> pd.DataFrame:
    """Whether the openings of the next weeks hold the leads that are ready for an appointment.

    Definition
    ----------
    Demand is how many leads a week became ready to be scheduled over the last weeks: found eligible, or booked straight away.
    Offered is how many openings for new patients a week begin in the weeks ahead, those that are taken already among
    them. Where a location enters no single openings, they are as many a week as it plans, spread evenly over the days
    from Monday to Friday, and as many are taken as appointments are booked. The wait is how many days ahead the opening
    lies that a lead which is ready today would get, once everybody who waits already has one. It "grows" where more
    become ready than are offered, is "late" where the wait is longer than the horizon, and "booked up" where the
    openings that are known do not reach for those who wait.

    Population
    ----------
    Leads headed for a visit, by location and service line; leads without a service line, and openings for any, are
    rows of their own. Waiting are open leads that are eligible and not booked.

    Censoring
    ---------
    Openings that nobody has entered yet are not there: the wait is what the calendar says today. Where no openings are kept
    for a row, its capacity is not known, and nothing is said about it.

    Parameters
    ----------
    ready : DataFrame
        Counts of leads that became ready in the last `weeks_back` finished weeks, by `by`.
    waiting : DataFrame
        Counts of open leads that are ready and not booked, by `by`.
    slots : DataFrame
        Counts of openings by `by`, `slot_day` (days since 1970), `begun` (1 where its time has come) and `taken` (1 where it
        is booked or withdrawn); past ones show that openings are kept.
    weeks_back, weeks_ahead : int
        Over how many weeks demand is averaged, and how many weeks ahead openings are counted.
    today, horizon : int
        Days since 1970, and days.

    Returns
    -------
    DataFrame
        One row per group that has leads or openings: the columns of `by`, then DEMAND_COLUMNS. `ready_a_week` and
        `offered_a_week` per week (not whole); `waiting` leads; `taken` and `open` openings in the weeks ahead; `wait_days`
        whole days, NaN where the known openings do not reach; `warning` one of GROWS, LATE, BOOKED_UP, FITS, NOT_KEPT.

    Raises
    ------
    KeyError
        When a table lacks one of the keys.

    References
    ----------
    Silvester et al. 2004, Clin. Manag. 12:105, on demand and capacity measured in the same unit; Murray and Berwick 2003,
    JAMA 289:1035.

    Examples
    --------
    >>> import pandas as pd
    >>> ready = pd.DataFrame([[1, 24]], columns=["location", "count"])
    >>> waiting = pd.DataFrame([[1, 2]], columns=["location", "count"])
    >>> slots = pd.DataFrame([[1, 101, 0, 0, 2], [1, 104, 0, 0, 3], [1, 102, 0, 1, 4]],
    ...                      columns=["location", "slot_day", "begun", "taken", "count"])
    >>> made = demand(ready, waiting, slots, ["location"], weeks_back=8, weeks_ahead=1, today=100, horizon=30)
    >>> made.astype(object).values.tolist()
    [[1, 3.0, 2, 9.0, 4, 5, 4.0, 'fits']]
    """
    keys = list(by)
    coming = slots[slots["begun"] == 0]
    ahead = coming[coming["slot_day"] < today + 7 * weeks_ahead]
    free = coming[coming["taken"] == 0].sort_values("slot_day", kind="stable")
    counts = {
        "ready": ready, "waiting": waiting, "kept": slots.assign(count=1), "taken": ahead[ahead["taken"] == 1],
        "open": ahead[ahead["taken"] == 0],
    }  # fmt: skip
    table = pd.DataFrame({name: part.groupby(keys)["count"].sum() for name, part in counts.items()})
    table = table.fillna(0).astype("int64").reset_index()
    openings = dict(parts(free, keys, ["slot_day", "count"]))
    waits = [
        _wait(openings.get(tuple(group)), queue, today)
        for *group, queue in table[[*keys, "waiting"]].itertuples(index=False, name=None)
    ]
    wait = np.array(waits, float)
    ready_a_week, offered = table["ready"] / weeks_back, (table["taken"] + table["open"]) / weeks_ahead
    warning = np.select(
        [table["kept"] == 0, ready_a_week > offered, np.isnan(wait), wait > horizon],
        [NOT_KEPT, GROWS, BOOKED_UP, LATE],
        FITS,
    )
    table = table.assign(ready_a_week=ready_a_week, offered_a_week=offered, wait_days=wait, warning=warning)
    return table[[*keys, *DEMAND_COLUMNS]]


def spread(plan: pd.DataFrame, booked: pd.DataFrame, by: Sequence[str], today: int) -> pd.DataFrame:
    """A plan of so many openings a week as openings on days, as `demand` takes them.

    Those of a week stand evenly from Monday to Friday. As many as appointments are booked in the week are taken, the first
    of those ahead first. A week of none is a row that counts nothing, so that the plan is known.

    Parameters
    ----------
    plan : DataFrame
        `by`, `monday` (days since 1970) and `per_week`.
    booked : DataFrame
        Counts of appointments ahead by `by` and `monday`.
    today : int
        Days since 1970; earlier days have begun.

    Examples
    --------
    >>> import pandas as pd
    >>> plan = pd.DataFrame([[1, 100, 3]], columns=["location", "monday", "per_week"])
    >>> booked = pd.DataFrame([[1, 100, 1]], columns=["location", "monday", "count"])
    >>> spread(plan, booked, ["location"], 101)[["slot_day", "begun", "taken", "count"]].values.tolist()
    [[100, 1, 0, 1], [101, 0, 1, 1], [103, 0, 0, 1]]
    """
    keys = [*by, "monday"]
    taken = booked.groupby(keys)["count"].sum().to_dict()
    rows = []
    for *week, per_week in plan.groupby(keys, as_index=False)["per_week"].sum().itertuples(index=False, name=None):
        days = [week[-1] + 5 * place // per_week for place in range(per_week)]
        over = sum(day < today for day in days)
        last_taken = over + taken.get(tuple(week), 0)
        rows += [
            (*week[:-1], day, int(place < over), int(over <= place < last_taken), 1) for place, day in enumerate(days)
        ] or [(*week[:-1], week[-1], 1, 0, 0)]
    spread_out = pd.DataFrame(rows, columns=[*by, "slot_day", "begun", "taken", "count"])
    return spread_out.groupby([*by, "slot_day", "begun", "taken"], as_index=False)["count"].sum()


def _wait(openings: Sequence[Ints] | None, queue: int, today: int) -> float:
    """Days until the opening behind those that everybody who waits takes first; of days in order, and their openings."""
    if openings is None:
        return float("nan")
    days, count = openings
    reached = days[count.cumsum() > queue]
    return float(reached[0] - today) if len(reached) else float("nan")
