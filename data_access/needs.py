"""What an open lead needs next on its way to the visit, and for whom it waits: one rule, read off its state."""

from collections.abc import Mapping

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


def _in_order(state: LeadState) -> list[tuple[Need, bool]]:
    asked, found = state.received, state.eligibility.outcome
    reached = state.first_contact is not None or asked.answered_live
    return [
        (Need.REVIEW, found == Eligibility.NEEDS_CLINICAL_REVIEW),
        (Need.CLOSE, found == Eligibility.NOT_ELIGIBLE),
        (Need.RECORDS, state.records_status == RecordsStatus.REQUESTED),
        (Need.BOOKING, state.scheduling_status == SchedulingStatus.OFFERED),
        (Need.ANSWER, state.unanswered),
        (Need.REACH, asked.pathway == Pathway.PATIENT and not reached),
        (Need.CLOSE, asked.lead_kind not in VISIT_KINDS),
        (Need.REBOOK, state.scheduling_status == SchedulingStatus.BOOKED),
        (Need.CHECK, found == Eligibility.NOT_CHECKED),
        (Need.REQUEST_RECORDS, state.records_status == RecordsStatus.PENDING),
        (Need.OFFER, True),
    ]
