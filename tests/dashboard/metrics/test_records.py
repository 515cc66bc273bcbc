"""Records: the worked case from the event to the rate, and what may not be called missing."""

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import reports
from dashboard.filters import Filters, moment
from dashboard.metrics.records import (
    COMPLETENESS_COLUMNS,
    MISSING_COLUMNS,
    OFTEN_ASKED,
    REQUEST_COLUMNS,
    completeness,
    left_out,
    missing_items,
    most_missing,
    requests,
)
from data_access import events as e
from data_access import facts, leads
from data_access.counted import AtArrival, ItemState, Standing
from data_access.engine import reading, writing
from data_access.leads import Draft
from data_access.tally import tally
from data_access.vocabulary import Pathway, Precision, RecordItem, code
from tests import factories
from tests.cases import case
from tests.factories import NOW, World

ITEMS = {
    "notes": RecordItem.CLINICAL_NOTES,
    "imaging": RecordItem.IMAGING_OR_LABS,
    "meds": RecordItem.MEDICATIONS_OR_PROBLEMS,
    "reason": RecordItem.REASON_FOR_REFERRAL,
}
HOUR = timedelta(hours=1)


def counters(world: World, days_later: int):
    when = moment(NOW + timedelta(days=days_later), "America/New_York", 30)
    snapshot = facts.load(world.engine)
    yield lambda keys, where, *unit: tally(snapshot, keys, where, when, *unit)
    with reading(world.engine) as c:
        yield lambda keys, where, *unit: tally(c, keys, where, when, *unit)


def test_five_referrals_come_out_as_worked(world: World) -> None:
    """Two complete of five; imaging missing in three of the four that need it, and named as the worst."""
    given_, expected = case("C06")["inputs"], case("C06")["expected"]
    required = tuple(ITEMS[name] for name in given_["required"])
    for referral in given_["referrals"]:
        then = [e.Event(e.RecordsReceived(items=tuple(ITEMS[n] for n in referral["received"])), NOW + HOUR, NOW, id=1)]
        if na := referral.get("not_applicable"):
            waived = e.RecordsWaived(items=tuple(ITEMS[n] for n in na), reason="not applicable")
            then.append(e.Event(waived, NOW + timedelta(days=2), NOW, id=2))
        asked = factories.asked(world, pathway=Pathway.CLINICIAN, required_records=required)
        with writing(world.engine) as c:
            leads.add_many(c, [Draft(asked, NOW, Precision.MINUTE, NOW, then)])
    for count in counters(world, 3):
        row = reports.records(count, Filters(), None).table.iloc[0]
        items = reports.missing_items(count, Filters(), None).table
        assert (row.complete, row.referrals, row.rate) == (expected["complete"], expected["n"], expected["rate"])
        names = {code(item): name for name, item in ITEMS.items()}
        by_name = items.assign(name=[names[i] for i in items["item"]]).set_index("name")
        assert by_name["missing"].to_dict() == expected["missing_count"]
        assert by_name["rate"].to_dict() == pytest.approx(expected["missing_rate"])
        assert names[most_missing(items)] == expected["most_missing"]
        assert most_missing(items.assign(required=4)) is None, "four are too few to be called the worst"


def test_the_day_of_receipt_is_given_to_the_end(world: World) -> None:
    """What is not here yet today is in no rate; tomorrow it is missing."""
    factories.log(world, pathway=Pathway.CLINICIAN)
    for count in counters(world, 0):
        answer = reports.records(count, Filters(), None)
        assert (answer.table["referrals"].iloc[0], answer.left_out["first_day"]) == (0, 1)
        assert pd.isna(answer.table["rate"].iloc[0])
        assert not reports.missing_items(count, Filters(), None).table["missing"].any()
    for count in counters(world, 1):
        assert reports.records(count, Filters(), None).table[["referrals", "complete"]].values.tolist() == [[1, 0]]
        assert reports.missing_items(count, Filters(), None).table["missing"].tolist() == [1, 1, 1, 1]


def test_referrals_that_need_nothing_are_in_no_rate() -> None:
    """0 of 0 is no data, never 0 %."""
    tally_ = pd.DataFrame([[AtArrival.NONE_NEEDED, 0, 7]], columns=["at_arrival", "state", "count"])
    row = completeness(tally_).iloc[0]
    assert row.none_needed == 7
    assert pd.isna(row.rate)
    assert left_out(tally_) == {"not_a_lead": 0, "none_needed": 7, "first_day": 0}


cells = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(AtArrival), st.sampled_from(Standing), st.integers(1, 30)), max_size=25
)


@given(rows=cells)
def test_groups_add_up_to_the_whole(rows: list[tuple[int, ...]]) -> None:
    """Splitting then adding gives the whole; every lead is in one column or left out."""
    counts = pd.DataFrame(rows, columns=["location", "at_arrival", "state", "count"]).astype("int64")
    whole, parts = completeness(counts), completeness(counts, ["location"])
    assert list(parts.columns) == ["location", *COMPLETENESS_COLUMNS]
    for column in ("referrals", "complete", "first_day", "none_needed"):
        assert parts[column].sum() == (whole[column].sum() if len(whole) else 0)
    told = whole[["referrals", "first_day", "none_needed"]].sum().sum() + left_out(counts)["not_a_lead"]
    assert told == counts["count"].sum()


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(ItemState), st.integers(1, 30)), max_size=25))
def test_items_are_in_pareto_order_and_everything_missing_is_shared_out(rows: list[tuple[int, ...]]) -> None:
    """The most missing first; shares of all that is missing rise to 1."""
    counts = pd.DataFrame(rows, columns=["item", "item_state", "count"]).astype("int64")
    table = missing_items(counts)
    assert list(table.columns) == list(MISSING_COLUMNS)
    assert table["missing"].is_monotonic_decreasing
    missing = sum(n for _, how, n in rows if how in (ItemState.LATER, ItemState.MISSING))
    assert table["missing"].sum() == missing
    if missing:
        assert table["of_missing"].iloc[-1] == pytest.approx(1)
    assert (table["still_missing"] <= table["missing"]).all()
    assert (table["missing"] <= table["needed"]).all()


@given(days=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), max_size=20))
def test_requests_are_counted_referral_by_referral(days: list[tuple[int, int]]) -> None:
    """Days on which each was asked for, one by one; who was never asked is in the denominator."""
    ordinals = [(place, ordinal, 1) for place, asked in days for ordinal in range(1, asked + 1)]
    asked = pd.DataFrame(ordinals, columns=["location", "ordinal", "count"], dtype="int64")
    needing = pd.DataFrame([(place, 1) for place, _ in days], columns=["location", "count"], dtype="int64")
    table = requests(asked, needing, ["location"])
    assert list(table.columns) == ["location", *REQUEST_COLUMNS]
    assert set(table["location"]) == {place for place, _ in days}
    for row in table.itertuples():
        mine = [asked for place, asked in days if place == row.location]
        often = sum(n >= OFTEN_ASKED for n in mine)
        assert (row.referrals, row.requests, row.often) == (len(mine), sum(mine), often)
        assert row.asked == sum(n > 0 for n in mine)
        assert (row.per_referral, row.rate) == (pytest.approx(sum(mine) / len(mine)), pytest.approx(often / len(mine)))
    (whole,) = requests(asked, needing).itertuples()
    assert (whole.referrals, whole.requests) == (len(days), sum(asked for _, asked in days))


def test_no_referral_that_needs_records_has_no_rate(world: World) -> None:
    """Nobody is divided by; a patient's own inquiry needs none, and is not in the count."""
    factories.log(world)
    for count in counters(world, 3):
        (row,) = reports.requests(count, Filters(), None).table.itertuples()
        assert (row.referrals, row.requests) == (0, 0)
        assert pd.isna(row.per_referral)
        assert pd.isna(row.rate)
