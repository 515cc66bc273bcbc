"""The backlog of leads that are not booked yet: what comes in, what goes out, and whether it can be worked off."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from dashboard.metrics.columns import groups
from dashboard.metrics.once import once
from dashboard.metrics.timing import percentiles
from data_access.counted import CameFrom, Ending, WentTo
from data_access.vocabulary import Stage

NOT_BOOKED = tuple(stage for stage in Stage if stage < Stage.SCHEDULED)
"""The stages in which a lead of the backlog stands."""

BACKLOG_COLUMNS = (
    "week",
    "start",
    "received",
    "reopened",
    "returned",
    "booked",
    "closed",
    "end",
    "seen",
    "throughput_ratio",
)


@once
def backlog(entries: pd.DataFrame, exits: pd.DataFrame, last: int) -> pd.DataFrame:
    """What happened in each week, and the backlog before and after it: activity, and never a conversion.

    Definition
    ----------
    The backlog is every open lead that is not booked. In each week it grows by what was received, reopened, or returned
    because a booking fell through, and shrinks by what was booked and what was closed: start + received + reopened +
    returned - booked - closed = end, exactly. "Booked to received" is of the same week; other leads are
    booked than were received, so it can exceed 100 % and says nothing about conversion.

    Population
    ----------
    Everything that happened in the week, whenever the lead was received; of leads headed for a visit. Duplicates, spam and
    tests are left out. "Seen" counts visits and is not part of the identity, because those leads were booked before.

    Censoring
    ---------
    Finished weeks only. Nothing is censored: what happened, happened.

    Parameters
    ----------
    entries : DataFrame
        Counts of spells by `began_week`, `came_from` (codes of `counted.CameFrom`) and `stage`.
    exits : DataFrame
        Counts of spells by `ended_week`, `went_to` (codes of `counted.WentTo`) and `stage`; week 0 is not over.
    last : int
        Number of the last finished week.

    Returns
    -------
    DataFrame
        One row per week from the first in which anything happened to `last`: BACKLOG_COLUMNS. Counts of leads;
        `throughput_ratio` is NaN where nothing was received.

    Raises
    ------
    KeyError
        When a tally lacks one of the keys.

    References
    ----------
    Silvester et al. 2004, Clin. Manag. 12:105, on demand, activity and backlog measured in the same unit.

    Examples
    --------
    >>> import pandas as pd
    >>> entries = pd.DataFrame([[7, 0, 1, 5], [8, 0, 1, 3], [8, 1, 4, 4]],
    ...                        columns=["began_week", "came_from", "stage", "count"])
    >>> exits = pd.DataFrame([[8, 4, 1, 4]], columns=["ended_week", "went_to", "stage", "count"])
    >>> backlog(entries, exits, 8)[["week", "start", "received", "booked", "end"]].values.tolist()
    [[7, 0, 5, 0, 5], [8, 5, 3, 4, 4]]
    """
    waiting_in, waiting_out = entries["stage"].isin(NOT_BOOKED), exits["stage"].isin(NOT_BOOKED)
    went = exits["went_to"]
    flows = {
        "received": _weekly(entries, "began_week", waiting_in & (entries["came_from"] == CameFrom.RECEIVED)),
        "reopened": _weekly(entries, "began_week", waiting_in & (entries["came_from"] == CameFrom.REOPENED)),
        "returned": _weekly(entries, "began_week", waiting_in & (entries["came_from"] == CameFrom.SCHEDULED)),
        "booked": _weekly(exits, "ended_week", waiting_out & went.isin((WentTo.SCHEDULED, WentTo.ATTENDED))),
        "closed": _weekly(exits, "ended_week", waiting_out & (went >= WentTo.LOST)),
        "seen": _weekly(exits, "ended_week", went == WentTo.ATTENDED),
    }
    happened = pd.concat(list(flows.values()))
    first = int(happened.index.min()) if len(happened) else last + 1
    weeks = pd.RangeIndex(first, last + 1)
    table = pd.DataFrame({name: flow.reindex(weeks, fill_value=0) for name, flow in flows.items()}).astype("int64")
    change = table["received"] + table["reopened"] + table["returned"] - table["booked"] - table["closed"]
    end = change.cumsum()
    ratio = table["booked"] / table["received"].where(table["received"] > 0)
    table = table.assign(week=weeks, start=end - change, end=end, throughput_ratio=ratio.astype("float64"))
    return table[list(BACKLOG_COLUMNS)].reset_index(drop=True)


def _weekly(tally: pd.DataFrame, week: str, mask: pd.Series) -> pd.Series:
    part = tally[mask & (tally[week] > 0)]
    return part.groupby(week)["count"].sum()


@dataclass(frozen=True)
class Pace:
    """How fast the backlog is worked off: leads per week in and out, their difference, and the weeks until it is gone.

    `weeks` is None where it does not shrink. `error`: half of the 95 % interval of `net`, by how much single weeks differ;
    0 where that is not known.
    """

    arrivals: float
    throughput: float
    net: float
    weeks: float | None
    error: float = 0.0

    @property
    def steady(self) -> bool:
        """Whether the weeks do not tell growing from shrinking."""
        return abs(self.net) <= self.error


def pace(backlog: float, arrivals: float, throughput: float) -> Pace:
    """Weeks to clear a backlog at the present pace.

    Examples
    --------
    >>> pace(48, 30, 36).weeks
    8.0
    >>> pace(48, 36, 36).weeks is None
    True
    """
    faster = throughput - arrivals
    return Pace(arrivals, throughput, arrivals - throughput, backlog / faster if faster > 0 else None)


def recent_pace(table: pd.DataFrame, weeks: int) -> Pace | None:
    """The pace of the last so many weeks of `backlog`, at least two; None where there are fewer.

    The interval of the net flow is Student's, of the mean of weeks that are taken as independent.
    """
    recent = table.tail(weeks)
    if len(recent) < weeks:
        return None
    coming, going = recent["received"] + recent["reopened"] + recent["returned"], recent["booked"] + recent["closed"]
    error = special.stdtrit(weeks - 1, 0.975) * (coming - going).std() / math.sqrt(weeks)
    found = pace(float(recent["end"].iloc[-1]), float(coming.mean()), float(going.mean()))
    return dataclasses.replace(found, error=float(error))


FAR_APART = 0.2
"""Beyond this relative difference, the time that Little's law expects and the one measured do not belong together."""


@dataclass(frozen=True)
class Little:
    """Little's law as a check of the dates: what the mean wait must be, and what was measured, in days.

    `expected` = `level` / `arrivals`: mean number waiting by arrivals a day. None where nothing arrived or left.
    """

    level: float
    arrivals: float
    expected: float | None
    measured: float | None

    @property
    def suspicious(self) -> bool:
        """Whether they differ so much that closing dates are probably missing."""
        if self.expected is None or self.measured is None or not self.measured:
            return False
        return abs(self.expected / self.measured - 1) > FAR_APART


def little(arrived: npt.ArrayLike, left: npt.ArrayLike, before: int, days: int, waited: float, leavers: int) -> Little:
    """Compare the mean wait with the one that Little's law gives; they are equal where the window begins and ends empty.

    Parameters
    ----------
    arrived, left : array_like of int, shape (days,)
        Leads that came into and left the backlog on each day.
    before : int
        Leads in the backlog when the window begins.
    days : int
        Length of the window.
    waited, leavers : float, int
        Days that those who left had waited in all, and how many they were.

    References
    ----------
    Little 1961, Oper. Res. 9:383; Little and Graves 2008, in Building Intuition, on windows that begin and end empty.

    Examples
    --------
    >>> made = little([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0, 0, 0, 1, 0], 0, 10, 12, 3)
    >>> made.level, made.arrivals, made.expected, made.measured
    (1.2, 0.3, 4.0, 4.0)
    """
    arrived, left = np.asarray(arrived, np.int64), np.asarray(left, np.int64)
    level = float((before + np.cumsum(arrived - left)).sum() / days)
    a_day = float(arrived.sum() / days)
    expected = round(level / a_day, 9) if a_day else None
    return Little(level, a_day, expected, waited / leavers if leavers else None)


AGE_COLUMNS = ("open", "p50", "p90", "oldest", "over")

OVER_DAYS = 14
"""Beyond so many days a lead of the backlog is counted as old."""


@once
def backlog_age(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """How old the leads of the backlog are.

    Definition
    ----------
    How many days ago the leads of the backlog were received: half and nine tenths are no older than this, the oldest is
    so old, and so many are older than 14 days.

    Population
    ----------
    Leads headed for a visit that are open and not booked, whenever they were received.

    Censoring
    ---------
    These are ages of those who still wait, not times until they were booked: the time to a booking is the conversion's.

    Parameters
    ----------
    tally : DataFrame
        Counts of open leads by `by` and `open_age` (whole days since received).

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then AGE_COLUMNS: leads, days (half and nine tenths are no older; the
        oldest), and how many are older than OVER_DAYS.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    NHS referral-to-treatment statistics, incomplete pathways.

    Examples
    --------
    >>> import pandas as pd
    >>> backlog_age(pd.DataFrame([[2, 3], [20, 1]], columns=["open_age", "count"])).values.tolist()
    [[4, 2, 20, 20, 1]]
    """
    keys = list(by)
    rows = []
    for group, part in groups(tally, keys) if len(tally) else ():
        half, most = map(int, percentiles(part["open_age"], Ending.HAPPENED, part["count"]))
        over = int(part.loc[part["open_age"] > OVER_DAYS, "count"].sum())
        rows.append((*group, int(part["count"].sum()), half, most, int(part["open_age"].max()), over))
    return pd.DataFrame(rows, columns=[*keys, *AGE_COLUMNS])


SLOT_HORIZON_DAYS = 90
"""How many days ahead an opening for a new patient is looked for."""

NEXT_AVAILABLE_COLUMNS = ("open_slots", "third_next")


@once
def third_next_available(slots: pd.DataFrame, kept: pd.DataFrame, today: int, horizon: int) -> pd.DataFrame:
    """Days until the third open appointment for a new patient: how long somebody who asks today would wait.

    Definition
    ----------
    Days until the third open appointment for a new patient. The third, because the first and second may be openings by
    chance.

    Population
    ----------
    Openings of the location and service line that could be booked at this moment and lie within the next 90 days. Shown
    only where the practice keeps its openings here.

    Censoring
    ---------
    Where fewer than three are open within the horizon it is beyond the horizon, and ranks last.

    Parameters
    ----------
    slots : DataFrame
        Counts of open slots by the columns of `kept` and `slot_day` (days since 1970).
    kept : DataFrame
        One row per group of which slots are kept, for example location and service line; booked up or not.
    today, horizon : int
        Days since 1970, and how many days ahead to look.

    Returns
    -------
    DataFrame
        One row per group: the columns of `kept`, then NEXT_AVAILABLE_COLUMNS. `open_slots` within the horizon;
        `third_next` in whole days from today, NaN where fewer than three are open within the horizon.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Murray and Berwick 2003, JAMA 289:1035: the third, because the first and second may be chance cancellations.

    Examples
    --------
    >>> import pandas as pd
    >>> slots = pd.DataFrame([[1, 100, 1], [1, 103, 2], [2, 101, 2]], columns=["location", "slot_day", "count"])
    >>> third_next_available(slots, pd.DataFrame({"location": [1, 2, 3]}), 100, 90).values.tolist()
    [[1.0, 3.0, 3.0], [2.0, 2.0, nan], [3.0, 0.0, nan]]
    """
    rows = []
    by = list(kept.columns)
    open_ = {tuple(group): part for group, part in slots.groupby(by)}
    for group in kept.itertuples(index=False, name=None):
        part = open_.get(group, slots.head(0))
        ahead = part[(part["slot_day"] >= today) & (part["slot_day"] <= today + horizon)].sort_values("slot_day")
        third = ahead.loc[ahead["count"].cumsum() >= 3, "slot_day"]
        rows.append((*group, int(ahead["count"].sum()), float(third.iloc[0] - today) if len(third) else float("nan")))
    return pd.DataFrame(rows, columns=[*by, *NEXT_AVAILABLE_COLUMNS])
