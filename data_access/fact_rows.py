"""One lead as rows of the facts: as itself, as its appointments, its checklist, its spells in a stage, its situations.

In the lead's own unit it has one row, and one more for each time it went back (reopened, or returned to an earlier
stage): a part. A part counts from `valid_from` until `valid_until`; within it the stage only rises and a close stands,
so that the lead's state at any moment is a matter of comparisons. In the other units a row counts from `seen_from`
until `seen_until`, and not at all while the lead stands closed as a duplicate, spam or a test. Moments are whole minutes
since 1970 (UTC), NEVER where nothing happened; days are local dates as days since 1970; weeks are ISO weeks of the local
date, counted from the Monday 1970-01-05, 0 for none; lags are differences of local dates in days, staffed minutes are
rounded up. Keys are 0 where nothing is known.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import fact_tables as tables
from data_access.counted import CameFrom
from data_access.days import day_number, week_number
from data_access.events import Event, Received
from data_access.fact_tables import ALWAYS, NEVER, NOT_MEASURED
from data_access.lead_state import Appointment, LeadState, Outcome, Part, Situation, epoch_minute, seconds_to
from data_access.promises import ResponseClock
from data_access.spells import Spell, hidden, spells
from data_access.vocabulary import AppointmentStatus, Flag, Precision, Stage, code

MOST_MOVES = 15
_ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta.resolution


def of_lead(state: LeadState, zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of one lead: one row per part."""
    received_on = state.received_at.astimezone(zone).date()

    def minute(moment: datetime | None) -> int:
        return NEVER if moment is None else epoch_minute(moment)

    def entered(stage: Stage) -> int:
        return minute(state.entered[stage][0]) if stage in state.entered else NEVER

    def days_to(moment: datetime | None) -> int:
        return NEVER if moment is None else (moment.astimezone(zone).date() - received_on).days

    def lag(stage: Stage) -> int:
        return days_to(state.entered[stage][0]) if stage in state.entered else NEVER

    def staffed_minutes(answer: Event | None) -> int:
        seconds = seconds_to(answer)
        return NEVER if seconds is None else -(-seconds // 60)

    def answered(answer: Event | None) -> int:
        return minute(answer.occurred_at) if answer else NEVER

    appointment = state.appointment
    first = state.appointments[0] if state.appointments else None
    row = {
        "received_at": epoch_minute(state.received_at),
        "received_day": day_number(received_on),
        "received_week": week_number(received_on),
        "records_at": entered(Stage.DOCUMENTATION),
        "scheduled_at": entered(Stage.SCHEDULED),
        "attended_at": entered(Stage.ATTENDED),
        "received_hour": _hour_of_week(state, zone),
        "eligible_lag": lag(Stage.ELIGIBILITY),
        "records_lag": lag(Stage.DOCUMENTATION),
        "scheduled_lag": lag(Stage.SCHEDULED),
        "attended_lag": lag(Stage.ATTENDED),
        "visit_lag": (first.starts_on - received_on).days if first and first.starts_on else NEVER,
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
            **_keys(state, part.asked),
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
            latest = _end_of(_on(earliest, zone), zone)
        if latest <= asked.answer_until:
            return 1
        return 0 if earliest > asked.answer_until else NOT_MEASURED

    judged = asked.respond_by if Flag.RESPONSE_BEFORE_RECEIVED not in state.flags else None
    return {
        "due_at": epoch_minute(judged + _ALMOST_A_MINUTE) if judged else NEVER,
        "due_week": week_number(judged.astimezone(zone).date()) if judged else 0,
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
    opened_on = _on(max((r.opened_at for r in needed), default=state.received_at), zone)
    came = [r.received_at for r in needed if r.received_at and _on(r.received_at, zone) <= opened_on]
    waived = [r.waived_at for r in needed if r.waived_at]
    settled = len(came) + len(waived) == len(needed)
    return {
        "records_needed": 0 if not needed else 2 if len(waived) == len(needed) else 1,
        "arrival_at": max(map(epoch_minute, came + waived)) if needed and settled else NEVER,
        "day_over_at": epoch_minute(_end_of(opened_on, zone)),
    }


def _log_minutes(state: LeadState) -> int:
    """Minutes from receipt to its record; NEVER where it was imported, or only the day of receipt is known."""
    if state.imported or state.received_precision == Precision.DAY:
        return NEVER
    return max(epoch_minute(state.logged_at) - epoch_minute(state.received_at), 0)


def _on(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _seen(state: LeadState, rows: Iterator[tuple[int, dict[str, int]]]) -> list[dict[str, int]]:
    """Rows with the lead's keys, each with the minute from which it is there, cut where the lead was no lead and where it
    came to another owner, location, kind or priority.

    A row's own `seen_until` says when another takes its place, and its own keys stand for the lead's.
    """
    visible = [(ALWAYS, NEVER)]
    for begins, ends in hidden(state):
        since, _ = visible.pop()
        visible += [(since, begins), (ends, NEVER)]
    stretches = [
        (max(since, asked_from), min(until, asked_until), _keys(state, asked))
        for asked_from, asked_until, asked in _asked(state)
        for since, until in visible
    ]
    made: list[dict[str, int]] = []
    for there_from, row in rows:
        for since, until, keys in stretches:
            seen = {"seen_from": max(since, there_from), "seen_until": min(until, row.get("seen_until", NEVER))}
            if seen["seen_from"] < seen["seen_until"]:
                made.append(keys | row | {"number": len(made)} | seen)
    return made


def _asked(state: LeadState) -> list[tuple[int, int, Received]]:
    """What was asked, as (from, until, asked) in minutes."""
    since = [(ALWAYS, state.parts[0].asked)]
    for part in state.parts[1:]:
        if part.begins_at and part.asked != since[-1][1]:
            since.append((epoch_minute(part.begins_at), part.asked))
    return [(at, until, asked) for (at, asked), until in zip(since, [*(at for at, _ in since[1:]), NEVER], strict=True)]


def of_appointments(state: LeadState, zones: Mapping[int, ZoneInfo]) -> list[dict[str, int]]:
    """The facts of a lead's appointments: when each is, what became of it, and the lead's own keys.

    An appointment of which only the day is known is past when that day is over. One whose outcome was corrected later has a
    row for each, the first until the correction. `outcome` is the code of its status + 1, 0
    while it has none; `first_visit` marks the first that the person came to; `lead_days` are days from booking to start;
    `first_chain` marks the lead's first appointment and those that took its place in turn, `moves` how many came before it
    there, and `replaced_at` when the next one took its place.
    """
    return _seen(state, _appointments(state, zones))


def _appointments(state: LeadState, zones: Mapping[int, ZoneInfo]) -> Iterator[tuple[int, dict[str, int]]]:
    came = [a.number for a in state.appointments if a.status == AppointmentStatus.ATTENDED]
    following = {a.replaces_number: a for a in state.appointments if a.replaces_number}
    chain: list[int] = [1]
    while chain[-1] in following:
        chain.append(following[chain[-1]].number)
    for a in state.appointments:
        zone = zones[a.location_id]
        on = _on(a.starts_at, zone) if a.starts_at else a.starts_on
        begins = a.starts_at or (_end_of(on, zone) if on else None)
        there_from = max(epoch_minute(a.booked_at), epoch_minute(state.received_at))
        row = {
            "starts_at": epoch_minute(begins) if begins else NEVER,
            "replaced_at": epoch_minute(following[a.number].booked_at) if a.number in following else NEVER,
            "start_day": day_number(on) if on else NEVER,
            "start_week": week_number(on) if on else 0,
            "start_weekday": on.isoweekday() if on else 0,
            "lead_days": (on - _on(a.booked_at, zone)).days if on else NEVER,
            "first_chain": int(a.number in chain),
            "moves": min(chain.index(a.number), MOST_MOVES) if a.number in chain else 0,
            "location": a.location_id,
        }
        stands_from = [there_from, *(max(epoch_minute(o.at), there_from) for o in a.outcomes[1:])]
        outcomes: list[Outcome | None] = [*a.outcomes] or [None]
        for since, until, outcome in zip(stands_from, [*stands_from[1:], NEVER], outcomes, strict=True):
            attended = outcome is not None and outcome.status == AppointmentStatus.ATTENDED
            what = {
                "outcome_at": epoch_minute(outcome.at) if outcome else NEVER,
                "outcome": code(outcome.status) + 1 if outcome else 0,
                "cancelled_by": code(outcome.cancelled_by) + 1 if outcome and outcome.cancelled_by else 0,
                "late": int(_late(a, outcome, on, zone)),
                "first_visit": int(attended and not any(number < a.number for number in came)),
                "seen_until": until,
            }
            yield since, row | what


def of_items(state: LeadState, zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of a lead's records checklist, one row per item; `item_lag`: days from when it came to be needed."""
    received_on = _on(state.received_at, zone)

    def rows() -> Iterator[tuple[int, dict[str, int]]]:
        for record in state.records.values():
            came, opened_on = record.received_at, _on(record.opened_at, zone)
            yield (
                epoch_minute(record.opened_at),
                {
                    "item": code(record.item),
                    "required": int(record.required),
                    "item_at": epoch_minute(came) if came else NEVER,
                    "item_lag": (_on(came, zone) - opened_on).days if came else NEVER,
                    "waived_at": epoch_minute(record.waived_at) if record.waived_at else NEVER,
                    "day_over_at": epoch_minute(_end_of(opened_on, zone)),
                    "received_day": day_number(received_on),
                    "received_week": week_number(received_on),
                },
            )

    return _seen(state, rows())


def of_spells(state: LeadState, zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of a lead's spells in a stage; `minutes` (staffed) is filled in by `write`.

    `earlier_days` are the days of its earlier spells in the same stage, `first_day` is when the first of those began and
    `again_at` when the next does. `run_days`: days from when it came to be open and not booked until this spell ended.
    """
    stays = spells(state)
    outside = (CameFrom.RECEIVED, CameFrom.REOPENED, CameFrom.SCHEDULED, CameFrom.ATTENDED)

    def days(spell: Spell) -> int:
        if spell.ended_at == NEVER:
            return NEVER
        return (_local(spell.ended_at, zone) - _local(spell.began_at, zone)).days

    def rows() -> Iterator[tuple[int, dict[str, int]]]:
        for place, spell in enumerate(stays):
            earlier = [other for other in stays[:place] if other.stage == spell.stage]
            later = [other.began_at for other in stays[place + 1 :] if other.stage == spell.stage]
            began_on = _local(spell.began_at, zone)
            first = earlier[0].began_at if earlier else spell.began_at
            run = [other.began_at for other in stays[: place + 1] if other.came_from in outside][-1]
            run_days = (_local(spell.ended_at, zone) - _local(run, zone)).days if spell.ended_at < NEVER else NEVER
            yield (
                spell.began_at,
                {
                    "stage": int(spell.stage),
                    "began_at": spell.began_at,
                    "ended_at": spell.ended_at,
                    "again_at": later[0] if later else NEVER,
                    "began_day": day_number(began_on),
                    "began_week": week_number(began_on),
                    "ended_week": week_number(_local(spell.ended_at, zone)) if spell.ended_at < NEVER else 0,
                    "first_day": day_number(_local(first, zone)),
                    "days": days(spell),
                    "run_days": run_days,
                    "earlier_days": sum(days(other) for other in earlier),
                    "minutes": NEVER,
                    "came_from": int(spell.came_from),
                    "went_to": int(spell.went_to),
                    "began_day_only": int(spell.began_day_only),
                    "ended_day_only": int(spell.ended_day_only),
                    "spoiled": int(_local(spell.dated_at, zone) < began_on),
                },
            )

    return _seen(state, rows())


def of_situations(state: LeadState, zones: Mapping[int, ZoneInfo]) -> list[dict[str, int]]:
    """What the lead waited for while it was open, one row per stretch; `waits_for` is its code + 1, 0 for an appointment."""
    return _seen(state, _situations(state, zones))


def _situations(state: LeadState, zones: Mapping[int, ZoneInfo]) -> Iterator[tuple[int, dict[str, int]]]:
    zone = zones[state.parts[0].asked.location_id]
    ends = [*(epoch_minute(at) for at, _ in state.situations[1:]), NEVER]
    since: tuple[Stage, int] | None = None
    for (at, now), until in zip(state.situations, ends, strict=True):
        begins = epoch_minute(at)
        if begins >= until:
            continue  # what did not last a minute did not happen, as for spells
        if now is None:
            since = None
            continue
        if since is None or since[0] != now.stage:
            since = (now.stage, begins)
        yield (
            begins,
            {
                "seen_until": until,
                "stage": int(now.stage),
                "stage_since": since[1],
                "stage_day": day_number(_local(since[1], zone)),
                "waits_for": code(now.waits_for) + 1 if now.waits_for else 0,
                "received_day": day_number(_on(state.received_at, zone)),
                **_due(now, zones[now.location_id]),
            },
        )


def _due(now: Situation, zone: ZoneInfo) -> dict[str, int]:
    start = now.starts_at or (_end_of(now.starts_on, zone) if now.starts_on else None)
    at = now.due_at or start
    on = now.starts_on if at is start and now.starts_on else _on(at, zone) if at else None
    return {
        "starts_at": epoch_minute(start + _ALMOST_A_MINUTE) if start else NEVER,
        "due_at": epoch_minute(at + _ALMOST_A_MINUTE) if at else NEVER,
        "due_day": day_number(on) if on else NEVER,
    }


def _local(minute: int, zone: ZoneInfo) -> date:
    return _on(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), zone)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def _late(a: Appointment, outcome: Outcome | None, on: date | None, zone: ZoneInfo) -> bool:
    """Whether it ended less than 24 hours before it was to begin; where only the day is known, on that day or later."""
    if outcome is None or on is None:
        return False
    if a.starts_at is None:
        return outcome.at.astimezone(zone).date() >= on
    return a.starts_at - outcome.at < timedelta(hours=24)


def _keys(state: LeadState, asked: Received) -> dict[str, int]:
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
        "owner": asked.owner_id or 0,
    }


def write(connection: Connection, states: Mapping[int, LeadState], *, fresh: bool = False) -> None:
    """Write the facts of some leads; `fresh`: they have none yet. `engine.writing` stamps them when the transaction ends."""
    clock = ResponseClock(connection)
    zones = {location: clock.zone(location) for location in clock.locations}
    made: dict[sa.Table, list[dict[str, int]]] = {}
    for lead_id, state in states.items():
        zone = zones[state.parts[0].asked.location_id]  # a lead that moves keeps the days on which it was counted
        for table, rows in (
            (tables.lead_facts, of_lead(state, zone)),
            (tables.appointment_facts, of_appointments(state, zones)),
            (tables.item_facts, of_items(state, zone)),
            (tables.spell_facts, of_spells(state, zone)),
            (tables.situation_facts, of_situations(state, zones)),
        ):
            made.setdefault(table, []).extend({"lead_id": lead_id, **row} for row in rows)
    _measure(clock, made.get(tables.spell_facts, []))
    for table, rows in made.items():
        if not fresh:
            connection.execute(sa.delete(table).where(table.c.lead_id.in_(list(states))))
        if rows:
            connection.execute(sa.insert(table), rows)


def _measure(clock: ResponseClock, rows: list[dict[str, int]]) -> None:
    """Fill in the staffed minutes of spells that are over and known to the minute."""
    at: dict[int, list[dict[str, int]]] = {}
    for row in rows:
        if row["ended_at"] < NEVER and not row["began_day_only"] and not row["ended_day_only"]:
            at.setdefault(row["location"], []).append(row)
    for location, over in at.items():
        began, ended = ([row[name] for row in over] for name in ("began_at", "ended_at"))
        for row, minutes in zip(over, clock.elapsed_minutes(location, began, ended), strict=True):
            row["minutes"] = int(minutes)
