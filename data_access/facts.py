"""The facts: narrow rows of numbers per lead, nobody's identity in them, refreshed by what changed.

One lead has one row, and one more for each time it went back (reopened, or returned to an earlier stage): a part. A
part counts from `valid_from` until `valid_until`; within it the stage only rises and a close stands, so that the
lead's state at any moment is a matter of comparisons. Moments are whole minutes since 1970 (UTC), NEVER where
nothing happened; days are local dates as days since 1970; weeks are ISO weeks of the local date, counted from the
Monday 1970-01-05, 0 for none; lags are differences of local dates in days, staffed minutes are rounded up. Keys are 0
where nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from threading import Lock
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access import practice
from data_access import tables as t
from data_access.engine import reading
from data_access.events import Event, Received
from data_access.lead_state import Appointment, LeadState, epoch_minute, seconds_to
from data_access.tables import APPOINTMENT_FACT_COLUMNS, FACT_COLUMNS, appointment_facts, lead_facts
from data_access.vocabulary import AppointmentStatus, Flag, Precision, Stage, code

NEVER = 2**31 - 1
NOT_MEASURED = (
    2  # in attempt_met and contact_met, beside 0 (late) and 1 (in time): known to the day on which it was due
)
ALWAYS = -(2**31)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_MONDAY = date(1970, 1, 5).toordinal()
_ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta.resolution
_PAGE = 50_000


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def week_number(day: date) -> int:
    """ISO weeks since the Monday 1970-01-05, from 1; 0 for anything before."""
    return max((day.toordinal() - _EPOCH_MONDAY) // 7 + 1, 0)


def week_start(week: int) -> date:
    """Monday of a week number."""
    return date.fromordinal(_EPOCH_MONDAY + (week - 1) * 7)


def of_lead(state: LeadState, zone: ZoneInfo) -> list[dict[str, int]]:
    """The facts of one lead: one row per part."""
    asked = state.received
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

    def met(answer: Event | None) -> int:
        if answer is None or asked.answer_until is None:
            return NOT_MEASURED
        earliest = latest = answer.occurred_at
        if answer.precision == Precision.DAY:
            latest = _next_day(earliest, zone)
        if latest <= asked.answer_until:
            return 1
        return 0 if earliest > asked.answer_until else NOT_MEASURED

    judged = asked.respond_by is not None and Flag.RESPONSE_BEFORE_RECEIVED not in state.flags
    due = epoch_minute(asked.respond_by + _ALMOST_A_MINUTE) if judged and asked.respond_by else NEVER
    appointment = state.appointment
    first = state.appointments[0] if state.appointments else None
    row = {
        "received_at": epoch_minute(state.received_at),
        "received_day": day_number(received_on),
        "received_week": week_number(received_on),
        "eligible_at": entered(Stage.ELIGIBILITY),
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
        "due_at": due,
        "due_week": week_number(asked.respond_by.astimezone(zone).date()) if judged and asked.respond_by else 0,
        "attempt_at": answered(state.first_attempt),
        "attempt_met": met(state.first_attempt),
        "contact_at": answered(state.first_contact),
        "contact_met": met(state.first_contact),
        "answered_live": int(asked.answered_live),
        "visit_weekday": appointment.starts_on.isoweekday() if appointment and appointment.starts_on else 0,
        "location": asked.location_id,
        **_keys(asked),
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
        }
        for number, part in enumerate(state.parts)
    ]


def _hour_of_week(state: LeadState, zone: ZoneInfo) -> int:
    """1 for the hour from midnight on Monday to 168 for the last on Sunday; 0 where only the day is known."""
    local = state.received_at.astimezone(zone)
    return 0 if state.received_precision == Precision.DAY else local.weekday() * 24 + local.hour + 1


def _next_day(moment: datetime, zone: ZoneInfo) -> datetime:
    following = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(following, time(), tzinfo=zone)


def of_appointments(state: LeadState, zones: Mapping[int, ZoneInfo]) -> list[dict[str, int]]:
    """The facts of a lead's appointments: when each is, what became of it, and the lead's own keys.

    An appointment of which only the day is known is past when that day is over. `outcome` is the code of its status + 1, 0
    while it has none; `first_visit` marks the first that the person came to; `lead_days` are days from booking to start.
    """
    asked, rows = state.received, []
    eligible = state.entered.get(Stage.ELIGIBILITY)
    came = next((a.number for a in state.appointments if a.status == AppointmentStatus.ATTENDED), 0)
    for a in state.appointments:
        zone = zones[a.location_id]
        on = a.starts_at.astimezone(zone).date() if a.starts_at else a.starts_on
        begins = a.starts_at or (_next_day(datetime.combine(on, time(12), tzinfo=zone), zone) if on else None)
        booked_on = a.booked_at.astimezone(zone).date()
        rows.append(
            {
                "number": a.number,
                "booked_at": epoch_minute(a.booked_at),
                "starts_at": epoch_minute(begins) if begins else NEVER,
                "outcome_at": epoch_minute(a.outcome_at) if a.outcome_at else NEVER,
                "eligible_at": epoch_minute(eligible[0]) if eligible else NEVER,
                "start_day": day_number(on) if on else NEVER,
                "start_week": week_number(on) if on else 0,
                "start_weekday": on.isoweekday() if on else 0,
                "lead_days": (on - booked_on).days if on else NEVER,
                "outcome": code(a.status) + 1 if a.outcome_at else 0,
                "cancelled_by": code(a.cancelled_by) + 1 if a.cancelled_by else 0,
                "late": int(_late(a, on, zone)),
                "first_visit": int(a.number == came),
                "location": a.location_id,
                **_keys(asked),
            }
        )
    return rows


def _late(a: Appointment, on: date | None, zone: ZoneInfo) -> bool:
    """Whether it ended less than 24 hours before it was to begin; where only the day is known, on that day or later."""
    if a.outcome_at is None or on is None:
        return False
    if a.starts_at is None:
        return a.outcome_at.astimezone(zone).date() >= on
    return a.starts_at - a.outcome_at < timedelta(hours=24)


def _keys(asked: Received) -> dict[str, int]:
    """What the lead's rows and its appointments' rows have in common, but for the location."""
    return {
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
    zones = {location: ZoneInfo(zone) for location, zone in practice.zones(connection).items()}
    made: dict[sa.Table, list[dict[str, int]]] = {lead_facts: [], appointment_facts: []}
    for lead_id, state in states.items():
        made[lead_facts] += [{"lead_id": lead_id, **row} for row in of_lead(state, zones[state.received.location_id])]
        made[appointment_facts] += [{"lead_id": lead_id, **row} for row in of_appointments(state, zones)]
    for table, rows in made.items():
        if not fresh:
            connection.execute(sa.delete(table).where(table.c.lead_id.in_(list(states))))
        if rows:
            connection.execute(sa.insert(table), rows)


@dataclass(frozen=True)
class Rows:
    """The facts of one unit of counting, in order of its day.

    Attributes
    ----------
    lead_id : array of int64, shape (rows,)
    columns : mapping of arrays, each of shape (rows,)
        One per column of the unit's table, with the type given in tables.py.
    """

    lead_id: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[np.signedinteger[Any]]]

    def __len__(self) -> int:
        return len(self.lead_id)


@dataclass(frozen=True, eq=False)
class Stored:
    """Where the facts of a unit are kept: its table, its columns with their types, its second key, and its day."""

    table: sa.Table
    columns: Mapping[str, str]
    number: str
    day: str


LEADS = Stored(lead_facts, FACT_COLUMNS, "part", "received_day")
APPOINTMENTS = Stored(appointment_facts, APPOINTMENT_FACT_COLUMNS, "number", "start_day")


@dataclass(frozen=True)
class Snapshot:
    """All facts at one revision; never changed, only replaced."""

    revision: int
    leads: Rows
    appointments: Rows

    def rows(self, stored: Stored) -> Rows:
        """The facts of one unit."""
        return self.leads if stored is LEADS else self.appointments


class LiveFacts:
    """The newest snapshot, shared by everybody in this process. Readers never wait for each other's counting."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._snapshot: Snapshot | None = None

    def now(self) -> Snapshot:
        """The facts as they are in the database at this moment."""
        with self._lock:
            self._snapshot = load(self._engine) if self._snapshot is None else refresh(self._engine, self._snapshot)
            return self._snapshot


def load(engine: Engine) -> Snapshot:
    """Read all facts."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        return Snapshot(revision, *(_sorted(stored, _read(connection, stored, -1)) for stored in (LEADS, APPOINTMENTS)))


def refresh(engine: Engine, known: Snapshot) -> Snapshot:
    """The same snapshot when nothing changed, otherwise a new one in which the changed leads are replaced."""
    with reading(engine) as connection:
        revision = current_revision(connection)
        if revision == known.revision:
            return known
        newer = lead_facts.c.revision > known.revision
        changed = np.array(connection.execute(sa.select(lead_facts.c.lead_id).where(newer)).scalars().all(), np.int64)
        read = (
            {stored: _read(connection, stored, known.revision) for stored in (LEADS, APPOINTMENTS)}
            if len(changed)
            else {}
        )
    if not read:
        return Snapshot(revision, known.leads, known.appointments)
    return Snapshot(revision, *(_replaced(stored, known.rows(stored), rows, changed) for stored, rows in read.items()))


def _replaced(stored: Stored, known: Rows, read: Rows, changed: npt.NDArray[np.int64]) -> Rows:
    """Known rows with those of changed leads replaced by what was read; a lead may have fewer rows than before, or none."""
    kept = ~np.isin(known.lead_id, changed)
    columns = {name: np.concatenate([column[kept], read.columns[name]]) for name, column in known.columns.items()}
    return _sorted(stored, Rows(np.concatenate([known.lead_id[kept], read.lead_id]), columns))


def current_revision(connection: Connection) -> int:
    """The newest revision; 0 where nothing was written yet."""
    return int(connection.scalar(sa.select(t.revisions.c.revision)) or 0)


def _read(connection: Connection, stored: Stored, newer_than: int) -> Rows:
    table, number = stored.table, stored.table.c[stored.number]
    wanted = [table.c.lead_id, number, *(table.c[name] for name in stored.columns)]
    if table is lead_facts:
        newer: sa.ColumnElement[bool] = table.c.revision > newer_than
    else:  # appointments carry no stamp of their own: whatever writes them writes their lead
        stamp = lead_facts.alias()
        newer = sa.exists().where(stamp.c.lead_id == table.c.lead_id, stamp.c.revision > newer_than)
    pages: list[npt.NDArray[np.int64]] = []
    last = (-1, -1)
    while True:  # keyset pages: bounded memory, and no cursor that a driver could lose a row from
        query = sa.select(*wanted).where(newer, sa.tuple_(table.c.lead_id, number) > last)
        rows = [tuple(row) for row in connection.execute(query.order_by(table.c.lead_id, number).limit(_PAGE))]
        if not rows:
            break
        pages.append(np.array(rows, np.int64))
        last = (rows[-1][0], rows[-1][1])
    read = np.concatenate(pages) if pages else np.empty((0, len(wanted)), np.int64)
    columns = {name: read[:, place].astype(kind) for place, (name, kind) in enumerate(stored.columns.items(), start=2)}
    return Rows(read[:, 0].copy(), columns)


def _sorted(stored: Stored, rows: Rows) -> Rows:
    order = np.lexsort((rows.lead_id, rows.columns[stored.day]))
    in_order = {name: column[order] for name, column in rows.columns.items()}
    for column in in_order.values():
        column.flags.writeable = False
    return Rows(rows.lead_id[order], MappingProxyType(in_order))
