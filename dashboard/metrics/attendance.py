"""Attendance: do people come to the appointments that they have?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dashboard.metrics.columns import one_per_word
from dashboard.metrics.intervals import rate, rate_columns
from dashboard.metrics.once import once
from data_access.counted import Attendance

ATTENDANCE_COLUMNS = (
    "counted",
    "attended",
    "no_show",
    "late_cancel",
    "rate",
    "rate_low",
    "rate_high",
    "missing",
    "at_least",
    "at_most",
    "cancelled_in_time",
    "by_practice",
    "rescheduled",
    "future",
    "undated",
)

MANY_MISSING = 0.05
"""Share of appointments without a recorded outcome beyond which the figure carries a warning."""


@once
def attendance(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Share of appointments that people came to, of those that stood and are past.

    Definition
    ----------
    Attended, of attended, no-show and cancelled late together. Late is a cancellation by the patient less than 24 hours
    before the appointment, or after it began; exactly 24 hours before is in time. A no-show that is given another day stays
    a no-show, and the new appointment counts on its own day.

    Population
    ----------
    Appointments that begin in the period. Not in the rate, and counted apart: those still to come, cancelled in time,
    cancelled by the practice, moved to another day, and those of which nobody knows the day.

    Censoring
    ---------
    An appointment that is past without a recorded outcome is in no rate; "at least" and "at most" are what the rate
    would be if all of those had been no-shows, or all had come. Where they are more than one in twenty, the figure carries a
    warning.

    Parameters
    ----------
    tally : DataFrame
        Counts of appointments by `by` and `attendance` (codes of `counted.Attendance`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then ATTENDANCE_COLUMNS. `counted` = `attended` + `no_show` +
        `late_cancel`; `rate` = attended / counted with its 95 % Wilson interval, and its bounds, proportions in [0, 1],
        NaN where there is nothing to divide; the others are counts of appointments.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Wilson 1927 for the interval; worst and best case bounds as in Manski 2003, Partial Identification of Probability
    Distributions.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 3], [2, 1], [3, 1], [7, 2]], columns=["attendance", "count"])
    >>> attendance(counts)[["counted", "rate", "at_least", "at_most"]].round(2).values.tolist()
    [[5.0, 0.6, 0.43, 0.71]]
    """
    keys = list(by)
    wide = one_per_word(tally, keys, "attendance", Attendance)
    came, missing = wide[Attendance.ATTENDED].to_numpy(), wide[Attendance.MISSING].to_numpy()
    counted = came + wide[Attendance.NO_SHOW].to_numpy() + wide[Attendance.LATE_CANCEL].to_numpy()
    table = pd.DataFrame(
        {
            "counted": counted,
            "attended": came,
            "no_show": wide[Attendance.NO_SHOW],
            "late_cancel": wide[Attendance.LATE_CANCEL],
            **rate_columns(came, counted),
            "missing": missing,
            "at_least": rate(came, counted + missing),
            "at_most": rate(came + missing, counted + missing),
            "cancelled_in_time": wide[Attendance.CANCELLED_IN_TIME],
            "by_practice": wide[Attendance.BY_PRACTICE],
            "rescheduled": wide[Attendance.RESCHEDULED],
            "future": wide[Attendance.FUTURE],
            "undated": wide[Attendance.UNDATED],
        },
        index=wide.index,
    )
    return table.reset_index(drop=not keys)


def too_many_missing(table: pd.DataFrame) -> pd.Series:
    """Whether so many outcomes are missing that the rate carries a warning, row by row."""
    past = table["counted"] + table["missing"]
    return pd.Series(np.divide(table["missing"], past.where(past > 0, 1)) > MANY_MISSING, index=table.index)


@once
def left_out(table: pd.DataFrame) -> dict[str, int]:
    """What the rate does not count, in appointments, from a table of `attendance`."""
    columns = ("missing", "cancelled_in_time", "by_practice", "rescheduled", "future", "undated")
    return {column: int(table[column].sum()) for column in columns}


NEW_PATIENT_COLUMNS = ("partner_category", "new_patients")


@once
def new_patients(tally: pd.DataFrame) -> pd.DataFrame:
    """First visits in the period, by the category of the partner that referred.

    Definition
    ----------
    How many people came to a first visit, by the category of the partner that referred them; unknown categories are a row
    of their own.

    Population
    ----------
    Appointments in the period that were attended, the first attended one of each inquiry. A person who comes back under a
    new inquiry counts again, because nobody's identity is kept.

    Censoring
    ---------
    A visit counts on its own day, whenever the lead was received. Nothing is estimated.

    Parameters
    ----------
    tally : DataFrame
        Counts of appointments by `partner_category`, `attendance` and `first_visit`, of appointments in the period.

    Returns
    -------
    DataFrame
        One row per category that has any, the largest first: NEW_PATIENT_COLUMNS. A person who comes back under a new
        inquiry counts again, because nobody's identity is kept; unknown categories are a row of their own.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    CMS cell size suppression policy, for what may leave the practice of it (`--for-others`).

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 1, 1, 2], [1, 1, 0, 5], [0, 1, 1, 1]],
    ...                       columns=["partner_category", "attendance", "first_visit", "count"])
    >>> new_patients(counts).values.tolist()
    [[1, 2], [0, 1]]
    """
    first = tally[(tally["attendance"] == Attendance.ATTENDED) & (tally["first_visit"] == 1)]
    table = first.groupby("partner_category", as_index=False)["count"].sum().rename(columns={"count": "new_patients"})
    return table.sort_values(["new_patients", "partner_category"], ascending=[False, True], ignore_index=True)


BY_LEAD_COLUMNS = (
    "leads",
    "came",
    "did_not",
    "rate",
    "rate_low",
    "rate_high",
    "undecided",
    "moved",
    "moves",
    "moves_per_lead",
)


@once
def by_lead(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Whether people come in the end: each lead once, by its first appointment and those that took its place.

    Definition
    ----------
    Whether people come in the end: each lead once, followed from its first appointment through those that took its place
    in turn. It came when one of these was attended; how often it was given another day is counted beside it.

    Population
    ----------
    Leads whose chain stands, at this moment, at an appointment of the period. Duplicates, spam and tests are left out.

    Censoring
    ---------
    A chain whose latest appointment is still to come, was cancelled in time or by the practice, or has no outcome, is
    undecided and in no rate.

    Parameters
    ----------
    tally : DataFrame
        Counts of the latest appointment of each lead's first chain by `by`, `moves` (how often it was given another day)
        and `attendance` (codes of `counted.Attendance`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then BY_LEAD_COLUMNS. Leads; `rate` = came / (came + did_not) with its 95 %
        Wilson interval; `undecided`: still to come, cancelled in time or by the practice, or without an outcome; `moved`:
        leads given another day at least once, `moves`: how often in all, `moves_per_lead` = moves / leads.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Kheirkhah et al. 2016, BMC Health Serv. Res. 16:13, on missed appointments and what they cost.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[0, 1, 6], [1, 1, 2], [2, 2, 1]], columns=["moves", "attendance", "count"])
    >>> by_lead(counts)[["leads", "came", "did_not", "moved", "moves"]].values.tolist()
    [[9, 8, 1, 3, 4]]
    """
    keys = list(by)
    wide = one_per_word(tally, keys, "attendance", Attendance)
    came = wide[Attendance.ATTENDED].to_numpy()
    did_not = wide[Attendance.NO_SHOW].to_numpy() + wide[Attendance.LATE_CANCEL].to_numpy()
    leads = wide.sum(axis=1).to_numpy()
    counted = tally.assign(moves=tally["moves"] * tally["count"], moved=tally["count"].where(tally["moves"] > 0, 0))
    sums = counted.groupby(keys)[["moves", "moved"]].sum() if keys else counted[["moves", "moved"]].sum().to_frame().T
    table = pd.DataFrame(
        {
            "leads": leads,
            "came": came,
            "did_not": did_not,
            **rate_columns(came, came + did_not),
            "undecided": leads - came - did_not,
            "moved": sums["moved"].to_numpy(np.int64),
            "moves": sums["moves"].to_numpy(np.int64),
            "moves_per_lead": rate(sums["moves"], leads),
        },
        index=wide.index,
    )
    return table.reset_index(drop=not keys)
