"""The partner league table: whose referrals turn into visits, with the luck of small numbers taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.special import betainc, betaln, expit, logit

from dashboard.metrics.intervals import Floats, rate_columns
from dashboard.metrics.once import once
from data_access.counted import Standing

LEAGUE_KEYS = ("partner", "state", "mature")
"""Dimensions that `league` wants counted, beside the outcome."""

LEAGUE_COLUMNS = (
    "partner",
    "partners",
    "n",
    "k",
    "rate",
    "rate_low",
    "rate_high",
    "shrunken",
    "shrunken_low",
    "shrunken_high",
    "own_weight",
    "rank_expected",
    "rank_low",
    "rank_high",
    "top_quarter",
    "immature",
)

MINIMUM_LEADS = 10
SMALL_PARTNERS = -1
"""In the column `partner`: all partners with too few leads to be listed, as one row."""

_DRAWS = 10_000
_SEED = 20_260_302  # any fixed number: the same counts give the same table
_GRID = 24
_STRENGTH = (0.5, 1e4)  # least and most that the prior may weigh, in leads


@dataclass(frozen=True)
class Prior:
    """Beta distribution of the partners' true rates: shapes `a` and `b`; `a + b` is its weight in leads."""

    a: float
    b: float

    @property
    def strength(self) -> float:
        """How many leads a partner needs before its own rate outweighs the common one."""
        return self.a + self.b


@once
def league(
    tally: pd.DataFrame,
    outcome: str = "attended_in_time",
    by: Sequence[str] = (),
    minimum: int = MINIMUM_LEADS,
) -> pd.DataFrame:
    """Rank partners by the share of their referrals that turn into visits.

    Definition
    ----------
    For each partner: of its leads, the share that came to the outcome within the horizon (k of n). A partner with few
    leads can stand high or low by luck, so beside the raw rate stands the *shrunken* rate: the partner's own record
    drawn towards the common rate of all partners, the more so the fewer leads it has. Ranks are given as a range in
    which the partner's true place lies with 90 % probability; "Top quarter" is the probability that it truly belongs
    to the best quarter.

    Population
    ----------
    Leads of the period that name a partner and have had their time (older than the horizon). Partners with fewer than
    ten of them form one row. Left out and counted apart: duplicates, spam and tests, leads without a partner, and
    leads too young to be judged.

    Censoring
    ---------
    Only leads older than the horizon are judged, and only what happened within the horizon counts, so that every
    lead has had the same time. A visit whose date lies before the lead was received counts as one within the horizon:
    the person came; it is the date that is wrong.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by`, LEAGUE_KEYS and `outcome`.
    outcome : str
        Name of the 0/1 dimension that counts as success.
    by : sequence of str
        Further key columns; each of their combinations has a league of its own.
    minimum : int
        Least number of leads to be listed by name.

    Returns
    -------
    DataFrame
        One row per listed partner, by volume, then the small ones as one row with partner = SMALL_PARTNERS. Columns: those
        of `by`, then LEAGUE_COLUMNS. `partners`: how many the row stands for. Rates are proportions in [0, 1];
        `rate_low/high` is the 95 % Wilson interval, `shrunken_low/high` the 95 % credible interval, which also carries how
        little the counts may tell about how much partners differ. Ranks count from 1,
        the best. `own_weight`: how much of the shrunken rate is the partner's own. NaN in the ranks of the small ones.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Goldstein and Spiegelhalter 1996, J. R. Stat. Soc. A 159:385, on why ranks need intervals; Gelman et al., Bayesian
    Data Analysis, 3rd ed., section 5.1, for the beta-binomial model; Kleinman 1973, J. Am. Stat. Assoc. 68:46, for
    the moments used where the likelihood has no maximum.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     [[1, 0, 1, 1, 9], [1, 0, 1, 0, 1], [2, 0, 1, 1, 30], [2, 0, 1, 0, 30], [3, 0, 1, 1, 2]],
    ...     columns=["partner", "state", "mature", "attended_in_time", "count"],
    ... )
    >>> league(counts)[["partner", "partners", "k", "n"]].values.tolist()
    [[2, 1, 30, 60], [1, 1, 9, 10], [-1, 1, 2, 2]]
    """
    leads = tally[(tally["state"] != Standing.EXCLUDED) & (tally["partner"] > 0)]
    if not by:
        return _league(leads, outcome, minimum)
    leagues = []
    for group, part in leads.groupby(list(by), sort=True):
        keys = dict(zip(by, group, strict=True))
        leagues.append(_league(part, outcome, minimum).assign(**keys))
    columns = [*by, *LEAGUE_COLUMNS]
    return pd.concat(leagues, ignore_index=True)[columns] if leagues else pd.DataFrame(columns=columns)


def _league(leads: pd.DataFrame, outcome: str, minimum: int) -> pd.DataFrame:
    mature = leads["mature"] == 1
    table = pd.DataFrame(
        {
            "n": leads[mature].groupby("partner")["count"].sum(),
            "k": leads[mature & (leads[outcome] == 1)].groupby("partner")["count"].sum(),
            "immature": leads[~mature].groupby("partner")["count"].sum(),
        },
        dtype="float64",
    )
    table = table.reindex(sorted(leads["partner"].unique())).fillna(0).astype("int64").rename_axis("partner")
    table = table.reset_index().assign(partners=1)
    listed = table["n"] >= minimum
    named = table[listed].sort_values(["n", "partner"], ascending=[False, True], ignore_index=True)
    small = table[~listed]
    judged = table[table["n"] > 0]
    rows = named.assign(
        **rate_columns(named["k"].to_numpy(), named["n"].to_numpy()),
        **_shrunken(*(tuple(rows[name].tolist()) for rows in (judged, named) for name in ("k", "n"))),
    )
    if len(small):
        pooled = small[["n", "k", "immature", "partners"]].sum().to_frame().T.assign(partner=SMALL_PARTNERS)
        small_row = pooled.assign(**rate_columns(pooled["k"].to_numpy(), pooled["n"].to_numpy()))
        rows = pd.concat([rows, small_row], ignore_index=True) if len(rows) else small_row
    return rows.reindex(columns=list(LEAGUE_COLUMNS))


def ordered(table: pd.DataFrame, column: str, by: Sequence[str] = ()) -> pd.DataFrame:
    """The league by one of its columns, `n` (volume) or `shrunken`, the greatest first; the small partners' row last."""
    marked = table.assign(small=table["partner"] == SMALL_PARTNERS)
    ascending = [*[True] * len(by), True, False, False, True]
    return marked.sort_values([*by, "small", column, "n", "partner"], ascending=ascending).drop(columns="small")


def fit_prior(k: npt.ArrayLike, n: npt.ArrayLike) -> Prior:
    """The beta distribution of true rates that makes the partners' counts most likely.

    Parameters
    ----------
    k, n : array_like of int
        Successes and leads of each partner; partners without leads say nothing.

    Returns
    -------
    Prior
        Where fewer than two partners have leads, nothing tells how partners differ: Jeffreys' Beta(1/2, 1/2), which leaves
        a partner its own rate.
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    k, n = k[n > 0], n[n > 0]
    if len(n) < 2:
        return Prior(0.5, 0.5)
    mean, strength = _moments(k, n)
    if len(n) < 3:  # two partners do not tell how partners differ
        return Prior(mean * strength, (1 - mean) * strength)

    def cost(x: Floats) -> float:
        m = np.exp(x[1])
        a, b = expit(x[0]) * m, expit(-x[0]) * m
        return -float(np.sum(betaln(a + k, b + n - k) - betaln(a, b)))

    best = scipy.optimize.minimize(
        cost, [logit(mean), np.log(strength)], method="L-BFGS-B", bounds=[(-12, 12), tuple(np.log(_STRENGTH))]
    )
    if best.success and np.isfinite(best.fun):
        mean, strength = float(expit(best.x[0])), float(np.exp(best.x[1]))
    return Prior(mean * strength, (1 - mean) * strength)


def _moments(k: Floats, n: Floats) -> tuple[float, float]:
    """Mean and strength by Kleinman's moments; no spread beyond chance means complete pooling (the greatest strength)."""
    total, mean = n.sum(), float(k.sum() / n.sum())
    mean = float(np.clip(mean, 0.5 / (total + 1), 1 - 0.5 / (total + 1)))
    spread = float(np.sum(n * (k / n - mean) ** 2))
    room = mean * (1 - mean) * (total - np.sum(n**2) / total - (len(n) - 1))
    rho = (spread - mean * (1 - mean) * (len(n) - 1)) / room if room > 0 else 0.0
    return mean, float(np.clip(1 / rho - 1, *_STRENGTH)) if rho > 0 else _STRENGTH[1]


@dataclass(frozen=True)
class Strengths:
    """How strongly the common rate may pull: a grid of weights in leads, with the probability of each."""

    leads: Floats
    probability: Floats

    def shapes(self, k: Floats, n: Floats, mean: float) -> tuple[Floats, Floats]:
        """Beta shapes of each partner's true rate, one row per strength."""
        return mean * self.leads[:, None] + k, (1 - mean) * self.leads[:, None] + n - k


def plausible_strengths(k: npt.ArrayLike, n: npt.ArrayLike, prior: Prior) -> Strengths:
    """How well the counts tell how much partners differ: the posterior of the prior's strength round the fitted mean.

    Intervals that took the fitted strength for the true one would be far too narrow where few partners, or small ones,
    leave it open. Before the data, all shrinkage of a partner of middling size is equally likely.

    References
    ----------
    Christiansen and Morris 1997, J. Am. Stat. Assoc. 92:618, for the uniform shrinkage prior.
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    k, n = k[n > 0], n[n > 0]
    if len(n) < 2:
        return Strengths(np.array([prior.strength]), np.ones(1))
    leads, mean, middling = np.geomspace(*_STRENGTH, _GRID), prior.a / prior.strength, float(np.median(n))
    a, b = mean * leads[:, None], (1 - mean) * leads[:, None]
    likelihood = (betaln(a + k, b + n - k) - betaln(a, b)).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max()) * leads * middling / (middling + leads) ** 2
    return Strengths(leads, weight / weight.sum())


@lru_cache(maxsize=256)
def _shrunken(
    every_k: tuple[int, ...], every_n: tuple[int, ...], named_k: tuple[int, ...], named_n: tuple[int, ...]
) -> Mapping[str, Floats]:
    """What the counts of all partners tell about those that are named, as columns of the league.

    It is kept by these counts, for it takes far longer than counting, and a new lead changes none of them until it is mature.
    """
    prior = fit_prior(every_k, every_n)
    strengths = plausible_strengths(every_k, every_n, prior)
    k, n = np.asarray(named_k, float), np.asarray(named_n, float)
    a, b = strengths.shapes(k, n, prior.a / prior.strength)
    shrunken = (prior.a + k) / (prior.strength + n)
    columns = {
        "shrunken": shrunken,
        # Where all succeed, or none, the mean of so skew a distribution may lie beyond a quantile: the interval holds it too.
        "shrunken_low": np.minimum(_quantile(a, b, strengths.probability, 0.025), shrunken),
        "shrunken_high": np.maximum(_quantile(a, b, strengths.probability, 0.975), shrunken),
        "own_weight": n / (n + prior.strength),
        **_ranks(k, n, prior, strengths),
    }
    for values in columns.values():
        values.flags.writeable = False
    return MappingProxyType(columns)


def _quantile(a: Floats, b: Floats, probability: Floats, p: float) -> Floats:
    """Quantile of a mixture of beta distributions, one per column, by bisection."""
    low, high = np.zeros(a.shape[1]), np.ones(a.shape[1])
    for _ in range(40):
        middle = (low + high) / 2
        below = probability @ betainc(a, b, middle) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Floats = (low + high) / 2
    return found


def _ranks(k: Floats, n: Floats, prior: Prior, strengths: Strengths) -> dict[str, Floats]:
    """Expected rank (by quadrature), 5-95 % rank range and probability of the top quarter (by seeded draws)."""
    size = len(k)
    if not size:
        return dict.fromkeys(("rank_expected", "rank_low", "rank_high", "top_quarter"), np.empty(0))
    a, b = prior.a + k, prior.b + n - k
    edges = np.linspace(0, 1, 2001)
    mass = np.diff(betainc(a[:, None], b[:, None], edges), axis=1)
    above = 1 - betainc(a[:, None], b[:, None], (edges[1:] + edges[:-1]) / 2)
    better = mass @ above.T  # [i, j]: probability that j's true rate lies above i's
    better = (better + 1 - better.T) / 2
    np.fill_diagonal(better, 0)
    random = np.random.default_rng(_SEED)
    drawn = random.choice(len(strengths.leads), _DRAWS, p=strengths.probability)
    shape_a, shape_b = strengths.shapes(k, n, prior.a / prior.strength)
    draws = random.beta(shape_a[drawn], shape_b[drawn])
    ranks = (-draws).argsort(axis=1).argsort(axis=1) + 1
    low, high = np.quantile(ranks, [0.05, 0.95], axis=0, method="inverted_cdf")
    return {
        "rank_expected": 1 + better.sum(axis=1),
        "rank_low": low.astype(float),
        "rank_high": high.astype(float),
        "top_quarter": (ranks <= max(1, round(size / 4))).mean(axis=0),
    }


@once
def left_out(tally: pd.DataFrame) -> dict[str, int]:
    """What the league does not count, in leads: not a lead, no partner named, too young to be judged."""
    count, excluded = tally["count"], tally["state"] == Standing.EXCLUDED
    named = tally["partner"] > 0
    return {
        "not_a_lead": int(count[excluded].sum()),
        "no_partner": int(count[~excluded & ~named].sum()),
        "immature": int(count[~excluded & named & (tally["mature"] == 0)].sum()),
    }
