"""Intervals of proportions, and what may be said against a target."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution."""


def rate(k: Any, n: Any) -> Floats:
    """Proportion k / n; NaN where n is 0, never 0."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    result: Floats = np.divide(k, n, out=np.full(np.broadcast(k, n).shape, np.nan), where=n > 0)
    return result


def wilson(k: Any, n: Any, z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson score interval of a proportion.

    Parameters
    ----------
    k, n : array_like of int
        Successes and trials.
    z : float
        Normal quantile; the default gives 95 %.

    Returns
    -------
    (low, high) : arrays of float in [0, 1]
        NaN where n is 0. The interval always contains k / n.

    References
    ----------
    Wilson 1927, J. Am. Stat. Assoc. 22:209; Newcombe 1998, Stat. Med. 17:857 (method 3).

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    trials = np.where(n > 0, n, np.nan)
    p = k / trials
    middle = p + z**2 / (2 * trials)
    half = z * np.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    # At k = 0 and k = n the exact limits are 0 and 1; rounding must not miss them.
    low = np.where(k == 0, np.where(n > 0, 0.0, np.nan), (middle - half) / scale)
    high = np.where((k == n) & (n > 0), 1.0, (middle + half) / scale)
    return np.minimum(low, p, where=n > 0, out=low), np.maximum(high, p, where=n > 0, out=high)


def rate_columns(k: Any, n: Any) -> dict[str, Floats]:
    """A rate as tables carry it: `rate` with the 95 % Wilson limits `rate_low` and `rate_high`."""
    low, high = wilson(k, n)
    return {"rate": rate(k, n), "rate_low": low, "rate_high": high}


def apart(k: npt.ArrayLike, n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Which groups lie clearly below (-1) or above (1) the rate of all together; 0 for those that do not.

    A group does where its Wilson interval leaves the common rate out, widened so that over all groups together chance
    alone names one in at most one of twenty such tables.

    Examples
    --------
    >>> apart([40, 64, 90], [100, 100, 100]).tolist()
    [-1, 0, 1]
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    if not n.sum():
        return np.zeros(len(n), np.int64)
    low, high = wilson(k, n, float(special.ndtri(1 - 0.025 / len(n))))
    common = k.sum() / n.sum()
    found: npt.NDArray[np.int64] = (low > common).astype(np.int64) - (high < common)
    return found


MET, MISSED, CANNOT_TELL = "met", "missed", "cannot tell"


def verdicts(low: Any, high: Any, target: Any) -> list[str | None]:
    """What the interval allows to be said: met, missed, or cannot tell; None without a target or without data.

    Parameters
    ----------
    low, high, target : array_like of float
        NaN: no data, no target.

    Examples
    --------
    >>> verdicts(*wilson([17, 50, 98], [20, 100, 100]), target=0.9)
    ['cannot tell', 'missed', 'met']
    """
    low, high, target = np.broadcast_arrays(np.atleast_1d(low), high, target)
    return [
        None if np.isnan(a) or np.isnan(goal) else MET if a >= goal else MISSED if b < goal else CANNOT_TELL
        for a, b, goal in zip(low, high, target, strict=True)
    ]
