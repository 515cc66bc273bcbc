"""What people read in place of codes and words of the vocabulary."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import Connection

from data_access import partners, practice
from data_access import tables as t
from data_access.vocabulary import (
    Asker,
    AuditKind,
    Channel,
    CloseReason,
    ContactField,
    Flag,
    Kind,
    Need,
    NextStep,
    Outreach,
    PartnerCategory,
    Pathway,
    PauseReason,
    Priority,
    RecordItem,
    Stage,
    StallReason,
    TextUse,
    Topic,
)

_SPECIAL: Mapping[tuple[type[StrEnum], StrEnum], str] = {
    (type(member), member): text
    for member, text in (
        (Kind.WARM_INTRO, "Warm introduction"),
        (Kind.INFORMATION, "Information request"),
        (Kind.SCHEDULING, "Scheduling inquiry"),
        (Channel.WALK_IN, "Walk-in"),
        (Priority.SOON, "Soon"),
        (Topic.TRIAGE, "How referrals are triaged"),
        (Topic.DOCUMENTATION, "What documentation speeds scheduling"),
        (Topic.PREPARATION, "Preparation, what to bring"),
        (Topic.SELF_PAY, "Self-pay"),
        (RecordItem.IMAGING_OR_LABS, "Imaging or lab results"),
        (RecordItem.MEDICATIONS_OR_PROBLEMS, "Medication or problem list"),
        (StallReason.RECORDS, "Records from the partner"),
        (StallReason.PATIENT, "The patient"),
        (StallReason.NO_CAPACITY, "Free capacity"),
        (StallReason.UNCLEAR_INSTRUCTIONS, "Clear instructions"),
        (StallReason.OUR_FOLLOW_UP, "Our follow-up"),
        (NextStep.ANSWER, "Answer the inquiry"),
        (NextStep.REMIND_OF_RECORDS, "Ask again for the records"),
        (NextStep.RECORD_OUTCOME, "Record what became of the visit"),
        (NextStep.DECIDE, "Decide whether to go on"),
        (NextStep.OFFER_APPOINTMENT, "Offer an appointment"),
        (NextStep.CONFIRM_APPOINTMENT, "Confirm the appointment"),
        (Need.ANSWER, "Not answered yet"),
        (Need.REACH, "Not reached yet"),
        (Need.CHECK, "To be checked for eligibility"),
        (Need.REVIEW, "In clinical review"),
        (Need.REQUEST_RECORDS, "Records to be asked for"),
        (Need.RECORDS, "Records asked for"),
        (Need.OFFER, "Ready for an appointment"),
        (Need.BOOKING, "Appointment offered"),
        (Need.VISIT, "Booked"),
        (Need.REBOOK, "To be booked again"),
        (Need.CLOSE, "To be closed"),
        (PauseReason.PERSON_ASKED, "The person asked for it"),
        (PauseReason.PARTNER_SENDS_LATER, "The partner sends later"),
        (PauseReason.PERSON_AWAY, "The person is away"),
        (CloseReason.MISTAKE, "Logged by mistake"),
        (Outreach.EMAIL_UPDATE, "Quarterly e-mail update"),
        (Outreach.CALL, "Relationship call"),
        (Outreach.NETWORK, "Network or committee"),
        (Outreach.VISIT, "Staff-to-staff visit"),
        (ContactField.EMAIL, "E-mail address"),
        (ContactField.PHONE, "Phone number"),
        (AuditKind.READ_CONTACT, "Read contact details"),
        (AuditKind.DEIDENTIFIED, "Erased what points to a person"),
        (AuditKind.KEY_ROTATED, "Sealed contact details anew"),
        (AuditKind.REFUSED, "Was refused"),
        (TextUse.CRITERIA, "Criteria card"),
        (TextUse.PRIORITY, "Rule of priority"),
    )
}
"""By vocabulary too, because words of two vocabularies may be spelled alike."""
WEEKDAYS = ("No appointment", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STAGES = {
    Stage.CAPTURED: "Captured",
    Stage.ELIGIBILITY: "Eligible",
    Stage.DOCUMENTATION: "Records complete",
    Stage.SCHEDULED: "Scheduled",
    Stage.ATTENDED: "Attended",
}
STEPS = {
    "eligible": "Found eligible",
    "records": "Records complete",
    "scheduled": "Booked",
    "visit": "First appointment",
    "attended": "Seen",
}
"""Steps on the way to the visit whose time is measured."""
DONE = {
    "eligible": "were found eligible",
    "records": "had their records complete",
    "scheduled": "were booked",
    "visit": "came to the day of their first appointment",
    "attended": "were seen",
}
"""The same steps in a sentence."""
LEAD_TIMES = ("Not known", "Same day", "1-3 days", "4-7 days", "8-14 days", "15-30 days", "31-60 days", "Over 60 days")
APPOINTMENT_AHEAD = "Its appointment"
AT_ARRIVAL = ("Needs no records", "Came complete", "Came incomplete", "Its first day")
NOT_GIVEN = "Not given"

BREAKDOWNS = {
    "location": "Location",
    "pathway": "Pathway",
    "partner": "Partner",
    "partner_category": "Partner category",
    "channel": "Channel",
    "service_line": "Service line",
    "source": "Source",
    "campaign": "Campaign",
    "kind": "Kind",
    "priority": "Priority",
    "topic": "Topic",
    "owner": "Owner",
    "received_week": "Week received",
    "due_week": "Week due",
    "visit_weekday": "Weekday of the appointment",
    "start_week": "Week of the appointment",
    "start_weekday": "Weekday",
    "lead_time": "Days from booking to appointment",
}
"""Dimensions that a table can be broken down by, and what they are called."""
ORDINAL = ("priority", "visit_weekday", "start_weekday", "lead_time")
"""Those whose codes have an order of their own."""

_WORDS: Mapping[str, tuple[type[StrEnum], int]] = {
    # dimension: its vocabulary and the code of its first word (1 where 0 means that nothing was given)
    "kind": (Kind, 0),
    "pathway": (Pathway, 0),
    "channel": (Channel, 0),
    "priority": (Priority, 0),
    "asker": (Asker, 0),
    "partner_category": (PartnerCategory, 1),
    "topic": (Topic, 1),
    "close_reason": (CloseReason, 1),
    "item": (RecordItem, 0),
    "waits_for": (StallReason, 1),
}


def word(member: StrEnum) -> str:
    """A word of the vocabulary as people read it."""
    return _SPECIAL.get((type(member), member), member.replace("_", " ").capitalize())


def called(names: Mapping[int, str], codes: Iterable[float]) -> list[str]:
    """What codes are called; a question mark for those that nobody named."""
    return [names.get(int(code), "?") for code in codes]


def flag(value: int) -> str:
    """A contradiction of dates as people read it."""
    return Flag(value).name.replace("_", " ").capitalize()  # type: ignore[union-attr]  # a single flag has a name


def of_dimension(connection: Connection, dimension: str) -> dict[int, str]:
    """Labels of a dimension's codes, for those that have a list; weeks are written by `week`."""
    if dimension in _WORDS:
        words, first = _WORDS[dimension]
        known = {code: word(member) for code, member in enumerate(words, start=first)}
        nothing = APPOINTMENT_AHEAD if dimension == "waits_for" else NOT_GIVEN
        return {0: nothing} | known if first else known
    if dimension in t.LISTS:
        merged = partners.roots(connection) if dimension == "partner" else {}
        known = practice.names(connection, t.LISTS[dimension])
        return {0: NOT_GIVEN} | {code: name for code, name in known.items() if code not in merged}
    if dimension in ("furthest", "stage"):
        return {int(stage): name for stage, name in STAGES.items()}
    if dimension == "lead_time":
        return dict(enumerate(LEAD_TIMES))
    if dimension == "at_arrival":
        return dict(enumerate(AT_ARRIVAL))
    if dimension in ("visit_weekday", "start_weekday"):
        return dict(enumerate(WEEKDAYS))
    return {}


def codes_of(dimension: str) -> dict[str, int]:
    """Codes of a vocabulary's words, as the facts hold them."""
    words, first = _WORDS[dimension]
    return {str(member): code for code, member in enumerate(words, start=first)}
