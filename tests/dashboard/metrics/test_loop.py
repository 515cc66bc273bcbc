"""Closed loops, and referrals before and after outreach, against a slow reading of their definitions."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.loop import DUE, LOOP_COLUMNS, NO_CONTACT, NOTED, SPAN_DAYS, before_and_after, loop

partners = st.integers(0, 4)


@given(
    counts=st.lists(st.tuples(partners, st.integers(1, 9)), max_size=9),
    noted=st.sets(st.integers(1, 5)),
    silent=st.sets(st.integers(1, 5)),
)
def test_every_partner_that_referred_stands_somewhere(counts, noted, silent) -> None:
    """Nobody is 0; who wants no contact is neither due nor told; who is due comes first."""
    table = loop(pd.DataFrame(counts, columns=["partner", "count"], dtype="int64"), noted, silent)
    assert list(table.columns) == list(LOOP_COLUMNS)
    assert set(table["partner"]) == {partner for partner, _ in counts if partner}
    for row in table.itertuples():
        assert row.referrals == sum(n for partner, n in counts if partner == row.partner)
        assert row.stands == (NO_CONTACT if row.partner in silent else NOTED if row.partner in noted else DUE)
    stands = table["stands"].tolist()
    assert stands == sorted(stands, key=[DUE, NOTED, NO_CONTACT].index)


@given(
    acts=st.lists(st.tuples(st.integers(1, 3), st.integers(900, 1_100)), min_size=1, max_size=4),
    leads=st.lists(st.tuples(st.integers(1, 3), st.integers(750, 1_250), st.integers(1, 5)), max_size=20),
    judged=st.lists(
        st.tuples(st.integers(1, 3), st.integers(750, 1_250), st.integers(0, 1), st.integers(1, 5)), max_size=20
    ),
)
def test_before_and_after_are_half_open_and_meet_at_the_day(acts, leads, judged) -> None:
    """The day itself is after; nothing is told of a time that is not over, but for those who are old enough."""
    outcomes = pd.DataFrame(judged, columns=["partner", "received_day", "booked", "count"], dtype="int64")
    asked = pd.DataFrame([(i, *act) for i, act in enumerate(acts)], columns=["act", "partner", "day"])
    tally = pd.DataFrame(leads, columns=["partner", "received_day", "count"], dtype="int64")
    today = 1_150
    for row, (partner, day) in zip(before_and_after(asked, tally, outcomes, today).itertuples(), acts, strict=True):
        mine = [(on, n) for one, on, n in leads if one == partner]
        assert row.before == sum(n for on, n in mine if day - SPAN_DAYS <= on < day)
        after = sum(n for on, n in mine if day <= on < day + SPAN_DAYS)
        assert (np.isnan(row.after) and day + SPAN_DAYS > today) or row.after == after
        for when, first in (("before", day - SPAN_DAYS), ("after", day)):
            there = [(booked, n) for one, on, booked, n in judged if one == partner and first <= on < first + SPAN_DAYS]
            k, n = sum(n for booked, n in there if booked), sum(n for _, n in there)
            assert (getattr(row, f"booked_{when}"), getattr(row, f"judged_{when}")) == (k, n)
            rate, low, high = (getattr(row, f"rate_{when}{limit}") for limit in ("", "_low", "_high"))
            assert np.isnan(rate) if not n else (rate == k / n and low <= rate + 1e-12 and rate <= high + 1e-12)
