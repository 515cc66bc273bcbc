"""What a person may record on a lead as it stands. Imports are held to less: their contradictions are flagged instead."""

from datetime import datetime

from data_access import events as happened
from data_access.events import Happening
from data_access.lead_state import CLOCK_SKEW, LeadState
from data_access.vocabulary import VISIT_KINDS, AppointmentStatus, CloseReason


class NotPossible(ValueError):
    """What somebody wants to record does not fit the lead as it stands; the message says why and what to do."""


def check(state: LeadState, what: Happening, occurred_at: datetime, recorded_at: datetime) -> None:
    """Raise `NotPossible` when a person may not record this on the lead as it stands."""
    if occurred_at > recorded_at + CLOCK_SKEW:
        raise NotPossible("The time lies in the future. Give the time at which it happened.")
    if state.closed_at and not isinstance(what, happened.Reopened | happened.Voided):
        raise NotPossible("This inquiry is closed. Reopen it first.")
    match what:
        case happened.Reopened() if not state.closed_at:
            raise NotPossible("This inquiry is open already.")
        case happened.Closed(reason=CloseReason.ANSWERED) if state.received.lead_kind in VISIT_KINDS:
            raise NotPossible(
                "An inquiry headed for a visit is not closed as answered. Choose why it ends without a visit."
            )
        case happened.Attended() | happened.NoShow() | happened.Cancelled() | happened.Rescheduled():
            latest = state.appointment
            open_to = {
                happened.Attended: (AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW),
                happened.NoShow: (AppointmentStatus.SCHEDULED,),
                happened.Cancelled: (AppointmentStatus.SCHEDULED,),
                happened.Rescheduled: (AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW),
            }[type(what)]
            if latest is None or latest.status not in open_to:
                stands = f"the latest one is {latest.status.replace('_', '-')}" if latest else "there is none yet"
                raise NotPossible(f"There is no appointment that this fits: {stands}. Book one first.")
        case happened.Received():
            raise NotPossible("An inquiry is received once; log a new one.")
