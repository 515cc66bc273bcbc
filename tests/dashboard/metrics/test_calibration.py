"""Calibration: on simulated practices whose truth is known, the figures are right on average and their intervals hold.

The figures that these tests hold to stand in docs/calibration.md.
"""

import numpy as np
import pandas as pd
import pytest

from dashboard.metrics.intervals import wilson
from dashboard.metrics.partners import league
from dashboard.metrics.timing import at, curve
from dashboard.metrics.trends import usual
from data_access.counted import Ending

pytestmark = pytest.mark.slow
RUNS = 1_500
HORIZON = 30


def recent_leads(random: np.random.Generator, days: int, a_day: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days waited, how it ended, and age, of the leads of the last days: 60 % get booked, most within two weeks; most
    others are closed, later on.
    """
    n = random.poisson(days * a_day)
    age = random.integers(0, days, n)
    books = random.random(n) < 0.6
    takes = np.where(books, random.gamma(1.6, 7, n), random.gamma(2, 14, n)).astype(int)
    ended = takes <= age
    how = np.where(ended, np.where(books, Ending.HAPPENED, Ending.ENDED), Ending.OPEN)
    return np.where(ended, takes, age), how, age


def truth() -> float:
    takes = np.random.default_rng(1).gamma(1.6, 7, 2_000_000).astype(int)
    return float(0.6 * (takes <= HORIZON).mean())


def test_conversion_of_recent_leads_is_unbiased_where_booked_of_received_is_not() -> None:
    """Eight weeks of sixty leads: within a point of the truth; the plain share of the last four weeks is ten points short."""
    random, estimates, plain, covered = np.random.default_rng(2), [], [], []
    aim = truth()
    for _ in range(RUNS):
        days, how, age = recent_leads(random, 56, 60 / 7)
        made = curve(days, how)
        estimates.append(at(made, HORIZON))
        covered.append(at(made, HORIZON, "cif_low") <= aim <= at(made, HORIZON, "cif_high"))
        young = age < 28
        plain.append(float((how[young] == Ending.HAPPENED).mean()))
    assert abs(np.mean(estimates) - aim) <= 0.01
    assert aim - np.mean(plain) >= 0.10
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.85])
def test_the_interval_of_a_rate_covers_the_truth(rate: float) -> None:
    """Of samples between thirty and two hundred leads, nineteen of twenty."""
    random = np.random.default_rng(3)
    n = random.integers(30, 200, 20_000)
    low, high = wilson(random.binomial(n, rate), n)
    assert 0.93 <= ((low <= rate) & (rate <= high)).mean() <= 0.97


def test_shrunken_rates_are_nearer_to_the_truth_and_their_intervals_hold() -> None:
    """Forty partners, fourteen referrals in the middle, truly eight points apart: half the error of raw rates."""
    random, raw, shrunken, covered = np.random.default_rng(4), [], [], []
    for _ in range(150):
        true = random.beta(21, 16, 40)
        n = np.maximum(10, random.lognormal(np.log(14), 0.8, 40).astype(int))
        k = random.binomial(n, true)
        rows = [[i, 0, 1, came, c] for i in range(40) for came, c in ((1, k[i]), (0, n[i] - k[i]))]
        counts = pd.DataFrame(rows, columns=["partner", "state", "mature", "attended_in_time", "count"])
        table = league(counts.assign(partner=counts["partner"] + 1)).sort_values("partner")
        raw.append(np.mean((k / n - true) ** 2))
        shrunken.append(np.mean((table["shrunken"].to_numpy() - true) ** 2))
        covered.append(np.mean((table["shrunken_low"] <= true) & (true <= table["shrunken_high"])))
    assert np.sqrt(np.mean(shrunken)) <= 0.65 * np.sqrt(np.mean(raw))
    assert 0.93 <= np.mean(covered) <= 0.97


def test_what_is_called_usual_for_a_small_week_happens_as_often_as_said() -> None:
    """A week of eight leads after a baseline of two hundred: in the range at least nineteen times of twenty."""
    random, inside = np.random.default_rng(5), []
    for _ in range(3_000):
        baseline, week = random.binomial(200, 0.6), random.binomial(8, 0.6)
        found = usual(week, 8, baseline, 200)
        inside.append(found.low <= week <= found.high)
    assert 0.95 <= np.mean(inside) <= 1
