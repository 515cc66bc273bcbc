"""Weekly signals: published charts, the rules one by one, and how often they cry wolf."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import trends
from dashboard.metrics.intervals import rate
from dashboard.metrics.trends import ALWAYS_MET, COMMON, HIT_AND_MISS, NEVER_MET, OUTSIDE, TREND, TREND_COLUMNS
from tests.cases import case


def test_the_xmr_chart_of_the_textbook() -> None:
    """Limits from the first twenty of forty weeks, and the two weeks outside."""
    given_, expected = case("T01")["inputs"], case("T01")["expected"]
    limits = trends.xmr(given_["y"], given_["baseline"])
    assert limits.centre == pytest.approx(expected["mean"])
    assert limits.centre - 3 * limits.sigma[0] == pytest.approx(expected["lcl"], abs=0.006)
    assert limits.centre + 3 * limits.sigma[0] == pytest.approx(expected["ucl"], abs=0.006)
    found = trends.labels(given_["y"], limits)
    assert [n for n, label in enumerate(found, start=1) if label == OUTSIDE] == expected["points_outside"]


def test_large_moving_ranges_are_not_screened_out() -> None:
    """The wider of the two published versions."""
    given_, expected = case("T02")["inputs"], case("T02")["expected"]
    limits = trends.xmr(given_["y"], len(given_["y"]))
    assert limits.centre + 3 * limits.sigma[0] == pytest.approx(expected["unscreened"]["upl"], abs=0.006)
    assert limits.centre - 3 * limits.sigma[0] == pytest.approx(expected["unscreened"]["lpl"], abs=0.006)


@pytest.mark.parametrize(("name", "laney"), [("T04", False), ("T06", True)])
def test_the_p_chart_of_the_textbook(name: str, laney: bool) -> None:
    """Weeks of different sizes; with Laney's factor the limits narrow where it is below one."""
    given_, expected = case(name)["inputs"], case(name)["expected"]
    limits = trends.p_chart(given_["k"], given_["n"], len(given_["k"]), laney=laney)
    assert limits.centre + 3 * limits.sigma[10] == pytest.approx(expected["ucl_11"], abs=2e-6)
    assert limits.centre - 3 * limits.sigma[10] == pytest.approx(expected["lcl_11"], abs=2e-6)
    if not laney:
        found = trends.labels(rate(given_["k"], given_["n"]), limits, lowest=0, highest=1)
        assert [n for n, label in enumerate(found, start=1) if label == OUTSIDE] == expected["points_outside"]


@pytest.mark.parametrize("name", ["T08", "T10"])
def test_rules_and_their_precedence_are_those_published(name: str) -> None:
    """Seven on one side; two of three near the limit, and one outside."""
    given_, expected = case(name)["inputs"], case(name)["expected"]
    limits = trends.xmr(given_["y"], given_["baseline"])
    assert trends.labels(given_["y"], limits)[12:] == expected["labels_from_point_13"]


def test_a_week_without_leads_is_a_gap() -> None:
    """No value, no label, and not in the middle line."""
    given_ = case("T12")["inputs"]
    table, limits = trends.shares(given_["k"], given_["n"])
    assert limits.centre == pytest.approx(case("T12")["expected"]["p_bar"])
    assert [None if math.isnan(v) else v for v in table["value"]] == case("T12")["expected"]["rate"]
    assert not table["judged"].any()


def test_limits_need_six_weeks_and_are_locked_by_twelve() -> None:
    """Later weeks do not move them."""
    sizes = case("T15")["inputs"]["n_points"]
    assert [trends.status(n) for n in sizes] == case("T15")["expected"]["status"]
    short, _ = trends.values([10, 12] * 2, [1] * 4)
    assert short["centre"].isna().all()
    locked, more = trends.values([10, 12] * 6, [1] * 12)[1], trends.values([10, 12] * 6 + [50] * 9, [1] * 21)[1]
    assert (locked.centre, locked.sigma[0]) == (more.centre, more.sigma[0])


def test_seven_weeks_that_rise_are_a_trend_and_six_are_none() -> None:
    """Inside the limits all the while."""
    flat = [10, 14, 9, 13, 8, 12, 11, 14, 9, 12, 10, 13]
    seven, _ = trends.values([*flat, 9, 10, 11, 12, 13, 14, 15], [1] * 19)
    six, _ = trends.values([*flat, 10, 11, 12, 13, 14, 9], [1] * 18)
    assert list(seven["label"][-7:]) == [TREND] * 7
    assert TREND not in set(six["label"])


def test_a_small_week_is_said_in_counts() -> None:
    """Three of twelve where three of five are usual."""
    given_, expected = case("T16")["inputs"], case("T16")["expected"]
    week = trends.usual(given_["k"], given_["n"], given_["baseline_k"], given_["baseline_n"])
    assert [week.low, week.high] == expected["interval95"]
    assert (week.p_low, week.p_high) == pytest.approx((expected["p_le"], expected["p_ge"]), abs=1e-5)
    assert week.unusual == expected["unusual"]


def test_a_target_is_met_always_never_or_now_and_then() -> None:
    """By where the limits lie."""
    _, limits = trends.shares([8] * 12, [10] * 12)
    assert [trends.assurance(limits, target) for target in (0.3, 0.8, 1.5)] == [ALWAYS_MET, HIT_AND_MISS, NEVER_MET]
    assert trends.assurance(trends.shares([8], [10])[1], 0.5) is None


@given(weeks=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_whatever_the_weeks_the_table_is_whole(weeks: list[tuple[int, int]]) -> None:
    """One row a week, limits within [0, 1], nothing judged that has no value."""
    k, n = [min(pair) for pair in weeks], [max(pair) for pair in weeks]
    table, _ = trends.shares(k, n)
    assert list(table.columns) == list(TREND_COLUMNS)
    assert len(table) == len(weeks)
    inside = table.dropna(subset=["low", "high"])
    assert ((inside["low"] >= 0) & (inside["high"] <= 1)).all()
    assert not (table["judged"] & table["value"].isna()).any()
    assert (table.loc[table["value"].isna(), "label"] == COMMON).all()


@pytest.mark.slow
@pytest.mark.parametrize(("chart", "outside", "any_rule"), [("xmr", 0.023, 0.068), ("p", 0.010, 0.068)])
def test_stable_weeks_seldom_give_a_signal(chart: str, outside: float, any_rule: float) -> None:
    """Three thousand practices in which nothing changes, each looked at in its thirtieth week, as a meeting would."""
    random, found = np.random.default_rng(11), []
    for _ in range(3_000):
        if chart == "xmr":
            table, _ = trends.values(random.normal(60, 8, 30), [1] * 30)
        else:
            table, _ = trends.shares(random.binomial(40, 0.6, 30), [40] * 30)
        found.append(table["label"].iloc[-1])
    assert found.count(OUTSIDE) / len(found) <= outside
    assert sum(label != COMMON for label in found) / len(found) <= any_rule
