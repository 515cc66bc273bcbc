"""Replay: a lead's state as a function of its events, and of nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from data_access import events as happened
from data_access.events import Event, Happening, Received
from data_access.lead_state import CLOCK_SKEW, Appointment, LeadState, Outcome, Part, Record, Situation, epoch_minute
from data_access.needs import WAITS_FOR, need_of
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    Eligibility,
    Flag,
    Kind,
    Need,
    NextStep,
    Pathway,
    Precision,
    RecordItem,
    RecordsStatus,
    SchedulingStatus,
    Stage,
    StallReason,
)

_SCHEDULING_ORDER = list(SchedulingStatus)
_A_DAY, _TEN_YEARS = timedelta(days=1), timedelta(days=3653)


def replay(log: Iterable[Event]) -> LeadState:
    """A lead's state from its events, in whatever order they were recorded.

    Raises
    ------
    ValueError
        When no `Received` event stands.
    """
    log = list(log)
    voided = happened.voided(log)
    standing = [e for e in log if e.id not in voided and not isinstance(e.what, happened.Voided)]
    first = next((e for e in reversed(standing) if isinstance(e.what, Received)), None)
    if first is None or not isinstance(first.what, Received):
        raise ValueError("a lead needs a standing 'received' event")
    state = _begin(first, first.what)
    state.logged_at = min(e.recorded_at for e in log if isinstance(e.what, Received))  # a correction is no new inquiry
    for event in sorted((e for e in standing if not isinstance(e.what, Received)), key=_order):
        _HANDLERS[type(event.what)](state, event, event.what)
        _advance(state, event)
        _note_need(state, event)
        _note_situation(state, event)
    _flag(state, standing)
    return state


def _begin(event: Event, asked: Received) -> LeadState:
    state = LeadState(
        received=asked,
        received_at=event.occurred_at,
        received_precision=event.precision,
        logged_at=event.recorded_at,
        imported=event.batch_id is not None,
    )
    state.parts = [Part(begins_at=None, stage=Stage.CAPTURED, moved_back=False, asked=asked)]
    _open_checklist(state, event, asked)
    if asked.answered_live and asked.pathway == Pathway.PATIENT:
        _contacted(state, event, asked)
    _note_need(state, event)
    _note_follow_up(state, event)
    state.situations = [(event.occurred_at, _situation(state))]
    return state


def _open_checklist(state: LeadState, event: Event, template: Received | happened.Promoted) -> None:
    if not template.required_records and not template.optional_records:
        return
    for item in RecordItem:  # in the vocabulary's order, whatever the template's
        if item in template.required_records or item in template.optional_records:
            record = Record(item, item in template.required_records, max(event.occurred_at, state.received_at))
            state.records.setdefault(item, record)


def _order(event: Event) -> tuple[datetime, int]:
    # A date without a time of day is taken as that day's end, so that it follows what the same day shows with a time.
    at = event.occurred_at + timedelta(days=1) if event.precision == Precision.DAY else event.occurred_at
    return at, event.id


def _attempted(state: LeadState, event: Event, what: Any) -> None:
    state.first_attempt = state.first_attempt or event


def _reached(state: LeadState, event: Event, what: Any) -> None:
    _attempted(state, event, what)
    state.first_contact = state.first_contact or event
    if state.received.pathway == Pathway.PATIENT:  # the requester is the person to be scheduled
        _contacted(state, event, what)


def _eligibility_checked(state: LeadState, event: Event, what: Any) -> None:
    state.eligibility = what


def _records_requested(state: LeadState, event: Event, what: Any) -> None:
    requested = False
    for record in _outstanding(state, what.items):
        record.status = RecordsStatus.REQUESTED
        record.requested_at = record.requested_at or event.occurred_at
        requested = True
    if requested:
        state.requests.append(event.occurred_at)


def _records_received(state: LeadState, event: Event, what: Any) -> None:
    for record in _outstanding(state, what.items):
        record.status, record.received_at = RecordsStatus.RECEIVED, event.occurred_at
    _confirm_records(state)


def _records_waived(state: LeadState, event: Event, what: Any) -> None:
    for record in _outstanding(state, what.items):
        record.status, record.waived_at = RecordsStatus.NOT_NEEDED, event.occurred_at
    _confirm_records(state)


def _outstanding(state: LeadState, items: tuple[RecordItem, ...]) -> list[Record]:
    return [
        r
        for r in state.records.values()
        if r.status in (RecordsStatus.PENDING, RecordsStatus.REQUESTED) and (not items or r.item in items)
    ]


def _confirm_records(state: LeadState) -> None:
    state.records_confirmed = not any(r.required for r in _outstanding(state, ()))


def _contacted(state: LeadState, event: Event, what: Any) -> None:
    state.contacted_at = state.contacted_at or event.occurred_at
    _scheduling(state, SchedulingStatus.CONTACTED)


def _offered(state: LeadState, event: Event, what: Any) -> None:
    state.offered_at = state.offered_at or event.occurred_at
    _scheduling(state, SchedulingStatus.OFFERED)


def _told_what_to_expect(state: LeadState, event: Event, what: Any) -> None:
    state.told_what_to_expect = True


def _scheduling(state: LeadState, status: SchedulingStatus) -> None:
    state.scheduling_status = max(state.scheduling_status, status, key=_SCHEDULING_ORDER.index)


def _booked(state: LeadState, event: Event, what: Any) -> None:
    _scheduling(state, SchedulingStatus.BOOKED)
    state.appointments.append(
        Appointment(
            number=len(state.appointments) + 1,
            booked_at=event.occurred_at,
            starts_at=what.starts_at,
            starts_on=what.starts_on,
            location_id=what.location_id or state.received.location_id,
            provider_id=what.provider_id,
            preparation_sent=what.preparation_sent,
        )
    )
    if state.unbooked_outcome:  # dates that contradict each other: the visit was dated before its booking
        outcome, precision = state.unbooked_outcome
        state.unbooked_outcome = None
        state.appointments[-1].outcomes.append(outcome)
        if _before((outcome.at, precision), (event.occurred_at, event.precision)):
            state.flags |= Flag.VISIT_BEFORE_BOOKING


def _attended(state: LeadState, event: Event, what: Any) -> None:
    state.attended = True
    _settle_appointment(state, event, AppointmentStatus.ATTENDED)


def _no_show(state: LeadState, event: Event, what: Any) -> None:
    _settle_appointment(state, event, AppointmentStatus.NO_SHOW)


def _cancelled(state: LeadState, event: Event, what: Any) -> None:
    _settle_appointment(state, event, AppointmentStatus.CANCELLED, what.by)


def _rescheduled(state: LeadState, event: Event, what: Any) -> None:
    old = state.appointment
    if old is None or old.status == AppointmentStatus.SCHEDULED:  # a no-show that is given another day stays a no-show
        _settle_appointment(state, event, AppointmentStatus.RESCHEDULED, what.by)
    _booked(state, event, what)
    state.appointments[-1].replaces_number = old.number if old else None


def _settle_appointment(
    state: LeadState, event: Event, status: AppointmentStatus, by: CancelledBy | None = None
) -> None:
    outcome = Outcome(status, event.occurred_at, by)
    if latest := state.appointment:
        latest.outcomes.append(outcome)
    else:
        state.unbooked_outcome = (outcome, event.precision)


def _closed(state: LeadState, event: Event, what: Any) -> None:
    part = state.parts[-1]
    if part.closed_at is None:
        part.closed_at, part.close_reason, part.closed_precision = event.occurred_at, what.reason, event.precision
        part.duplicate_of = what.duplicate_of


def _reopened(state: LeadState, event: Event, what: Any) -> None:
    if state.closed_at:
        began = _begins(state, event)
        before = state.parts[-1]
        state.parts.append(
            Part(began, state.stage, before.moved_back, state.received, begins_precision=event.precision)
        )


def _planned(state: LeadState, event: Event, what: Any) -> None:
    state.planned, state.planned_by_rule = what, False


def _stalled(state: LeadState, event: Event, what: Any) -> None:
    state.stalled = what.reason


def _assigned(state: LeadState, event: Event, what: Any) -> None:
    _ask_anew(state, event, owner_id=what.owner_id)


def _transferred(state: LeadState, event: Event, what: Any) -> None:
    _ask_anew(state, event, location_id=what.location_id, owner_id=what.owner_id)


def _reprioritised(state: LeadState, event: Event, what: Any) -> None:
    promise = {name: getattr(what, name) for name in ("window_minutes", "respond_by", "answer_until")}
    _ask_anew(state, event, priority=what.priority, **(promise if what.respond_by else {}))


def _promoted(state: LeadState, event: Event, what: Any) -> None:
    line = what.service_line_id or state.received.service_line_id
    _ask_anew(state, event, lead_kind=Kind.SCHEDULING, service_line_id=line)
    _open_checklist(state, event, what)


def _ask_anew(state: LeadState, event: Event, **changes: Any) -> None:
    """From now on something else is asked, or of somebody else: in the counts too, and not before."""
    state.received = replace(state.received, **changes)
    begins, part = _begins(state, event), state.parts[-1]
    state.parts.append(
        replace(part, begins_at=begins, stage=state.stage, asked=state.received, begins_precision=event.precision)
    )


def _consented(state: LeadState, event: Event, what: Any) -> None:
    state.wishes = what


def _prepared(state: LeadState, event: Event, what: Any) -> None:
    if state.appointment:
        state.appointment.preparation_sent = True


def _nothing(state: LeadState, event: Event, what: Any) -> None:
    pass


_HANDLERS: dict[type[Happening], Any] = {
    happened.Attempted: _attempted,
    happened.Reached: _reached,
    happened.Acknowledged: _nothing,
    happened.ToldWhatToExpect: _told_what_to_expect,
    happened.EligibilityChecked: _eligibility_checked,
    happened.RecordsRequested: _records_requested,
    happened.RecordsReceived: _records_received,
    happened.RecordsWaived: _records_waived,
    happened.Contacted: _contacted,
    happened.Offered: _offered,
    happened.Booked: _booked,
    happened.Attended: _attended,
    happened.NoShow: _no_show,
    happened.Cancelled: _cancelled,
    happened.Rescheduled: _rescheduled,
    happened.Closed: _closed,
    happened.Reopened: _reopened,
    happened.Planned: _planned,
    happened.Stalled: _stalled,
    happened.Assigned: _assigned,
    happened.Transferred: _transferred,
    happened.Reprioritised: _reprioritised,
    happened.Promoted: _promoted,
    happened.Consented: _consented,
    happened.AskedAgain: _nothing,
    happened.Prepared: _prepared,
}
_CHANGES_NOTHING = (
    happened.Acknowledged, happened.ToldWhatToExpect, happened.Planned, happened.Stalled, happened.Assigned,
    happened.Transferred, happened.Reprioritised, happened.Consented, happened.Prepared,
)  # fmt: skip
_DONE_BY_OTHERS = (
    *_CHANGES_NOTHING, happened.RecordsReceived, happened.NoShow, happened.Cancelled, happened.AskedAgain,
)  # fmt: skip
"""What leaves a planned step standing: the practice has done nothing yet."""


_TRIES = (
    happened.Attempted, happened.Reached, happened.RecordsRequested, happened.Contacted, happened.Offered,
)  # fmt: skip


def _note_need(state: LeadState, event: Event) -> None:
    if (need := need_of(state)) != state.need:
        state.need, state.tries = need, 0
    state.tries += isinstance(event.what, _TRIES)


def _note_follow_up(state: LeadState, event: Event) -> None:
    if event.follow_up:
        state.planned, state.planned_by_rule = event.follow_up, True


def _note_situation(state: LeadState, event: Event) -> None:
    if not isinstance(event.what, _DONE_BY_OTHERS):
        state.planned = None
    _note_follow_up(state, event)
    if not isinstance(event.what, _CHANGES_NOTHING):
        state.stalled = None
    since, before = state.situations[-1]
    if (now := _situation(state)) != before:
        state.situations.append((max(since, event.occurred_at), now))


def _situation(state: LeadState) -> Situation | None:
    """What the lead waits for as it stands, and when its next step is due; None where it is not open."""
    if state.closed_at or state.stage == Stage.ATTENDED:
        return None
    ahead = state.appointment if state.stage == Stage.SCHEDULED else None
    booked = ahead is not None and ahead.status == AppointmentStatus.SCHEDULED
    step, due_at = (state.planned.step, state.planned.due_at) if state.planned else (None, None)
    if due_at is None and state.unanswered and not booked and state.received.respond_by:
        step, due_at = NextStep.ANSWER, state.received.respond_by
    if booked and ahead:
        return Situation(state.stage, None, step, due_at, ahead.location_id, ahead.starts_at, ahead.starts_on)
    waits_for = state.stalled or WAITS_FOR.get(state.need or Need.OFFER, StallReason.OUR_FOLLOW_UP)
    return Situation(state.stage, waits_for, step, due_at, state.received.location_id)


def _milestones(state: LeadState) -> list[Stage]:
    """The stages whose condition holds as the lead stands."""
    standing = (AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW)
    holds = {
        Stage.ELIGIBILITY: state.eligibility.outcome == Eligibility.ELIGIBLE,
        Stage.DOCUMENTATION: state.records_confirmed,
        Stage.SCHEDULED: bool(state.appointment and state.appointment.status in standing),
        Stage.ATTENDED: state.attended,
    }
    return [stage for stage, held in holds.items() if held]


def _advance(state: LeadState, event: Event) -> None:
    held = _milestones(state)
    now = max(held, default=Stage.CAPTURED)
    back = now < state.stage
    if back or (now > state.stage and now in state.entered):
        part = state.parts[-1]
        begins = _begins(state, event)
        moved = part.moved_back or back
        state.parts.append(
            replace(part, begins_at=begins, stage=now, moved_back=moved, begins_precision=event.precision)
        )
    for stage in held:
        state.entered.setdefault(stage, (event.occurred_at, event.precision))
    state.stage = now
    part = state.parts[-1]
    if part.begins_at and epoch_minute(event.occurred_at) <= epoch_minute(part.begins_at):
        part.stage = now


def _begins(state: LeadState, event: Event) -> datetime:
    """When the part begins that an event opens; a bare date is its day's start, but follows what that day shows."""
    earlier = [part.begins_at for part in state.parts if part.begins_at] + [at for at, _ in state.entered.values()]
    return max([event.occurred_at, *earlier])


def _flag(state: LeadState, log: list[Event]) -> None:
    received = (state.received_at, state.received_precision)
    booked, attended = state.entered.get(Stage.SCHEDULED), state.entered.get(Stage.ATTENDED)
    if booked and _before(booked, received):
        state.flags |= Flag.BOOKED_BEFORE_RECEIVED
    if attended and _before(attended, received):
        state.flags |= Flag.ATTENDED_BEFORE_RECEIVED
    for event in log:
        at = (event.occurred_at, event.precision)
        if isinstance(event.what, happened.Attempted | happened.Reached) and _before(at, received):
            state.flags |= Flag.RESPONSE_BEFORE_RECEIVED
        if event.occurred_at > event.recorded_at + CLOCK_SKEW:
            state.flags |= Flag.IN_THE_FUTURE
        noted_live = abs(event.recorded_at - event.occurred_at) < _A_DAY
        if abs(event.occurred_at - state.received_at) > _TEN_YEARS and not noted_live:
            state.flags |= Flag.TEN_YEARS_APART


def _before(a: tuple[datetime, Precision], b: tuple[datetime, Precision]) -> bool:
    a_day = a[1] == Precision.DAY and b[1] == Precision.MINUTE
    # A bare date says nothing about the order within its day, and a day may have 25 hours.
    return a[0] + timedelta(hours=25) <= b[0] if a_day else a[0] < b[0]
