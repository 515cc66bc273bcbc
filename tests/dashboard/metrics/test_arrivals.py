"""Arrivals by hour of the week, over the staffed hours."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.arrivals import ARRIVAL_COLUMNS, arrivals, left_out
from data_access.days import Hours
from data_access.working_time import staffed_share

NINE_TO_FIVE = [Hours(day, 9 * 60, 17 * 60, date(2020, 1, 1)) for day in range(5)]
rows = st.lists(st.tuples(st.integers(0, 168), st.sampled_from([1, 2]), st.integers(1, 9)), max_size=30)


def table_of(counts: list[tuple[int, int, int]]) -> pd.DataFrame:
    tally = pd.DataFrame(counts, columns=["received_hour", "location", "count"], dtype="int64")
    return arrivals(tally, {1: staffed_share(NINE_TO_FIVE, date(2026, 3, 11)), 2: np.zeros(168)})


@given(counts=rows)
def test_every_lead_with_a_time_is_in_one_cell(counts: list[tuple[int, int, int]]) -> None:
    """The cells and those known to the day add up to all; nobody is unstaffed more than once."""
    table = table_of(counts)
    by_day = left_out(pd.DataFrame(counts, columns=["received_hour", "location", "count"]))["day_only"]
    assert table["leads"].sum() + by_day == sum(n for _, _, n in counts)
    assert ((table["unstaffed"] >= -1e-9) & (table["unstaffed"] <= table["leads"] + 1e-9)).all()


def test_the_hour_decides_by_each_locations_own_hours() -> None:
    """Monday at ten: three at the staffed place, two where nobody ever is."""
    cell = table_of([(11, 1, 3), (11, 2, 2)]).loc[10]
    assert (cell.weekday, cell.hour, cell.leads, cell.unstaffed) == (0, 10, 5, 2)


def test_half_an_hour_of_staff_is_half_an_hour() -> None:
    """From half past eight; and an overnight shift reaches into Monday from Sunday."""
    share = staffed_share(
        [Hours(0, 510, 600, date(2020, 1, 1)), Hours(6, 1380, 60, date(2020, 1, 1)), Hours(1, 0, 60, date(2027, 1, 1))],
        date(2026, 3, 11),
    )
    assert (share[8], share[9], share[0], share[167], share[24]) == (0.5, 1, 1, 1, 0)
    assert share.sum() == 3.5


def test_no_arrivals_still_make_a_whole_week() -> None:
    """168 cells of nothing."""
    table = table_of([])
    assert list(table.columns) == list(ARRIVAL_COLUMNS)
    assert (len(table), table["leads"].sum()) == (168, 0)
