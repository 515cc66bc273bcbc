"""Capacity against demand: against a slow reading of the definition, and at its edges."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.demand import BOOKED_UP, DEMAND_COLUMNS, FITS, GROWS, LATE, NOT_KEPT, demand

TODAY, HORIZON = 20_000, 30
SLOTS = ["location", "slot_day", "begun", "taken", "count"]
places = st.integers(1, 3)


def frame(rows: list[tuple[int, ...]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.array(rows, np.int64).reshape(-1, len(columns)), columns=columns)


def measured(ready, waiting, slots, **options) -> pd.DataFrame:
    return demand(
        frame(ready, ["location", "count"]), frame(waiting, ["location", "count"]),
        frame([(p, d, int(d < TODAY), x, n) for p, d, x, n in slots], SLOTS), ["location"],
        **({"weeks_back": 8, "weeks_ahead": 4, "today": TODAY, "horizon": HORIZON} | options),
    )  # fmt: skip


@given(
    ready=st.lists(st.tuples(places, st.integers(1, 40)), max_size=5),
    waiting=st.lists(st.tuples(places, st.integers(1, 9)), max_size=5),
    slots=st.lists(
        st.tuples(places, st.integers(TODAY - 9, TODAY + 60), st.integers(0, 1), st.integers(1, 5)), max_size=12
    ),
)
def test_it_is_what_the_definition_says_slot_by_slot(ready, waiting, slots) -> None:
    """Everybody who waits takes the next free opening, one after the other; the next one takes the one behind."""
    table = measured(ready, waiting, slots)
    assert list(table.columns) == ["location", *DEMAND_COLUMNS]
    assert set(table["location"]) == {row[0] for row in (*ready, *waiting, *slots)}
    for row in table.itertuples():
        mine = [one for one in slots if one[0] == row.location]
        free = sorted(day for _, day, taken, count in mine if not taken and day >= TODAY for _ in range(count))
        queue = sum(count for place, count in waiting if place == row.location)
        expected = free[queue] - TODAY if queue < len(free) else None
        assert row.waiting == queue
        assert (None if np.isnan(row.wait_days) else row.wait_days) == expected
        ahead = [(taken, count) for _, day, taken, count in mine if TODAY <= day < TODAY + 28]
        assert row.open == sum(count for taken, count in ahead if not taken)
        assert row.taken == sum(count for taken, count in ahead if taken)
        comes = sum(count for place, count in ready if place == row.location) / 8
        assert (row.ready_a_week, row.offered_a_week) == (comes, (row.open + row.taken) / 4)
        if not mine:
            assert row.warning == NOT_KEPT
        elif comes > row.offered_a_week:
            assert row.warning == GROWS
        else:
            assert row.warning == (BOOKED_UP if expected is None else LATE if expected > HORIZON else FITS)


def test_openings_count_from_now_on_for_so_many_weeks() -> None:
    """One later today counts, one that has begun does not, and the weeks ahead end after so many days."""
    slots = [(1, TODAY - 1, 0, 5), (1, TODAY, 0, 4), (1, TODAY + 28, 0, 7)]
    (row,) = measured([(1, 8)], [(1, 4)], slots).itertuples()
    assert (row.open, row.offered_a_week, row.wait_days, row.warning) == (4, 1.0, 28.0, FITS)


def test_a_wait_of_just_the_horizon_is_not_late() -> None:
    """One day more is."""
    for day, warning in ((HORIZON, FITS), (HORIZON + 1, LATE)):
        (row,) = measured([], [(1, 2)], [(1, TODAY + day, 0, 3), (1, TODAY - 3, 1, 1)]).itertuples()
        assert (row.wait_days, row.warning) == (day, warning)


def test_nothing_at_all_is_an_empty_table() -> None:
    """With its columns."""
    assert list(measured([], [], []).columns) == ["location", *DEMAND_COLUMNS]
