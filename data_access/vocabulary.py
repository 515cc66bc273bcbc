"""The words of the house: every value that a column may hold, in one place.

The order of members is their small-integer code in the facts, so members are only ever appended.
"""

from enum import IntEnum, IntFlag, StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What the person who got in touch wants."""

    PARTNER_REQUEST = "partner_request"
    SCHEDULING = "scheduling"
    INFORMATION = "information"
    WARM_INTRO = "warm_intro"


VISIT_KINDS = (Kind.SCHEDULING, Kind.WARM_INTRO)
"""Kinds that are headed for a visit; the others end when they are answered."""


class Pathway(StrEnum):
    """Which of the two parallel roads to a visit the lead takes."""

    CLINICIAN = "clinician"
    PATIENT = "patient"


class Channel(StrEnum):
    """How the inquiry arrived. NOT_RECORDED exists for imported leads; the form does not offer it."""

    PHONE = "phone"
    EMAIL = "email"
    WEB_FORM = "web_form"
    FAX = "fax"
    SECURE_EMAIL = "secure_email"
    PARTNER_OUTREACH = "partner_outreach"
    WALK_IN = "walk_in"
    NOT_RECORDED = "not_recorded"


class Asker(StrEnum):
    """Who asked."""

    PATIENT = "patient"
    CAREGIVER = "caregiver"
    CLINICIAN = "clinician"
    NOT_RECORDED = "not_recorded"


class PartnerCategory(StrEnum):
    """What kind of practice or person refers."""

    PRIMARY_CARE = "primary_care"
    SPECIALIST = "specialist"
    THERAPIST = "therapist"
    HOSPITAL = "hospital"
    CARE_COORDINATOR = "care_coordinator"
    OTHER = "other"


class Priority(StrEnum):
    """Priority by the practice's own intake rules."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class Topic(StrEnum):
    """What the inquiry was about, in the content topics that the practice reviews."""

    INITIAL_CONSULT = "initial_consult"
    TRIAGE = "triage"
    DOCUMENTATION = "documentation"
    TREATMENT_PATHWAYS = "treatment_pathways"
    PREPARATION = "preparation"
    SELF_PAY = "self_pay"
    OTHER = "other"


class Stage(IntEnum):
    """The five stages from first contact to visit; the number is the order."""

    CAPTURED = 1
    ELIGIBILITY = 2
    DOCUMENTATION = 3
    SCHEDULED = 4
    ATTENDED = 5


class Check(StrEnum):
    """The answer to one of the three eligibility checks."""

    OK = "ok"
    NOT_OK = "not_ok"
    UNKNOWN = "unknown"


class Eligibility(StrEnum):
    """The outcome of the eligibility check."""

    NOT_CHECKED = "not_checked"
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    NEEDS_CLINICAL_REVIEW = "needs_clinical_review"


class NotEligibleReason(StrEnum):
    """Why a lead is not eligible."""

    SERVICE_NOT_OFFERED = "service_not_offered"
    DEMOGRAPHICS = "demographics"
    SCHEDULING_NEEDS = "scheduling_needs"
    COVERAGE = "coverage"
    OTHER = "other"


class RecordItem(StrEnum):
    """What a referral's documentation consists of."""

    CLINICAL_NOTES = "clinical_notes"
    IMAGING_OR_LABS = "imaging_or_labs"
    MEDICATIONS_OR_PROBLEMS = "medications_or_problems"
    REASON_FOR_REFERRAL = "reason_for_referral"


class RecordsStatus(StrEnum):
    """Status of one checklist item, and of the checklist as a whole."""

    PENDING = "pending"
    REQUESTED = "requested"
    RECEIVED = "received"
    NOT_NEEDED = "not_needed"


class SchedulingStatus(StrEnum):
    """How far the person has been brought towards an appointment."""

    NOT_CONTACTED = "not_contacted"
    CONTACTED = "contacted"
    OFFERED = "offered"
    BOOKED = "booked"


class AppointmentStatus(StrEnum):
    """What became of an appointment."""

    SCHEDULED = "scheduled"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"


class CancelledBy(StrEnum):
    """Who cancelled or moved an appointment."""

    PATIENT = "patient"
    PRACTICE = "practice"


class CloseReason(StrEnum):
    """Why a lead was closed without a visit."""

    NOT_ELIGIBLE = "not_eligible"
    WITHDRAWN = "withdrawn"
    UNREACHABLE = "unreachable"
    WENT_ELSEWHERE = "went_elsewhere"
    NO_CAPACITY = "no_capacity"
    RECORDS_MISSING = "records_missing"
    OTHER = "other"
    ANSWERED = "answered"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    TEST = "test"
    MISTAKE = "mistake"


EXCLUDED_REASONS = (CloseReason.DUPLICATE, CloseReason.SPAM, CloseReason.TEST, CloseReason.MISTAKE)
"""Closed as not a lead at all: counted on screen as left out, and in no rate."""


class NextStep(StrEnum):
    """What is to be done next about a lead. DECIDE: whether to go on, or to close it."""

    CALL = "call"
    WRITE = "write"
    REQUEST_RECORDS = "request_records"
    CLINICAL_REVIEW = "clinical_review"
    OFFER_APPOINTMENT = "offer_appointment"
    CONFIRM_APPOINTMENT = "confirm_appointment"
    OTHER = "other"
    ANSWER = "answer"
    CHECK_ELIGIBILITY = "check_eligibility"
    REMIND_OF_RECORDS = "remind_of_records"
    RECORD_OUTCOME = "record_outcome"
    DECIDE = "decide"


class Need(StrEnum):
    """What an open lead needs next on its way, as its events leave it; rules of follow-up are keyed by it.

    REACH: the person was tried and not reached. RECORDS: they were requested. BOOKING: an appointment was offered. VISIT: one
    is booked. REBOOK: the latest one was missed or cancelled. CLOSE: it is answered, or not eligible.
    """

    ANSWER = "answer"
    REACH = "reach"
    CHECK = "check"
    REVIEW = "review"
    REQUEST_RECORDS = "request_records"
    RECORDS = "records"
    OFFER = "offer"
    BOOKING = "booking"
    VISIT = "visit"
    REBOOK = "rebook"
    CLOSE = "close"


class PauseReason(StrEnum):
    """Why somebody put the next step off."""

    PERSON_ASKED = "person_asked"
    PARTNER_SENDS_LATER = "partner_sends_later"
    PERSON_AWAY = "person_away"
    OTHER = "other"


class StallReason(StrEnum):
    """What an open lead waits for, or what holds it up."""

    RECORDS = "records"
    PATIENT = "patient"
    CLINICAL_REVIEW = "clinical_review"
    NO_CAPACITY = "no_capacity"
    UNCLEAR_INSTRUCTIONS = "unclear_instructions"
    OUR_FOLLOW_UP = "our_follow_up"


class ContactMethod(StrEnum):
    """How somebody of the practice tried to reach the requester."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    EMAIL = "email"
    SECURE_MESSAGE = "secure_message"
    FAX = "fax"
    TEXT = "text"
    IN_PERSON = "in_person"


class Precision(StrEnum):
    """Whether a moment's time of day is known. DAY: only the date is; the moment stored is that local day's start."""

    MINUTE = "minute"
    DAY = "day"


class EventKind(StrEnum):
    """Everything that can happen to a lead."""

    RECEIVED = "received"
    ATTEMPTED = "attempted"
    REACHED = "reached"
    ACKNOWLEDGED = "acknowledged"
    TOLD_WHAT_TO_EXPECT = "told_what_to_expect"
    ELIGIBILITY_CHECKED = "eligibility_checked"
    RECORDS_REQUESTED = "records_requested"
    RECORDS_RECEIVED = "records_received"
    RECORDS_WAIVED = "records_waived"
    CONTACTED = "contacted"
    OFFERED = "offered"
    BOOKED = "booked"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    CLOSED = "closed"
    REOPENED = "reopened"
    PLANNED = "planned"
    STALLED = "stalled"
    VOIDED = "voided"
    ASSIGNED = "assigned"
    TRANSFERRED = "transferred"
    REPRIORITISED = "reprioritised"
    PROMOTED = "promoted"
    CONSENTED = "consented"
    ASKED_AGAIN = "asked_again"
    PREPARED = "prepared"


class TextUse(StrEnum):
    """What one of the practice's own texts is for."""

    SCRIPT = "script"
    CRITERIA = "criteria"
    HOW_TO_REFER = "how_to_refer"
    WHAT_TO_EXPECT = "what_to_expect"
    PRIORITY = "priority"


class Role(StrEnum):
    """What a member of staff does."""

    INTAKE_COORDINATOR = "intake_coordinator"
    SCHEDULING_LEAD = "scheduling_lead"
    FRONT_DESK = "front_desk"
    CLINICAL_REVIEW = "clinical_review"
    MANAGER = "manager"
    MARKETING = "marketing"
    ADMINISTRATOR = "administrator"


class AuditKind(StrEnum):
    """What is written into the audit log. READ_CONTACT: contact details were shown. SET_UP: the practice's own rules."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    REFUSED = "refused"
    OPENED = "opened"
    READ_CONTACT = "read_contact"
    LOGGED = "logged"
    CHANGED = "changed"
    EXPORTED = "exported"
    SET_UP = "set_up"
    DEIDENTIFIED = "deidentified"
    KEY_ROTATED = "key_rotated"


class ContactField(StrEnum):
    """What may be kept of how somebody is reached."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"


class Ending(StrEnum):
    """How a lead ended, for how long it may be kept with what points to a person."""

    VISITED = "visited"
    NOT_VISITED = "not_visited"
    NOT_A_LEAD = "not_a_lead"


class DeidentifiedBecause(StrEnum):
    """Why nothing of a lead points to a person any more."""

    RETENTION = "retention"
    REQUEST = "request"


class TrendSeries(StrEnum):
    """The weekly series that are watched for signals."""

    RECEIVED = "received"
    IN_TIME = "in_time"
    HALF_ANSWERED = "half_answered"
    COMPLETE = "complete"
    BOOKED = "booked"
    SEEN = "seen"
    SHOWN = "shown"


class TargetMetric(StrEnum):
    """What a practice can set a target for: weekly shares that are watched for signals."""

    RESPONSE_IN_TIME = "response_in_time"
    RECORDS_COMPLETE = "records_complete"
    BOOKED = "booked"
    SEEN = "seen"
    SHOWN = "shown"


class Outreach(StrEnum):
    """How the practice keeps in touch with those who refer: workflow and availability, never a patient."""

    EMAIL_UPDATE = "email_update"
    CALL = "call"
    NETWORK = "network"
    VISIT = "visit"
    OTHER = "other"


class ActionEnding(StrEnum):
    """What became of an action that a review decided."""

    DONE = "done"
    DROPPED = "dropped"


class Flag(IntFlag):
    """Contradictions in a lead's own dates. A flagged lead stays in the counts; it leaves only what the flag spoils."""

    BOOKED_BEFORE_RECEIVED = 1
    ATTENDED_BEFORE_RECEIVED = 2
    VISIT_BEFORE_BOOKING = 4
    RESPONSE_BEFORE_RECEIVED = 8
    IN_THE_FUTURE = 16
    TEN_YEARS_APART = 32


class BatchStatus(StrEnum):
    """How an import ended. FAILED: broken off, by a version that kept what it had done until then."""

    FINISHED = "finished"
    FAILED = "failed"
    UNDONE = "undone"


@lru_cache(maxsize=None, typed=True)
def code(member: StrEnum) -> int:
    """Small-integer code of a member in the facts: its place in its list."""
    return type(member)._member_names_.index(member.name)
