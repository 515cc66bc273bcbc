"""Weekly cohorts: finished weeks as they are, young ones projected and never mixed."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dashboard.metrics.cohorts import COHORT_COLUMNS, cohorts, projection
from data_access.counted import Ending
from data_access.days import day_number, week_number, week_start
from tests.cases import case


def made(rows: list[tuple[date, int, Ending, int]], today: date, horizon: int = 30) -> pd.DataFrame:
    tally = pd.DataFrame(
        [[week_number(on), day_number(on), days, how, count] for on, days, how, count in rows],
        columns=["received_week", "received_day", "scheduled_days", "scheduled_ending", "count"],
    )
    ends = {int(w): day_number(week_start(int(w) + 1)) for w in tally["received_week"].unique()}
    return cohorts(tally, horizon, day_number(today), ends)


def test_a_week_is_finished_when_its_last_day_is_the_horizon_old() -> None:
    """Mid-March weeks at the end of April, with thirty days."""
    inputs = case("F16")["inputs"]
    weeks = [date.fromisoformat(w) for w in inputs["weeks_starting"]]
    table = made(
        [(w, 1, Ending.HAPPENED, 1) for w in weeks], date.fromisoformat(inputs["as_of"]), inputs["horizon_days"]
    )
    assert [bool(m) for m in table["mature"]] == case("F16")["expected"]["mature"]


def test_a_projection_is_what_was_booked_over_the_part_that_is_in() -> None:
    """Twelve of forty at an age by which finished weeks had three fifths: twenty, in a range round it."""
    expected = case("F17")["expected"]
    rate, low, high = projection(12, 40, expected["completeness"])
    assert rate == pytest.approx(expected["projected_rate"])
    assert low < rate < high
    assert low >= expected["naive_rate"]


def test_nothing_is_projected_beyond_all_leads_and_the_range_says_so() -> None:
    """Nine of ten so far, with half to come: at most ten, and at least what is there."""
    rate, low, high = projection(9, 10, 0.5)
    assert (rate, high) == (1.0, 1.0)
    assert 0.9 <= low < 1


def test_a_young_week_is_projected_by_the_finished_ones() -> None:
    """Finished weeks: half of the bookings by day ten. A week ten days old with two of ten booked: four in the end."""
    old = [(date(2026, 1, 5), 5, Ending.HAPPENED, 20), (date(2026, 1, 5), 20, Ending.HAPPENED, 20),
           (date(2026, 1, 5), 60, Ending.ENDED, 60)]  # fmt: skip
    young = [(date(2026, 3, 2), 4, Ending.HAPPENED, 2), (date(2026, 3, 2), 10, Ending.OPEN, 8)]
    table = made([*old, *young], date(2026, 3, 12))
    assert table["rate"].tolist() == [0.4, 0.2]
    assert table["completeness"].tolist() == [1.0, 0.5]
    assert math.isnan(table["projected"][0]), "what is known is not projected"
    assert table["projected"][1] == pytest.approx(0.4)


def test_a_week_that_has_shown_too_little_is_not_projected() -> None:
    """A day old: nobody can say."""
    old = [(date(2026, 1, 5), 5, Ending.HAPPENED, 20), (date(2026, 1, 5), 60, Ending.ENDED, 20)]
    table = made([*old, (date(2026, 3, 2), 1, Ending.OPEN, 8)], date(2026, 3, 3))
    assert math.isnan(table["projected"][1])


def test_projections_are_right_on_average_and_their_ranges_hold() -> None:
    """Weeks simulated from one truth, projected when half of their bookings are in: unbiased, and 19 of 20 in range."""
    random = np.random.default_rng(7)
    truth, completeness, weeks = 0.6, 0.5, 4_000
    final = random.binomial(50, truth, weeks)
    so_far = random.binomial(final, completeness)
    made_ = np.array([projection(int(k), 50, completeness) for k in so_far])
    assert made_[:, 0].mean() == pytest.approx(truth, abs=0.01)
    inside = (made_[:, 1] <= final / 50) & (final / 50 <= made_[:, 2])
    assert 0.93 <= inside.mean() <= 1


def test_no_leads_give_an_empty_table() -> None:
    """With its columns."""
    assert list(made([], date(2026, 3, 3)).columns) == list(COHORT_COLUMNS)
