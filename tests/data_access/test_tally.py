"""The two engines count the same, to the last lead, and both count what the definitions say."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.filters import Filters
from data_access import event_log, facts, leads
from data_access import events as e
from data_access import tables as t
from data_access import tally as counting
from data_access.counted import Ending, Promise, Standing
from data_access.days import day_number, week_number, week_start
from data_access.dimensions import DIMENSIONS, LEADS, Moment
from data_access.engine import connect, reading, writing
from data_access.lead_rules import NotPossible
from data_access.lead_state import LeadState, epoch_minute
from data_access.replay import replay
from data_access.tally import Where, members, tally
from data_access.units import APPOINTMENTS, UNITS
from data_access.vocabulary import (
    EXCLUDED_REASONS,
    CancelledBy,
    CloseReason,
    ContactMethod,
    Eligibility,
    Flag,
    Precision,
    Stage,
)
from tests import demos, factories
from tests.conftest import empty
from tests.factories import NOW, World, log, record
from tests.histories import START, drafts


def moment(at=NOW, horizon_days: int = 30) -> Moment:
    return Moment(epoch_minute(at), day_number(at.date()), horizon_days)


def cells(frame) -> dict[tuple, int]:
    return {tuple(row[:-1]): row[-1] for row in frame.itertuples(index=False)}


moments = st.integers(-2 * 1440, 60 * 1440).map(lambda m: START + timedelta(minutes=m))
days = st.integers(-5, 40).map(lambda d: day_number(START.date()) + d)
wheres = st.builds(
    Where,
    days=st.none() | st.tuples(days, days).map(lambda p: (min(p), max(p))),
    due_weeks=st.none() | st.just((week_number(START.date()), week_number(START.date()) + 2)),
    keys=st.dictionaries(
        st.sampled_from(sorted(DIMENSIONS)), st.sets(st.integers(0, 9), max_size=6).map(tuple), max_size=2
    ),
    locations=st.none() | st.sets(st.integers(0, 400), max_size=3).map(tuple),
)
groupings = st.lists(st.sampled_from(sorted(DIMENSIONS)), max_size=4, unique=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_engines_agree_to_the_last_lead(database: sa.Engine, data: st.DataObject) -> None:
    """Random leads, filters, scopes and moments: counted here and inside the database."""
    empty(database)
    world = factories.found(database)
    with writing(database) as c:
        made = data.draw(st.lists(drafts(world, bare_dates=True), max_size=12))
        leads.add_many(c, made)
    snapshot = facts.load(database)
    with reading(database) as c:
        for _ in range(4):
            by, where = data.draw(groupings), data.draw(wheres)
            if where.locations:  # ids differ from database to database; make the scope bite
                where = replace(where, locations=(world.north,))
            when = moment(data.draw(moments), data.draw(st.integers(0, 40)))
            here, there = tally(snapshot, by, where, when), tally(c, by, where, when)
            assert cells(here) == cells(there)
            assert list(here.columns) == list(there.columns) == [*by, "count"]
            assert members(snapshot, where, when) == members(c, where, when)
            assert len(members(c, where, when)) == here["count"].sum()
            booked = data.draw(st.lists(st.sampled_from(sorted(APPOINTMENTS.dimensions)), max_size=3, unique=True))
            some = Where(where.days, locations=where.locations)
            here, there = (tally(source, booked, some, when, APPOINTMENTS) for source in (snapshot, c))
            assert cells(here) == cells(there)
            assert members(snapshot, some, when, APPOINTMENTS) == members(c, some, when, APPOINTMENTS)
            everybody = sum(epoch_minute(draft.received_at) <= when.minute for draft in made)
            assert tally(snapshot, by, Where(), when)["count"].sum() == everybody, (
                "each lead once, however often it went back"
            )


MANY_KEYS = ["received_day", "received_hour", "waited_since", "waited_until", "attempt_minutes", "contact_minutes"]
"""More cells than a number of 64 bits can tell apart."""
ASKED = (
    ([], Where()),
    (["location", "received_week"], Where(keys={"kind": (1, 3), "state": (0, 1)})),
    (["due_week", "attempt_minutes"], Where(due_weeks=(1, 32_767))),
    (["response"], Where(locations=(1,), keys={"response": (Promise.OVERDUE,)})),
    (MANY_KEYS, Where(keys={"pathway": (0,)})),
)


@pytest.fixture(scope="module")
def demo_practice(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    return connect(f"sqlite:///{demos.copy(tmp_path_factory, 'specialty')}")


@pytest.mark.parametrize(
    "cut",
    [{}, {"BLOCK": 997}, {"BLOCK": 997, "SPARSE": 0}, {"BLOCK": 997, "SPARSE": 2}, {"DENSE": 0}, {"DENSE": 500}],
    ids=str,
)
def test_how_the_rows_are_cut_and_counted_changes_nothing(
    cut: dict[str, float], demo_practice: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one block or many, with what is not wanted left out early or late, in an array or by what occurs."""
    for name, value in cut.items():
        monkeypatch.setattr(counting, name, value)
    snapshot, then = facts.load(demo_practice), moment(demos.UNTIL - timedelta(days=100))
    with reading(demo_practice) as c:
        for by, where in ASKED:
            assert tally(snapshot, by, where, then).equals(tally(c, by, where, then)), by
            assert members(snapshot, where, then) == members(c, where, then)


def as_of_state(draft: leads.Draft, as_of) -> LeadState | None:
    """The lead as its events up to `as_of` leave it: the definition of 'as of', read aloud."""
    if draft.received_at > as_of:
        return None
    first = e.Event(draft.received, draft.received_at, draft.logged_at, draft.precision)
    return replay([first, *(e for e in draft.then if epoch_minute(e.occurred_at) <= epoch_minute(as_of))])


def entered_aloud(state: LeadState) -> int:
    bits = {Stage.ELIGIBILITY: 1, Stage.DOCUMENTATION: 2, Stage.SCHEDULED: 4, Stage.ATTENDED: 8}
    return sum(bits[stage] for stage in state.entered)


def state_aloud(state: LeadState) -> int:
    if state.close_reason is None:
        return Standing.OPEN
    if state.close_reason in EXCLUDED_REASONS:
        return Standing.EXCLUDED
    return Standing.ANSWERED if state.close_reason == CloseReason.ANSWERED else Standing.LOST


def response_aloud(state: LeadState, as_of, final: LeadState) -> int:
    promise = state.received.respond_by
    if state.received.answered_live:
        return Promise.LIVE
    if promise is None or Flag.RESPONSE_BEFORE_RECEIVED in final.flags:
        return Promise.NOT_JUDGED
    answered = state.first_attempt is not None
    closed_before_due = state.closed_at is not None and state.closed_at < promise
    if closed_before_due and state.close_reason in EXCLUDED_REASONS:
        return Promise.LEFT_OUT
    unanswered_at_close = not answered or (
        closed_before_due and epoch_minute(state.first_attempt.occurred_at) > epoch_minute(state.closed_at)
    )
    if closed_before_due and state.close_reason == CloseReason.WITHDRAWN and unanswered_at_close:
        return Promise.LEFT_OUT
    if as_of < promise:
        return Promise.PENDING_ANSWERED if answered else Promise.PENDING_WAITING
    if not answered:
        return Promise.OVERDUE
    in_time = state.first_attempt.occurred_at <= state.received.answer_until
    return Promise.IN_TIME if in_time else Promise.LATE


def wait_aloud(state: LeadState, stage: Stage, as_of: datetime) -> tuple[int, int]:
    """Local days, of the location at which it was received, until it happened, was closed, or until now; and which it was."""
    at_north = state.parts[0].asked.location_id == PLACES["north"]
    zone = ZoneInfo("America/New_York" if at_north else "America/Los_Angeles")
    received_on = state.received_at.astimezone(zone).date()
    if state.close_reason in EXCLUDED_REASONS:
        ending = Ending.EXCLUDED
    elif stage in state.entered:
        ending = Ending.HAPPENED
    else:
        ending = Ending.ENDED if state.closed_at else Ending.OPEN
    if stage in state.entered:
        days = (state.entered[stage][0].astimezone(zone).date() - received_on).days
        ending = Ending.SPOILED if days < 0 and ending == Ending.HAPPENED else ending
    elif state.closed_at:
        days = (state.closed_at.astimezone(zone).date() - received_on).days
    else:
        days = as_of.date().toordinal() - received_on.toordinal()  # the moment's day is given with it
    return max(days, 0), ending


PLACES: dict[str, int] = {}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_past_moment_counts_what_had_happened_by_then(sqlite_database: sa.Engine, data: st.DataObject) -> None:
    """Stages entered, state, present stage and verdict at any moment equal a replay of the events up to it."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    made = data.draw(st.lists(drafts(world), min_size=1, max_size=4))
    with writing(sqlite_database) as c:
        finals = [state for _, state in leads.add_many(c, made)]
    snapshot = facts.load(sqlite_database)
    PLACES["north"] = world.north
    as_of = data.draw(moments)
    expected: Counter[tuple[int, ...]] = Counter()
    for draft, final in zip(made, finals, strict=True):
        state = as_of_state(draft, as_of)
        if state is not None:
            expected[
                entered_aloud(state), state_aloud(state), int(state.stage), int(state.parts[-1].moved_back),
                response_aloud(state, as_of, final), *wait_aloud(state, Stage.SCHEDULED, as_of),
                *wait_aloud(state, Stage.ATTENDED, as_of),
            ] += 1  # fmt: skip
    by = ("entered", "state", "stage_now", "moved_back", "response", "scheduled_days", "scheduled_ending", "attended_days",
          "attended_ending")  # fmt: skip
    assert cells(tally(snapshot, by, Where(), moment(as_of))) == expected


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_the_end_every_lead_is_counted_where_its_row_stands(sqlite_database: sa.Engine, data: st.DataObject) -> None:
    """Stage and close, whether its events carry a time of day or only a date."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        made = leads.add_many(c, data.draw(st.lists(drafts(world, bare_dates=True), min_size=1, max_size=6)))
    expected = Counter((int(state.stage), state_aloud(state)) for _, state in made)
    counted = tally(facts.load(sqlite_database), ("stage_now", "state"), Where(), moment(START + timedelta(days=400)))
    assert cells(counted) == expected


def test_a_write_is_seen_by_the_next_refresh_and_only_what_changed_is_read(world: World) -> None:
    """A new lead, then a change to it; in between, the very same snapshot."""
    before = facts.load(world.engine)
    assert facts.refresh(world.engine, before) is before
    lead = log(world, location_id=world.south)
    one = facts.refresh(world.engine, before)
    assert cells(tally(one, ["location"], Where(), moment())) == {(world.south,): 1}
    record(world, lead, e.Booked())
    two = facts.refresh(world.engine, one)
    assert cells(tally(two, ["entered"], Where(), moment())) == {(4,): 1}
    assert cells(tally(one, ["entered"], Where(), moment())) == {(0,): 1}, "readers of the old snapshot keep it"


def test_a_transaction_that_commits_late_is_not_missed(postgres: sa.Engine) -> None:
    """A slow writer that began first and commits last still carries the newer revision."""
    empty(postgres)
    world = factories.found(postgres)
    seen = facts.load(postgres)
    with writing(postgres) as slow:
        leads.log_inquiry(slow, factories.asked(world), received_at=NOW, now=NOW)
        log(world, location_id=world.south)  # begins later, commits first
        seen = facts.refresh(postgres, seen)
        assert len(seen.rows(facts.LEADS)["lead_id"]) == 1
    seen = facts.refresh(postgres, seen)
    assert len(seen.rows(facts.LEADS)["lead_id"]) == 2
    assert held(seen) == held(facts.load(postgres))


def test_a_refresh_equals_a_fresh_load_after_a_lead_went_back_and_forth(world: World) -> None:
    """A lead with several parts is replaced whole."""
    lead = log(world)
    known = facts.load(world.engine)
    for what in (
        e.Booked(),
        e.Cancelled(by=CancelledBy.PATIENT),
        e.Closed(reason=CloseReason.OTHER),
        e.Reopened(),
        e.Booked(),
    ):
        record(world, lead, what)
        known = facts.refresh(world.engine, known)
        again = facts.load(world.engine)
        assert held(known) == held(again)


@pytest.mark.parametrize("recent", [0, 3, 2**14])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_refreshed_counts_as_the_database_does(
    recent: int, sqlite_database: sa.Engine, data: st.DataObject
) -> None:
    """Leads come, change and go between looks; what changed is kept apart for long, for a while, or not at all."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    known, there = facts.load(sqlite_database), []
    with mock.patch.object(facts, "RECENT", recent):
        for _ in range(4):
            with writing(sqlite_database) as c:
                added = leads.add_many(c, data.draw(st.lists(drafts(world), max_size=5)))
            there += [lead_id for lead_id, _ in added]
            for lead in data.draw(st.lists(st.sampled_from(there), max_size=3) if there else st.just([])):
                with suppress(NotPossible):
                    record(world, lead, e.Closed(reason=CloseReason.OTHER), START + timedelta(days=70))
            if there and data.draw(st.integers(0, 4)) == 0:
                take_out(sqlite_database, there.pop())
            known = facts.refresh(sqlite_database, known)
            when = moment(data.draw(moments))
            with reading(sqlite_database) as c:
                for unit in (LEADS, *UNITS):
                    by = data.draw(st.lists(st.sampled_from(sorted(unit.dimensions)), max_size=3, unique=True))
                    where = Where(data.draw(st.none() | st.tuples(days, days).map(lambda p: (min(p), max(p)))))
                    assert cells(tally(known, by, where, when, unit)) == cells(tally(c, by, where, when, unit))
                    assert members(known, where, when, unit) == members(c, where, when, unit)
    anew = facts.load(sqlite_database)
    assert held(known) == held(anew)


def take_out(engine: sa.Engine, lead: int) -> None:
    """Do to a lead's facts what undoing an import does."""
    with writing(engine) as c:
        for unit in facts.UNITS:
            c.execute(sa.delete(unit.table).where(unit.table.c.lead_id == lead))
        c.execute(sa.insert(t.removed_leads).values(lead_id=lead))


def held(snapshot: facts.Snapshot) -> list[dict[str, list[int]]]:
    """All rows of all units."""
    return [{name: column.tolist() for name, column in snapshot.rows(unit).items()} for unit in facts.UNITS]


def test_an_appointment_that_was_recorded_by_mistake_leaves_the_count(world: World) -> None:
    """The booking is taken back: the refreshed snapshot has no appointment, as a fresh one has none."""
    lead = log(world)
    record(world, lead, e.Booked(starts_on=date(2026, 3, 20)))
    known = facts.load(world.engine)
    assert len(known.rows(facts.APPOINTMENTS)["lead_id"]) == 1
    with reading(world.engine) as c:
        booking = event_log.log_of(c, lead)[-1].id
    record(world, lead, e.Voided(event_id=booking))
    assert (
        len(facts.refresh(world.engine, known).rows(facts.APPOINTMENTS)["lead_id"])
        == len(facts.load(world.engine).rows(facts.APPOINTMENTS)["lead_id"])
        == 0
    )


def test_a_reopened_lead_was_lost_only_while_it_stood_closed(world: World) -> None:
    """Yesterday's funnel still shows the loss, today's does not."""
    lead = log(world)
    day = timedelta(days=1)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), NOW + day)
    record(world, lead, e.Reopened(), NOW + 3 * day)
    snapshot = facts.load(world.engine)
    state = [cells(tally(snapshot, ["state"], Where(), moment(NOW + n * day))) for n in range(5)]
    assert state == [{(0,): 1}, {(1,): 1}, {(1,): 1}, {(0,): 1}, {(0,): 1}]


def test_in_the_very_minute_of_reopening_a_lead_is_counted_once_and_open(world: World) -> None:
    """The parts of its life meet without overlap and without a gap, in both engines."""
    lead = log(world)
    record(world, lead, e.Closed(reason=CloseReason.OTHER), NOW + timedelta(hours=1))
    record(world, lead, e.Reopened(), NOW + timedelta(hours=2))
    with reading(world.engine) as c:
        for source in (facts.load(world.engine), c):
            for minutes, state in ((119, Standing.LOST), (120, Standing.OPEN), (121, Standing.OPEN)):
                when = moment(NOW + timedelta(minutes=minutes))
                assert cells(tally(source, ["state"], Where(), when)) == {(state,): 1}, minutes


def test_a_step_in_the_very_minute_of_a_return_is_counted(world: World) -> None:
    """Cancelled and found eligible within one minute: the lead stands at eligibility, in both engines."""
    lead = log(world)
    hour = timedelta(hours=1)
    record(world, lead, e.Booked(), NOW + hour)
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + 2 * hour + timedelta(seconds=5))
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + 2 * hour + timedelta(seconds=50))
    with reading(world.engine) as c:
        for source in (facts.load(world.engine), c):
            for later, stage in ((hour, 4), (2 * hour, 2), (3 * hour, 2)):
                assert cells(tally(source, ["stage_now"], Where(), moment(NOW + later))) == {(stage,): 1}


@pytest.mark.parametrize(
    ("answered_on", "verdict"), [(10, Promise.IN_TIME), (11, Promise.NOT_JUDGED), (12, Promise.LATE)]
)
def test_an_answer_known_to_the_day_is_judged_where_the_day_tells(
    world: World, answered_on: int, verdict: Promise
) -> None:
    """Due on the 11th at noon: the day before is in time, the day after is late, the same day says nothing."""
    day = datetime(2026, 3, answered_on, 4, 0, tzinfo=UTC)  # midnight in New York, before the clocks change and after
    attempt = e.Event(e.Attempted(method=ContactMethod.EMAIL), day, NOW, Precision.DAY, id=1)
    received_at = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    due = datetime(2026, 3, 11, 16, 0, tzinfo=UTC)
    asked_ = factories.asked(world, window_minutes=999, respond_by=due, answer_until=due)
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(asked_, received_at, Precision.MINUTE, NOW, [attempt])])
    later = moment(NOW + timedelta(days=5))
    assert cells(tally(facts.load(world.engine), ["response"], Where(), later)) == {(verdict,): 1}


def test_a_period_open_at_one_end_is_counted_by_both_engines(world: World) -> None:
    """Weeks and days without a first or a last."""
    log(world)
    snapshot = facts.load(world.engine)
    with reading(world.engine) as c:
        for choice in (Filters(first=date(2026, 3, 2)), Filters(last=date(2027, 1, 1)), Filters(last=date(1969, 1, 1))):
            for by_due_week in (False, True):
                where = choice.where(None, by_due_week=by_due_week)
                assert cells(tally(c, [], where, moment())) == cells(tally(snapshot, [], where, moment()))


def test_a_bare_date_among_times_counts_its_lead_once(world: World) -> None:
    """A cancellation known to the day, on a day with a reopening at noon: the lead is never counted twice."""
    noon = NOW.replace(hour=16)
    then = [
        e.Event(e.Booked(), noon - timedelta(days=2), NOW, id=1),
        e.Event(e.Closed(reason=CloseReason.OTHER), noon - timedelta(days=1), NOW, id=2),
        e.Event(e.Reopened(), noon, NOW, id=3),
        e.Event(e.Cancelled(by=CancelledBy.PATIENT), noon.replace(hour=4), NOW, Precision.DAY, id=4),
    ]
    with writing(world.engine) as c:
        draft = leads.Draft(factories.asked(world), noon - timedelta(days=3), Precision.MINUTE, NOW, then)
        leads.add_many(c, [draft])
    snapshot = facts.load(world.engine)
    for hour in range(-2, 30):
        assert tally(snapshot, [], Where(), moment(noon.replace(hour=0) + timedelta(hours=hour)))["count"].sum() == 1, (
            hour
        )


def test_an_empty_scope_sees_nothing(world: World) -> None:
    """Charlie sees no location, so he counts no lead, in either engine."""
    log(world)
    nobody = Where(locations=())
    assert tally(facts.load(world.engine), [], nobody, moment()).empty
    with reading(world.engine) as c:
        assert tally(c, [], nobody, moment()).empty
        assert members(c, nobody, moment()) == []


def test_weeks_are_iso_weeks() -> None:
    """Numbered from the first Monday of 1970, and back again."""
    for day in (date(1970, 1, 5), date(2026, 1, 1), date(2026, 3, 8), date(2026, 3, 9)):
        monday = week_start(week_number(day))
        assert monday.isocalendar()[:2] == day.isocalendar()[:2]
        assert monday.weekday() == 0


def test_the_day_a_lead_was_received_is_the_locations_own(world: World) -> None:
    """Two in the morning UTC is still yesterday in Los Angeles."""
    log(world, NOW.replace(hour=2), location_id=world.south)
    received = facts.load(world.engine).rows(facts.LEADS)["received_day"]
    assert list(received) == [day_number(date(2026, 3, 10))]


@pytest.mark.parametrize("horizon", [30, 90])
def test_a_lead_is_mature_once_its_whole_day_is_the_horizon_old(world: World, horizon: int) -> None:
    """Received on the 11th with 30 days: immature on April 10th, mature on the 11th."""
    log(world, NOW)
    snapshot = facts.load(world.engine)
    first_mature = NOW + timedelta(days=horizon + 1)
    assert cells(tally(snapshot, ["mature"], Where(), moment(first_mature - timedelta(days=1), horizon))) == {(0,): 1}
    assert cells(tally(snapshot, ["mature"], Where(), moment(first_mature, horizon))) == {(1,): 1}
