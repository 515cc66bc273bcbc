"""Weekly signals: is this week different from the practice's own past, or is it the usual up and down?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from dashboard.metrics.intervals import Floats, rate
from dashboard.metrics.once import once

BASELINE = 12
"""Finished weeks that fix the limits; later weeks are judged by them until somebody decides to fix them anew."""
TRIAL = 6
SMALL_WEEK = 10
OVERDISPERSED = 1.2
LARGE_MEAN = 50
_D2 = 1.128  # mean moving range of normal data, in standard deviations (Shewhart)
_RUN = 7

OUTSIDE, TREND, TWO_OF_THREE, SHIFT, COMMON = "outside", "trend", "two_of_three", "shift", "common"
SIGNALS = (OUTSIDE, SHIFT)
"""Labels that are called a signal; the others ask for a look."""

TREND_COLUMNS = ("value", "k", "n", "centre", "low", "high", "label", "judged")


@dataclass(frozen=True)
class Limits:
    """What a series is judged by.

    Attributes
    ----------
    centre : float
        Mean of the baseline.
    sigma : array of float, one a week
        Standard deviation to expect there; the limits lie three of them away.
    status : str
        "no limits" (fewer than TRIAL weeks), "trial" or "locked" (BASELINE weeks).
    chart : str
        "XmR", "p" or "p'".
    """

    centre: float
    sigma: Floats
    status: str
    chart: str


def status(weeks: int) -> str:
    """How firmly so many finished weeks with leads fix limits.

    Examples
    --------
    >>> [status(n) for n in (5, 6, 11, 12)]
    ['no limits', 'trial', 'trial', 'locked']
    """
    return "no limits" if weeks < TRIAL else "trial" if weeks < BASELINE else "locked"


def xmr(y: npt.ArrayLike, baseline: int = BASELINE) -> Limits:
    """Limits of single values: mean and 2.66 mean moving ranges of the baseline, large ranges not screened out.

    Parameters
    ----------
    y : array_like of float
        One a week, NaN for a week without a value; it is a gap, and the range across it is not taken.
    baseline : int
        How many of the first weeks with a value fix the limits.

    References
    ----------
    Montgomery, Introduction to Statistical Quality Control, section 6.4; NHS England, Making Data Count.

    Examples
    --------
    >>> made = xmr([1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1], baseline=18)
    >>> round(made.centre, 3), round(float(made.centre + 3 * made.sigma[0]), 2)
    (1.944, 6.95)
    """
    y = np.asarray(y, float)
    known = np.flatnonzero(~np.isnan(y))[:baseline]
    first = y[: known[-1] + 1] if len(known) else y[:0]
    ranges = np.abs(np.diff(first))
    ranges = ranges[~np.isnan(ranges)]
    centre = float(np.nanmean(first)) if len(known) else float("nan")
    sigma = float(ranges.mean() / _D2) if len(ranges) else float("nan")
    return Limits(centre, np.full(len(y), sigma), status(len(known)), "XmR")


def p_chart(k: npt.ArrayLike, n: npt.ArrayLike, baseline: int = BASELINE, *, laney: bool | None = None) -> Limits:
    """Limits of a weekly proportion: binomial, or widened by Laney's factor where the weeks vary by more than that.

    Parameters
    ----------
    k, n : array_like of int
        Successes and leads, one a week; a week without leads is a gap.
    laney : bool, optional
        True: by Laney's factor, whatever it is. Without it: only where the factor exceeds OVERDISPERSED and weeks have
        LARGE_MEAN leads or more on average; it never narrows the limits then.

    References
    ----------
    Montgomery, section 7.2; Laney 2002, Quality Engineering 14:531.

    Examples
    --------
    >>> made = p_chart([12, 8, 6], [100, 80, 80])
    >>> round(made.centre, 3)
    0.1
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    known = np.flatnonzero(n > 0)[:baseline]
    total = n[known].sum()
    centre = float(k[known].sum() / total) if total else float("nan")
    sigma = np.sqrt(np.divide(centre * (1 - centre), n, out=np.full(len(n), np.nan), where=n > 0))
    factor = _laney_factor(rate(k, n)[known], centre, sigma[known])
    wide = laney if laney is not None else factor > OVERDISPERSED and total / max(len(known), 1) >= LARGE_MEAN
    if wide and np.isfinite(factor):
        return Limits(centre, sigma * (factor if laney else max(1.0, factor)), status(len(known)), "p'")
    return Limits(centre, sigma, status(len(known)), "p")


def _laney_factor(p: Floats, centre: float, sigma: Floats) -> float:
    z = np.divide(p - centre, sigma, out=np.zeros_like(p), where=sigma > 0)
    return float(np.abs(np.diff(z)).mean() / _D2) if len(z) > 1 else float("nan")


def labels(y: npt.ArrayLike, limits: Limits, *, lowest: float = -np.inf, highest: float = np.inf) -> list[str]:
    """What each week is called: outside, trend, two_of_three, shift or common, the first of them that fits.

    A week beyond three sigma is outside; seven in a row that rise or fall are a trend; two of three beyond two sigma,
    with all three on one side, are two_of_three; seven in a row on one side are a shift. Weeks without a value, or
    without limits, are common. A limit that would lie beyond `lowest` or `highest` cannot be crossed.

    References
    ----------
    NHS England, Making Data Count (rules and their precedence).
    """
    y = np.asarray(y, float)
    known = ~np.isnan(y)
    found = [COMMON] * len(y)
    if limits.status == "no limits":
        return found
    side = np.sign(y[known] - limits.centre)
    low, high = limits.centre - 3 * limits.sigma[known], limits.centre + 3 * limits.sigma[known]
    outside = (y[known] > np.minimum(high, highest)) | (y[known] < np.maximum(low, lowest))
    far = np.abs(y[known] - limits.centre) > 2 * limits.sigma[known]
    rules = {
        SHIFT: _in_windows(_RUN, lambda w: abs(side[w].sum()) == _RUN, len(side)),
        TWO_OF_THREE: _in_windows(3, lambda w: abs(side[w].sum()) == 3 and far[w].sum() >= 2, len(side)) & far,
        TREND: _in_windows(_RUN, lambda w: abs(np.sign(np.diff(y[known][w])).sum()) == _RUN - 1, len(side)),
        OUTSIDE: outside,
    }
    for label, holds in rules.items():
        for place in np.flatnonzero(known)[holds]:
            found[place] = label
    return found


def _in_windows(size: int, holds: object, length: int) -> npt.NDArray[np.bool_]:
    """Members of any run of `size` neighbours for which the rule holds."""
    inside = np.zeros(length, bool)
    for start in range(length - size + 1):
        window = slice(start, start + size)
        if holds(window):  # type: ignore[operator]
            inside[window] = True
    return inside


@once
def shares(k: npt.ArrayLike, n: npt.ArrayLike, baseline: int = BASELINE) -> tuple[pd.DataFrame, Limits]:
    """A weekly share against the practice's own past: a p chart, or p' where the weeks vary more than chance.

    Definition
    ----------
    The middle line is the share over the first twelve finished weeks, the limits are three standard deviations from it.
    A week outside them, or seven weeks in a row on one side of the middle, is called a signal: something has changed.
    Seven in a row that rise or fall, and two of three beyond two standard deviations, ask for a look. Everything else is
    the usual up and down, however large it looks from one week to the next.

    Population
    ----------
    Finished weeks with at least one lead. A week without any is a gap, not a nought.

    Censoring
    ---------
    Only finished weeks are judged: those that are over, and for shares within a horizon, those whose last day is the
    horizon old. With fewer than six finished weeks there are no limits, with fewer than twelve they are on trial.

    Parameters
    ----------
    k, n : array_like of int
        Successes and leads, one a week, in order.
    baseline : int
        How many of the first weeks with leads fix the limits.

    Returns
    -------
    (DataFrame, Limits)
        One row per week: TREND_COLUMNS. `value` a proportion in [0, 1], NaN for a gap; `low` and `high` cut off at 0 and 1,
        NaN without limits; `label` one of outside, trend, two_of_three, shift, common.

    Raises
    ------
    ValueError
        When k and n are not of one length.

    References
    ----------
    Montgomery, Introduction to Statistical Quality Control, section 7.2; Laney 2002, Quality Engineering 14:531; NHS
    England, Making Data Count, for the rules and their precedence.

    Examples
    --------
    >>> table, limits = shares([8] * 12 + [1], [10] * 13)
    >>> (limits.status, table["label"].iloc[-1])
    ('locked', 'outside')
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    if len(k) != len(n):
        raise ValueError("k and n must be of one length")
    limits = p_chart(k, n, baseline)
    return _judged(rate(k, n), k, n, limits, 0.0, 1.0), limits


@once
def values(y: npt.ArrayLike, n: npt.ArrayLike, baseline: int = BASELINE) -> tuple[pd.DataFrame, Limits]:
    """A weekly count or duration against the practice's own past: an XmR chart. Rows and rules as for `shares`.

    Parameters
    ----------
    y : array_like of float, 0 or more
        One a week, in order; NaN for a gap.
    n : array_like of int
        How many leads each value is about.

    Examples
    --------
    >>> table, limits = values([10, 12] * 6 + [30], [1] * 13)
    >>> table["label"].iloc[-1]
    'outside'
    """
    y = np.asarray(y, float)
    limits = xmr(y, baseline)
    return _judged(y, y, np.asarray(n, float), limits, 0.0, np.inf), limits


def _judged(y: Floats, k: Floats, n: Floats, limits: Limits, lowest: float, highest: float) -> pd.DataFrame:
    none, blank = limits.status == "no limits", np.full(len(y), np.nan)
    return pd.DataFrame(
        {
            "value": y,
            "k": k,
            "n": n,
            "centre": blank if none else np.full(len(y), limits.centre),
            "low": blank if none else np.clip(limits.centre - 3 * limits.sigma, lowest, highest),
            "high": blank if none else np.clip(limits.centre + 3 * limits.sigma, lowest, highest),
            "label": labels(y, limits, lowest=lowest, highest=highest),
            "judged": ~np.isnan(y) & (not none),
        },
        columns=list(TREND_COLUMNS),
    )


@dataclass(frozen=True)
class Usual:
    """How many of a small week's leads would be usual.

    Attributes
    ----------
    low, high : int
        The predictive 95 % interval of the count.
    p_low, p_high : float
        Probabilities of a count as small, and as large, as the one that was seen.
    """

    low: int
    high: int
    p_low: float
    p_high: float

    @property
    def unusual(self) -> bool:
        """Whether the count lies outside the interval's tails."""
        return min(self.p_low, self.p_high) < 0.025


def usual(k: int, n: int, baseline_k: int, baseline_n: int) -> Usual:
    """What a week of `n` leads would usually show, by the baseline's own record: a beta-binomial prediction.

    Parameters
    ----------
    k, n : int
        The week's successes and leads.
    baseline_k, baseline_n : int
        Those of the baseline; Jeffreys' prior stands before them.

    Examples
    --------
    >>> week = usual(3, 12, 180, 300)
    >>> (week.low, week.high, week.unusual)
    (4, 10, True)
    """
    predicted = scipy.stats.betabinom(n, baseline_k + 0.5, baseline_n - baseline_k + 0.5)
    low, high = (int(predicted.ppf(p)) for p in (0.025, 0.975))
    return Usual(low, high, float(predicted.cdf(k)), float(predicted.sf(k - 1)))


ALWAYS_MET, NEVER_MET, HIT_AND_MISS = "always met", "never met", "hit and miss"


def assurance(limits: Limits, target: float, week: int = -1) -> str | None:
    """What the usual up and down means for a target; None without limits."""
    sigma = limits.sigma[week] if len(limits.sigma) else np.nan
    if limits.status == "no limits" or np.isnan(sigma):
        return None
    if limits.centre - 3 * sigma >= target:
        return ALWAYS_MET
    return NEVER_MET if limits.centre + 3 * sigma < target else HIT_AND_MISS
