"""Response compliance over leads whose window has ended, from the clock to the verdict."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dashboard import reports
from dashboard.filters import Filters
from dashboard.metrics.response import RESPONSE_COLUMNS, left_out, response
from data_access import events as e
from data_access import facts
from data_access.counted import Ending, Promise
from data_access.days import day_number, week_number
from data_access.dimensions import Moment
from data_access.engine import reading
from data_access.lead_state import epoch_minute
from data_access.promises import waited_minutes
from data_access.tally import Where, tally
from data_access.vocabulary import Channel, CloseReason, ContactMethod
from tests import factories
from tests.cases import case
from tests.factories import World, log, record

REASONS = {"spam": CloseReason.SPAM, "withdrawn": CloseReason.WITHDRAWN}


def judged(world: World, as_of: datetime, by: tuple[str, ...] = (), key: str = "response") -> pd.DataFrame:
    counts = tally(facts.load(world.engine), [key, *by], Where(), Moment(epoch_minute(as_of), day_number(as_of.date())))
    return response(counts.rename(columns={key: "response"}), by, target=0.9)


def test_ten_leads_come_out_as_worked(world: World) -> None:
    """Early answers, late ones, none, spam, a withdrawal: logged, recorded and judged through the whole house."""
    given_, expected = case("R26")["inputs"], case("R26")["expected"]
    at = datetime.fromisoformat
    for lead in given_["leads"]:
        lead_id = log(world, at(lead["received"]))
        if "response" in lead:
            record(world, lead_id, e.Attempted(method=ContactMethod.CALL), at(lead["response"]))
        if "closed" in lead:
            record(world, lead_id, e.Closed(reason=REASONS[lead["close_reason"]]), at(lead["closed"]))
    row = judged(world, at(given_["as_of"])).iloc[0]
    assert (row.judged, row.met, row.late, row.overdue) == (
        expected["due_and_judged"], expected["met"],
        expected["breached_answered_late"], expected["breached_unanswered"],
    )  # fmt: skip
    assert row.rate == expected["rate"]
    assert row.pending_answered == expected["not_yet_due_answered"]
    assert row.pending_waiting == expected["not_yet_due_waiting"]
    assert row.left_out == expected["excluded"]


MONDAY = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)  # nine in New York
DUE = MONDAY + timedelta(hours=4)


@pytest.mark.parametrize(
    ("answered_at", "as_of", "column"),
    [
        (DUE, DUE, "met"),
        (DUE + timedelta(minutes=1), DUE + timedelta(minutes=1), "late"),
        (None, DUE, "overdue"),
        (None, DUE - timedelta(minutes=1), "pending_waiting"),
        (DUE - timedelta(hours=1), DUE - timedelta(minutes=1), "pending_answered"),
        (DUE + timedelta(hours=1), DUE, "overdue"),
    ],
)
def test_the_deadline_minute_itself(world: World, answered_at, as_of: datetime, column: str) -> None:
    """Answered in the very minute is in time; one later is late; before it ends nothing is judged."""
    lead = log(world, MONDAY)
    if answered_at:
        record(world, lead, e.Attempted(method=ContactMethod.VOICEMAIL), answered_at)
    row = judged(world, as_of).iloc[0]
    assert {c: row[c] for c in RESPONSE_COLUMNS if row[c] == 1 and c not in ("rate_high", "judged", "rate")} == {
        column: 1
    }


def test_a_second_too_late_is_late(world: World) -> None:
    """The verdict is reached in seconds, not in rounded minutes."""
    lead = log(world, MONDAY)
    record(world, lead, e.Attempted(method=ContactMethod.CALL), DUE + timedelta(seconds=1))
    assert judged(world, DUE + timedelta(hours=1)).iloc[0].late == 1


def test_a_window_that_ends_within_a_minute_is_judged_when_that_minute_is_over(world: World) -> None:
    """Received at thirty seconds past: not judged in the minute of the deadline, judged in the next."""
    log(world, MONDAY + timedelta(seconds=30))
    assert judged(world, DUE).iloc[0].pending_waiting == 1
    assert judged(world, DUE + timedelta(minutes=1)).iloc[0].overdue == 1


@pytest.mark.parametrize("reason", [CloseReason.SPAM, CloseReason.DUPLICATE, CloseReason.WITHDRAWN])
def test_closing_clears_no_breach_that_has_happened(world: World, reason: CloseReason) -> None:
    """Before the window ends nobody broke a promise; at its end or later somebody did, whatever the lead was."""
    for closed_at, column in (
        (DUE - timedelta(minutes=1), "left_out"),
        (DUE, "overdue"),
        (DUE + timedelta(days=1), "overdue"),
    ):
        lead = log(world, MONDAY)
        record(world, lead, e.Closed(reason=reason), closed_at)
        before = judged(world, DUE + timedelta(days=2)).iloc[0]
        assert before[column] >= 1, column
    assert (before.left_out, before.overdue) == (1, 2)


def test_a_call_taken_live_is_not_a_success(world: World) -> None:
    """One of two judged calls was in time; the live one is counted apart."""
    log(world, MONDAY, channel=Channel.PHONE, answered_live=True)
    met, late = log(world, MONDAY), log(world, MONDAY)
    record(world, met, e.Attempted(method=ContactMethod.CALL), MONDAY + timedelta(hours=3))
    record(world, late, e.Attempted(method=ContactMethod.CALL), MONDAY + timedelta(hours=6))
    row = judged(world, MONDAY + timedelta(days=1)).iloc[0]
    assert (row.answered_live, row.judged, row.met, row.rate) == (1, 2, 1, 0.5)


def test_only_a_human_reaching_out_stops_the_clock(world: World) -> None:
    """Not the automatic confirmation; the voicemail does, and the two-way contact is kept apart."""
    lead = log(world, MONDAY)
    record(world, lead, e.Acknowledged(), MONDAY + timedelta(seconds=5))
    record(world, lead, e.Offered(), MONDAY + timedelta(minutes=5))
    record(world, lead, e.Attempted(method=ContactMethod.VOICEMAIL), MONDAY + timedelta(minutes=45))
    record(world, lead, e.Reached(method=ContactMethod.CALL), MONDAY + timedelta(hours=5))
    with world.engine.connect() as c:
        row = c.execute(sa.text("SELECT attempt_seconds, contact_seconds FROM leads")).one()
    assert tuple(row) == (45 * 60, 5 * 3600)
    later = MONDAY + timedelta(days=1)
    assert judged(world, later).iloc[0].met == 1
    assert judged(world, later, key="contact").iloc[0].late == 1


def test_closing_a_lead_is_not_an_answer(world: World) -> None:
    """Closed as unreachable before anybody tried: overdue all the same."""
    lead = log(world, MONDAY)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), MONDAY + timedelta(hours=1))
    assert judged(world, MONDAY + timedelta(days=1)).iloc[0].overdue == 1


def test_a_lead_is_counted_in_the_week_its_window_ends(world: World) -> None:
    """Friday at four: due on Monday, so next week's."""
    log(world, datetime(2026, 3, 6, 21, 0, tzinfo=UTC))
    table = judged(world, MONDAY + timedelta(days=3), by=("due_week",))
    assert list(table["due_week"]) == [week_number(date(2026, 3, 9))]


codes = st.lists(st.tuples(st.sampled_from(Promise), st.integers(0, 2), st.integers(1, 50)), max_size=25)


@given(codes)
def test_every_lead_is_in_exactly_one_column_and_the_parts_add_up(cells) -> None:
    """Met, late, overdue, pending, live, left out and not judged are all the leads there are."""
    counts = pd.DataFrame(cells, columns=["response", "location", "count"]).astype("int64")
    table, whole = response(counts, ["location"]), response(counts)
    assert table["judged"].sum() + sum(left_out(table).values()) == counts["count"].sum()
    assert (table["judged"] == table["met"] + table["late"] + table["overdue"]).all()
    if len(table):
        assert whole["met"].iloc[0] == table["met"].sum()


def test_nothing_judged_is_no_data(world: World) -> None:
    """Not 0 %, and no verdict."""
    row = judged(world, factories.NOW).iloc[0]
    assert pd.isna(row["rate"])
    assert row["verdict"] is None
    assert row["judged"] == 0


def test_the_time_to_an_answer_counts_the_waiting_by_their_locations_hours(world: World) -> None:
    """Answered after an hour, waiting since nine at North, closed unanswered, and in Los Angeles before it opens."""
    waiting = [log(world, MONDAY), log(world, MONDAY), log(world, MONDAY), log(world, MONDAY, location_id=world.south)]
    record(world, waiting[0], e.Attempted(method=ContactMethod.CALL), MONDAY + timedelta(hours=1))
    record(world, waiting[2], e.Closed(reason=CloseReason.OTHER), MONDAY + timedelta(hours=5))
    as_of = MONDAY + timedelta(hours=6)  # three in the afternoon in New York, noon in Los Angeles
    when = Moment(epoch_minute(as_of), day_number(as_of.date()))
    with reading(world.engine) as c:
        clock = reports.Clock(partial(waited_minutes, c), when.minute)
        for source in (facts.load(world.engine), c):
            count = partial(tally, source, moment=when)
            waits = reports.answer_waits(
                lambda keys, where, count=count: count(keys, where), Filters(), None, ["location"], clock=clock
            ).table
            assert {tuple(row[:3]): row[3] for row in waits.to_numpy().tolist()} == {
                (world.north, 60, Ending.HAPPENED): 1,
                (world.north, 6 * 60, Ending.OPEN): 1,
                (world.north, 5 * 60, Ending.ENDED): 1,
                (world.south, 3 * 60, Ending.OPEN): 1,
            }


def test_each_week_and_each_location_is_held_to_its_own_target() -> None:
    """The same nine of ten: met where half was promised, not yet certain where nine tenths were, and none where none was."""
    counts = pd.DataFrame(
        [[week, code, count] for week in (1, 2, 3) for code, count in ((Promise.IN_TIME, 9), (Promise.LATE, 1))],
        columns=["due_week", "response", "count"],
    )
    goals = {1: 0.5, 2: 0.9, 3: None}
    table = response(counts, ["due_week"], target=lambda group: goals[group["due_week"]])
    assert list(table["verdict"]) == ["met", "cannot tell", None]
    assert list(table["target"].fillna(-1)) == [0.5, 0.9, -1]


def test_a_call_taken_live_is_no_success_of_compliance(world: World) -> None:
    """Three leads, one answered live: one of the other two in time is a half, not two thirds."""
    given_, expected = case("R30")["inputs"], case("R30")["expected"]
    start = datetime(2026, 3, 9, 13, tzinfo=UTC)  # Monday, nine in New York
    for lead in given_["leads"]:
        live = lead.get("captured") == "live"
        lead_id = factories.log(world, start, answered_live=live)
        if not live:
            factories.record(
                world, lead_id, e.Attempted(method=ContactMethod.CALL), start + timedelta(hours=lead["elapsed_h"])
            )
    row = judged(world, start + timedelta(days=2)).iloc[0]
    assert (row.answered_live, row.judged, row.met, row.rate) == tuple(expected.values())
