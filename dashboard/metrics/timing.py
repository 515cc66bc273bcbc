"""How long it takes: curves and percentiles in which open leads count as still waiting, and lost ones as lost."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.metrics.columns import parts
from dashboard.metrics.intervals import Z95, Floats
from dashboard.metrics.once import once
from data_access.counted import Ending

Ints = npt.NDArray[np.int64]

CURVE_COLUMNS = ("time", "at_risk", "happened", "ended", "open", "cif", "cif_se", "cif_low", "cif_high", "cif_ended")


@once
def curve(time: npt.ArrayLike, how: npt.ArrayLike, count: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Aalen-Johansen curve of an event with a competing end; with no competing end it is 1 - Kaplan-Meier.

    Definition
    ----------
    For each day (or minute) since receipt, the share for which the step has happened, the share that was closed without
    it, and the share still open. The three add up to one.

    Population
    ----------
    The leads of the figure that the curve belongs to.

    Censoring
    ---------
    Whoever is still open counts as at risk for as long as it was followed, and no longer. A lead closed without the step
    can no longer come to it; it is not treated as if it still could.

    Parameters
    ----------
    time : array_like of int, 0 or more
        Whole days or minutes until it ended, or until now where it is open. At equal times events come before
        censorings: whoever is still open at a time was at risk at it.
    how : array_like of int
        Codes of `counted.Ending`: OPEN, HAPPENED or ENDED; others are left out.
    count : array_like of int, optional
        How many leads each entry stands for; one each without it.

    Returns
    -------
    DataFrame
        One row per time at which something happened or ended, in order, with CURVE_COLUMNS: leads `at_risk` just before
        it, how many `happened` and `ended` at it, and after it the proportion still `open`, the cumulative incidence
        `cif` with its standard error and 95 % limits, and that of the competing end. `open` + `cif` + `cif_ended` = 1.

    Raises
    ------
    ValueError
        When the three are not of one length.

    References
    ----------
    Aalen and Johansen 1978, Scand. J. Stat. 5:141; Marubini and Valsecchi 1995, Analysing Survival Data from Clinical
    Trials, for the variance by the delta method; limits on the log(-log) scale.

    Examples
    --------
    >>> made = curve([1, 2, 2, 3], [Ending.HAPPENED, Ending.HAPPENED, Ending.ENDED, Ending.OPEN])
    >>> made[["time", "at_risk", "open", "cif", "cif_ended"]].values.tolist()
    [[1.0, 4.0, 0.75, 0.25, 0.0], [2.0, 3.0, 0.25, 0.5, 0.25]]
    """
    time, how = np.asarray(time, np.int64), np.asarray(how, np.int64)
    steps = _steps(time, how, np.ones(len(time), np.int64) if count is None else np.asarray(count, np.int64))
    return pd.DataFrame(dict(zip(CURVE_COLUMNS, (*steps[:6], *steps.limits(), steps.gone), strict=True)))


class _Steps(NamedTuple):
    """A curve as arrays, one entry for each of its steps; meanings as of CURVE_COLUMNS."""

    time: Ints
    at_risk: Ints
    happened: Ints
    ended: Ints
    remain: Floats
    cif: Floats
    gone: Floats

    def limits(self) -> tuple[Floats, Floats, Floats]:
        """Standard errors of the incidence, and its 95 % limits."""
        n, k = self.at_risk.astype(float), self.happened.astype(float)
        se = np.sqrt(_variance(n, k, k + self.ended, _before(self.remain), self.cif))
        return se, *_limits(self.cif, se)

    def within(self, p: float) -> float:
        """As `percentile` gives it."""
        return _within(self.time, self.cif, p)


def _steps(time: Ints, how: Ints, weight: Ints) -> _Steps:
    counted = how <= Ending.ENDED
    time, how, weight = time[counted], how[counted], weight[counted]
    times, place = np.unique(time, return_inverse=True)
    happened, ended, left = (
        np.bincount(place, weight * mask, minlength=len(times)).astype(np.int64)
        for mask in (how == Ending.HAPPENED, how == Ending.ENDED, 1)
    )
    at_risk = weight.sum() - (np.cumsum(left) - left)
    moves = happened + ended > 0
    times, happened, ended, at_risk = times[moves], happened[moves], ended[moves], at_risk[moves]
    remain = np.cumprod(1 - (happened + ended) / at_risk)
    before = _before(remain)
    cif, gone = (np.minimum(np.cumsum(before * part / at_risk), 1) for part in (happened, ended))  # rounding adds up
    return _Steps(times, at_risk, happened, ended, remain, cif, gone)


def _before(remain: Floats) -> Floats:
    """The proportion still open just before each step."""
    return np.concatenate([[1.0], remain[:-1]]) if len(remain) else remain


def _variance(n: Floats, k: Floats, d: Floats, before: Floats, cif: Floats) -> Floats:
    # Where the last ones at risk leave, the curve moves no more: their infinite hazard meets a difference of zero.
    hazard = np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d)
    jump = before * k / n**2
    first = cif**2 * np.cumsum(hazard) - 2 * cif * np.cumsum(cif * hazard) + np.cumsum(cif**2 * hazard)
    second = np.cumsum(before**2 * k * (n - k) / n**3)
    third = cif * np.cumsum(jump) - np.cumsum(cif * jump)
    variance: Floats = np.maximum(first + second - 2 * third, 0)
    return variance


def _limits(p: Floats, se: Floats, z: float = Z95) -> tuple[Floats, Floats]:
    """95 % limits of a proportion in (0, 1) on the log(-log) scale; at 0 and 1, where the scale ends, the value itself."""
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, 0.5)
    power = np.exp(
        np.minimum(z * se / (safe * np.abs(np.log(safe))), 700)
    )  # e to the 700 is the last that a float holds
    return np.where(inside, safe**power, p), np.where(inside, safe ** (1 / power), p)


def at(made: pd.DataFrame, time: npt.ArrayLike, column: str = "cif") -> Floats:
    """Values of a curve's column at some times: those of the last step up to each; before the first, what it began with."""
    return _upto(made[column], np.searchsorted(made["time"], time, "right"), 1.0 if column == "open" else 0.0)


def _upto(column: npt.ArrayLike, steps: Any, began_with: float) -> Floats:
    """Values of a column after so many steps."""
    found: Floats = np.append(began_with, column)[steps]
    return found


def percentile(made: pd.DataFrame, p: float) -> float:
    """Smallest time by which at least the proportion `p` of all had it happen; NaN where that is not reached.

    Examples
    --------
    >>> percentile(curve([1, 2, 3, 4], [Ending.HAPPENED] * 4), 0.5)
    2.0
    >>> percentile(curve([1, 2, 3, 4], [Ending.HAPPENED, Ending.OPEN, Ending.OPEN, Ending.OPEN]), 0.5)
    nan
    """
    return _within(made["time"].to_numpy(), made["cif"].to_numpy(), p)


def _within(time: Ints, cif: Floats, p: float) -> float:
    place = int(np.searchsorted(cif, p - 1e-12))
    return float(time[place]) if place < len(time) else float("nan")


def percentiles(
    time: npt.ArrayLike, how: npt.ArrayLike, count: npt.ArrayLike, wanted: Sequence[float] = (0.5, 0.9)
) -> tuple[float, ...]:
    """Percentiles of waits, those that are not over included; `how` may be one code for all. NaN where not yet reached.

    Examples
    --------
    >>> percentiles([1, 5], Ending.HAPPENED, [9, 1])
    (1.0, 1.0)
    """
    time, count = np.asarray(time, np.int64), np.asarray(count, np.int64)
    made = _steps(time, np.broadcast_to(np.asarray(how, np.int64), time.shape), count)
    return tuple(made.within(p) for p in wanted)


CONVERSION_COLUMNS = (
    "leads",
    "happened",
    "ended",
    "open",
    "by_horizon",
    "by_horizon_low",
    "by_horizon_high",
    "estimate",
    "p50",
    "p75",
    "p90",
)


@once
def conversion(tally: pd.DataFrame, step: str, horizon: int, by: Sequence[str] = ()) -> pd.DataFrame:
    """What share of leads comes to a step within the horizon, and how long it takes, those still waiting included.

    Definition
    ----------
    Of all leads received, the share for which the step (found eligible, records complete, booked, the day of the
    appointment, visited) happened within the days of the horizon; and the days within which it had happened for half, three
    quarters and nine tenths of all leads, "not yet reached" where fewer
    have come so far. Days are differences of local dates.

    Population
    ----------
    Leads received in the period and headed for a visit. Left out and counted apart: duplicates, spam and tests, and
    leads for which the step is dated before the lead was received.

    Censoring
    ---------
    A lead that is still open counts as waiting for as long as it is old, and no longer: it is neither a success nor a
    failure yet. A lead that was closed without the step can no longer come to it. So recent leads can be used without
    making the figure look worse than it is. It is an estimate while some leads are younger than the horizon, and there
    is no figure at all while none has been followed for that long.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by`, `{step}_days` and `{step}_ending` (codes of `counted.Ending`).
    step : str
        "eligible", "records", "scheduled", "visit" or "attended".
    horizon : int
        Days.
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then CONVERSION_COLUMNS. Counts of leads; `by_horizon` is a proportion
        in [0, 1] with its 95 % limits, NaN where no lead was followed that long; `estimate`, 1 where some lead is open
        and younger than the horizon; percentiles in days, NaN where not yet reached.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Aalen and Johansen 1978, Scand. J. Stat. 5:141. NHS referral-to-treatment statistics for counting those still
    waiting.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     [[3, 1, 6], [40, 0, 2], [9, 2, 2]], columns=["scheduled_days", "scheduled_ending", "count"]
    ... )
    >>> conversion(counts, "scheduled", 30)[["leads", "happened", "by_horizon", "p50", "p75"]].values.tolist()
    [[10.0, 6.0, 0.6, 3.0, nan]]
    """
    keys = list(by)
    days, ending = f"{step}_days", f"{step}_ending"
    rows = []
    for group, [time, how, count] in parts(tally, keys, [days, ending, "count"]):
        made = _steps(time, how, count)
        of = _by_ending(how, count)
        young = count[(how == Ending.OPEN) & (time < horizon)].sum()
        steps = np.searchsorted(made.time, horizon, "right")
        _, low, high = made.limits()
        share = [float(_upto(column, steps, 0.0)) for column in (made.cif, low, high)]
        followed = time[how <= Ending.ENDED].max(initial=-1) >= horizon
        if not followed and _upto(made.remain, steps, 1.0) > 0:  # nobody knows
            share = [float("nan")] * 3
        rows.append((*group, sum(of), *of, *share, int(young > 0), *(made.within(p) for p in (0.5, 0.75, 0.9))))
    return pd.DataFrame(rows, columns=[*keys, *CONVERSION_COLUMNS])


def _by_ending(how: Ints, count: Ints) -> list[int]:
    """Leads for which it happened, that ended without, and that are open."""
    return [int(count[how == code].sum()) for code in (Ending.HAPPENED, Ending.ENDED, Ending.OPEN)]


@once
def left_out(tally: pd.DataFrame, step: str) -> dict[str, int]:
    """What the conversion does not count, in leads: not a lead, and dated before it was received."""
    count = tally.groupby(f"{step}_ending")["count"].sum()
    return {
        "not_a_lead": int(count.get(Ending.EXCLUDED, 0)),
        "dated_before_received": int(count.get(Ending.SPOILED, 0)),
    }


ANSWER_COLUMNS = ("leads", "answered", "ended", "waiting", "p50", "p75", "p90")


@once
def answers(waits: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """How long it takes until somebody tries to reach the requester, in staffed time, those not reached yet included.

    Definition
    ----------
    The staffed minutes within which half, three quarters and nine tenths of all inquiries had their first answer. The
    clock runs only while the location is staffed.

    Population
    ----------
    Leads with a promise and a time of day. Calls taken live were never waiting and are left out, as are duplicates and
    spam closed early and inquiries withdrawn before anybody answered in time.

    Censoring
    ---------
    An inquiry that nobody has answered counts as waiting for as long as it has waited, so that the slow ones are in the
    figure before they are answered. One that was closed without an answer can no longer get one. "Not yet reached"
    where fewer have been answered so far.

    Parameters
    ----------
    waits : DataFrame
        Counts by `by`, `minutes` (staffed, whole) and `ending` (codes of `counted.Ending`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then ANSWER_COLUMNS. Counts of leads; percentiles in staffed minutes, NaN
        where not yet reached.

    Raises
    ------
    KeyError
        When a key is missing.

    References
    ----------
    Kaplan and Meier 1958, J. Am. Stat. Assoc. 53:457, with closed inquiries as a competing end.

    Examples
    --------
    >>> import pandas as pd
    >>> waits = pd.DataFrame([[30, 1, 3], [90, 0, 1]], columns=["minutes", "ending", "count"])
    >>> answers(waits)[["leads", "answered", "p50", "p90"]].values.tolist()
    [[4.0, 3.0, 30.0, nan]]
    """
    keys = list(by)
    rows = []
    for group, [minutes, how, count] in parts(waits, keys, ["minutes", "ending", "count"]):
        made, of = _steps(minutes, how, count), _by_ending(how, count)
        rows.append((*group, sum(of), *of, *(made.within(p) for p in (0.5, 0.75, 0.9))))
    return pd.DataFrame(rows, columns=[*keys, *ANSWER_COLUMNS])
