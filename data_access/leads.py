"""What people do with leads: log an inquiry, record what happened next, and list them.

Every write appends an event and brings the lead's row, checklist and appointments into step by the same replay.
"""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import bulk, fact_writing, lead_rules, partners, stamping
from data_access import events as happened
from data_access import tables as t
from data_access.event_log import append_events, event_row, log_of, logs_of
from data_access.events import Event, Happening, Received
from data_access.follow_up import FollowUp
from data_access.lead_rules import NotPossible
from data_access.lead_state import CLOCK_SKEW, LeadState
from data_access.promises import ResponseClock
from data_access.replay import replay
from data_access.routing import Routing
from data_access.vocabulary import Precision


class Stale(RuntimeError):
    """Somebody else changed the lead in between; nothing was written."""

    def __init__(self, lead_id: int, seen: int, current: int) -> None:
        super().__init__(
            f"Inquiry {lead_id} was changed by somebody else (you saw version {seen}, it is now {current}). "
            "Nothing was saved. Look at what changed, then record yours again."
        )
        self.seen, self.current = seen, current


@dataclass(frozen=True)
class Logged:
    """An inquiry as it was saved. `again`: it had been saved before under the same key, and nothing was added."""

    lead_id: int
    respond_by: datetime | None
    again: bool = False


@dataclass
class Draft:
    """A lead made elsewhere, with its whole history: for imports and demo practices."""

    received: Received
    received_at: datetime
    precision: Precision
    logged_at: datetime
    then: list[Event] = field(default_factory=list)
    source_system: str | None = None
    source_key: str | None = None
    source_digest: str | None = None
    batch_id: int | None = None

    @property
    def log(self) -> list[Event]:
        """Its events, the receipt first."""
        first = Event(self.received, self.received_at, self.logged_at, self.precision, batch_id=self.batch_id)
        return [first, *self.then]


def log_inquiry(
    connection: Connection,
    asked: Received,
    *,
    received_at: datetime,
    now: datetime,
    staff_id: int | None = None,
    key: str | None = None,
    text_id: int | None = None,
) -> Logged:
    """Log a new inquiry: its promise is stamped, its checklist opened, and it is given its owner and its next step.

    Parameters
    ----------
    asked : Received
        What was asked; the window, deadline and checklist are filled in here.
    received_at, now : datetime
        Aware; when it reached the practice and when it is logged.
    key : str, optional
        Digest of the form and what was typed. The same key again returns the inquiry that was saved first.
    text_id : int, optional
        The practice's text by which it was asked.

    Raises
    ------
    NotPossible
        When the inquiry lies in the future.
    sqlalchemy.exc.IntegrityError
        When it lacks what its kind requires; forms say so before.
    """
    if received_at > now + CLOCK_SKEW:
        raise NotPossible("The inquiry's time lies in the future. Give the time at which it arrived.")
    clock = ResponseClock(connection)
    asked = stamping.promised(connection, clock, asked, received_at, Precision.MINUTE)
    if asked.owner_id is None:
        owner = Routing(connection).owner(asked, now.astimezone(clock.zone(asked.location_id)).date())
        asked = dataclasses.replace(asked, owner_id=owner)
    event = Event(asked, received_at, now, staff_id=staff_id, text_id=text_id)
    event = dataclasses.replace(event, follow_up=FollowUp(connection, clock).after(None, replay([event]), now))
    state = replay([event])
    lead = {**state.row(), "version": 1, "idempotency_key": key}
    insert = _insert_or_nothing(connection, t.leads).values(lead).returning(t.leads.c.id)
    lead_id = connection.execute(insert).scalar()
    if lead_id is None:
        first = connection.execute(
            sa.select(t.leads.c.id, t.leads.c.respond_by).where(t.leads.c.idempotency_key == key)
        ).one()
        return Logged(first.id, first.respond_by, again=True)
    connection.execute(sa.insert(t.events).values(event_row(lead_id, event)))
    _write_out(connection, {lead_id: state}, fresh=True)
    return Logged(lead_id, asked.respond_by)


def record(
    connection: Connection,
    lead_id: int,
    what: Happening,
    *,
    occurred_at: datetime,
    now: datetime,
    version: int,
    staff_id: int | None = None,
    key: str | None = None,
    text_id: int | None = None,
) -> int:
    """Record what happened to a lead and return its new version.

    Parameters
    ----------
    version : int
        The version that the person saw.
    key : str, optional
        As for `log_inquiry`; the same key again changes nothing.
    text_id : int, optional
        The practice's text by which it was done.

    Raises
    ------
    Stale
        When the lead has another version by now.
    NotPossible
        When it does not fit the lead as it stands.
    LookupError
        When there is no such lead.
    """
    lock(connection, [lead_id])  # one at a time, also for the same key
    if key and connection.scalar(sa.select(t.events.c.id).where(t.events.c.idempotency_key == key)):
        return version_of(connection, lead_id)
    log = _locked(connection, lead_id, version)
    occurred_at, now = _after_the_last(log, occurred_at, now)
    before = replay(log)
    lead_rules.check(before, log, what, occurred_at, now)
    if isinstance(what, happened.RecordsRequested):
        partners.require_may_contact(connection, before.received.partner_id)
    clock = ResponseClock(connection)
    if isinstance(what, happened.ToldWhatToExpect) and text_id is None:
        text_id = stamping.what_to_expect(connection, clock, before, occurred_at)
    what = stamping.stamped(connection, clock, before, what, occurred_at)
    event = Event(what, occurred_at, now, id=log[-1].id + 1, staff_id=staff_id, text_id=text_id)
    after = replay([*log, event])
    lead_rules.check_effect(after, what)
    follow_up = FollowUp(connection, clock).after(before, after, occurred_at, what)
    row = event_row(lead_id, dataclasses.replace(event, follow_up=follow_up)) | {"idempotency_key": key}
    event_id = connection.execute(sa.insert(t.events).values(row).returning(t.events.c.id)).scalar_one()
    after = replay([*log, dataclasses.replace(event, id=event_id, follow_up=follow_up)])
    _write_lead(connection, lead_id, _measured_anew(connection, lead_id, before, after, now))
    return version + 1


def _after_the_last(log: Sequence[Event], occurred_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """When something happened and is recorded: what happens now comes after what was recorded before.

    That the clock says otherwise means that it was set back since, or that another replica's is ahead.
    """
    latest = max(event.recorded_at for event in log)
    if now >= latest:
        return occurred_at, now
    return latest if occurred_at == now else occurred_at, latest


def correct(
    connection: Connection,
    lead_id: int,
    asked: Received,
    *,
    received_at: datetime,
    now: datetime,
    version: int,
    staff_id: int | None = None,
) -> int:
    """Note anew what was asked, as if it had been noted so at first; the id of the entry, which can be taken back.

    Its promise and checklist are those that were in force when it was received.

    Raises
    ------
    Stale, LookupError
        As for `record`.
    NotPossible
        When it lies in the future, or after something that happened to it.
    """
    log = _locked(connection, lead_id, version)
    before = replay(log)
    if received_at > now + CLOCK_SKEW:
        raise NotPossible("The inquiry's time lies in the future. Give the time at which it arrived.")
    precision = Precision.MINUTE if received_at != before.received_at else before.received_precision
    asked = stamping.promised_as_corrected(
        connection, before.parts[0].asked, asked, (before.received_at, received_at), precision
    )
    event = Event(asked, received_at, now, precision, id=log[-1].id + 1, staff_id=staff_id)
    after = replay([*log, event])
    if after.flags & ~before.flags:
        raise NotPossible("Something had happened to it before this time. Give the time at which it arrived.")
    row = sa.insert(t.events).values(event_row(lead_id, event)).returning(t.events.c.id)
    event_id = int(connection.execute(row).scalar_one())
    _write_lead(connection, lead_id, _measured_anew(connection, lead_id, before, after, now))
    return event_id


def _measured_anew(
    connection: Connection, lead_id: int, before: LeadState, after: LeadState, now: datetime
) -> LeadState:
    """The lead with its answers noted anew, measured from its receipt, where that was corrected or its correction undone."""
    place = after.parts[0].asked.location_id
    if (before.received_at, before.parts[0].asked.location_id) == (after.received_at, place):
        return after
    clock, log = ResponseClock(connection), log_of(connection, lead_id)
    voided, received = happened.voided(log), (after.received_at, after.received_precision)
    lines: list[tuple[int, Event]] = []
    for event in (event for event in log if event.id not in voided):
        what = clock.measured(event.what, place, received, (event.occurred_at, event.precision))
        if what != event.what:
            lines.append((lead_id, Event(happened.Voided(event_id=event.id), now, now, staff_id=event.staff_id)))
            lines.append((lead_id, dataclasses.replace(event, what=what, recorded_at=now)))
    append_events(connection, lines)
    return replay(log_of(connection, lead_id)) if lines else after


def _locked(connection: Connection, lead_id: int, version: int) -> list[Event]:
    """The log of a lead of which nobody else writes a newer version until this transaction ends."""
    locked = connection.execute(
        sa.update(t.leads).where(t.leads.c.id == lead_id, t.leads.c.version == version).values(version=version + 1)
    )
    if not locked.rowcount:
        raise Stale(lead_id, version, version_of(connection, lead_id))
    return log_of(connection, lead_id)


def _write_lead(connection: Connection, lead_id: int, state: LeadState) -> None:
    connection.execute(sa.update(t.leads).where(t.leads.c.id == lead_id).values(**state.row()))
    _write_out(connection, {lead_id: state})


def add_many(
    connection: Connection, drafts: Sequence[Draft], *, planned_at: datetime | None = None
) -> list[tuple[int, LeadState]]:
    """Add leads with their histories, in one go; returns each id with the state that its events leave.

    Parameters
    ----------
    planned_at : datetime, optional
        When those that are open and have no next step are given the one that the rules set.
    """
    logs = [draft.log for draft in drafts]
    states = [replay(log) for log in logs]
    if planned_at and (follow_up := FollowUp(connection, ResponseClock(connection))).has_rules:
        for place, (draft, state) in enumerate(zip(drafts, states, strict=True)):  # of no batch: the practice's own
            if step := _step_by_rule(follow_up, state, planned_at):
                logs[place].append(Event(step, planned_at, planned_at, id=len(draft.then) + 1))
                states[place] = replay(logs[place])
    ids = bulk.new_ids(connection, t.leads, len(drafts))
    rows = [
        {
            **state.row(),
            "id": lead_id,
            "version": 1,
            "source_system": draft.source_system,
            "source_key": draft.source_key,
            "source_digest": draft.source_digest,
            "batch_id": draft.batch_id,
        }
        for lead_id, draft, state in zip(ids, drafts, states, strict=True)
    ]
    bulk.insert(connection, t.leads, rows)
    append_events(connection, ((lead_id, event) for lead_id, log in zip(ids, logs, strict=True) for event in log))
    _write_out(connection, dict(zip(ids, states, strict=True)), fresh=True)
    return list(zip(ids, states, strict=True))


def lock(connection: Connection, lead_ids: Collection[int]) -> None:
    """Hold some leads until the transaction ends, always in the same order, so that two never wait for each other."""
    query = sa.select(t.leads.c.id).where(t.leads.c.id.in_(list(lead_ids))).order_by(t.leads.c.id)
    connection.execute(query.with_for_update())


def rebuild(connection: Connection, lead_ids: Collection[int]) -> dict[int, LeadState]:
    """Bring the rows of some leads into step with their events."""
    lock(connection, lead_ids)
    states = {lead_id: replay(log) for lead_id, log in logs_of(connection, lead_ids).items()}
    for lead_id, state in states.items():
        connection.execute(
            sa.update(t.leads).where(t.leads.c.id == lead_id).values(**state.row(), version=t.leads.c.version + 1)
        )
    _write_out(connection, states)
    return states


def rebuild_next(connection: Connection, *, after: int, limit: int) -> int | None:
    """Bring the rows and facts of the next leads behind an id into step; the last id, or None where none was left."""
    query = sa.select(t.leads.c.id).where(t.leads.c.id > after).order_by(t.leads.c.id).limit(limit)
    ids = list(connection.execute(query).scalars())
    rebuild(connection, ids)
    return ids[-1] if ids else None


def plan_by_rule(
    connection: Connection, lead_ids: Collection[int], *, now: datetime, staff_id: int | None = None
) -> int:
    """Give leads that are open and have no next step the one that the rules set; how many were given one."""
    lock(connection, lead_ids)
    clock = ResponseClock(connection)
    follow_up, planned = FollowUp(connection, clock), {}
    for lead_id, log in logs_of(connection, lead_ids).items() if follow_up.has_rules else ():
        if step := _step_by_rule(follow_up, replay(log), now):
            planned[lead_id] = Event(step, now, now, staff_id=staff_id)
    append_events(connection, planned.items())
    rebuild(connection, list(planned))
    return len(planned)


def _step_by_rule(follow_up: FollowUp, state: LeadState, now: datetime) -> happened.Planned | None:
    """What the rules set for a lead that is open and has no next step."""
    idle = state.need is not None and state.row()["next_step"] is None
    return follow_up.after(None, state, now) if idle else None


def version_of(connection: Connection, lead_id: int) -> int:
    """A lead's current version.

    Raises
    ------
    LookupError
        When there is no such lead.
    """
    version = connection.scalar(sa.select(t.leads.c.version).where(t.leads.c.id == lead_id))
    if version is None:
        raise LookupError(f"there is no inquiry {lead_id}")
    return int(version)


def _insert_or_nothing(connection: Connection, table: sa.Table) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing(index_elements=["idempotency_key"])


def _write_out(connection: Connection, states: dict[int, LeadState], *, fresh: bool = False) -> None:
    for table, name in ((t.records, "records"), (t.appointments, "appointments")):
        if not fresh:
            connection.execute(sa.delete(table).where(table.c.lead_id.in_(list(states))))
        rows = []
        for lead_id, state in states.items():
            children = getattr(state, name)
            children = children.values() if isinstance(children, dict) else children
            rows += [{"lead_id": lead_id, **child.row()} for child in children]
        bulk.insert(connection, table, rows)
    fact_writing.write(connection, states, fresh=fresh)
