"""What can happen to a lead: one small class per kind of event.

An event is appended and never changed. Its fields are kept as JSON in `events.details`; a mistake is mended by a
`Voided` event that names the wrong one, so that history shows both.
"""

import types
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from data_access.vocabulary import (
    Asker,
    CancelledBy,
    Channel,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    EventKind,
    Kind,
    NextStep,
    NotEligibleReason,
    PartnerCategory,
    Pathway,
    PauseReason,
    Precision,
    Priority,
    RecordItem,
    StallReason,
    Topic,
)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A lead got in touch. Carries what was asked and the promise that was in force, so that no later edit re-judges it.

    `respond_by`: the earliest moment at which the window is used up. `answer_until`: the last moment at which an answer
    is in time: the same, or where that is a closing time, the next opening, because nobody's time has passed in between.
    """

    kind: ClassVar = EventKind.RECEIVED
    lead_kind: Kind
    pathway: Pathway
    channel: Channel
    location_id: int
    asker: Asker = Asker.NOT_RECORDED
    priority: Priority = Priority.ROUTINE
    partner_id: int | None = None
    partner_category: PartnerCategory | None = None
    service_line_id: int | None = None
    source_id: int | None = None
    campaign_id: int | None = None
    topic: Topic | None = None
    owner_id: int | None = None
    requested_clinician_id: int | None = None
    reference: str | None = None
    expectations: str | None = None
    answered_live: bool = False
    required_records: tuple[RecordItem, ...] = ()
    optional_records: tuple[RecordItem, ...] = ()
    window_minutes: int | None = None
    respond_by: datetime | None = None
    answer_until: datetime | None = None

    def unstamped(self) -> "Received":
        """What was asked, without the promise and the checklist that the practice put to it."""
        return replace(
            self, window_minutes=None, respond_by=None, answer_until=None, required_records=(), optional_records=()
        )

    def promised_as(self, other: "Received") -> "Received":
        """What was asked, with the promise and the checklist that were put to another receipt of it."""
        return replace(
            self,
            window_minutes=other.window_minutes,
            respond_by=other.respond_by,
            answer_until=other.answer_until,
            required_records=other.required_records,
            optional_records=other.optional_records,
        )


@dataclass(frozen=True, kw_only=True)
class Attempted:
    """Somebody of the practice tried to reach the requester. `staffed_seconds`: since received; None: not measurable."""

    kind: ClassVar = EventKind.ATTEMPTED
    method: ContactMethod
    staffed_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Somebody of the practice and the requester spoke or wrote with each other."""

    kind: ClassVar = EventKind.REACHED
    method: ContactMethod
    staffed_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """A machine confirmed receipt. Stops no clock."""

    kind: ClassVar = EventKind.ACKNOWLEDGED


@dataclass(frozen=True, kw_only=True)
class ToldWhatToExpect:
    """The requester was told what happens next. Stops no clock: it may be a standard text."""

    kind: ClassVar = EventKind.TOLD_WHAT_TO_EXPECT


@dataclass(frozen=True, kw_only=True)
class EligibilityChecked:
    """The three eligibility checks and what follows from them."""

    kind: ClassVar = EventKind.ELIGIBILITY_CHECKED
    outcome: Eligibility
    service_fit: Check = Check.UNKNOWN
    demographics: Check = Check.UNKNOWN
    scheduling_needs: Check = Check.UNKNOWN
    reason: NotEligibleReason | None = None


@dataclass(frozen=True, kw_only=True)
class RecordsRequested:
    """Missing records were asked for. No items: all that are outstanding."""

    kind: ClassVar = EventKind.RECORDS_REQUESTED
    items: tuple[RecordItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordsReceived:
    """Records came in. No items: all that are outstanding."""

    kind: ClassVar = EventKind.RECORDS_RECEIVED
    items: tuple[RecordItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordsWaived:
    """Records turned out not to be needed, and why."""

    kind: ClassVar = EventKind.RECORDS_WAIVED
    reason: str
    items: tuple[RecordItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contacted:
    """The person to be seen was contacted about scheduling."""

    kind: ClassVar = EventKind.CONTACTED


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An appointment was offered."""

    kind: ClassVar = EventKind.OFFERED


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An appointment was booked. `starts_on` is the location's local day; both None: not known."""

    kind: ClassVar = EventKind.BOOKED
    starts_at: datetime | None = None
    starts_on: date | None = None
    location_id: int | None = None
    provider_id: int | None = None
    preparation_sent: bool = False


@dataclass(frozen=True, kw_only=True)
class Attended:
    """The person came to the appointment."""

    kind: ClassVar = EventKind.ATTENDED


@dataclass(frozen=True, kw_only=True)
class NoShow:
    """The person did not come and had not cancelled."""

    kind: ClassVar = EventKind.NO_SHOW


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """The appointment was cancelled and not moved."""

    kind: ClassVar = EventKind.CANCELLED
    by: CancelledBy


@dataclass(frozen=True, kw_only=True)
class Rescheduled:
    """The appointment was moved; the new one keeps a link to the old."""

    kind: ClassVar = EventKind.RESCHEDULED
    by: CancelledBy
    starts_at: datetime | None = None
    starts_on: date | None = None
    location_id: int | None = None
    provider_id: int | None = None
    preparation_sent: bool = False


@dataclass(frozen=True, kw_only=True)
class Closed:
    """The lead was closed without a visit. `duplicate_of`: the lead that goes on in its place."""

    kind: ClassVar = EventKind.CLOSED
    reason: CloseReason
    duplicate_of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reopened:
    """A closed lead was taken up again."""

    kind: ClassVar = EventKind.REOPENED


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The next step was agreed. It stands until another is planned, or until the practice does something on the lead.

    `put_off`: why it is not to be taken sooner.
    """

    kind: ClassVar = EventKind.PLANNED
    step: NextStep
    due_at: datetime
    put_off: PauseReason | None = None


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """Somebody said what holds the lead up. It stands until something happens on the lead."""

    kind: ClassVar = EventKind.STALLED
    reason: StallReason


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Somebody took the lead, or was given it; None: nobody owns it any more."""

    kind: ClassVar = EventKind.ASSIGNED
    owner_id: int | None


@dataclass(frozen=True, kw_only=True)
class Transferred:
    """The lead moved to another location; its clock goes on as it was promised. `owner_id`: who owns it there."""

    kind: ClassVar = EventKind.TRANSFERRED
    location_id: int
    owner_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reprioritised:
    """The priority changed. A shorter window runs from now on; it restarts nothing and never lengthens what was promised."""

    kind: ClassVar = EventKind.REPRIORITISED
    priority: Priority
    window_minutes: int | None = None
    respond_by: datetime | None = None
    answer_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """An information request turned into a scheduling inquiry. Its clock and its topic stay; the checklist opens."""

    kind: ClassVar = EventKind.PROMOTED
    service_line_id: int | None = None
    required_records: tuple[RecordItem, ...] = ()
    optional_records: tuple[RecordItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Consented:
    """What the person who asked wants: whether we may get in touch at all, and how. None: no wish."""

    kind: ClassVar = EventKind.CONSENTED
    may_contact: bool
    preferred: ContactMethod | None = None


@dataclass(frozen=True, kw_only=True)
class AskedAgain:
    """The one who asked got in touch again before the visit; owed an answer, and no new inquiry."""

    kind: ClassVar = EventKind.ASKED_AGAIN
    channel: Channel
    topic: Topic | None = None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The preparation steps for the latest appointment were sent."""

    kind: ClassVar = EventKind.PREPARED


@dataclass(frozen=True, kw_only=True)
class Voided:
    """An earlier event of the same lead was recorded by mistake."""

    kind: ClassVar = EventKind.VOIDED
    event_id: int


Happening = (
    Received | Attempted | Reached | Acknowledged | ToldWhatToExpect | EligibilityChecked | RecordsRequested | RecordsReceived
    | RecordsWaived | Contacted | Offered | Booked | Attended | NoShow | Cancelled | Rescheduled | Closed | Reopened
    | Planned | Stalled | Assigned | Transferred | Reprioritised | Promoted | Consented | AskedAgain | Prepared
    | Voided
)  # fmt: skip

CLASSES: dict[EventKind, type[Happening]] = {cls.kind: cls for cls in get_args(Happening)}


@dataclass(frozen=True)
class Event:
    """One line of a lead's log: what happened, when it did, and when and by whom that was recorded.

    `occurred_at` is aware UTC; with precision DAY it is the start of the local day. `staff_id` is None where nobody in
    person recorded it, `batch_id` None where no import did. `follow_up`: the next step that the practice's rules set after it;
    None where they set none, or an earlier one stands. `text_id`: the practice's text by which it was done, if by one.
    `copied_from`: the same line of a lead that was merged into this one.
    """

    what: Happening
    occurred_at: datetime
    recorded_at: datetime
    precision: Precision = Precision.MINUTE
    id: int = 0
    staff_id: int | None = None
    batch_id: int | None = None
    follow_up: Planned | None = None
    text_id: int | None = None
    copied_from: int | None = None


def voided(log: Iterable[Event]) -> frozenset[int]:
    """Ids of the events of a log that were taken back."""
    return frozenset(event.what.event_id for event in log if isinstance(event.what, Voided))


def details(what: Happening) -> dict[str, Any]:
    """An event's fields as plain JSON values; fields at their default are left out."""
    cls: Any = type(what)
    return {name: _plain(value) for name, default in _fields(cls) if (value := getattr(what, name)) != default}


def restore(kind: str, plain: dict[str, Any]) -> Happening:
    """The event that `details` was made from."""
    cls: Any = CLASSES[EventKind(kind)]
    readers = _readers(cls)
    restored: Happening = cls(**{name: readers[name](value) for name, value in plain.items()})
    return restored


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):  # datetime too
        return value.isoformat()
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


@cache
def _fields(cls: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((f.name, f.default) for f in fields(cls))


@cache
def _readers(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {f.name: _reader(hints[f.name]) for f in fields(cls)}


def _reader(hint: Any) -> Any:
    if get_origin(hint) in (types.UnionType, Union):
        inner = _reader(next(a for a in get_args(hint) if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple(item(v) for v in values)
    if hint in (datetime, date):
        return hint.fromisoformat
    return hint
