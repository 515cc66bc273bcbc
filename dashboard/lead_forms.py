"""What can be done on a lead: from what was typed to what happened to it, or to a message beside each field that is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.forms import Errors
from data_access import events as happened
from data_access.events import Happening
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    Need,
    NextStep,
    NotEligibleReason,
    PauseReason,
    Priority,
    StallReason,
)

Raw = Mapping[str, Any]
_ELIGIBLE = happened.EligibilityChecked(
    outcome=Eligibility.ELIGIBLE, service_fit=Check.OK, demographics=Check.OK, scheduling_needs=Check.OK
)


@dataclass(frozen=True)
class Action:
    """One thing that staff do on a lead.

    Attributes
    ----------
    parse : callable
        Makes what happened of what was typed, or a message per field.
    asks : tuple of str
        Names of the fields that are asked first; none: it is done with one click.
    """

    label: str
    icon: str
    parse: Callable[[Raw, ZoneInfo], Happening | Errors]
    asks: tuple[str, ...] = ()


def _always(what: Happening) -> Callable[[Raw, ZoneInfo], Happening]:
    return lambda _raw, _zone: what


def _appointment(raw: Raw, zone: ZoneInfo) -> dict[str, Any] | Errors:
    day: date | None = raw.get("day")
    at: time | None = raw.get("time")
    if day is None:
        return {"day": "Choose the day of the appointment."}
    starts = datetime.combine(day, at, tzinfo=zone).astimezone(UTC) if at else None
    return {"starts_at": starts, "starts_on": day, "preparation_sent": bool(raw.get("preparation"))}


def _book(raw: Raw, zone: ZoneInfo) -> Happening | Errors:
    found = _appointment(raw, zone)
    return found if "day" in found else happened.Booked(**found)


def _move(raw: Raw, zone: ZoneInfo) -> Happening | Errors:
    found = _appointment(raw, zone)
    by = CancelledBy(raw.get("by") or CancelledBy.PATIENT)
    return found if "day" in found else happened.Rescheduled(by=by, **found)


def _close(raw: Raw, _zone: ZoneInfo) -> Happening | Errors:
    reason = raw.get("close_reason")
    if reason is None:
        return {"close_reason": "Choose why it ends."}
    other = raw.get("duplicate_of")
    if reason == CloseReason.DUPLICATE and not other:
        return {"duplicate_of": "Choose the inquiry that goes on: give its number."}
    if other and reason != CloseReason.DUPLICATE:
        return {"duplicate_of": "Choose Duplicate as the reason, or leave the number empty."}
    return happened.Closed(reason=CloseReason(reason), duplicate_of=other)


def _put_off(raw: Raw, zone: ZoneInfo) -> Happening | Errors:
    day: date | None = raw.get("until")
    errors: Errors = {}
    if day is None:
        errors["until"] = "Choose the day on which it is to be taken up."
    if raw.get("step") is None:
        errors["step"] = "Choose what is to be done then."
    if errors or day is None:
        return errors
    why = raw.get("put_off")
    due = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
    return happened.Planned(step=NextStep(raw["step"]), due_at=due, put_off=PauseReason(why) if why else None)


def _chosen(
    field: str, make: Callable[[Any], Happening], missing: str
) -> Callable[[Raw, ZoneInfo], Happening | Errors]:
    return lambda raw, _zone: {field: missing} if raw.get(field) is None else make(raw[field])


def _wishes(raw: Raw, _zone: ZoneInfo) -> Happening:
    preferred = raw.get("preferred")
    return happened.Consented(
        may_contact=bool(raw.get("may_contact")), preferred=ContactMethod(preferred) if preferred else None
    )


_FAILS = {
    "service_fit": NotEligibleReason.SERVICE_NOT_OFFERED,
    "demographics": NotEligibleReason.DEMOGRAPHICS,
    "scheduling_needs": NotEligibleReason.SCHEDULING_NEEDS,
}
"""The three checks, in their order, and why a lead is not eligible where one of them fails."""


def _checked(raw: Raw, _zone: ZoneInfo) -> Happening | Errors:
    """What follows from the three checks: eligible when all hold, not eligible when one does not, open until then."""
    found = {name: Check(raw.get(name) or Check.UNKNOWN) for name in _FAILS}
    if set(found.values()) == {Check.UNKNOWN}:
        return {"service_fit": "Answer at least one of the three."}
    fails = [_FAILS[name] for name, check in found.items() if check == Check.NOT_OK]
    outcome = Eligibility.NOT_ELIGIBLE if fails else Eligibility.NOT_CHECKED
    if set(found.values()) == {Check.OK}:
        outcome = Eligibility.ELIGIBLE
    return happened.EligibilityChecked(outcome=outcome, reason=fails[0] if fails else None, **found)


ACTIONS: Mapping[str, Action] = {
    "reached": Action("Reached", "call", _always(happened.Reached(method=ContactMethod.CALL))),
    "wrote": Action("Wrote", "mail", _always(happened.Attempted(method=ContactMethod.EMAIL))),
    "message": Action(
        "Left a message", "voicemail", _always(happened.Attempted(method=ContactMethod.VOICEMAIL))
    ),
    "eligible": Action("Eligible", "check", _always(_ELIGIBLE)),
    "checked": Action("Check one by one", "checklist", _checked, tuple(_FAILS)),
    "review": Action(
        "Needs review", "stethoscope", _always(happened.EligibilityChecked(outcome=Eligibility.NEEDS_CLINICAL_REVIEW)),
    ),
    "not_eligible": Action(
        "Not eligible", "block", _chosen(
            "not_eligible", lambda why: happened.EligibilityChecked(
                outcome=Eligibility.NOT_ELIGIBLE, reason=NotEligibleReason(why)
            ), "Choose why.",
        ), ("not_eligible",),
    ),
    "requested": Action("Asked for records", "outgoing_mail", _always(happened.RecordsRequested())),
    "received": Action("Records are here", "folder_check", _always(happened.RecordsReceived())),
    "offered": Action("Offered", "event", _always(happened.Offered())),
    "booked": Action("Booked", "event_available", _book, ("day", "time", "preparation")),
    "moved": Action("Moved", "event_repeat", _move, ("day", "time", "by", "preparation")),
    "cancelled": Action(
        "Cancelled", "event_busy",
        _chosen("by", lambda by: happened.Cancelled(by=CancelledBy(by)), "Choose who cancelled."), ("by",),
    ),
    "attended": Action("Came", "how_to_reg", _always(happened.Attended())),
    "no_show": Action("No-show", "person_off", _always(happened.NoShow())),
    "put_off": Action("Put off", "snooze", _put_off, ("step", "until", "put_off")),
    "held_up": Action(
        "Say what holds it up", "pause_circle",
        _chosen("stalled", lambda why: happened.Stalled(reason=StallReason(why)), "Choose what it waits for."), ("stalled",),
    ),
    "given": Action(
        "Give to", "person_add",
        _chosen("owner", lambda owner: happened.Assigned(owner_id=owner), "Choose who owns it."), ("owner",),
    ),
    "priority": Action(
        "Change priority", "priority_high",
        _chosen("priority", lambda p: happened.Reprioritised(priority=Priority(p)), "Choose the priority."), ("priority",),
    ),
    "transferred": Action(
        "Move to a location", "swap_horiz",
        _chosen("location", lambda place: happened.Transferred(location_id=place), "Choose the location."), ("location",),
    ),
    "promoted": Action("Becomes a scheduling inquiry", "upgrade", _always(happened.Promoted())),
    "prepared": Action("Preparation sent", "assignment", _always(happened.Prepared())),
    "told": Action("Told what to expect", "info", _always(happened.ToldWhatToExpect())),
    "wishes": Action("Note wishes about contact", "contact_phone", _wishes, ("may_contact", "preferred")),
    "closed": Action("Close", "archive", _close, ("close_reason", "duplicate_of")),
    "reopened": Action("Reopen", "unarchive", _always(happened.Reopened())),
}  # fmt: skip
"""Everything that can be done on a lead with a click, or with a click and a few fields."""

BY_SCRIPT = (
    happened.Attempted, happened.Reached, happened.EligibilityChecked, happened.RecordsRequested, happened.Contacted,
    happened.Offered, happened.Booked, happened.Rescheduled,
)  # fmt: skip
"""What is done in talk or writing, and so may be done by a script."""

NEXT: Mapping[Need, tuple[str, ...]] = {
    Need.ANSWER: ("reached", "message"),
    Need.REACH: ("reached", "message"),
    Need.CHECK: ("eligible", "review"),
    Need.REVIEW: ("eligible", "not_eligible"),
    Need.REQUEST_RECORDS: ("requested", "received"),
    Need.RECORDS: ("received", "requested"),
    Need.OFFER: ("offered", "booked"),
    Need.BOOKING: ("booked", "message"),
    Need.VISIT: ("reached", "moved"),
    Need.REBOOK: ("booked", "message"),
    Need.CLOSE: ("closed", "reached"),
}
"""What is usually done next, by what the lead needs: the buttons of its row."""
OUTCOME = ("attended", "no_show")
"""The buttons once the appointment has begun."""
_MORE = (
    "reached", "message", "wrote",
    "eligible", "checked", "review", "not_eligible", "requested", "received", "offered", "booked", "moved",
    "cancelled", "prepared", "told", "put_off", "held_up", "given", "priority", "transferred", "promoted", "wishes", "closed",
)  # fmt: skip


@dataclass(frozen=True)
class Stands:
    """What decides which actions fit a lead. `begun`: its appointment has."""

    need: Need | None
    kind: Kind
    appointment: AppointmentStatus | None
    begun: bool = False


def usual(lead: Stands) -> tuple[str, ...]:
    """The one or two things that are usually done next."""
    if lead.need is None:
        return ("reopened",)
    if lead.need == Need.VISIT and lead.begun:
        return OUTCOME
    # One who was missed is given another day: the chain of the appointment goes on.
    missed = lead.appointment == AppointmentStatus.NO_SHOW
    return tuple("moved" if missed and name == "booked" else name for name in NEXT[lead.need])


def others(lead: Stands) -> tuple[str, ...]:
    """What else can be done on an open lead."""
    booked = lead.appointment == AppointmentStatus.SCHEDULED
    fits = {
        "promoted": lead.kind == Kind.INFORMATION,
        "moved": booked or lead.appointment == AppointmentStatus.NO_SHOW,
        "cancelled": booked,
        "prepared": booked,
        "booked": not booked and lead.appointment != AppointmentStatus.NO_SHOW,
    }
    known = usual(lead)
    return tuple(name for name in _MORE if name not in known and fits.get(name, True)) if lead.need else ()
