"""Which partners are new, have lapsed, or send more or fewer referrals than chance explains."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from dashboard.metrics.once import once
from data_access.counted import Standing

VOLUME_COLUMNS = ("partner", "before", "recent", "expected", "p", "change")

NEW, LAPSED, MORE, FEWER, SAME = "new", "lapsed", "more", "fewer", "as usual"
FALSE_DISCOVERIES = 0.1
"""Of the partners that are said to have changed, at most this share is expected to be chance."""


@once
def referral_volume(tally: pd.DataFrame, weeks_before: int, weeks_recent: int, last_week: int) -> pd.DataFrame:
    """Referrals of the recent weeks against what the weeks before would lead one to expect.

    Definition
    ----------
    A partner's referrals in the recent weeks, against the number that its own pace of the weeks before would give. A
    change (more, fewer, lapsed) is named only where the difference is larger than chance explains, tested for all partners
    at once so that at most one in ten of those named is a false alarm. New are partners whose first referral ever lies in
    the recent weeks; lapsed are those that sent none in them although more were to be expected.

    Population
    ----------
    Leads of every kind that name a partner, by the week received; without duplicates, spam and tests. Finished weeks only.

    Censoring
    ---------
    None: a referral is known when it has arrived.

    Parameters
    ----------
    tally : DataFrame
        Counts by `partner`, `received_week` and `state`.
    weeks_before, weeks_recent : int
        How many weeks to compare with, and how many of the last finished ones are recent.
    last_week : int
        Number of the last finished week.

    Returns
    -------
    DataFrame
        One row per partner that sent anything in those weeks, in order of its code: VOLUME_COLUMNS. `before` and `recent`
        are leads, `expected` leads in the recent weeks at the pace of before (not whole), `p` the probability of a
        difference at least as large if nothing had changed, `change` one of NEW, LAPSED, MORE, FEWER, SAME.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Conditional test of two Poisson counts: Przyborowski and Wilenski 1940, Biometrika 31:313. Benjamini and Hochberg
    1995, J. R. Stat. Soc. B 57:289, for many at once.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 9, 0, 40], [1, 10, 0, 2], [2, 9, 0, 10], [2, 10, 0, 9], [3, 10, 0, 4]],
    ...                       columns=["partner", "received_week", "state", "count"])
    >>> referral_volume(counts, 1, 1, 10)[["partner", "change"]].values.tolist()
    [[1, 'fewer'], [2, 'as usual'], [3, 'new']]
    """
    leads = tally[(tally["state"] != Standing.EXCLUDED) & (tally["partner"] > 0)]
    since = last_week - weeks_recent
    recent = leads[(leads["received_week"] > since) & (leads["received_week"] <= last_week)]
    before = leads[(leads["received_week"] > since - weeks_before) & (leads["received_week"] <= since)]
    ever = set(leads.loc[leads["received_week"] <= since, "partner"])
    table = pd.DataFrame(
        {name: part.groupby("partner")["count"].sum() for name, part in (("before", before), ("recent", recent))}
    )
    table = table.fillna(0).astype("int64").rename_axis("partner").reset_index()
    share = weeks_recent / (weeks_recent + weeks_before)
    counts = zip(table["recent"].tolist(), table["before"].tolist(), strict=True)
    p = np.array([_chance(recently, recently + formerly, share) for recently, formerly in counts], float)
    expected = table["before"] * weeks_recent / weeks_before
    changed = _discoveries(p)
    change = np.select(
        [
            ~table["partner"].isin(ever),
            changed & (table["recent"] == 0),
            changed & (table["recent"] > expected),
            changed & (table["recent"] < expected),
        ],
        [NEW, LAPSED, MORE, FEWER],
        SAME,
    )
    return table.assign(expected=expected, p=p, change=change)[list(VOLUME_COLUMNS)]


@lru_cache(maxsize=8192)
def _chance(recently: int, leads: int, share: float) -> float:
    """Probability of a split at least as uneven if nothing changed; kept, for most partners' counts are as a minute ago."""
    return float(scipy.stats.binomtest(recently, leads, share).pvalue)


def _discoveries(p: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which tests may be called, by Benjamini and Hochberg's step-up rule at FALSE_DISCOVERIES."""
    order = np.argsort(p)
    passed = p[order] <= FALSE_DISCOVERIES * np.arange(1, len(p) + 1) / max(len(p), 1)
    called = np.zeros(len(p), bool)
    if passed.any():
        called[order[: np.flatnonzero(passed)[-1] + 1]] = True
    return called
