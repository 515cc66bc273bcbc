"""Checklist items, spells in a stage and situations: counted as they stood at any moment, by both engines."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import events as e
from data_access import facts, leads
from data_access.counted import ARE_LEADS, AtArrival, Attendance, CameFrom, Due, Ending, ItemState, Standing, WentTo
from data_access.days import day_number
from data_access.dimensions import LEADS, Moment, Unit
from data_access.engine import reading, writing
from data_access.fact_tables import NO_MINUTES
from data_access.facts import Snapshot
from data_access.lead_state import Appointment, LeadState, epoch_minute
from data_access.replay import replay
from data_access.tally import Where, members, tally
from data_access.units import APPOINTMENTS, DEAD_END_DAYS, ITEMS, REQUESTS, SITUATIONS, SPELLS, STALLED_DAYS, UNITS
from data_access.vocabulary import (
    EXCLUDED_REASONS,
    AppointmentStatus,
    CancelledBy,
    CloseReason,
    ContactMethod,
    Eligibility,
    NextStep,
    Pathway,
    Precision,
    RecordItem,
    Stage,
    StallReason,
    code,
)
from tests import factories
from tests.cases import case
from tests.conftest import empty
from tests.data_access.test_tally import as_of_state, cells, moment, moments
from tests.factories import NOW, World, log, record
from tests.histories import START, drafts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOWLY = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


def count(source: object, unit: Unit, by: tuple[str, ...], when: Moment, **keys: tuple[int, ...]) -> dict:
    return cells(tally(source, by, Where(keys=keys), when, unit))


def local_day(minute: int, zone: ZoneInfo) -> int:
    return (datetime.fromtimestamp(minute * 60, zone).date() - datetime(1970, 1, 1).date()).days  # noqa: DTZ001


@settings(max_examples=40, **SLOWLY)
@given(data=st.data())
def test_both_engines_agree_on_every_unit(database: sa.Engine, data: st.DataObject) -> None:
    """Random leads and moments, keys of each unit at random."""
    empty(database)
    world = factories.found(database)
    with writing(database) as c:
        leads.add_many(c, data.draw(st.lists(drafts(world, bare_dates=True), max_size=8)))
    snapshot, when = facts.load(database), moment(data.draw(moments))
    with reading(database) as c:
        for unit in UNITS:
            by = data.draw(st.lists(st.sampled_from(sorted(unit.dimensions)), max_size=3, unique=True))
            where = Where(
                days=data.draw(st.none() | st.just((moment(START).day, moment(START).day + 9))),
                locations=data.draw(st.none() | st.just((world.north,))),
            )
            assert cells(tally(snapshot, by, where, when, unit)) == cells(tally(c, by, where, when, unit)), unit.stored
            assert members(snapshot, where, when, unit) == members(c, where, when, unit)


@pytest.fixture
def made(sqlite_database: sa.Engine):
    """Draws a few leads with histories, saves them, and hands out the drafts with the snapshot."""

    def make(data: st.DataObject) -> tuple[list[leads.Draft], Snapshot, World]:
        empty(sqlite_database)
        world = factories.found(sqlite_database)
        drawn = data.draw(st.lists(drafts(world), min_size=1, max_size=4))
        with writing(sqlite_database) as c:
            leads.add_many(c, drawn)
        return drawn, facts.load(sqlite_database), world

    return make


def over(at: datetime, when: Moment) -> bool:
    return -(-int(at.timestamp()) // 60) <= when.minute


def visible(state: LeadState) -> bool:
    return state.close_reason not in EXCLUDED_REASONS


def zone_of(state: LeadState, world: World) -> ZoneInfo:
    """Of the location at which it came in: a lead that moves keeps its days."""
    return ZoneInfo("America/New_York" if state.parts[0].asked.location_id == world.north else "America/Los_Angeles")


def stands(state: LeadState) -> int:
    """Where a lead stands: in a stage, or closed one way or another."""
    if state.close_reason is None:
        return int(state.stage)
    if state.close_reason in EXCLUDED_REASONS:
        return WentTo.NOT_A_LEAD
    return WentTo.ANSWERED if state.close_reason == CloseReason.ANSWERED else WentTo.LOST


def spells_aloud(draft: leads.Draft, as_of: datetime, zone: ZoneInfo) -> list[tuple[int, int, int]]:
    """(stage, whereto, days) of each spell: where the lead stood after each minute in which something happened."""
    received = epoch_minute(draft.received_at)
    minutes = {received} | {max(epoch_minute(event.occurred_at), received) for event in draft.then}
    last = epoch_minute(as_of)
    known = [(minute, stands(as_of_state(draft, minute_at(minute)))) for minute in sorted(minutes) if minute <= last]
    walk = [(received, int(Stage.CAPTURED)), *known]  # it is captured first, whatever else its first minute holds
    changes = [walk[0], *(later for before, later in pairwise(walk) if later[1] != before[1])]
    found = []
    for (began, where), (ended, to) in pairwise([*changes, (None, WentTo.STANDING)]):
        if where < Stage.ATTENDED:
            days = (moment(as_of).day if ended is None else local_day(ended, zone)) - local_day(began, zone)
            found.append((where, int(to), max(days, 0)))
    return found


def minute_at(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60 + 59, START.tzinfo)


@settings(max_examples=200, **SLOWLY)
@given(data=st.data())
def test_spells_at_any_moment_are_where_the_lead_stood_minute_by_minute(made, data: st.DataObject) -> None:
    """Stage, whereto and local days, by replaying the log up to every minute in which something happened."""
    drawn, snapshot, world = made(data)
    as_of = data.draw(moments)
    expected: Counter[tuple[int, ...]] = Counter()
    for draft in drawn:
        state = as_of_state(draft, as_of)
        if state and visible(state):
            expected.update(spells_aloud(draft, as_of, zone_of(state, world)))
    assert count(snapshot, SPELLS, ("stage", "went_to", "spell_days"), moment(as_of)) == expected


@settings(max_examples=200, **SLOWLY)
@given(data=st.data())
def test_a_lead_counts_for_whom_it_was_at_that_moment(made, data: st.DataObject) -> None:
    """Owner, location, kind and priority by a replay up to the moment, in every unit; nothing counts twice."""
    drawn, snapshot, _ = made(data)
    as_of = data.draw(moments)
    expected = {unit.stored.table.name: Counter() for unit in (LEADS, *UNITS)}
    for draft in drawn:
        state = as_of_state(draft, as_of)
        if state is None:
            continue
        asked = state.received
        keys = (asked.owner_id or 0, asked.location_id, code(asked.lead_kind), code(asked.priority))
        expected["lead_facts"][keys] += 1
        if not visible(state):
            continue
        expected["situation_facts"][keys] += state.situations[-1][1] is not None
        expected["item_facts"][keys] += len(state.records)
        for a in state.appointments:
            expected["appointment_facts"][keys[0], a.location_id, *keys[2:]] += 1
    for unit in (LEADS, APPOINTMENTS, ITEMS, SITUATIONS):
        found = count(snapshot, unit, ("owner", "location", "kind", "priority"), moment(as_of))
        assert found == +expected[unit.stored.table.name], unit.stored.table.name


@settings(max_examples=150, **SLOWLY)
@given(data=st.data())
def test_every_open_lead_has_one_situation_and_one_spell_that_stands(made, data: st.DataObject) -> None:
    """And they name the stage in which the lead stands; a closed or seen lead has neither."""
    _, snapshot, _ = made(data)
    when = moment(data.draw(moments))
    open_ = count(snapshot, LEADS, ("stage_now",), when, state=(Standing.OPEN,), stage_now=(1, 2, 3, 4))
    assert count(snapshot, SITUATIONS, ("stage",), when) == open_
    assert count(snapshot, SPELLS, ("stage",), when, went_to=(WentTo.STANDING,)) == open_


@settings(max_examples=150, **SLOWLY)
@given(data=st.data())
def test_situations_at_any_moment_are_what_a_replay_up_to_it_says(made, data: st.DataObject) -> None:
    """What the lead waits for, and whether its next step is overdue, due today, later, or missing."""
    drawn, snapshot, world = made(data)
    as_of = data.draw(moments)
    when = moment(as_of)
    expected: Counter[tuple[int, ...]] = Counter()
    for draft in drawn:
        state = as_of_state(draft, as_of)
        now = state.situations[-1][1] if state else None
        if state is None or now is None:
            continue
        due, at = Due.NO_STEP, now.due_at or now.starts_at
        if at:
            on = local_day(epoch_minute(at), zone_of(state, world))
            due = Due.OVERDUE if over(at, when) else Due.TODAY if on <= when.day else Due.LATER
        waits = 0 if now.waits_for is None else code(now.waits_for) + 1
        waits = code(StallReason.OUR_FOLLOW_UP) + 1 if now.starts_at and over(now.starts_at, when) else waits
        expected[int(now.stage), waits, int(due)] += 1
    assert count(snapshot, SITUATIONS, ("stage", "waits_for", "due"), when) == expected


@settings(max_examples=150, **SLOWLY)
@given(data=st.data())
def test_items_at_any_moment_are_what_a_replay_up_to_it_says(made, data: st.DataObject) -> None:
    """Each item of each checklist, and whether the lead came with all that it needed."""
    drawn, snapshot, world = made(data)
    as_of = data.draw(moments)
    when = moment(as_of)
    items: Counter[tuple[int, int]] = Counter()
    arrivals: Counter[tuple[int]] = Counter()
    for draft in drawn:
        state = as_of_state(draft, as_of)
        if state is None or not visible(state):
            continue
        zone = zone_of(state, world)
        opened = max([state.received_at, *(r.opened_at for r in state.records.values() if r.required)])
        first_day = local_day(epoch_minute(opened), zone)
        running = lambda at, day, zone=zone: local_day(epoch_minute(at), zone) <= day  # noqa: E731
        seen, in_time = [], []
        for record_ in state.records.values():
            opened_day = local_day(epoch_minute(record_.opened_at), zone)
            if not record_.required:
                how = ItemState.OPTIONAL
            elif record_.waived_at:
                how = ItemState.WAIVED
            elif running(as_of, opened_day):
                how = ItemState.FIRST_DAY
            elif record_.received_at:
                how = ItemState.AT_ARRIVAL if running(record_.received_at, opened_day) else ItemState.LATER
            else:
                how = ItemState.MISSING
            items[code(record_.item), how] += 1
            if how not in (ItemState.OPTIONAL, ItemState.WAIVED):
                seen.append(how)
                in_time.append(record_.received_at is not None and running(record_.received_at, first_day))
        if not seen:
            whole = AtArrival.NONE_NEEDED
        elif running(as_of, first_day):
            whole = AtArrival.FIRST_DAY
        else:
            whole = AtArrival.COMPLETE if all(in_time) else AtArrival.INCOMPLETE
        arrivals[(whole,)] += 1
    assert count(snapshot, ITEMS, ("item", "item_state"), when) == items
    counted = ARE_LEADS
    assert count(snapshot, LEADS, ("at_arrival",), when, state=counted) == arrivals


@settings(max_examples=150, **SLOWLY)
@given(data=st.data())
def test_requests_at_any_moment_are_the_days_on_which_something_outstanding_was_asked_for(
    made, data: st.DataObject
) -> None:
    """Event by event: asking for what is here already is no request, and twice on one local day is one."""
    drawn, snapshot, world = made(data)
    as_of = data.draw(moments)
    expected: Counter[tuple[int]] = Counter()
    for draft in drawn:
        state, zone = as_of_state(draft, as_of), None
        if state is None or not visible(state):
            continue
        zone, days = zone_of(state, world), set()
        for place, event in enumerate(draft.then):
            if not isinstance(event.what, e.RecordsRequested) or epoch_minute(event.occurred_at) > epoch_minute(as_of):
                continue
            before = as_of_state(replace(draft, then=draft.then[:place]), as_of)
            lacking = [r for r in before.records.values() if not r.received_at and not r.waived_at]
            if any(not event.what.items or r.item in event.what.items for r in lacking):
                days.add(local_day(epoch_minute(event.occurred_at), zone))
        expected.update((ordinal,) for ordinal in range(1, len(days) + 1))
    assert count(snapshot, REQUESTS, ("ordinal",), moment(as_of)) == expected


def test_a_request_that_is_dated_before_the_receipt_counts_from_the_receipt_on(world: World) -> None:
    """Nothing of a lead is there before the lead is; only an import brings such dates."""
    asked = factories.asked(world, pathway=Pathway.CLINICIAN, required_records=(RecordItem.CLINICAL_NOTES,))
    then = [e.Event(e.RecordsRequested(), NOW - 2 * HOUR, NOW, Precision.MINUTE)]
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(asked, NOW, Precision.MINUTE, NOW, then)])
    snapshot = facts.load(world.engine)
    assert count(snapshot, REQUESTS, ("ordinal",), moment(NOW - HOUR)) == {}
    assert count(snapshot, REQUESTS, ("ordinal",), moment(NOW)) == {(1,): 1}


def test_what_is_asked_for_one_by_one_on_a_day_is_one_request_and_the_next_day_another(world: World) -> None:
    """The location's own day: eleven at night in New York is the next day in UTC."""
    lead, late = log(world, pathway=Pathway.CLINICIAN), NOW + 11 * HOUR
    for at in (NOW + HOUR, late, late + 2 * HOUR):
        record(world, lead, e.RecordsRequested(items=(RecordItem.CLINICAL_NOTES,)), at)
    record(world, lead, e.RecordsRequested(items=(RecordItem.REASON_FOR_REFERRAL,)), NOW + 2 * HOUR)
    snapshot = facts.load(world.engine)
    for days, expected in ((0, {(1,): 1}), (1, {(1,): 1, (2,): 1})):
        assert count(snapshot, REQUESTS, ("ordinal",), moment(NOW + (12 + 24 * days) * HOUR)) == expected


def test_a_request_for_what_is_here_already_is_none(world: World) -> None:
    """Nor is one of a lead that needs nothing."""
    asked, needs_nothing = log(world, pathway=Pathway.CLINICIAN), log(world)
    record(world, asked, e.RecordsRequested(), NOW + HOUR)
    record(world, asked, e.RecordsReceived(), NOW + 2 * HOUR)
    record(world, asked, e.RecordsRequested(), NOW + DAY)
    record(world, needs_nothing, e.RecordsRequested(), NOW + HOUR)
    assert count(facts.load(world.engine), REQUESTS, ("ordinal",), moment(NOW + 2 * DAY)) == {(1,): 1}


@settings(max_examples=200, **SLOWLY)
@given(data=st.data())
def test_appointments_at_any_moment_are_what_a_replay_up_to_it_says(made, data: st.DataObject) -> None:
    """What became of each, also where it was corrected later, and which was the first that the person came to."""
    drawn, snapshot, world = made(data)
    as_of = data.draw(moments)
    when = moment(as_of)
    expected: Counter[tuple[int, int]] = Counter()
    for draft in drawn:
        state = as_of_state(draft, as_of)
        if state is None or not visible(state):
            continue
        came = [a.number for a in state.appointments if a.status == AppointmentStatus.ATTENDED]
        for a in state.appointments:
            expected[counted_as(a, when, world), int(came[:1] == [a.number])] += 1
    assert count(snapshot, APPOINTMENTS, ("attendance", "first_visit"), when) == expected


def counted_as(a: Appointment, when: Moment, world: World) -> Attendance:
    if not a.outcomes:
        zone = ZoneInfo("America/New_York" if a.location_id == world.north else "America/Los_Angeles")
        if a.starts_on is None:
            return Attendance.UNDATED
        past = over(a.starts_at, when) if a.starts_at else local_day(when.minute, zone) > day_number(a.starts_on)
        return Attendance.MISSING if past else Attendance.FUTURE
    if a.status != AppointmentStatus.CANCELLED:
        return Attendance[a.status.name]
    outcome = a.outcomes[-1]
    if outcome.cancelled_by == CancelledBy.PRACTICE:
        return Attendance.BY_PRACTICE
    late = a.starts_at is not None and a.starts_at - outcome.at < DAY
    return Attendance.LATE_CANCEL if late else Attendance.CANCELLED_IN_TIME


def test_a_second_spell_in_a_stage_carries_the_days_of_the_first(world: World) -> None:
    """Found eligible, booked after two days, cancelled after one: three days later it has been eligible for five."""
    lead = log(world)
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + HOUR)
    record(world, lead, e.Booked(), NOW + 2 * DAY)
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + 3 * DAY)
    snapshot, eligible = facts.load(world.engine), (int(Stage.ELIGIBILITY),)
    when = moment(NOW + 6 * DAY)
    by = ("spell_days", "total_days", "latest_there", "spell_ending")
    assert count(snapshot, SPELLS, by, when, stage=eligible) == {
        (2, 2, 0, Ending.HAPPENED): 1,
        (3, 5, 1, Ending.OPEN): 1,
    }


def test_staffed_minutes_of_a_spell_stop_at_closing_time(world: World) -> None:
    """Received at noon, eligible at eleven the next day, nine to five: five hours and two."""
    lead = log(world)
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + 23 * HOUR)
    counted = count(facts.load(world.engine), SPELLS, ("stage", "spell_minutes"), moment(NOW + 2 * DAY), went_to=(2,))
    assert counted == {(1, 7 * 60): 1}


def test_a_spell_that_is_known_to_the_day_has_days_and_no_minutes(world: World) -> None:
    """Minutes would be made up."""
    booked = e.Event(e.Booked(), (NOW + 2 * DAY).replace(hour=4), NOW, Precision.DAY, id=1)
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(factories.asked(world), NOW, Precision.MINUTE, NOW, [booked])])
    counted = count(facts.load(world.engine), SPELLS, ("spell_days", "day_only"), moment(NOW + 3 * DAY), stage=(1,))
    assert counted == {(2, 1): 1}
    assert facts.load(world.engine).rows(facts.SPELLS)["minutes"].tolist()[0] == NO_MINUTES


def test_a_step_that_was_planned_stands_until_something_is_done(world: World) -> None:
    """Planned for tomorrow, overdue the day after, fulfilled by the call; then nothing is planned, which is an alarm."""
    lead = log(world, answered_live=True)
    record(world, lead, e.Planned(step=NextStep.CALL, due_at=NOW + DAY), NOW)
    record(world, lead, e.RecordsReceived(), NOW + HOUR)  # others did something; our step still stands
    record(world, lead, e.Contacted(), NOW + 3 * DAY)
    snapshot = facts.load(world.engine)
    due = [count(snapshot, SITUATIONS, ("due",), moment(NOW + n * DAY)) for n in range(4)]
    assert due == [{(Due.LATER,): 1}, {(Due.OVERDUE,): 1}, {(Due.OVERDUE,): 1}, {(Due.NO_STEP,): 1}]


def test_a_lead_is_stalled_when_it_stood_too_long_in_its_stage(world: World) -> None:
    """The day after the limit, and not on the day of it; never while its appointment lies ahead."""
    log(world)
    booked = log(world)
    record(world, booked, e.Booked(starts_at=NOW + 30 * DAY), NOW)
    snapshot = facts.load(world.engine)
    for days, expected in ((STALLED_DAYS, {(0,): 2}), (STALLED_DAYS + 1, {(1,): 1, (0,): 1}), (31, {(1,): 2})):
        assert count(snapshot, SITUATIONS, ("stalled",), moment(NOW + days * DAY)) == expected, days


def test_a_lead_is_at_a_dead_end_when_nobody_will_take_it_further(world: World) -> None:
    """Nobody owns it, it has no next step, or nobody took it for a fortnight; one with an appointment ahead is at none."""
    owned = {"owner_id": world.alice}
    unowned, promised, booked, idle = log(world), log(world, **owned), log(world, **owned), log(world, **owned)
    record(world, booked, e.Booked(starts_at=NOW + 30 * DAY), NOW)
    record(world, idle, e.Attempted(method=ContactMethod.CALL), NOW)
    snapshot = facts.load(world.engine)
    for days, expected in (
        (0, {unowned, idle}),
        (DEAD_END_DAYS, {unowned, idle}),
        (DEAD_END_DAYS + 1, {unowned, idle, promised}),
    ):
        where = Where(keys={"dead_end": (1,)})
        assert set(members(snapshot, where, moment(NOW + days * DAY), SITUATIONS)) == expected, days


def test_a_return_within_a_minute_does_not_begin_the_stage_anew(world: World) -> None:
    """Cancelled and booked again in the same minute: it has stood in its stage since the first booking, in both units."""
    lead = log(world)
    record(world, lead, e.Booked(starts_at=NOW + 40 * DAY), NOW)
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + 9 * DAY)
    record(world, lead, e.Booked(starts_at=NOW + 50 * DAY), NOW + 9 * DAY + timedelta(seconds=20))
    snapshot, when = facts.load(world.engine), moment(NOW + 12 * DAY)
    assert count(snapshot, SITUATIONS, ("stage", "stage_age"), when) == {(Stage.SCHEDULED, 12): 1}
    assert count(snapshot, SPELLS, ("stage", "spell_days"), when, went_to=(0,)) == {(Stage.SCHEDULED, 12): 1}


def test_somebody_can_say_what_holds_a_lead_up(world: World) -> None:
    """Until something happens on the lead."""
    lead = log(world)
    record(world, lead, e.Stalled(reason=StallReason.NO_CAPACITY), NOW + HOUR)
    record(world, lead, e.RecordsRequested(items=(RecordItem.CLINICAL_NOTES,)), NOW + 2 * HOUR)
    snapshot = facts.load(world.engine)
    said = [count(snapshot, SITUATIONS, ("waits_for",), moment(NOW + n * HOUR)) for n in range(3)]
    ours, capacity = (code(r) + 1 for r in (StallReason.OUR_FOLLOW_UP, StallReason.NO_CAPACITY))
    assert said == [{(ours,): 1}, {(capacity,): 1}, {(ours,): 1}]


def test_a_duplicate_takes_its_appointments_and_spells_with_it(world: World) -> None:
    """From the minute in which it is closed as one, and gives them back when it is reopened."""
    lead = log(world)
    record(world, lead, e.Booked(starts_at=NOW + 5 * DAY), NOW + HOUR)
    record(world, lead, e.Closed(reason=CloseReason.DUPLICATE), NOW + DAY)
    record(world, lead, e.Reopened(), NOW + 3 * DAY)
    snapshot = facts.load(world.engine)
    for unit in (APPOINTMENTS, SPELLS):
        seen = [sum(count(snapshot, unit, (), moment(NOW + n * DAY + 2 * HOUR)).values()) > 0 for n in range(4)]
        assert seen == [True, False, False, True], unit.stored


def test_the_chain_of_the_first_appointment_ends_where_it_stands_now(world: World) -> None:
    """Moved once, then kept: one chain with one move, on the day of the new appointment."""
    lead = log(world)
    record(world, lead, e.Booked(starts_at=NOW + 5 * DAY), NOW + HOUR)
    record(world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_at=NOW + 9 * DAY), NOW + 2 * DAY)
    snapshot = facts.load(world.engine)
    before, after = (count(snapshot, APPOINTMENTS, ("moves",), moment(NOW + n * DAY), of_chain=(1,)) for n in (1, 3))
    assert (before, after) == ({(0,): 1}, {(1,): 1})


def test_replay_keeps_the_promise_as_the_first_due_step(world: World) -> None:
    """A new lead is due when its answer is promised."""
    due = NOW + 4 * HOUR
    state = replay([e.Event(factories.asked(world, respond_by=due, answer_until=due), NOW, NOW)])
    assert state.situations[-1][1].due_at == due


def test_what_happens_to_a_closed_lead_begins_no_spell(world: World) -> None:
    """Booked, closed, and the booking is cancelled afterwards: no spell begins until the lead is reopened."""
    then = [
        e.Event(what, NOW + n * DAY, NOW + n * DAY, id=n)
        for n, what in enumerate(
            (e.Booked(), e.Closed(reason=CloseReason.OTHER), e.Cancelled(by=CancelledBy.PATIENT), e.Reopened()), start=1
        )
    ]
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(factories.asked(world), NOW, Precision.MINUTE, NOW, then)])
    counted = count(facts.load(world.engine), SPELLS, ("stage", "came_from", "went_to"), moment(NOW + 9 * DAY))
    assert counted == {
        (1, 0, WentTo.SCHEDULED): 1,
        (4, 1, WentTo.LOST): 1,
        (1, CameFrom.REOPENED, WentTo.STANDING): 1,
    }


def test_stages_passed_within_one_minute_are_one_step(world: World) -> None:
    """Found eligible and booked on the phone in the same minute: straight from captured to scheduled."""
    lead = log(world)
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + HOUR)
    record(world, lead, e.Booked(), NOW + HOUR + timedelta(seconds=20))
    counted = count(facts.load(world.engine), SPELLS, ("stage", "went_to"), moment(NOW + DAY))
    assert counted == {(1, WentTo.SCHEDULED): 1, (4, WentTo.STANDING): 1}


def test_stalled_counts_from_the_entry_into_the_present_stage(world: World) -> None:
    """Three weeks old, but found eligible a week ago: not stalled."""
    lead = log(world)
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + 14 * DAY)
    counted = count(facts.load(world.engine), SITUATIONS, ("stalled", "stage_age", "open_age"), moment(NOW + 21 * DAY))
    assert counted == {(0, 7, 21): 1}


@pytest.mark.parametrize(
    ("later", "item", "whole"),
    [
        (HOUR, ItemState.AT_ARRIVAL, AtArrival.COMPLETE),
        (11 * HOUR + timedelta(minutes=59), ItemState.AT_ARRIVAL, AtArrival.COMPLETE),
        (12 * HOUR, ItemState.LATER, AtArrival.INCOMPLETE),
    ],
)
def test_records_come_with_the_referral_until_the_end_of_its_local_day(
    world: World, later: timedelta, item: ItemState, whole: AtArrival
) -> None:
    """Received at noon: until midnight on the location's own clock."""
    lead = log(world, pathway=Pathway.CLINICIAN)
    record(world, lead, e.RecordsReceived(), NOW + later)
    snapshot, when = facts.load(world.engine), moment(NOW + 2 * DAY)
    assert count(snapshot, ITEMS, ("item_state",), when) == {(item,): 4}
    assert count(snapshot, LEADS, ("at_arrival",), when) == {(whole,): 1}


def test_a_lag_in_days_is_a_difference_of_local_dates(world: World) -> None:
    """Over the night on which the clocks change: fourteen days, in the wait and in the spell."""
    given_, expected = case("F19")["inputs"], case("F19")["expected"]
    start, end = (datetime.fromisoformat(given_[name].replace("Z", "+00:00")) for name in ("start", "end"))
    lead = log(world, start)
    record(world, lead, e.Booked(), end)
    snapshot, when = facts.load(world.engine), moment(end + DAY)
    assert count(snapshot, LEADS, ("scheduled_days",), when) == {(expected["lag_days"],): 1}
    assert count(snapshot, SPELLS, ("spell_days",), when, stage=(1,)) == {(expected["lag_days"],): 1}


def test_of_bare_dates_every_stay_of_one_day_counts(world: World) -> None:
    """Booked, seen and closed on one day without a time: a stay of no days, seen and not lost."""
    day = (NOW + 3 * DAY).replace(hour=4)
    happened = (e.Booked(), e.Attended(), e.Closed(reason=CloseReason.OTHER))
    then = [e.Event(what, day, NOW, Precision.DAY, id=n) for n, what in enumerate(happened, start=1)]
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(factories.asked(world), NOW, Precision.MINUTE, NOW, then)])
    counted = count(facts.load(world.engine), SPELLS, ("stage", "went_to", "spell_days"), moment(NOW + 9 * DAY))
    assert counted == {(1, WentTo.SCHEDULED, 3): 1, (4, WentTo.ATTENDED, 0): 1}


def test_an_appointment_is_not_there_before_its_lead(world: World) -> None:
    """Booked, by its dates, the day before the inquiry was received: seen from the receipt on."""
    booked = e.Event(e.Booked(starts_at=NOW - 2 * HOUR), NOW - DAY, NOW, id=1)
    with writing(world.engine) as c:
        leads.add_many(c, [leads.Draft(factories.asked(world), NOW, Precision.MINUTE, NOW, [booked])])
    seen = [sum(count(facts.load(world.engine), APPOINTMENTS, (), moment(NOW + n * HOUR)).values()) for n in (-1, 0)]
    assert seen == [0, 1]


def test_a_planned_step_does_not_move_the_appointment(world: World) -> None:
    """Ahead, it is waited for although a step is overdue; past, it is ours although a step is planned."""
    ours = code(StallReason.OUR_FOLLOW_UP) + 1
    for starts, due, waits, overdue in ((40, 5, 0, Due.OVERDUE), (5, 40, ours, Due.LATER)):
        lead = log(world)
        record(world, lead, e.Booked(starts_at=NOW + starts * DAY), NOW)
        record(world, lead, e.Planned(step=NextStep.CONFIRM_APPOINTMENT, due_at=NOW + due * DAY), NOW)
        found = count(facts.load(world.engine), SITUATIONS, ("waits_for", "due"), moment(NOW + 20 * DAY))
        assert found == {(waits, overdue): 1}
        record(world, lead, e.Closed(reason=CloseReason.OTHER), NOW + HOUR)


def test_the_first_day_ends_at_the_locations_own_midnight(world: World) -> None:
    """Past midnight in New York it is still the first day in Los Angeles."""
    evening = NOW.replace(hour=3)  # seven in the evening in Los Angeles
    log(world, evening, pathway=Pathway.CLINICIAN, location_id=world.south)
    snapshot = facts.load(world.engine)
    for hour, whole in ((6, AtArrival.FIRST_DAY), (7, AtArrival.INCOMPLETE)):
        when = moment(NOW.replace(hour=hour))
        assert count(snapshot, LEADS, ("at_arrival",), when) == {(whole,): 1}, hour
