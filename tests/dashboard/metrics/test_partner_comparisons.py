"""Partners against the limits of chance, against their own mix of referrals, and against their own past."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from dashboard.metrics.case_mix import CASE_MIX_COLUMNS, STRATA, case_mix
from dashboard.metrics.funnel_plot import FAR, FUNNEL_PLOT_COLUMNS, OUTSIDE, USUAL, funnel_plot, limits, spread
from dashboard.metrics.partners import league
from dashboard.metrics.referral_volume import FEWER, LAPSED, MORE, NEW, SAME, VOLUME_COLUMNS, referral_volume
from tests.cases import case


def league_of(k: list[int], n: list[int]) -> pd.DataFrame:
    rows = [
        [code, 0, 1, came, count]
        for code, (good, all_) in enumerate(zip(k, n, strict=True), start=1)
        for came, count in ((1, good), (0, all_ - good))
    ]
    return league(pd.DataFrame(rows, columns=["partner", "state", "mature", "attended_in_time", "count"]))


def test_the_limits_are_the_published_ones() -> None:
    """Exact binomial quantiles, interpolated."""
    given_, expected = case("P13")["inputs"], case("P13")["expected"]["limits"]
    made = limits(given_["theta"], given_["n"], tuple(given_["tail"]))
    for n, row in zip(given_["n"], made, strict=True):
        assert row.tolist() == pytest.approx(expected[str(n)], abs=1e-5)


@given(centre=st.floats(0.02, 0.98), n=st.integers(1, 400))
def test_limits_lie_round_the_middle_and_within_a_step_of_the_binomial(centre: float, n: int) -> None:
    """In order, in [0, 1], and never more than one count from the plain quantile."""
    low998, low95, high95, high998 = limits(centre, [n])[0]
    assert 0 <= low998 <= low95 <= high95 <= high998 <= 1
    assert abs(low95 * n - binom.ppf(0.025, n, centre)) <= 1 + 1e-9
    wide = limits(centre, [n], extra=0.01)[0]
    assert wide[3] >= centre >= wide[0]


def test_a_partner_that_stands_out_is_flagged_and_one_that_is_small_is_not() -> None:
    """Thirty of a hundred among sixties is far outside; seven of ten may be luck."""
    plot = funnel_plot(league_of([30, 61, 59, 60, 7], [100, 100, 100, 100, 10])).set_index("partner")
    assert list(plot.columns) == list(FUNNEL_PLOT_COLUMNS[1:])
    assert plot.loc[1, "flag"] in (OUTSIDE, FAR)
    assert plot.loc[5, "flag"] == USUAL
    assert funnel_plot(league_of([], [])).empty


def test_partners_that_differ_more_than_chance_have_wider_limits_and_alike_ones_do_not() -> None:
    """Simulated with and without a true difference."""
    random = np.random.default_rng(3)
    n = np.full(200, 80)
    alike, apart = random.binomial(n, 0.6), random.binomial(n, np.clip(random.normal(0.6, 0.12, 200), 0, 1))
    assert spread(alike, n, 0.6) < 0.002
    assert spread(apart, n, 0.6) == pytest.approx(0.12**2 / (4 * 0.6 * 0.4), rel=0.35)
    flags = funnel_plot(league_of(alike.tolist(), n.tolist()))["flag"]
    assert 0.01 <= (flags != USUAL).mean() <= 0.09


def strata(rows: list[tuple[int, int, int, int]]) -> pd.DataFrame:
    """(partner, kind, came, count) to a tally."""
    return pd.DataFrame(
        [[partner, 0, 1, kind, 0, 0, 0, came, count] for partner, kind, came, count in rows],
        columns=["partner", "state", "mature", *STRATA, "attended_in_time", "count"],
    )


def test_case_mix_turns_the_raw_comparison_round() -> None:
    """Seventy against forty-five per cent, and the second did better with what it sent."""
    given_, expected = case("P15")["inputs"], case("P15")["expected"]
    rows = [
        (code, kind, came, count)
        for code, name in enumerate("AB", start=1)
        for kind, (k, n) in enumerate(zip(given_[name]["k"], given_[name]["n"], strict=True))
        for came, count in ((1, k), (0, n - k))
    ]
    table = case_mix(strata(rows))
    assert table["observed"].tolist() == expected["observed"]
    assert table["expected"].tolist() == pytest.approx(expected["expected"])
    assert table["ratio"].tolist() == pytest.approx(expected["ratio"])
    assert table["adjusted"].tolist() == pytest.approx(expected["adjusted_rate"])
    assert table["z"].tolist() == pytest.approx(expected["z"], abs=1e-4)


@given(
    rows=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 1), st.integers(1, 60)), min_size=1)
)
def test_what_is_expected_of_all_partners_is_what_all_observed(rows: list[tuple[int, int, int, int]]) -> None:
    """Whatever the strata, and however small ones are taken together."""
    table = case_mix(strata(rows))
    assert table["expected"].sum() == pytest.approx(table["observed"].sum())
    assert table["adjusted"].dropna().between(0, 1).all()


def test_nobody_gives_an_empty_case_mix() -> None:
    """With its columns."""
    assert list(case_mix(strata([])).columns) == list(CASE_MIX_COLUMNS)


def volume(*rows: tuple[int, int, int]) -> pd.DataFrame:
    """(partner, week, count); the last eight of thirty-four weeks are recent."""
    tally = pd.DataFrame([[p, w, 0, c] for p, w, c in rows], columns=["partner", "received_week", "state", "count"])
    return referral_volume(tally, 26, 8, 34).set_index("partner")


def test_each_change_is_named_and_chance_is_not() -> None:
    """A steady pace, a drop, a rise, a first referral, a silence; and one that was too rare to say."""
    table = volume(
        *[(1, week, 2) for week in range(1, 35)],
        *[(2, week, 4) for week in range(1, 27)], (2, 30, 6),
        *[(3, week, 1) for week in range(1, 27)], *[(3, week, 4) for week in range(27, 35)],
        (4, 33, 2), *[(5, week, 2) for week in range(1, 27)], (6, 3, 1),
    )  # fmt: skip
    assert table["change"].to_dict() == {1: SAME, 2: FEWER, 3: MORE, 4: NEW, 5: LAPSED, 6: SAME}
    assert list(table.columns) == list(VOLUME_COLUMNS[1:])
    assert table.loc[2, "expected"] == pytest.approx(104 * 8 / 26)


def test_a_partner_from_long_ago_is_not_new() -> None:
    """Silent for a year, and back."""
    tally = pd.DataFrame([[7, 1, 0, 3], [7, 80, 0, 1]], columns=["partner", "received_week", "state", "count"])
    assert referral_volume(tally, 26, 8, 80)["change"].tolist() == [SAME]


@pytest.mark.slow
def test_steady_partners_are_seldom_said_to_have_changed() -> None:
    """Two hundred practices of forty partners whose pace never changes: in nine of ten, nobody is named."""
    random, named = np.random.default_rng(5), 0
    for _ in range(200):
        pace = random.gamma(1, 1.5, 40)
        rows = [
            (code, week, int(random.poisson(p * weeks)))
            for code, p in enumerate(pace, start=1)
            for week, weeks in ((13, 26), (30, 8))
        ]
        named += bool(volume(*[row for row in rows if row[2]])["change"].isin([MORE, FEWER, LAPSED]).any())
    assert named / 200 <= 0.12
