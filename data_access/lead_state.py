"""What a lead is: how it stands, with its checklist, its appointments and its history of stages."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from data_access import events as happened
from data_access.events import Event, Received
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    CloseReason,
    Eligibility,
    Flag,
    Need,
    NextStep,
    NotEligibleReason,
    Precision,
    RecordItem,
    RecordsStatus,
    SchedulingStatus,
    Stage,
    StallReason,
)

CLOCK_SKEW = timedelta(minutes=5)
"""How far a clock may run ahead before a moment counts as lying in the future."""


@dataclass
class Record:
    """One item of the lead's records checklist; `opened_at`: when it came to be needed, with the inquiry or later."""

    item: RecordItem
    required: bool
    opened_at: datetime
    status: RecordsStatus = RecordsStatus.PENDING
    requested_at: datetime | None = None
    received_at: datetime | None = None
    waived_at: datetime | None = None

    def row(self) -> dict[str, Any]:
        """Its row in `records`."""
        return {name: value for name, value in vars(self).items() if name != "opened_at"}


@dataclass(frozen=True)
class Outcome:
    """What became of an appointment, and when."""

    status: AppointmentStatus
    at: datetime
    cancelled_by: CancelledBy | None = None


@dataclass
class Appointment:
    """One appointment; a moved one is followed by another that names it in `replaces_number`.

    `outcomes`: the last one stands; those before it are what it was said to be until then.
    """

    number: int
    booked_at: datetime
    starts_at: datetime | None
    starts_on: date | None
    location_id: int
    provider_id: int | None
    preparation_sent: bool
    replaces_number: int | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def status(self) -> AppointmentStatus:
        """How it stands."""
        return self.outcomes[-1].status if self.outcomes else AppointmentStatus.SCHEDULED

    def row(self) -> dict[str, Any]:
        """Its row in `appointments`."""
        last = self.outcomes[-1] if self.outcomes else None
        return {name: value for name, value in vars(self).items() if name != "outcomes"} | {
            "status": self.status,
            "outcome_at": last.at if last else None,
            "cancelled_by": last.cancelled_by if last else None,
        }


@dataclass
class Part:
    """A stretch of the lead's life in which the stage only rises, a close stands, and what was asked is the same.

    A return begins the next part, and so does a change of owner, location, kind or priority. `begins_at` is never before a
    stage that was entered earlier, and `stage` is the highest that held by then.
    """

    begins_at: datetime | None
    stage: Stage
    moved_back: bool
    asked: Received
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    duplicate_of: int | None = None
    begins_precision: Precision = Precision.MINUTE
    closed_precision: Precision = Precision.MINUTE


@dataclass(frozen=True)
class Situation:
    """What an open lead waits for, and when its next step is due.

    `waits_for` is None while an appointment stands, which begins at `starts_at`, or on the day `starts_on` where only that is
    known, at `location_id`. `due_at`: when `step`, the one that was planned or the answer that was promised, is due; None:
    neither is, and the next step is the appointment where there is one.
    """

    stage: Stage
    waits_for: StallReason | None
    step: NextStep | None
    due_at: datetime | None
    location_id: int
    starts_at: datetime | None = None
    starts_on: date | None = None

    @property
    def next_step(self) -> NextStep | None:
        """What is to be done next; None where nobody planned, promised or booked anything."""
        return self.step or (NextStep.RECORD_OUTCOME if self.starts_at or self.starts_on else None)


_NOT_CHECKED = happened.EligibilityChecked(outcome=Eligibility.NOT_CHECKED)
_NO_WISH = happened.Consented(may_contact=True)


@dataclass
class LeadState:
    """A lead as its events leave it.

    `received`: what was asked, as it stands now. `requests`: when somebody asked for records. `tries`: how often somebody
    tried, since `need` is what it is.
    """

    received: Received
    received_at: datetime
    received_precision: Precision
    logged_at: datetime
    stage: Stage = Stage.CAPTURED
    entered: dict[Stage, tuple[datetime, Precision]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    first_attempt: Event | None = None
    first_contact: Event | None = None
    eligibility: happened.EligibilityChecked = _NOT_CHECKED
    records: dict[RecordItem, Record] = field(default_factory=dict)
    records_confirmed: bool = False
    requests: list[datetime] = field(default_factory=list)
    scheduling_status: SchedulingStatus = SchedulingStatus.NOT_CONTACTED
    contacted_at: datetime | None = None
    offered_at: datetime | None = None
    told_what_to_expect: bool = False
    appointments: list[Appointment] = field(default_factory=list)
    attended: bool = False
    planned: happened.Planned | None = None
    planned_by_rule: bool = False
    need: Need | None = None
    tries: int = 0
    wishes: happened.Consented = _NO_WISH
    stalled: StallReason | None = None
    situations: list[tuple[datetime, Situation | None]] = field(default_factory=list)
    imported: bool = False
    unbooked_outcome: tuple[Outcome, Precision] | None = None
    flags: Flag = Flag(0)  # noqa: RUF009  # a flag never changes

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed, if it stands closed."""
        return self.parts[-1].closed_at

    @property
    def close_reason(self) -> CloseReason | None:
        """Why it was closed, if it stands closed."""
        return self.parts[-1].close_reason

    @property
    def unanswered(self) -> bool:
        """Whether nobody has tried to answer it yet."""
        return self.first_attempt is None and not self.received.answered_live

    @property
    def appointment(self) -> Appointment | None:
        """The latest appointment."""
        return self.appointments[-1] if self.appointments else None

    @property
    def records_status(self) -> RecordsStatus:
        """The checklist as a whole."""
        if not self.records:
            return RecordsStatus.RECEIVED if self.records_confirmed else RecordsStatus.NOT_NEEDED
        required = [r.status for r in self.records.values() if r.required]
        outstanding = [s for s in required if s in (RecordsStatus.PENDING, RecordsStatus.REQUESTED)]
        if outstanding:
            return RecordsStatus.REQUESTED if RecordsStatus.REQUESTED in outstanding else RecordsStatus.PENDING
        return RecordsStatus.RECEIVED if self.records_confirmed else RecordsStatus.NOT_NEEDED

    def row(self) -> dict[str, Any]:
        """The lead's row: every column of `leads` that its events decide."""
        asked, appointment, now = self.received, self.appointment, self.situations[-1][1]
        not_eligible: NotEligibleReason | None = self.eligibility.reason
        return {
            "received_at": self.received_at,
            "received_precision": self.received_precision,
            "logged_at": self.logged_at,
            "kind": asked.lead_kind,
            "pathway": asked.pathway,
            "channel": asked.channel,
            "asker": asked.asker,
            "priority": asked.priority,
            "location_id": asked.location_id,
            "partner_id": asked.partner_id,
            "partner_category": asked.partner_category,
            "service_line_id": asked.service_line_id,
            "source_id": asked.source_id,
            "campaign_id": asked.campaign_id,
            "topic": asked.topic,
            "owner_id": asked.owner_id,
            "requested_clinician_id": asked.requested_clinician_id,
            "reference": asked.reference,
            "expectations": asked.expectations,
            "answered_live": asked.answered_live,
            "window_minutes": asked.window_minutes,
            "respond_by": asked.respond_by,
            "first_attempt_at": self.first_attempt.occurred_at if self.first_attempt else None,
            "first_contact_at": self.first_contact.occurred_at if self.first_contact else None,
            "attempt_seconds": seconds_to(self.first_attempt),
            "contact_seconds": seconds_to(self.first_contact),
            "stage": int(self.stage),
            "service_fit": self.eligibility.service_fit,
            "demographics": self.eligibility.demographics,
            "scheduling_needs": self.eligibility.scheduling_needs,
            "eligibility": self.eligibility.outcome,
            "not_eligible_reason": not_eligible,
            "records_status": self.records_status,
            "scheduling_status": self.scheduling_status,
            "contacted_at": self.contacted_at,
            "offered_at": self.offered_at,
            "told_what_to_expect": self.told_what_to_expect,
            "appointment_status": appointment.status if appointment else None,
            "eligible_at": self.entered.get(Stage.ELIGIBILITY, (None,))[0],
            "records_at": self.entered.get(Stage.DOCUMENTATION, (None,))[0],
            "scheduled_at": self.entered.get(Stage.SCHEDULED, (None,))[0],
            "attended_at": self.entered.get(Stage.ATTENDED, (None,))[0],
            "closed_at": self.closed_at,
            "close_reason": self.close_reason,
            "duplicate_of": self.parts[-1].duplicate_of,
            "need": self.need,
            "tries": self.tries,
            "next_step": now.next_step if now else None,
            "next_step_by": (now.due_at or now.starts_at) if now else None,
            "put_off": self.planned.put_off if now and self.planned else None,
            "may_contact": self.wishes.may_contact,
            "preferred_contact": self.wishes.preferred,
            "waits_for": now.waits_for if now else None,
            "flags": int(self.flags),
        }


def seconds_to(answer: Event | None) -> int | None:
    """Staffed seconds from receipt to an answer; None where there is none, or it could not be measured."""
    return (
        answer.what.staffed_seconds
        if answer and isinstance(answer.what, happened.Attempted | happened.Reached)
        else None
    )


def epoch_minute(moment: datetime) -> int:
    """Whole minutes since 1970-01-01 UTC, rounded down."""
    return (moment - _EPOCH) // _MINUTE


_EPOCH, _MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=1)
