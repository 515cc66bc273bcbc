"""What the practice's rules, hours, checklists and texts put to an event when it happens: no later edit re-judges it."""

import dataclasses
from datetime import date, datetime

from sqlalchemy import Connection

from data_access import checklists
from data_access import events as happened
from data_access.events import Happening, Received
from data_access.lead_state import LeadState
from data_access.promises import PROMISED_BY, ResponseClock
from data_access.routing import Routing
from data_access.texts import Texts
from data_access.vocabulary import VISIT_KINDS, Kind, Pathway, Precision, RecordItem, TextUse


def promised(
    connection: Connection, clock: ResponseClock, asked: Received, received_at: datetime, precision: Precision
) -> Received:
    """The inquiry with the promise and the checklist that are in force on the day it was received."""
    asked = clock.stamped(asked, received_at, precision)
    day = received_at.astimezone(clock.zone(asked.location_id)).date()
    required, optional = _checklist(connection, asked, day)
    return dataclasses.replace(asked, required_records=required, optional_records=optional)


def promised_as_corrected(
    connection: Connection, was: Received, now: Received, received: tuple[datetime, datetime], precision: Precision
) -> Received:
    """What was asked, as it is corrected, by the promise and the checklist that were stamped: hours that changed since move
    neither. Where what they hang on is another, they are stamped anew.
    """
    names = (*PROMISED_BY, "service_line_id")
    if received[0] != received[1] or any(getattr(was, name) != getattr(now, name) for name in names):
        return promised(connection, ResponseClock(connection), now, received[1], precision)
    return now.promised_as(was)


def stamped(
    connection: Connection, clock: ResponseClock, before: LeadState, what: Happening, at: datetime
) -> Happening:
    """What happened, with what the practice's rules and hours say to it at that moment."""
    asked, place = before.received, before.received.location_id
    day = at.astimezone(clock.zone(place)).date()
    match what:
        case happened.Attempted() | happened.Reached():
            promised_at = before.parts[0].asked.location_id  # the clock goes on as promised, wherever the lead is now
            received = (before.received_at, before.received_precision)
            return clock.measured(what, promised_at, received, (at, Precision.MINUTE))
        case happened.Transferred(owner_id=None):
            there = dataclasses.replace(asked, location_id=what.location_id)
            return dataclasses.replace(what, owner_id=Routing(connection).owner(there, day))
        case happened.Reprioritised():
            return clock.shortened(before, what, at)
        case happened.Promoted():
            line = what.service_line_id or asked.service_line_id
            asked = dataclasses.replace(asked, lead_kind=Kind.SCHEDULING, service_line_id=line)
            required, optional = _checklist(connection, asked, day)
            return dataclasses.replace(what, required_records=required, optional_records=optional)
    return what


def what_to_expect(connection: Connection, clock: ResponseClock, lead: LeadState, at: datetime) -> int | None:
    """The text by which somebody was told what to expect: the one in force for the service line."""
    day = at.astimezone(clock.zone(lead.received.location_id)).date()
    keys = {"service_line_id": lead.received.service_line_id}
    found = Texts(connection).for_lead(TextUse.WHAT_TO_EXPECT, keys, day)
    return found.id if found else None


def _checklist(
    connection: Connection, asked: Received, day: date
) -> tuple[tuple[RecordItem, ...], tuple[RecordItem, ...]]:
    """The records that the inquiry needs by the checklist in force on a day, and those that help."""
    if asked.lead_kind not in VISIT_KINDS or asked.pathway != Pathway.CLINICIAN:
        return (), ()
    checklist = checklists.checklist_on(connection, asked.service_line_id, day)
    items = checklist.items if checklist else {}
    return tuple(i for i, required in items.items() if required), tuple(
        i for i, required in items.items() if not required
    )
