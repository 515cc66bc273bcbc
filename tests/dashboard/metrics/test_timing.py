"""Curves and percentiles: worked cases, a slow loop that reads the definition aloud, and an independent library."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.metrics.timing import (
    ANSWER_COLUMNS,
    CONVERSION_COLUMNS,
    answers,
    at,
    conversion,
    curve,
    left_out,
    percentile,
)
from data_access.counted import Ending
from tests.cases import case

leads = st.lists(st.tuples(st.integers(0, 15), st.sampled_from([0, 1, 2])), min_size=1, max_size=40)


def columns(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [t for t, _ in pairs], [h for _, h in pairs]


def aloud(pairs: list[tuple[int, int]], day: int) -> tuple[float, float]:
    """Share for which it happened, and which ended otherwise, by a day: step by step over the days."""
    still_open, happened, ended = 1.0, 0.0, 0.0
    for today in range(day + 1):
        at_risk = sum(t >= today for t, _ in pairs)
        if at_risk:
            now = [sum(t == today and h == how for t, h in pairs) / at_risk * still_open for how in (1, 2)]
            happened, ended = happened + now[0], ended + now[1]
            still_open -= sum(now)
    return happened, ended


@given(pairs=leads, day=st.integers(0, 16))
def test_the_curve_is_what_the_definition_says(pairs: list[tuple[int, int]], day: int) -> None:
    """At any day, for any leads; and the three shares add up to one."""
    made = curve(*columns(pairs))
    happened, ended = aloud(pairs, day)
    assert at(made, day) == pytest.approx(happened)
    assert at(made, day, "cif_ended") == pytest.approx(ended)
    assert at(made, day) + at(made, day, "cif_ended") + at(made, day, "open") == pytest.approx(1)


@given(pairs=leads)
def test_the_curve_equals_statsmodels(pairs: list[tuple[int, int]]) -> None:
    """Incidence and standard error, wherever the other library has one."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    time, how = columns([(t + 1, h) for t, h in pairs])
    if not {1, 2} <= set(how):
        return  # the other library counts causes by what it sees
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = CumIncidenceRight(np.array(time), np.array(how))
    made = curve(time, how)
    for day, cif, se in zip(other.times, other.cinc[0], other.cinc_se[0], strict=True):
        assert at(made, day) == pytest.approx(cif)
        assert math.isnan(se) or at(made, day, "cif_se") == pytest.approx(se, abs=1e-9)


@given(pairs=leads)
def test_without_open_leads_it_is_the_plain_proportion_and_with_them_never_more_than_one_minus_survival(pairs) -> None:
    """Nothing is estimated where everything is known; lost leads are never taken for leads that may still come."""
    made = curve(*columns(pairs))
    naive = curve([t for t, _ in pairs], [1 if h == 1 else 0 for _, h in pairs])
    for day in range(16):
        assert at(made, day) <= at(naive, day) + 1e-12
    if all(h for _, h in pairs):
        assert at(made, 15) == pytest.approx(sum(h == 1 for _, h in pairs) / len(pairs))


@given(pairs=leads)
@example(pairs=[(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (2, 1)])  # adds up to a little more than one
def test_limits_lie_round_the_curve_and_the_order_of_leads_does_not_matter(pairs) -> None:
    """Inside [0, 1], and the same from any order and from counts."""
    made = curve(*columns(pairs))
    assert ((made["cif_low"] <= made["cif"]) & (made["cif"] <= made["cif_high"])).all()
    assert made["cif_low"].between(0, 1).all()
    assert made["cif_high"].between(0, 1).all()
    again = curve(*columns(pairs[::-1]))
    counted = pd.DataFrame(pairs, columns=["t", "h"]).value_counts().reset_index()
    pd.testing.assert_frame_equal(made, again)
    pd.testing.assert_frame_equal(made, curve(counted["t"], counted["h"], counted["count"]))


def test_the_remission_data_come_out_as_published() -> None:
    """Kaplan-Meier with Greenwood's error, and quartiles of which the last is not reached."""
    given_, expected = case("F01")["inputs"], case("F01")["expected"]
    made = curve(given_["time"], given_["event"])
    assert list(made["time"]) == expected["times"]
    assert list(made["at_risk"]) == expected["at_risk"]
    assert list(made["open"]) == pytest.approx(expected["S"], abs=0.0006)
    assert list(made["cif_se"]) == pytest.approx(expected["greenwood_se"], abs=0.0006)
    quartiles = case("F03")["expected"]
    assert percentile(made, 0.25) == quartiles["q25"]
    assert percentile(made, 0.5) == quartiles["median"]
    assert math.isnan(percentile(made, 0.75))


def test_ties_and_competing_ends_come_out_as_worked() -> None:
    """Twelve leads with fractions, and the figure that treating lost as waiting would give."""
    given_, expected = case("F05")["inputs"], case("F05")["expected"]
    made = curve(given_["time"], given_["cause"])
    assert list(made["time"]) == expected["times"]
    for column, name in (("open", "open"), ("cif", "booked"), ("cif_ended", "lost")):
        assert list(made[column]) == pytest.approx(expected[name])
    figures = case("F07")["expected"]
    assert at(made, figures["at"]) == pytest.approx(figures["aalen_johansen_booked"])
    naive = curve(given_["time"], [int(c == 1) for c in given_["cause"]])
    assert at(naive, figures["at"]) == pytest.approx(figures["one_minus_km"])


def test_half_means_at_least_half() -> None:
    """Of four, two by the second day; of none, not yet reached."""
    assert percentile(curve(case("F09")["inputs"]["time"], case("F09")["inputs"]["event"]), 0.5) == 2
    nobody = curve(case("F10")["inputs"]["time"], case("F10")["inputs"]["cause"])
    assert (at(nobody, 3), at(nobody, 3, "open")) == (0, 1)
    assert math.isnan(percentile(nobody, 0.5))


def test_spells_that_still_run_count() -> None:
    """The median of the finished ones alone would be half as long."""
    given_, expected = case("F13")["inputs"], case("F13")["expected"]
    made = curve(given_["days"], given_["completed"])
    for day, share in expected["S"].items():
        assert at(made, int(day), "open") == pytest.approx(share)
    assert percentile(made, 0.5) == expected["median"]
    assert percentile(made, 0.9) == expected["p90"]


def waits(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["scheduled_days", "scheduled_ending", "count"])


def test_recent_leads_do_not_make_the_figure_worse() -> None:
    """Six of ten old leads were booked within a week; ten new ones, all open, leave it so and make it an estimate."""
    old = [(5, Ending.HAPPENED, 6), (20, Ending.ENDED, 4)]
    alone = conversion(waits(*old), "scheduled", 30).iloc[0]
    both = conversion(waits(*old, (0, Ending.OPEN, 10)), "scheduled", 30).iloc[0]
    assert (alone.by_horizon, alone.estimate) == (0.6, 0)
    assert (both.by_horizon, both.estimate) == (0.6, 1)
    assert both.leads == 20


def test_a_horizon_that_nobody_was_followed_to_has_no_figure() -> None:
    """Ten days of history say nothing of thirty."""
    row = conversion(waits((3, Ending.HAPPENED, 5), (10, Ending.OPEN, 5)), "scheduled", 30).iloc[0]
    assert math.isnan(row.by_horizon)
    assert row.p50 == 3


def test_spoiled_and_excluded_leads_are_left_out_and_counted() -> None:
    """A booking dated before the lead came, and spam."""
    tally = waits((0, Ending.SPOILED, 3), (2, Ending.EXCLUDED, 4), (1, Ending.HAPPENED, 1))
    assert conversion(tally, "scheduled", 30)["leads"].tolist() == [1]
    assert left_out(tally, "scheduled") == {"not_a_lead": 4, "dated_before_received": 3}


def test_nothing_gives_empty_tables_with_their_columns() -> None:
    """No lead, no figure."""
    assert list(conversion(waits(), "scheduled", 30).columns) == list(CONVERSION_COLUMNS)
    assert conversion(waits(), "scheduled", 30)["by_horizon"].isna().all()
    nobody = pd.DataFrame(columns=["minutes", "ending", "count"], dtype="int64")
    assert list(answers(nobody).columns) == list(ANSWER_COLUMNS)


def test_whoever_still_waits_is_in_the_percentiles() -> None:
    """Of four answered within the hour and six still waiting for two hours, half are not yet reached."""
    table = answers(pd.DataFrame([[60, 1, 4], [120, 0, 6]], columns=["minutes", "ending", "count"]))
    assert table["leads"].tolist() == [10]
    assert math.isnan(table["p50"][0])
