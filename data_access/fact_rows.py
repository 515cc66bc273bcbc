"""One lead as rows of the facts. Its appointments, checklist, spells and situations have theirs in unit_rows.py.

In the lead's own unit it has one row, and one more for each time it went back (reopened, or returned to an earlier
stage): a part. A part counts from `valid_from` until `valid_until`; within it the stage only rises and a close stands,
so that the lead's state at any moment is a matter of comparisons. In the other units a row counts from `seen_from`
until `seen_until`, and not at all while the lead stands closed as a duplicate, spam or a test. Moments are whole minutes
since 1970 (UTC), NEVER where nothing happened; days are local dates as days since 1970, NO_DAY for none; weeks are ISO weeks
of the local date, counted from the Monday 1970-01-05, 0 for none; lags are differences of local dates in days, NO_DAY where
there is no second one; staffed minutes are rounded up. Keys are 0 where nothing is known.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from data_access.days import day_number, end_of, local_day, week_number
from data_access.events import Event, Received
from data_access.fact_tables import ALWAYS, LONGEST_LAG, LONGEST_MINUTES, NEVER, NO_DAY, NO_MINUTES, NOT_MEASURED
from data_access.lead_state import LeadState, Part, epoch_minute, seconds_to
from data_access.vocabulary import Flag, Precision, Stage, code

ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta.resolution


def day(on: date | None) -> int:
    """A date as the facts keep it: days since 1970 as a number of 16 bits, NO_DAY where it is not known."""
    return NO_DAY if on is None else min(max(day_number(on), 0), NO_DAY - 1)


def lag(since: date, until: date | None) -> int:
    """Days from one date to another as the facts keep them, below 0 where the second lies before the first."""
    return NO_DAY if until is None else min(max((until - since).days, -LONGEST_LAG), LONGEST_LAG)


def staffed(minutes: int | None) -> int:
    """Staffed minutes as the facts keep them."""
    return NO_MINUTES if minutes is None else min(max(minutes, 0), LONGEST_MINUTES)


def of_lead(state: LeadState, zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of one lead: one row per part."""
    received_on = local_day(state.received_at, zone)

    def minute(moment: datetime | None) -> int:
        return NEVER if moment is None else epoch_minute(moment)

    def entered(stage: Stage) -> int:
        return minute(state.entered[stage][0]) if stage in state.entered else NEVER

    def days_to(moment: datetime | None) -> int:
        return lag(received_on, None if moment is None else local_day(moment, zone))

    def days_to_stage(stage: Stage) -> int:
        return days_to(state.entered[stage][0] if stage in state.entered else None)

    def staffed_minutes(answer: Event | None) -> int:
        seconds = seconds_to(answer)
        return staffed(None if seconds is None else -(-seconds // 60))

    def answered(answer: Event | None) -> int:
        return minute(answer.occurred_at) if answer else NEVER

    appointment = state.appointment
    first = state.appointments[0] if state.appointments else None
    row = {
        "received_at": epoch_minute(state.received_at),
        "received_day": day(received_on),
        "received_week": week_number(received_on),
        "records_at": entered(Stage.DOCUMENTATION),
        "scheduled_at": entered(Stage.SCHEDULED),
        "attended_at": entered(Stage.ATTENDED),
        "received_hour": _hour_of_week(state, zone),
        "eligible_lag": days_to_stage(Stage.ELIGIBILITY),
        "records_lag": days_to_stage(Stage.DOCUMENTATION),
        "scheduled_lag": days_to_stage(Stage.SCHEDULED),
        "attended_lag": days_to_stage(Stage.ATTENDED),
        "visit_lag": lag(received_on, first.starts_on if first else None),
        "attempt_minutes": staffed_minutes(state.first_attempt),
        "contact_minutes": staffed_minutes(state.first_contact),
        "attempt_at": answered(state.first_attempt),
        "contact_at": answered(state.first_contact),
        "answered_live": int(state.received.answered_live),
        "log_minutes": _log_minutes(state),
        "visit_weekday": appointment.starts_on.isoweekday() if appointment and appointment.starts_on else 0,
        "flags": int(state.flags),
    }
    begins = [ALWAYS, *(epoch_minute(p.begins_at) for p in state.parts[1:] if p.begins_at)]
    return [
        row
        | {
            "part": number,
            "valid_from": begins[number],
            "valid_until": begins[number + 1] if number + 1 < len(begins) else NEVER,
            "stage": int(part.stage),
            "moved_back": int(part.moved_back),
            "closed_at": minute(part.closed_at),
            "closed_lag": days_to(part.closed_at),
            "close_reason": code(part.close_reason) + 1 if part.close_reason else 0,
            **_promise(state, part.asked, zone),
            **_arrival(state, part, zone),
            **keys(state, part.asked),
        }
        for number, part in enumerate(state.parts)
    ]


def _promise(state: LeadState, asked: Received, zone: ZoneInfo) -> dict[str, int]:
    """When the answer is due, and whether it came in time."""

    def met(answer: Event | None) -> int:
        if answer is None or asked.answer_until is None:
            return NOT_MEASURED
        earliest = latest = answer.occurred_at
        if answer.precision == Precision.DAY:
            latest = end_of(local_day(earliest, zone), zone)
        if latest <= asked.answer_until:
            return 1
        return 0 if earliest > asked.answer_until else NOT_MEASURED

    judged = asked.respond_by if Flag.RESPONSE_BEFORE_RECEIVED not in state.flags else None
    return {
        "due_at": epoch_minute(judged + ALMOST_A_MINUTE) if judged else NEVER,
        "due_week": week_number(local_day(judged, zone)) if judged else 0,
        "attempt_met": met(state.first_attempt),
        "contact_met": met(state.first_contact),
    }


def _hour_of_week(state: LeadState, zone: ZoneInfo) -> int:
    """1 for the hour from midnight on Monday to 168 for the last on Sunday; 0 where only the day is known."""
    local = state.received_at.astimezone(zone)
    return 0 if state.received_precision == Precision.DAY else local.weekday() * 24 + local.hour + 1


def _arrival(state: LeadState, part: Part, zone: ZoneInfo) -> dict[str, int]:
    """`records_needed`: 0 none, 1 some, 2 some until all were found needless; `arrival_at`: the moment from which the lead
    counts as one that came with all it needs, or for 2, from which it needs none; `day_over_at`: the end of the day by which
    they must be here, of receipt or on which the lead came to need them.
    """
    here_by = part.begins_at or state.received_at
    needed = [r for r in state.records.values() if r.required and r.opened_at <= max(here_by, state.received_at)]
    opened_on = local_day(max((r.opened_at for r in needed), default=state.received_at), zone)
    came = [r.received_at for r in needed if r.received_at and local_day(r.received_at, zone) <= opened_on]
    waived = [r.waived_at for r in needed if r.waived_at]
    settled = len(came) + len(waived) == len(needed)
    return {
        "records_needed": 0 if not needed else 2 if len(waived) == len(needed) else 1,
        "arrival_at": max(map(epoch_minute, came + waived)) if needed and settled else NEVER,
        "day_over_at": epoch_minute(end_of(opened_on, zone)),
    }


def _log_minutes(state: LeadState) -> int:
    """Minutes from receipt to its record; NO_MINUTES where it was imported, or only the day of receipt is known."""
    known = not state.imported and state.received_precision != Precision.DAY
    return staffed(epoch_minute(state.logged_at) - epoch_minute(state.received_at) if known else None)


def keys(state: LeadState, asked: Received) -> dict[str, int]:
    """What the rows of a lead have in common in all units."""
    eligible = state.entered.get(Stage.ELIGIBILITY)
    return {
        "eligible_at": epoch_minute(eligible[0]) if eligible else NEVER,
        "location": asked.location_id,
        "kind": code(asked.lead_kind),
        "pathway": code(asked.pathway),
        "channel": code(asked.channel),
        "priority": code(asked.priority),
        "asker": code(asked.asker),
        "partner_category": code(asked.partner_category) + 1 if asked.partner_category else 0,
        "topic": code(asked.topic) + 1 if asked.topic else 0,
        "partner": asked.partner_id or 0,
        "service_line": asked.service_line_id or 0,
        "source": asked.source_id or 0,
        "campaign": asked.campaign_id or 0,
        "owner": asked.owner_id or 0,
    }
