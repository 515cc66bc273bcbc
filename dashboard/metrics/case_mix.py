"""Case mix: what a partner's referrals would have come to if they had fared like everybody's of the same kind."""

import numpy as np
import pandas as pd

from dashboard.metrics.intervals import rate
from dashboard.metrics.once import once
from data_access.counted import Standing

STRATA = ("kind", "pathway", "service_line", "priority")
"""Dimensions by which referrals are alike."""

CASE_MIX_COLUMNS = ("partner", "n", "observed", "expected", "ratio", "adjusted", "z")

LEAST_STRATUM = 20
"""Strata with fewer leads are taken together."""


@once
def case_mix(tally: pd.DataFrame, outcome: str = "attended_in_time") -> pd.DataFrame:
    """Visits observed against those expected from the kind of referrals that a partner sends.

    Definition
    ----------
    *Expected* is how many of a partner's referrals would have come to a visit if each had fared like all referrals of
    the same kind, pathway, service line and priority. The ratio of observed to expected is 1 for a partner that does just
    as well as its referrals allow. The adjusted rate is what the partner would have with everybody's mix: the common
    rate times that ratio. How far observed lies from expected is told in standard errors; beyond 2 either way is more
    than chance usually does.

    Population
    ----------
    As in the league: leads that name a partner and have had their time, without duplicates, spam and tests.

    Censoring
    ---------
    As in the league: only leads older than the horizon are judged.

    Parameters
    ----------
    tally : DataFrame
        Counts by `partner`, `state`, `mature`, STRATA and `outcome`.
    outcome : str
        Name of the 0/1 dimension that counts as success.

    Returns
    -------
    DataFrame
        One row per partner, in order of its code: CASE_MIX_COLUMNS. `n` and `observed` are leads, `expected` leads (not
        whole), `ratio` and `z` numbers, NaN where nothing is expected; `adjusted` a proportion in [0, 1].

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Indirect standardisation; Breslow and Day 1987, Statistical Methods in Cancer Research II, chapter 2.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [[1, 0, 1, 0, 0, 0, 0, 1, 64], [1, 0, 1, 0, 0, 0, 0, 0, 16], [1, 0, 1, 0, 0, 1, 0, 1, 6],
    ...         [1, 0, 1, 0, 0, 1, 0, 0, 14], [2, 0, 1, 0, 0, 0, 0, 1, 17], [2, 0, 1, 0, 0, 0, 0, 0, 3],
    ...         [2, 0, 1, 0, 0, 1, 0, 1, 28], [2, 0, 1, 0, 0, 1, 0, 0, 52]]
    >>> keys = ["partner", "state", "mature", "kind", "pathway", "service_line", "priority", "attended_in_time", "count"]
    >>> case_mix(pd.DataFrame(rows, columns=keys))[["observed", "expected", "ratio"]].round(3).values.tolist()
    [[70.0, 71.6, 0.978], [45.0, 43.4, 1.037]]
    """
    leads = tally[(tally["state"] != Standing.EXCLUDED) & (tally["partner"] > 0) & (tally["mature"] == 1)]
    if leads.empty:
        return pd.DataFrame(columns=list(CASE_MIX_COLUMNS))
    leads = leads.assign(k=leads["count"].where(leads[outcome] == 1, 0))
    size = leads.groupby(list(STRATA))["count"].transform("sum")
    stratum = leads.groupby(list(STRATA)).ngroup().where(size >= LEAST_STRATUM, -1)
    by_stratum = leads.assign(stratum=stratum).groupby("stratum")[["k", "count"]].sum()
    chance = (by_stratum["k"] / by_stratum["count"]).reindex(stratum).to_numpy()
    n = leads["count"].to_numpy(float)
    parts = leads[["partner", "k", "count"]].assign(expected=n * chance, variance=n * chance * (1 - chance))
    table = parts.groupby("partner", as_index=False).sum().rename(columns={"count": "n", "k": "observed"})
    ratio = rate(table["observed"], table["expected"])
    common = table["observed"].sum() / table["n"].sum()
    error = np.sqrt(table["variance"].to_numpy())
    z = np.divide(table["observed"] - table["expected"], error, out=np.full(len(table), np.nan), where=error > 0)
    table = table.assign(ratio=ratio, adjusted=np.minimum(common * ratio, 1), z=z)
    return table[list(CASE_MIX_COLUMNS)]
