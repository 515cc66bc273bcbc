"""What an open lead needs next on its way to the visit, and for whom it waits: one rule, read off its state."""

from collections.abc import Iterator, Mapping

from data_access.lead_state import LeadState
from data_access.vocabulary import (
    VISIT_KINDS,
    AppointmentStatus,
    Eligibility,
    Need,
    Pathway,
    RecordsStatus,
    SchedulingStatus,
    Stage,
    StallReason,
)

WAITS_FOR: Mapping[Need, StallReason] = {
    Need.REVIEW: StallReason.CLINICAL_REVIEW,
    Need.RECORDS: StallReason.RECORDS,
    Need.BOOKING: StallReason.PATIENT,
    Need.REACH: StallReason.PATIENT,
}
"""For whom a lead waits, by its need; where it is not named here, for our own follow-up."""


def need_of(state: LeadState) -> Need | None:
    """What the lead needs next; None where it is not open."""
    if state.closed_at or state.stage == Stage.ATTENDED:
        return None
    if state.stage == Stage.SCHEDULED and state.appointment and state.appointment.status == AppointmentStatus.SCHEDULED:
        return Need.VISIT
    return next(need for need, holds in _in_order(state) if holds)


def _in_order(state: LeadState) -> Iterator[tuple[Need, bool]]:
    asked, found = state.received, state.eligibility.outcome
    reached = state.first_contact is not None or asked.answered_live
    yield Need.REVIEW, found == Eligibility.NEEDS_CLINICAL_REVIEW
    yield Need.CLOSE, found == Eligibility.NOT_ELIGIBLE
    yield Need.RECORDS, state.records_status == RecordsStatus.REQUESTED
    yield Need.BOOKING, state.scheduling_status == SchedulingStatus.OFFERED
    yield Need.ANSWER, state.unanswered
    yield Need.REACH, asked.pathway == Pathway.PATIENT and not reached
    yield Need.CLOSE, asked.lead_kind not in VISIT_KINDS
    yield Need.REBOOK, state.scheduling_status == SchedulingStatus.BOOKED
    yield Need.CHECK, found == Eligibility.NOT_CHECKED
    yield Need.REQUEST_RECORDS, state.records_status == RecordsStatus.PENDING
    yield Need.OFFER, True
