"""The cohort funnel: worked, against a loop that reads the definition aloud, and its identity."""

from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.funnel import FUNNEL_COLUMNS, FUNNEL_KEYS, funnel, left_out
from data_access.counted import Standing
from tests.cases import case

BIT = {2: 1, 3: 2, 4: 4, 5: 8}
STATUS = {"open": Standing.OPEN, "attended": Standing.OPEN, "lost": Standing.LOST, "duplicate": Standing.EXCLUDED}


def counted(paths: list[tuple[list[int], int, int]], **extra: list[int]) -> pd.DataFrame:
    """The tally of leads given as (stages entered in order, standing, mature)."""
    rows = [
        {
            "entered": sum(BIT[s] for s in set(path) if s > 1),
            "state": int(standing),
            "stage_now": path[-1],
            "moved_back": int(any(b < a for a, b in pairwise(path))),
            "mature": mature,
            "count": 1,
        }
        for path, standing, mature in paths
    ]
    return pd.DataFrame(rows, columns=[*FUNNEL_KEYS, "count"]).assign(**extra)


def test_the_worked_funnel_comes_out() -> None:
    """Skips, backward moves, lost, waiting and an excluded duplicate, by hand."""
    expected = case("F14")["expected"]
    leads = [(lead["entered"], STATUS[lead["status"]], 1) for lead in case("F14")["inputs"]["leads"]]
    table = funnel(counted(leads))
    assert list(table.columns) == list(FUNNEL_COLUMNS)
    assert list(table["reached"]) == expected["reached"]
    assert list(table["entered"]) == expected["own_entry"]
    assert list(table["skipped"]) == expected["skipped"]
    assert list(table["lost"][:4]) == expected["lost_at"]
    assert list(table["waiting"][:4]) == expected["waiting_at"]
    assert list(table["of_previous"][1:]) == expected["step_conversion"]
    assert table["of_captured"].iloc[-1] == expected["overall"]
    assert table["moved_back"].sum() == expected["leads_with_backward_move"]
    assert table["waiting_moved_back"].sum() == expected["waiting_moved_back"]
    assert left_out(counted(leads)) == {"not_a_lead": expected["excluded"]}


def test_a_lead_that_skipped_a_stage_reached_it_without_entering_it() -> None:
    """Booked straight away: reached eligibility and documentation, entered neither."""
    table = funnel(counted([([1, 4], Standing.OPEN, 1)])).set_index("stage")
    assert list(table["reached"]) == [1, 1, 1, 1, 0]
    assert list(table["skipped"]) == [0, 1, 1, 0, 0]
    assert list(table["waiting"]) == [0, 0, 0, 1, 0]


def test_nothing_captured_is_no_data_and_not_zero_per_cent() -> None:
    """An empty practice has no rate; a group without leads has no rows."""
    table = funnel(counted([]))
    assert table["of_captured"].isna().all()
    assert table["reached"].sum() == 0
    assert funnel(counted([]).assign(location=[]), ["location"]).empty


paths = st.lists(st.integers(2, 5), max_size=6).map(lambda tail: [1, *tail])
leads = st.lists(st.tuples(paths, st.sampled_from(Standing), st.integers(0, 1), st.integers(1, 3)), max_size=30)


@given(leads)
def test_reached_is_went_on_plus_lost_plus_waiting_exactly(made) -> None:
    """At every stage and in every group; and against a slow loop over the leads."""
    tally = counted([(p, s, m) for p, s, m, _ in made], location=[g for *_, g in made])
    table = funnel(tally, ["location"])
    for group, part in table.groupby("location"):
        mine = [(max(p), set(p), s) for p, s, _, g in made if g == group and s != Standing.EXCLUDED]
        went_on = [*part["reached"][1:], 0]
        for row, on in zip(part.itertuples(), went_on, strict=True):
            assert row.reached == sum(far >= row.stage for far, _, _ in mine)
            assert row.entered == sum(row.stage in own for _, own, _ in mine)
            assert row.lost == sum(far == row.stage < 5 and s == Standing.LOST for far, _, s in mine)
            if row.stage < 5:
                assert row.reached == on + row.lost + row.answered + row.waiting
    assert table["reached"].sum() == funnel(tally)["reached"].sum()


@given(leads, st.randoms())
def test_the_order_of_the_rows_changes_nothing(made, random) -> None:
    """A tally is a set of cells."""
    tally = counted([(p, s, m) for p, s, m, _ in made], pathway=[g for *_, g in made])
    shuffled = tally.sample(frac=1, random_state=random.randrange(2**32))
    pd.testing.assert_frame_equal(funnel(tally, ["pathway"]), funnel(shuffled, ["pathway"]))
