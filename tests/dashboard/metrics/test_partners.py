"""The league table: published examples, a second way for every number, and its laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard.metrics import partners
from dashboard.metrics.partners import LEAGUE_COLUMNS, SMALL_PARTNERS, Prior, Strengths, fit_prior, league, left_out
from tests.cases import case


def counted(counts: list[tuple[int, int]], immature: int = 0) -> pd.DataFrame:
    """The tally of partners 1, 2, ... with (k, n) each."""
    rows = []
    for partner, (k, n) in enumerate(counts, start=1):
        rows += [(partner, 0, 1, 1, k), (partner, 0, 1, 0, n - k), (partner, 0, 0, 0, immature)]
    tally = pd.DataFrame(rows, columns=["partner", "state", "mature", "attended_in_time", "count"])
    return tally[tally["count"] > 0]


def test_the_prior_is_the_published_one() -> None:
    """Seventy experiments on rats: maximum likelihood gives the prior that the literature gives, mean 0.141."""
    history = case("P07")["inputs"]["history"]
    prior = fit_prior(history["k"], history["n"])

    def likelihood(a: float, b: float) -> float:
        return float(np.sum(stats.betabinom.logpmf(history["k"], history["n"], a, b)))

    best = likelihood(prior.a, prior.b)
    assert all(likelihood(prior.a * x, prior.b * y) <= best + 1e-6 for x in (0.95, 1, 1.05) for y in (0.95, 1, 1.05))
    assert prior.a / prior.strength == pytest.approx(0.1407, abs=5e-4)


def test_shrunken_rates_and_intervals_are_the_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a given prior: means and 95 % intervals as worked, two ways."""
    given_, expected = case("P10")["inputs"], case("P10")["expected"]
    monkeypatch.setattr(partners, "fit_prior", lambda k, n: Prior(*given_["prior"]))
    known = Strengths(np.array([sum(given_["prior"])], float), np.ones(1))
    monkeypatch.setattr(partners, "plausible_strengths", lambda k, n, prior: known)
    table = (
        league(counted(list(zip(given_["k"], given_["n"], strict=True))), minimum=1).set_index("partner").sort_index()
    )
    assert list(table["shrunken"]) == pytest.approx(expected["posterior_mean"])
    got = table[["shrunken_low", "shrunken_high"]].to_numpy()
    assert got == pytest.approx(np.array(expected["interval"]), abs=1e-5)
    assert list(table["rate"]) == pytest.approx(expected["raw"])


def test_half_the_weight_is_ones_own_at_the_priors_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty leads against a prior worth twenty."""
    expected = case("P21")["expected"]["weight_on_own_rate"]
    monkeypatch.setattr(partners, "fit_prior", lambda k, n: Prior(11, 9))
    table = league(counted([(3, 5), (10, 20), (40, 60)]), minimum=1).set_index("partner").sort_index()
    assert list(table["own_weight"]) == pytest.approx(expected)


def test_expected_ranks_come_from_the_probability_of_being_better() -> None:
    """Beta(20, 10) beats Beta(56, 39) with probability 0.784443 (closed form)."""
    nothing = 1e-9  # as good as no prior
    known = Strengths(np.array([2 * nothing]), np.ones(1))
    ranks = partners._ranks(np.array([20.0, 56.0]), np.array([30.0, 95.0]), Prior(nothing, nothing), known)
    assert ranks["rank_expected"] == pytest.approx([2 - 0.784443, 1 + 0.784443], abs=1e-4)


def test_where_nothing_tells_how_partners_differ_the_interval_says_so() -> None:
    """Three partners with ten each: the rates are drawn together, and the intervals stay wide."""
    table = league(counted([(5, 10), (5, 10), (5, 10)]))
    assert table["shrunken"].tolist() == pytest.approx([0.5] * 3, abs=0.01)
    assert ((table["shrunken_high"] - table["shrunken_low"]) > 0.2).all()


def test_small_partners_are_grouped_and_never_dropped() -> None:
    """Two partners under ten leads make one row; the totals stay."""
    given_, expected = case("P19")["inputs"], case("P19")["expected"]
    table = league(counted([(k, n) for _, k, n in given_["partners"]]), minimum=given_["min_n"])
    small = table[table["partner"] == SMALL_PARTNERS].iloc[0]
    assert (small.partners, small.k, small.n) == (2, 2, 5)
    assert (table["k"].sum(), table["n"].sum()) == (expected["total"]["k"], expected["total"]["n"])
    assert pd.isna(small.rank_low)


def test_two_of_two_do_not_top_the_table() -> None:
    """A partner with two visits of two referrals ranks no higher than its evidence."""
    table = league(counted([(2, 2), (70, 100), (30, 100), (50, 100), (40, 80)]), minimum=1)
    lucky = table[table["partner"] == 1].iloc[0]
    assert lucky.rate == 1
    assert lucky.shrunken < table.loc[table["partner"] == 2, "shrunken"].iloc[0]
    assert lucky.rank_high - lucky.rank_low >= 2


def test_leads_without_a_partner_or_without_time_are_said_to_be_left_out() -> None:
    """Nothing vanishes from the page."""
    tally = counted([(5, 12)], immature=4)
    extra = pd.DataFrame(
        [(0, 0, 1, 1, 3), (1, 3, 1, 0, 2)], columns=["partner", "state", "mature", "attended_in_time", "count"]
    )
    tally = pd.concat([tally, extra])
    assert left_out(tally) == {"not_a_lead": 2, "no_partner": 3, "immature": 4}
    assert league(tally)[["n", "k", "immature"]].to_numpy().tolist() == [[12, 5, 4]]


def test_without_partners_there_is_an_empty_table() -> None:
    """The columns are there for the page to show."""
    assert list(league(counted([])).columns) == list(LEAGUE_COLUMNS)
    only_small = league(counted([(1, 2)]))
    assert only_small["partner"].tolist() == [SMALL_PARTNERS]


partner_counts = st.lists(
    st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(partner_counts)
@example([(1, 1), (1, 1), (10, 10)])  # all succeed: the mean lies beyond the quantile
def test_shrinkage_lies_between_own_and_common_rate_and_ranks_add_up(counts) -> None:
    """Whatever the counts; nobody is lost, and K ranks sum to K(K+1)/2."""
    table = league(counted(counts))
    assert table["n"].sum() == sum(n for _, n in counts)
    assert table["k"].sum() == sum(k for k, _ in counts)
    listed = table[table["partner"] != SMALL_PARTNERS]
    prior = fit_prior([k for k, _ in counts], [n for _, n in counts])
    common = prior.a / prior.strength
    low, high = np.minimum(listed["rate"], common), np.maximum(listed["rate"], common)
    assert ((listed["shrunken"] >= low - 1e-9) & (listed["shrunken"] <= high + 1e-9)).all()
    size = len(listed)
    assert listed["rank_expected"].sum() == pytest.approx(size * (size + 1) / 2)
    assert listed["shrunken_low"].le(listed["shrunken"]).all()
    assert listed["shrunken_high"].ge(listed["shrunken"]).all()
    assert listed["n"].is_monotonic_decreasing


def test_partners_that_do_not_differ_are_pooled_completely() -> None:
    """No spread beyond chance: the prior weighs as much as it may."""
    assert fit_prior([50] * 8, [100] * 8).strength > 5000


def test_shrinkage_goes_where_the_classical_example_goes() -> None:
    """Eighteen batting averages: every estimate lies between its own average and the common one, in the same order."""
    given_, expected = case("P09")["inputs"], case("P09")["expected"]
    k, n = np.array(given_["hits"]), np.full(len(given_["hits"]), given_["at_bats"])
    prior = fit_prior(k, n)
    made, raw, mean = (prior.a + k) / (prior.strength + n), k / n, expected["grand_mean"]
    assert prior.a / prior.strength == pytest.approx(mean, abs=0.002)
    assert (np.sign(made - mean) == np.sign(raw - mean)).all()
    assert (np.abs(made - mean) <= np.abs(raw - mean) + 1e-9).all()
    assert (np.diff(made) <= 0).all()
    assert np.corrcoef(made, expected["estimates"])[0, 1] > 0.999


def test_one_rate_is_better_than_another_with_the_probability_as_worked() -> None:
    """Of two partners, the expected rank is 1 plus the probability that the other is better."""
    given_, expected = case("P12")["inputs"], case("P12")["expected"]
    prior = Prior(1, 1)
    k, n = (np.array(values, float) for values in zip(*((a - 1, a + b - 2) for a, b in given_.values()), strict=True))
    ranks = partners._ranks(k, n, prior, Strengths(np.array([2.0]), np.ones(1)))
    assert ranks["rank_expected"][1] - 1 == pytest.approx(expected["p"], abs=1e-3)
