"""A metric of the same counts is worked out once, and nobody can spoil it for the next."""

import numpy as np
import pandas as pd
import pytest

from dashboard.metrics import once as keeping
from dashboard.metrics.once import once


def test_the_same_counts_are_worked_out_once_and_others_anew() -> None:
    """By their values: what changed in a table, its order, its columns or its rows' names makes it another."""
    seen: list[pd.DataFrame] = []

    @once
    def metric(tally: pd.DataFrame, by: object = ()) -> int:
        seen.append(tally)
        return len(seen)

    counts = pd.DataFrame({"stage": [1, 2], "count": [5, 7]})
    assert [metric(counts), metric(counts.copy()), metric(counts[["stage", "count"]])] == [1, 1, 1]
    others = [
        counts.assign(count=[5, 8]),
        counts.iloc[::-1],
        counts.iloc[::-1].reset_index(drop=True),
        counts.rename(columns={"stage": "furthest"}),
        counts[["count", "stage"]],
        counts.astype(float),
        counts.head(1),
        counts.head(0),
        counts.rename_axis("row"),
    ]
    assert [metric(other) for other in others] == list(range(2, 11))
    assert metric(counts, ["stage"]) == 11
    assert metric(counts, by=["stage"]) == 12
    assert metric(counts) == 1


def test_what_one_page_does_with_a_result_the_next_does_not_see() -> None:
    """Each gets tables of its own, also where a metric has more to say than a table."""

    @once
    def metric(tally: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        return tally.assign(rate=0.5), {"left": 1}

    counts = pd.DataFrame({"count": [5, 7]})
    table, left = metric(counts)
    table["rate"] = 9.0
    left.clear()
    table, left = metric(counts)
    assert (table["rate"].tolist(), left) == ([0.5, 0.5], {"left": 1})


def test_two_metrics_of_the_same_counts_are_two() -> None:
    """Each keeps its own."""
    one, other = once(lambda tally: "one"), once(lambda tally: "other")
    counts = np.arange(3)
    assert [one(counts), other(counts), one(counts)] == ["one", "other", "one"]


def test_what_was_not_asked_for_in_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is kept than KEPT, those used last."""
    monkeypatch.setattr(keeping, "KEPT", 2)
    worked_out: list[int] = []

    @once
    def metric(number: int) -> None:
        worked_out.append(number)

    for number in (1, 2, 1, 3, 1, 2):
        metric(number)
    assert worked_out == [1, 2, 3, 2]


def test_a_metric_that_fails_is_asked_again() -> None:
    """An error is not kept."""
    asked: list[int] = []

    @once
    def metric(number: int) -> None:
        asked.append(number)
        raise KeyError("state")

    for _ in range(2):
        with pytest.raises(KeyError, match="state"):
            metric(1)
    assert asked == [1, 1]


def test_a_metric_that_is_given_a_function_is_refused() -> None:
    """Nobody can tell whether two functions are the same."""
    with pytest.raises(TypeError, match="function"):
        once(lambda target: 1)(len)
