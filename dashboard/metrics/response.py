"""Response compliance: were inquiries answered within the time that was promised?"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from dashboard.metrics.columns import one_per_word
from dashboard.metrics.intervals import Floats, rate, verdicts, wilson
from dashboard.metrics.once import once
from data_access.counted import Promise

RESPONSE_KEYS = ("response",)
"""Dimensions that `response` wants counted, beside those to break down by. Count `contact` and rename it to judge the
first two-way contact in place of the first attempt."""

RESPONSE_COLUMNS = (
    "judged",
    "met",
    "late",
    "overdue",
    "rate",
    "rate_low",
    "rate_high",
    "target",
    "verdict",
    "pending_answered",
    "pending_waiting",
    "answered_live",
    "left_out",
    "not_judged",
)


TargetOf = Callable[[Mapping[str, int]], float | None]
"""The target of a group, which is given by the codes of its keys; None where none is set."""


def response(tally: pd.DataFrame, by: Sequence[str] = (), target: float | TargetOf | None = None) -> pd.DataFrame:
    """Share of leads answered within the promised staffed time, among those whose time is up.

    Definition
    ----------
    The clock runs only while the location is staffed. It starts when the inquiry is received and stops at the first
    time somebody of the practice tries to reach the person who asked: a call, a voicemail, a personal message. An
    automatic confirmation, a note or a change of status stops nothing. *Met* means answered within the window that
    was promised when the inquiry came in; *late* means answered after it; *overdue* means not answered yet although
    the window has ended.

    Population
    ----------
    Leads whose window has ended, answered or not. Leads still inside their window are shown as pending and are in no
    rate, those already answered included: counting early answers while leaving out who still waits would flatter.
    Calls taken live were never waiting and are counted apart. Left out: duplicates, spam and tests closed before
    their window ended, and inquiries withdrawn before it ended without an answer. A lead closed for another reason
    still needed an answer. Not judged: no promise was in force, or the time of day is not known.

    Censoring
    ---------
    A lead without an answer counts against the promise from the moment its window ends. By week, leads are grouped by
    the week in which the window ended, so that a finished week no longer changes.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by` and `response` (codes of `counted.Promise`).
    by : sequence of str
        Further key columns to break down by.
    target : float or function of a group, optional
        The promised share, a proportion in [0, 1]; it may differ from group to group and from week to week.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then RESPONSE_COLUMNS. `judged` = `met` + `late` + `overdue`; `rate` =
        met / judged with its 95 % Wilson interval, NaN where nothing is judged yet. `verdict`: "met" when the whole
        interval lies at or above the target, "missed" when it lies below, otherwise "cannot tell".

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Wilson 1927 for the interval. Counting whoever is overdue follows the incomplete pathways of NHS
    referral-to-treatment statistics.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"response": [1, 2, 3, 4, 5], "count": [3, 1, 1, 2, 1]})
    >>> table = response(counts, target=0.9)
    >>> table[["judged", "met", "rate", "verdict", "pending_answered"]].values.tolist()
    [[5, 3, 0.6, 'missed', 2]]
    """
    table = _windows(tally, list(by))
    targets = _targets(table, list(by), target)
    verdict = verdicts(table["rate_low"], table["rate_high"], targets)
    return table.assign(target=targets, verdict=pd.Series(verdict, index=table.index, dtype=object))


@once
def _windows(tally: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """How the windows of each group ended; held to no target yet."""
    wide = one_per_word(tally, keys, "response", Promise)
    met, late, overdue = (wide[code].to_numpy() for code in (Promise.IN_TIME, Promise.LATE, Promise.OVERDUE))
    judged = met + late + overdue
    low, high = wilson(met, judged)
    table = pd.DataFrame(
        {
            "judged": judged,
            "met": met,
            "late": late,
            "overdue": overdue,
            "rate": rate(met, judged),
            "rate_low": low,
            "rate_high": high,
            "target": np.nan,
            "verdict": None,
            "pending_answered": wide[Promise.PENDING_ANSWERED],
            "pending_waiting": wide[Promise.PENDING_WAITING],
            "answered_live": wide[Promise.LIVE],
            "left_out": wide[Promise.LEFT_OUT],
            "not_judged": wide[Promise.NOT_JUDGED],
        },
        index=wide.index,
    )
    return table.reset_index(drop=not keys)


def _targets(table: pd.DataFrame, keys: Sequence[str], target: float | TargetOf | None) -> Floats:
    if not callable(target):
        return np.full(len(table), np.nan if target is None else target)
    groups = table[keys].to_numpy().tolist()
    found = [target(dict(zip(keys, group, strict=True))) for group in groups]
    return np.array([np.nan if value is None else value for value in found], float)


@once
def left_out(table: pd.DataFrame) -> dict[str, int]:
    """What the rate does not count, in leads, from a table of `response`."""
    columns = ("pending_answered", "pending_waiting", "answered_live", "left_out", "not_judged")
    return {column: int(table[column].sum()) for column in columns}
