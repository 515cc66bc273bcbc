"""What a person may record on a lead as it stands. Imports are held to less: their contradictions are flagged instead."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from data_access import events as happened
from data_access.events import Event, Happening
from data_access.lead_state import CLOCK_SKEW, LeadState
from data_access.vocabulary import VISIT_KINDS, AppointmentStatus, CloseReason, Kind, Precision

_FITS = {
    happened.Attended: (AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW),
    happened.NoShow: (AppointmentStatus.SCHEDULED,),
    happened.Cancelled: (AppointmentStatus.SCHEDULED,),
    happened.Rescheduled: (AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW),
}
"""What may become of the latest appointment, by how it stands."""
_OUR_CONTACTS = (happened.Attempted, happened.Contacted, happened.Offered)

REFERENCE_LENGTH = 24
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./#-]*")


class NotPossible(ValueError):
    """What somebody wants to record does not fit the lead as it stands; the message says why and what to do."""


class Doubtful(NotPossible):
    """It may be entered already; whoever knows better says so and saves it all the same. `field`: where the doubt lies."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check(
    state: LeadState, log: Sequence[Event], what: Happening, occurred_at: datetime, recorded_at: datetime
) -> None:
    """Raise `NotPossible` when a person may not record this on the lead as it stands."""
    if occurred_at > recorded_at + CLOCK_SKEW:
        raise NotPossible("The time lies in the future. Give the time at which it happened.")
    if occurred_at < state.received_at and state.received_precision == Precision.MINUTE:
        raise NotPossible("The time lies before the inquiry was received. Give the time at which it happened.")
    if state.closed_at and not isinstance(what, happened.Reopened | happened.Voided | happened.Consented):
        raise NotPossible("This inquiry is closed. Reopen it first.")
    if not state.wishes.may_contact and isinstance(what, _OUR_CONTACTS):
        raise NotPossible("This person asked not to be contacted. If they have changed their mind, note that first.")
    match what:
        case happened.Consented() if other := state.parts[-1].duplicate_of:
            raise NotPossible(f"It goes on as inquiry {other}. Note their wishes there.")
        case happened.Reopened() if not state.closed_at:
            raise NotPossible("This inquiry is open already.")
        case happened.Reopened() if other := state.parts[-1].duplicate_of:
            raise NotPossible(f"It goes on as inquiry {other}. If it is another one, take its closing back instead.")
        case happened.Closed(reason=CloseReason.ANSWERED) if state.received.lead_kind in VISIT_KINDS:
            raise NotPossible(
                "An inquiry headed for a visit is not closed as answered. Choose why it ends without a visit."
            )
        case happened.Attended() | happened.NoShow() | happened.Cancelled() | happened.Rescheduled():
            latest = state.appointment
            if latest is None or latest.status not in _FITS[type(what)]:
                stands = f"the latest one is {latest.status.replace('_', '-')}" if latest else "there is none yet"
                raise NotPossible(f"There is no appointment that this fits: {stands}. Book one first.")
            if occurred_at < latest.booked_at:
                raise NotPossible(
                    "The time lies before the appointment was booked. Give the time at which it happened."
                )
        case happened.Prepared() if not state.appointment or state.appointment.status != AppointmentStatus.SCHEDULED:
            raise NotPossible("There is no appointment ahead to prepare for. Book one first.")
        case happened.Voided(event_id=number):
            wrong = next((e for e in log if e.id == number), None)
            first = next(e.id for e in log if isinstance(e.what, happened.Received))
            if wrong is None or number in (*happened.voided(log), first) or isinstance(wrong.what, happened.Voided):
                raise NotPossible("There is no such entry to take back on this inquiry. Look at its history again.")
        case happened.Assigned(owner_id=owner) if owner == state.received.owner_id:
            raise NotPossible("It is theirs already." if owner else "Nobody owns it already.")
        case happened.Transferred(location_id=place) if place == state.received.location_id:
            raise NotPossible("The inquiry is at this location already. Choose another.")
        case happened.Reprioritised(priority=priority) if priority == state.received.priority:
            raise NotPossible(f"Its priority is {priority} already.")
        case happened.Promoted() if state.received.lead_kind != Kind.INFORMATION:
            raise NotPossible("Only an information request can become a scheduling inquiry.")
        case happened.Closed(reason=reason, duplicate_of=other) if other and reason != CloseReason.DUPLICATE:
            raise NotPossible("Only a duplicate goes on as another inquiry.")
        case happened.Received():
            raise NotPossible("An inquiry is received once; log a new one.")


def check_effect(after: LeadState, what: Happening) -> None:
    """Raise `NotPossible` when what was recorded changes nothing, because something later stands against it."""
    if isinstance(what, happened.Reopened) and after.closed_at:
        raise NotPossible("The inquiry was closed after this time. Give the time at which it was reopened.")
    if isinstance(what, happened.Closed) and not after.closed_at:
        raise NotPossible("The inquiry was reopened after this time. Give the time at which it was closed.")


_SEEN_IN_NOTES = {
    "a date": r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b",
    "a phone number": r"(?:\d[\s().-]*){9,}",
    "an e-mail address": r"\S+@\S+\.\S+",
    "a person's name": r"\b(?:Mr|Mrs|Ms|Miss|Dr|named?|called)\.?\s+[A-Z][a-z]+",
    "a birth date": r"\b(?:DOB|born|birth ?da(?:y|te))\b|\b(?:19|20)\d\d\b",
    "a diagnosis": r"\b(?:diagnos\w+|suffers? from|ICD|\w+(?:itis|osis|oma|emia|pathy))\b",
}


_POINTS_TO_A_PATIENT = {name: _SEEN_IN_NOTES[name] for name in ("a phone number", "an e-mail address")} | {
    "who a patient is": (
        r"\b(?:Mr|Mrs|Ms|Miss)\.?\s+[A-Z][a-z]+|\bpatient (?:named?|called)\b|\b(?:DOB|birth ?da(?:y|te))\b"
    )
}


def note_doubts(text: str | None) -> list[str]:
    """What a free text seems to hold that is not to be written down here: identities and diagnoses."""
    return _seen(_SEEN_IN_NOTES, text)


def require_no_patient(text: str) -> None:
    """Raise `NotPossible` when a text that everybody reads (a note on a chart, an action) seems to point to a patient.

    Dates, clinicians and what is treated are its business.
    """
    if seen := _seen(_POINTS_TO_A_PATIENT, text):
        raise NotPossible(
            f"This seems to say {' and '.join(seen)}. Leave out what points to a patient: everybody reads it."
        )


def _seen(patterns: Mapping[str, str], text: str | None) -> list[str]:
    return [what for what, pattern in patterns.items() if re.search(pattern, text or "")]


def reference_problem(reference: str) -> str | None:
    """Why a text may not be a patient's reference, or None: it is a short local code, not a name, date or phone number."""
    example = "Use the short local code, for example A-1047."
    if len(reference) > REFERENCE_LENGTH:
        return f"This is longer than {REFERENCE_LENGTH} characters. {example}"
    if re.search(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", reference):
        return f"This looks like a date. {example}"
    if re.fullmatch(r"(?:(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d|[0-3]\d[0-3]\d(?:19|20)\d\d)", reference):
        return f"This looks like a date. {example}"
    if len(re.sub(r"\D", "", reference)) >= 9:
        return f"This looks like a phone number. {example}"
    if not _CODE.fullmatch(reference) or not re.search(r"\d", reference) or re.search(r"[A-Za-z]{4}", reference):
        return (
            f"This looks like a name or a note: a code has digits, no spaces, and no four letters in a row. {example}"
        )
    return None
