"""A solver that knows the rule and reads everything that others are told does not find what is hidden from them."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from dashboard import auth, review_loaders, source_reports
from dashboard.auth import Viewer
from dashboard.exports import outside
from dashboard.metrics.small_cells import SMALLEST
from dashboard.review.document import Holds, Review, Table, count, share, table_of, text
from data_access.days import week_number
from data_access.vocabulary import Role
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import demo_file, on_demo

__all__ = ["demo_file", "on_demo"]
AGENCY = Viewer("Agency", Role.MARKETING, None)


def found_out(names: Sequence[str], told: Table, pairs: Sequence[tuple[int, int]]) -> list[str]:
    """The rows of which somebody finds out a count of 1 to 10 who sees a table, and knows which rows it was made from.

    Unknown are n and k of each row that was added up. What is known: 0 <= k <= n, their sums, and why a row is added up: one
    of n, k and n - k is 1 to 10, or it is no larger than any row that is told. Whether each holds is a number too, 0 or 1.
    """
    shown = {row[0] for row in told.rows}
    hidden = [place for place, name in enumerate(names) if name not in shown]
    if not hidden:
        return []
    (others,) = (row for row in told.rows if row[0] not in names)
    size, most = len(hidden), others[1]
    n, k, because_n, because_k, because_not, filler = np.split(np.eye(6 * size), 6)
    smallest = min((row[1] for row in told.rows if row[0] in names), default=most)
    known = [
        LinearConstraint(n.sum(axis=0), others[1], others[1]),
        LinearConstraint(k.sum(axis=0), others[2], others[2]),
        LinearConstraint(n - k, 0, most),
        LinearConstraint(because_n + because_k + because_not + filler, 1, 4),
        LinearConstraint(n + (most - smallest) * filler, -np.inf, most),
    ]
    for part, because in ((n, because_n), (k, because_k), (n - k, because_not)):
        known.append(LinearConstraint(part - because, 0, np.inf))
        known.append(LinearConstraint(part + most * because, -np.inf, SMALLEST - 1 + most))
    limits = Bounds(0, np.repeat([most, most, 1, 1, 1, 1], size).astype(float))
    found = []
    for place, row in enumerate(hidden):
        true_n, true_k = pairs[row]
        unknown = {"n": (n[place], true_n), "k": (k[place], true_k), "did not": (n[place] - k[place], true_n - true_k)}
        for what, (weights, value) in unknown.items():
            low, high = (
                round(sign * milp(sign * weights, constraints=known, bounds=limits, integrality=np.ones(6 * size)).fun)
                for sign in (1, -1)
            )
            assert low <= value <= high, "the solver does not know the truth"
            if 0 < value < SMALLEST and low == high:
                found.append(f"{names[row]}: {what} = {value}")
    return found


def table(pairs: Sequence[tuple[int, int]]) -> Table:
    rows = [{"name": f"row {i}", "n": n, "k": k, "s": k / n if n else None} for i, (n, k) in enumerate(pairs)]
    columns = (text("name", "Name"), count("n", "n"), count("k", "k"), share("s", "s", "k", "n"))
    return table_of("a", "A", columns, rows)


few = st.tuples(st.integers(0, 30), st.integers(0, 12)).map(lambda pair: (max(pair), min(pair)))


@given(pairs=st.lists(few, min_size=1, max_size=6))
def test_a_table_for_others_gives_no_hidden_count_away(pairs: list[tuple[int, int]]) -> None:
    """Of those who did, those who did not, and all of them."""
    made = table(pairs)
    told = outside.told_table(made)
    if told is not None:
        assert not found_out([row[0] for row in made.rows], told, pairs)


def test_the_solver_finds_what_is_badly_hidden() -> None:
    """A row that is added up alone is that row."""
    made = table([(40, 20), (5, 2)])
    badly = Table("a", "A", made.columns, (made.rows[0], ("Others (1)", 5, 2, 0.4)))
    assert found_out(["row 0", "row 1"], badly, [(40, 20), (5, 2)]) == [
        "row 1: n = 5", "row 1: k = 2", "row 1: did not = 3",
    ]  # fmt: skip


def counts_told(review: Review) -> dict[tuple[str, str], list[int]]:
    """Every count of a review, by table and column."""
    return {
        (one.name, column.name): [row[place] for row in one.rows]
        for block in review.blocks
        for one in block.tables
        for place, column in enumerate(one.columns)
        if column.holds == Holds.COUNT
    }


@pytest.mark.usefixtures("at_the_demo_moment")
def test_what_others_see_week_after_week_counts_nobody_twice(on_demo: str) -> None:
    """Weeks and quarters are disjoint, so that the difference of two of them is of nobody in particular.

    Within one, every table adds up to the same totals: it splits the same leads.
    """
    del on_demo
    quarters = source_reports.quarters(NOW.date() - timedelta(days=30), most=3)
    assert all(one[1] == other[0] for other, one in pairwise(quarters))
    last = week_number(NOW.date()) - 1
    for week, quarter in zip(range(last, last - 3, -1), quarters, strict=True):
        told = counts_told(review_loaders.shared(AGENCY, week, quarter))
        assert not [n for column in told.values() for n in column if 0 < n < SMALLEST]
        of_week = {sum(told[key]) for key in told if key[1] == "judged"}
        of_quarter = {sum(told[key]) for key in told if key[1] == "captured"} | {told["funnel", "reached"][0]}
        assert len(of_week) <= 1
        assert len(of_quarter) == 1
        assert {key[0] for key in told} - {"location", "channel"} == {"funnel"} | {
            f"origin_{by}" for by in source_reports.SHARED_BY
        }


@pytest.mark.usefixtures("at_the_demo_moment")
def test_a_quarter_stays_as_it_was_told(on_demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks again tomorrow learns of nobody's next step; no quarter is told before its inquiries had their time."""
    del on_demo
    quarter = (date(2026, 4, 1), date(2026, 7, 1))
    before = counts_told(review_loaders.shared(AGENCY, week_number(NOW.date()) - 1, quarter))
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW + timedelta(days=90))
    after = counts_told(review_loaders.shared(AGENCY, week_number(NOW.date()) - 1, quarter))
    assert before == after
    assert source_reports.quarters(date(2026, 10, 1) - timedelta(days=1))[0][1] == date(2026, 7, 1)


def test_nobody_of_a_part_sees_the_whole() -> None:
    """Shared numbers are of the whole practice: with a scope they could be subtracted from each other."""
    part = Viewer("Agency of North", Role.MARKETING, frozenset([1]))
    with pytest.raises(auth.NotAllowed):
        review_loaders.shared(part, 1, (date(2026, 4, 1), date(2026, 7, 1)))
