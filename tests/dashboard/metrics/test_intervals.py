"""Wilson's interval and what may be said against a target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from dashboard.metrics.intervals import apart, rate, verdicts, wilson
from tests.cases import case


@pytest.mark.parametrize("name", ["P01", "P03", "P05"])
def test_published_intervals_come_out(name: str) -> None:
    """Newcombe's table and a published SAS example."""
    given_, expected, tolerance = case(name)["inputs"], case(name)["expected"], case(name)["tolerance"]
    low, high = wilson(given_["k"], given_["n"])
    assert low == pytest.approx(expected["lower"], abs=tolerance)
    assert high == pytest.approx(expected["upper"], abs=tolerance)


def test_a_target_is_met_missed_or_not_to_be_told() -> None:
    """Three of three prove nothing against 90 %."""
    samples = case("R32")["inputs"]["samples"]
    low, high = wilson([k for k, _ in samples], [n for _, n in samples])
    assert verdicts(low, high, 0.9) == case("R32")["expected"]["verdict"]
    assert verdicts(*wilson([3, 98], [3, 100]), 0.9) == ["cannot tell", "met"]


@given(st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_contains_the_rate_and_agrees_with_another_library(counts: tuple[int, int]) -> None:
    """Within [0, 1], whatever the counts; statsmodels as the second way."""
    k, n = counts
    low, high = wilson(k, n)
    if n == 0:
        assert np.isnan([low, high, rate(k, n)]).all()
        assert verdicts(low, high, 0.9) == [None]
        return
    assert 0 <= low <= k / n <= high <= 1
    assert (float(low), float(high)) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-9)


def test_groups_that_differ_by_chance_alone_are_seldom_named() -> None:
    """Twenty groups of one true rate: at most one table in twenty names any of them."""
    random = np.random.default_rng(7)
    n = random.integers(8, 200, (400, 20))
    named = [apart(random.binomial(size, 0.7), size).any() for size in n]
    assert np.mean(named) <= 0.06
    assert (apart([0, 0], [0, 0]) == 0).all()
