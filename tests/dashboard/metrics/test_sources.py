"""Sources and topics: shares that add up, and topics against the time before."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.sources import MIX_COLUMNS, TOPIC_COLUMNS, mix, topics

counts = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 50)), max_size=9)


def frame(rows: list[tuple[int, int]], key: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[key, "count"], dtype="int64")


@given(rows=counts)
def test_the_shares_of_a_mix_add_up_to_all_of_it(rows: list[tuple[int, int]]) -> None:
    """Those that were not given among them; the largest group first; each within its limits."""
    table = mix(frame(rows, "source"), ["source"])
    assert list(table.columns) == ["source", *MIX_COLUMNS]
    assert table["inquiries"].sum() == sum(n for _, n in rows)
    assert table["inquiries"].is_monotonic_decreasing
    assert table["rate"].sum() == pytest.approx(1 if rows else 0)
    assert ((table["rate_low"] <= table["rate"]) & (table["rate"] <= table["rate_high"])).all()


@given(now=counts, before=counts, again=st.dictionaries(st.integers(0, 6), st.integers(1, 5)))
def test_every_topic_that_was_asked_about_has_a_row(now, before, again) -> None:
    """Then, now, or again; what has none comes last."""
    table = topics(frame(now, "topic"), frame(before, "topic"), again)
    assert list(table.columns) == list(TOPIC_COLUMNS)
    assert set(table["topic"]) == {topic for topic, _ in (*now, *before)} | set(again)
    for row in table.itertuples():
        assert row.inquiries == sum(n for topic, n in now if topic == row.topic)
        assert row.before == sum(n for topic, n in before if topic == row.topic)
        assert row.again == again.get(row.topic, 0)
    assert 0 not in table["topic"].tolist()[:-1]
