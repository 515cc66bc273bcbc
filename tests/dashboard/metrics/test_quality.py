"""Data quality: flags that overlap, fields that are empty, and the flags that records really get."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.quality import FILL_COLUMNS, FLAG_COLUMNS, LAG_COLUMNS, SPOILS, field_fill, flags, log_lag
from data_access import events as e
from data_access import facts, lead_lists, leads, practice
from data_access import tables as t
from data_access.days import day_number
from data_access.dimensions import Moment
from data_access.engine import reading, writing
from data_access.fact_tables import LONGEST_MINUTES
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


def test_six_leads_are_flagged_as_worked(world: World) -> None:
    """Answered before it came, seen before booked, more than five minutes ahead; an empty owner is missed, not flagged."""
    given_, expected = case("Q01")["inputs"], case("Q01")["expected"]
    as_of = _at(given_["as_of"])
    made: dict[int, int] = {}
    for lead in given_["leads"]:
        answer = _at(lead["first_response"]) if "first_response" in lead else None
        booked, seen = (_at(lead[name]) if name in lead else None for name in ("booked", "attended"))
        happened = [(e.Attempted(method=ContactMethod.CALL), answer), (e.Booked(), booked), (e.Attended(), seen)]
        then = [e.Event(what, at, as_of, id=n) for n, (what, at) in enumerate(happened, start=1) if at]
        asked = factories.asked(world, owner_id=world.alice if lead["owner"] else None)
        with writing(world.engine) as c:
            ((_, state),) = leads.add_many(c, [Draft(asked, _at(lead["received_at"]), Precision.MINUTE, as_of, then)])
        made[lead["id"]] = int(state.flags)
    impossible = Flag.BOOKED_BEFORE_RECEIVED | Flag.ATTENDED_BEFORE_RECEIVED | Flag.VISIT_BEFORE_BOOKING
    impossible |= Flag.RESPONSE_BEFORE_RECEIVED
    assert [name for name, value in made.items() if value & impossible] == expected["impossible_order"]
    assert [name for name, value in made.items() if value & Flag.IN_THE_FUTURE] == expected["future"]
    when = Moment(epoch_minute(as_of + timedelta(days=1)), day_number(as_of.date()) + 1)
    owners = field_fill({"owner": tally(facts.load(world.engine), ["owner"], Where(), when)})
    ownerless = [lead for lead in given_["leads"] if lead["owner"] is None]
    assert owners["missing"].iloc[0] == len(ownerless)  # the other gap, a lead of no kind, cannot be saved at all


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_the_lag_from_receipt_to_record_is_that_of_leads_logged_here(world: World) -> None:
    """Logged after 20 and 90 minutes, and one imported, of which nobody knows."""
    for minutes in (20, 90):
        factories.log(world, NOW, NOW + timedelta(minutes=minutes))
    with writing(world.engine) as c:
        batch = practice.add(c, t.import_batches, source_system="x", files="f", mapping_digest="m", started_at=NOW,
                             status="finished")  # fmt: skip
        draft = Draft(factories.asked(world), NOW, Precision.MINUTE, NOW + timedelta(days=9))
        draft.batch_id = batch
        leads.add_many(c, [draft])
    when = Moment(epoch_minute(NOW + timedelta(days=1)), day_number(NOW.date()) + 1)
    counts = tally(facts.load(world.engine), ["log_minutes"], Where(), when)
    table = log_lag(counts, LONGEST_MINUTES)
    assert list(table.columns) == list(LAG_COLUMNS)
    row = table.iloc[0]
    assert (row.leads, row.within_hour, row.p50, row.p90, row.not_known) == (2, 1, 20, 90, 1)


def test_the_same_reference_within_two_weeks_is_a_pair_to_look_at(world: World) -> None:
    """However it is written; never an empty one, nor one closed as a duplicate, nor of another location, nor later."""
    day = timedelta(days=1)
    first = factories.log(world, NOW, reference="A-1047")
    again = factories.log(world, NOW + 14 * day, reference="a 1047")
    factories.log(world, NOW + 29 * day, reference="A1047")
    factories.log(world, NOW + day, reference="A-1047", location_id=world.south)
    factories.log(world, NOW)
    factories.log(world, NOW + day)
    gone = factories.log(world, NOW + 2 * day, reference="A-1047")
    factories.record(world, gone, e.Closed(reason=CloseReason.DUPLICATE), NOW + 3 * day)
    with reading(world.engine) as c:
        pairs = lead_lists.twins(c, NOW + 30 * day, locations=None)
        assert [(pair["first_id"], pair["second_id"]) for pair in pairs] == [(first, again)]
        assert lead_lists.twins(c, NOW + 30 * day, locations=(world.south,)) == []
        assert lead_lists.twins(c, NOW + 13 * day, locations=None) == []
