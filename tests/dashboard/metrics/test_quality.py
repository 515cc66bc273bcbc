"""Data quality: flags that overlap, fields that are empty, and the flags that records really get."""

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.quality import FILL_COLUMNS, FLAG_COLUMNS, SPOILS, field_fill, flags
from data_access import events as e
from data_access import facts, leads
from data_access.days import day_number
from data_access.dimensions import Moment
from data_access.engine import writing
from data_access.lead_state import epoch_minute
from data_access.leads import Draft
from data_access.tally import Where, tally
from data_access.vocabulary import Channel, CloseReason, ContactMethod, Flag, Precision
from tests import factories
from tests.cases import case
from tests.factories import NOW, World


def test_completeness_is_the_share_that_is_filled_and_the_worst_comes_first() -> None:
    """Forty leads with six, two, none and four gaps."""
    given_, expected = case("Q03")["inputs"], case("Q03")["expected"]
    tallies = {
        field: pd.DataFrame([[0, missing], [1, given_["n"] - missing]], columns=[field, "count"])
        for field, missing in given_["missing"].items()
    }
    table = field_fill(tallies)
    assert list(table.columns) == list(FILL_COLUMNS)
    assert dict(zip(table["field"], table["rate"], strict=True)) == pytest.approx(expected["complete_rate"])
    assert table["field"].iloc[0] == expected["worst"]


@given(rows=st.lists(st.tuples(st.integers(0, 31), st.integers(1, 20)), max_size=20))
def test_every_flag_counts_each_lead_that_has_it(rows: list[tuple[int, int]]) -> None:
    """A lead with three flags is in three rows and in none twice."""
    table = flags(pd.DataFrame(rows, columns=["flags", "count"])).set_index("flag")
    assert list(table.columns) == list(FLAG_COLUMNS[1:])
    for flag in Flag:
        assert table.loc[int(flag), "leads"] == sum(n for value, n in rows if value & flag)
    assert set(SPOILS) == set(Flag)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("then", "flag"),
    [
        ([(e.Booked(), -30 * HOUR)], Flag.BOOKED_BEFORE_RECEIVED),
        ([(e.Attempted(method=ContactMethod.CALL), -HOUR)], Flag.RESPONSE_BEFORE_RECEIVED),
        ([(e.Attended(), HOUR), (e.Booked(), 3 * HOUR)], Flag.VISIT_BEFORE_BOOKING),
        ([(e.Booked(), -60 * HOUR), (e.Attended(), -30 * HOUR)], Flag.ATTENDED_BEFORE_RECEIVED),
        ([(e.Offered(), 9 * HOUR)], Flag.IN_THE_FUTURE),
        ([(e.Booked(), HOUR), (e.Attended(), 2 * HOUR)], None),
    ],
)
def test_a_contradiction_is_flagged_and_the_lead_still_counted(world: World, then, flag: Flag | None) -> None:
    """Imported as it stands; recorded five hours after it came."""
    log = [e.Event(what, NOW + later, NOW + 5 * HOUR, id=n) for n, (what, later) in enumerate(then, start=1)]
    with writing(world.engine) as c:
        leads.add_many(c, [Draft(factories.asked(world), NOW, Precision.MINUTE, NOW + 5 * HOUR, log)])
    when = Moment(epoch_minute(NOW + 24 * HOUR), day_number(NOW.date()) + 1)
    table = flags(tally(facts.load(world.engine), ["flags"], Where(), when)).set_index("flag")
    assert table["leads"].any() == (flag is not None)
    assert flag is None or table.loc[int(flag), "leads"] == 1


def test_an_open_lead_that_nobody_answered_for_a_month_is_untouched(world: World) -> None:
    """Not on the thirtieth day, but on the next; an answer, a close or a live call clears it."""
    lead = factories.log(world)
    answered, closed = factories.log(world), factories.log(world)
    factories.log(world, answered_live=True, channel=Channel.PHONE)
    factories.record(world, answered, e.Attempted(method=ContactMethod.CALL), NOW + HOUR)
    factories.record(world, closed, e.Closed(reason=CloseReason.OTHER), NOW + HOUR)
    for days, untouched in ((30, 0), (31, 1)):
        at = NOW + timedelta(days=days)
        when = Moment(epoch_minute(at), day_number(at.date()))
        counted = tally(facts.load(world.engine), [], Where(keys={"untouched": (1,)}), when)["count"].sum()
        assert counted == untouched, (lead, days)
