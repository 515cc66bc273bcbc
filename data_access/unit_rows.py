"""A lead's appointments, checklist items, requests, spells and situations as rows of the facts; see fact_rows.py."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from data_access.counted import CameFrom
from data_access.days import end_of, local_day, week_number
from data_access.events import Received
from data_access.fact_rows import ALMOST_A_MINUTE, day, keys, lag
from data_access.fact_tables import ALWAYS, LONGEST_LAG, NEVER, NO_DAY, NO_MINUTES
from data_access.lead_state import Appointment, LeadState, Outcome, Situation, epoch_minute
from data_access.spells import hidden, spells
from data_access.vocabulary import AppointmentStatus, Flag, Stage, code

MOST_MOVES = 15
MOST_REQUESTS = 15


Stretch = tuple[int, int, dict[str, int]]
"""From one minute until another, and the lead's keys in between."""


def stretches(state: LeadState) -> list[Stretch]:
    """When the lead is there to be counted, from its receipt on, cut where its owner, location, kind or priority changed."""
    visible = [(epoch_minute(state.received_at), NEVER)]
    for begins, ends in hidden(state):
        since, _ = visible.pop()
        visible += [(since, begins), (ends, NEVER)]
    return [
        (max(since, asked_from), min(until, asked_until), keys(state, asked))
        for asked_from, asked_until, asked in _asked(state)
        for since, until in visible
    ]


def _seen(there: list[Stretch], rows: Iterator[tuple[int, dict[str, int]]]) -> list[dict[str, int]]:
    """Rows with the lead's keys, each with the minute from which it is there, in the lead's stretches.

    A row's own `seen_until` says when another takes its place, and its own keys stand for the lead's.
    """
    made: list[dict[str, int]] = []
    for there_from, row in rows:
        for since, until, shared in there:
            seen_from, seen_until = max(since, there_from), min(until, row.get("seen_until", NEVER))
            if seen_from < seen_until:
                made.append({**shared, **row, "number": len(made), "seen_from": seen_from, "seen_until": seen_until})
    return made


def _asked(state: LeadState) -> list[tuple[int, int, Received]]:
    """What was asked, as (from, until, asked) in minutes."""
    since = [(ALWAYS, state.parts[0].asked)]
    if len(state.parts) == 1:
        return [(ALWAYS, NEVER, since[0][1])]
    for part in state.parts[1:]:
        if part.begins_at and part.asked != since[-1][1]:
            since.append((epoch_minute(part.begins_at), part.asked))
    return [(at, until, asked) for (at, asked), until in zip(since, [*(at for at, _ in since[1:]), NEVER], strict=True)]


def of_appointments(state: LeadState, there: list[Stretch], zones: Mapping[int, ZoneInfo]) -> list[dict[str, int]]:
    """The facts of a lead's appointments: when each is, what became of it, and the lead's own keys.

    An appointment of which only the day is known is past when that day is over. One whose outcome was corrected later has a
    row for each, the first until the correction. `outcome` is the code of its status + 1, 0
    while it has none; `first_visit` marks the first that the person came to; `lead_days` are days from booking to start;
    `first_chain` marks the lead's first appointment and those that took its place in turn, `moves` how many came before it
    there, and `replaced_at` when the next one took its place.
    """
    return _seen(there, _appointments(state, zones))


def _appointments(state: LeadState, zones: Mapping[int, ZoneInfo]) -> Iterator[tuple[int, dict[str, int]]]:
    came = [a.number for a in state.appointments if a.status == AppointmentStatus.ATTENDED]
    following = {a.replaces_number: a for a in state.appointments if a.replaces_number}
    chain: list[int] = [1]
    while chain[-1] in following:
        chain.append(following[chain[-1]].number)
    for a in state.appointments:
        zone = zones[a.location_id]
        on = local_day(a.starts_at, zone) if a.starts_at else a.starts_on
        begins = a.starts_at or (end_of(on, zone) if on else None)
        there_from = epoch_minute(a.booked_at)
        row = {
            "starts_at": epoch_minute(begins) if begins else NEVER,
            "replaced_at": epoch_minute(following[a.number].booked_at) if a.number in following else NEVER,
            "start_day": day(on),
            "start_week": week_number(on) if on else 0,
            "start_weekday": on.isoweekday() if on else 0,
            "lead_days": lag(local_day(a.booked_at, zone), on),
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


def of_items(state: LeadState, there: list[Stretch], zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of a lead's records checklist, one row per item; `item_lag`: days from when it came to be needed."""
    if not state.records:
        return []
    received_on = local_day(state.received_at, zone)

    def rows() -> Iterator[tuple[int, dict[str, int]]]:
        for record in state.records.values():
            came, opened_on = record.received_at, local_day(record.opened_at, zone)
            yield (
                epoch_minute(record.opened_at),
                {
                    "item": code(record.item),
                    "required": int(record.required),
                    "item_at": epoch_minute(came) if came else NEVER,
                    "item_lag": lag(opened_on, local_day(came, zone) if came else None),
                    "waived_at": epoch_minute(record.waived_at) if record.waived_at else NEVER,
                    "day_over_at": epoch_minute(end_of(opened_on, zone)),
                    "received_day": day(received_on),
                    "received_week": week_number(received_on),
                },
            )

    return _seen(there, rows())


def of_requests(state: LeadState, there: list[Stretch], zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of asking for a lead's records: one row per local day on which somebody did, and the how-many-th it was.

    Items that are asked for one by one on the same day are one request.
    """
    if not state.requests or not any(record.required for record in state.records.values()):
        return []
    received_day = day(local_day(state.received_at, zone))
    days: dict[date, datetime] = {}
    for at in sorted(state.requests):
        days.setdefault(local_day(at, zone), at)
    rows = (
        (epoch_minute(at), {"ordinal": min(ordinal, MOST_REQUESTS), "received_day": received_day})
        for ordinal, at in enumerate(days.values(), start=1)
    )
    return _seen(there, rows)


def of_spells(state: LeadState, there: list[Stretch], zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of a lead's spells in a stage; `minutes` (staffed) is filled in by `write`.

    `earlier_days` are the days of its earlier spells in the same stage, `first_day` is when the first of those began and
    `again_at` when the next does. `run_days`: days from when it came to be open and not booked until this spell ended.
    """
    stays = spells(state)
    outside = (CameFrom.RECEIVED, CameFrom.REOPENED, CameFrom.SCHEDULED, CameFrom.ATTENDED)

    began = [_local(spell.began_at, zone) for spell in stays]
    ended = [_local(spell.ended_at, zone) if spell.ended_at < NEVER else None for spell in stays]
    days = [lag(since, until) for since, until in zip(began, ended, strict=True)]

    def rows() -> Iterator[tuple[int, dict[str, int]]]:
        run = began[0] if began else None
        for place, spell in enumerate(stays):
            earlier = [n for n in range(place) if stays[n].stage == spell.stage]
            later = [other.began_at for other in stays[place + 1 :] if other.stage == spell.stage]
            began_on, ended_on = began[place], ended[place]
            run = began_on if spell.came_from in outside or run is None else run
            yield (
                spell.began_at,
                {
                    "stage": int(spell.stage),
                    "began_at": spell.began_at,
                    "ended_at": spell.ended_at,
                    "again_at": later[0] if later else NEVER,
                    "began_day": day(began_on),
                    "began_week": week_number(began_on),
                    "ended_week": week_number(ended_on) if ended_on else 0,
                    "first_day": day(began[earlier[0]] if earlier else began_on),
                    "days": days[place],
                    "run_days": lag(run, ended_on),
                    "earlier_days": min(max(sum(days[n] for n in earlier), 0), NO_DAY - 1 - LONGEST_LAG),
                    "minutes": NO_MINUTES,
                    "came_from": int(spell.came_from),
                    "went_to": int(spell.went_to),
                    "began_day_only": int(spell.began_day_only),
                    "ended_day_only": int(spell.ended_day_only),
                    "spoiled": int(
                        Flag.TEN_YEARS_APART in state.flags
                        or (spell.dated_at < spell.began_at and _local(spell.dated_at, zone) < began_on)
                    ),
                },
            )

    return _seen(there, rows())


def of_situations(state: LeadState, there: list[Stretch], zones: Mapping[int, ZoneInfo]) -> list[dict[str, int]]:
    """What the lead waited for while it was open, one row per stretch; `waits_for` is its code + 1, 0 for an appointment."""
    return _seen(there, _situations(state, zones))


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
                "stage_day": day(_local(since[1], zone)),
                "waits_for": code(now.waits_for) + 1 if now.waits_for else 0,
                "received_day": day(local_day(state.received_at, zone)),
                **_due(now, zones[now.location_id]),
            },
        )


def _due(now: Situation, zone: ZoneInfo) -> dict[str, int]:
    start = now.starts_at or (end_of(now.starts_on, zone) if now.starts_on else None)
    at = now.due_at or start
    on = now.starts_on if at is start and now.starts_on else local_day(at, zone) if at else None
    return {
        "starts_at": epoch_minute(start + ALMOST_A_MINUTE) if start else NEVER,
        "due_at": epoch_minute(at + ALMOST_A_MINUTE) if at else NEVER,
        "due_day": day(on),
    }


def _local(minute: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(minute * 60, zone).date()


def _late(a: Appointment, outcome: Outcome | None, on: date | None, zone: ZoneInfo) -> bool:
    """Whether it ended less than 24 hours before it was to begin; where only the day is known, on that day or later."""
    if outcome is None or on is None:
        return False
    if a.starts_at is None:
        return local_day(outcome.at, zone) >= on
    return a.starts_at - outcome.at < timedelta(hours=24)
