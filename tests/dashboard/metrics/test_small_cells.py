"""Small cells: the worked table, and a solver that must not find what is hidden."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.small_cells import COMPLEMENTARY, SHOWN, SMALL, SMALLEST, rate_may_leave, suppress
from tests.cases import case


def test_a_list_with_a_known_total_comes_out_as_worked() -> None:
    """0 is told, 4 is small, and 12 is hidden so that 4 cannot be worked out."""
    given_, expected = case("P17")["inputs"], case("P17")["expected"]
    told = suppress(list(given_["counts"].values()))
    assert dict(zip(given_["counts"], told.shown, strict=True)) == expected["shown"]
    assert told.total
    named = dict(zip(told.why, given_["counts"], strict=True))
    assert named[COMPLEMENTARY] == expected["complementary"]


@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_no_hidden_count_can_be_worked_out_from_the_total(counts: list[int]) -> None:
    """Whoever knows the rule, the total and what is shown finds several possible values for each hidden count."""
    told = suppress(counts)
    hidden = [n for n, why in enumerate(told.why) if why != SHOWN]
    for n, count in enumerate(counts):
        assert n in hidden or (told.shown[n] == str(count) and not 0 < count < SMALLEST)
    if not told.total or not hidden or len(hidden) > 3:
        return
    rest = sum(counts[n] for n in hidden)
    assert rest >= SMALLEST
    ranges = [range(1, 11) if told.why[n] == SMALL else range(11, rest + 1) for n in hidden]
    possible = [values for values in product(*ranges) if sum(values) == rest]
    assert all(len({values[place] for values in possible}) > 1 for place in range(len(hidden)))


@pytest.mark.parametrize("counts", [[5], [1, 11], [10, 0], [3, 4]])
def test_a_total_that_would_give_a_count_away_is_not_told(counts: list[int]) -> None:
    """There is nothing left to hide it behind."""
    assert not suppress(counts).total


@pytest.mark.parametrize(
    ("k", "n", "may"), [(0, 5, False), (0, 11, True), (11, 22, True), (10, 30, False), (20, 30, False), (0, 0, True)]
)
def test_a_rate_is_told_only_where_none_of_its_parts_is_small(k: int, n: int, may: bool) -> None:
    """Those who did, those who did not, and all."""
    assert rate_may_leave(k, n) is may
