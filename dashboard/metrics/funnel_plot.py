"""The funnel plot: which partners lie further from the common rate than their numbers explain."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from dashboard.metrics.intervals import Floats, rate
from dashboard.metrics.once import once
from dashboard.metrics.partners import SMALL_PARTNERS

FUNNEL_PLOT_COLUMNS = ("partner", "n", "k", "rate", "centre", "low95", "high95", "low998", "high998", "flag", "spread")

FAR, OUTSIDE, USUAL = "far outside", "outside", "usual"
"""Beyond the 99.8 % limits, beyond the 95 % limits, and within both."""

_TAILS = (0.001, 0.025, 0.975, 0.999)
_ENOUGH = 10  # partners, to tell how much they differ beyond chance
_WINSORISED = 0.1


@once
def funnel_plot(league: pd.DataFrame) -> pd.DataFrame:
    """Partners' rates against the limits in which a partner of that size would lie if all were alike.

    Definition
    ----------
    The middle is the rate of all partners together. Round it stand limits within which 95 % and 99.8 % of partners would
    lie by chance alone, wide for few referrals and narrow for many. Where partners differ from each other more than chance
    explains, the limits are widened by that much. A partner outside the 99.8 % limits is unusual; one outside the 95 %
    limits is worth a look, but of twenty partners that are all alike one lies there too. Neither is a verdict.

    Population
    ----------
    As in the league: referrals that have had their time. Partners too small to be listed are not drawn; they are in the
    middle.

    Censoring
    ---------
    As in the league: only leads older than the horizon are judged.

    Parameters
    ----------
    league : DataFrame
        Rows of `partners.league`, without further keys.

    Returns
    -------
    DataFrame
        One row per listed partner: FUNNEL_PLOT_COLUMNS. Rates and limits are proportions in [0, 1]; `flag` is one of FAR,
        OUTSIDE, USUAL; `spread` the variance beyond chance on the arcsine scale, 0 where none is found or partners are fewer
        than ten.

    Raises
    ------
    KeyError
        When the league lacks a column.

    References
    ----------
    Spiegelhalter 2005, Stat. Med. 24:1185, for limits by interpolated binomial quantiles and for additive
    over-dispersion.

    Examples
    --------
    >>> limits(0.55, [10], (0.025,)).round(5).tolist()
    [[0.18955]]
    """
    listed = league[(league["partner"] != SMALL_PARTNERS) & (league["n"] > 0)].reset_index(drop=True)
    k, n = listed["k"].to_numpy(float), listed["n"].to_numpy(float)
    total = league["n"].sum()
    centre = float(league["k"].sum() / total) if total else float("nan")
    extra = spread(k, n, centre) if len(listed) >= _ENOUGH else 0.0
    drawn = limits(centre, n, _TAILS, extra) if len(listed) else np.empty((0, 4))
    p = rate(k, n)
    flag = np.where(
        (p < drawn[:, 0]) | (p > drawn[:, 3]), FAR, np.where((p < drawn[:, 1]) | (p > drawn[:, 2]), OUTSIDE, USUAL)
    )
    table = listed[["partner", "n", "k"]].assign(
        rate=p,
        centre=centre,
        low95=drawn[:, 1],
        high95=drawn[:, 2],
        low998=drawn[:, 0],
        high998=drawn[:, 3],
        flag=flag,
        spread=extra,
    )
    return table[list(FUNNEL_PLOT_COLUMNS)]


def limits(centre: float, n: npt.ArrayLike, tails: tuple[float, ...] = _TAILS, extra: float = 0.0) -> Floats:
    """Limits of a proportion by sample size.

    Parameters
    ----------
    centre : float
        The common rate, in [0, 1].
    n : array_like of int
        Sample sizes.
    tails : tuple of float
        Probabilities to lie below each limit.
    extra : float
        Variance beyond chance, on the arcsine scale; 0 for exact binomial limits, interpolated between counts.

    Returns
    -------
    array of float, shape (len(n), len(tails))
        Proportions in [0, 1].
    """
    size, tail = np.asarray(n, float)[:, None], np.asarray(tails)[None, :]
    if extra > 0:
        angle = np.arcsin(np.sqrt(centre)) + scipy.special.ndtri(tail) * np.sqrt(1 / (4 * size) + extra)
        bounded: Floats = np.sin(np.clip(angle, 0, np.pi / 2)) ** 2
        return bounded
    binom = scipy.stats.binom(size, centre)
    count = binom.ppf(tail)
    above, below = binom.cdf(count), binom.cdf(count - 1)
    step = np.divide(above - tail, above - below, out=np.zeros_like(above), where=above > below)
    exact: Floats = np.clip((count - step) / size, 0, 1)
    return exact


def spread(k: npt.ArrayLike, n: npt.ArrayLike, centre: float) -> float:
    """Variance between partners beyond chance, on the arcsine scale, by moments of winsorised scores; 0 for none."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    score = (np.arcsin(np.sqrt(k / n)) - np.arcsin(np.sqrt(centre))) * 2 * np.sqrt(n)
    score = np.clip(score, *np.quantile(score, [_WINSORISED, 1 - _WINSORISED]))
    surplus = float(np.sum(score**2)) - (len(n) - 1)
    weight = 4 * n
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max(surplus / room, 0.0) if room > 0 else 0.0
