"""Two that are one: partners under two names, and inquiries that were logged twice. Each merge can be undone.

A partner that is merged keeps its own id on every lead; its leads count for the other one. An inquiry that is merged is closed
as a duplicate, and what was done on it is copied, line by line, to the one that goes on.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import events as happened
from data_access import facts, leads, partners, practice
from data_access import tables as t
from data_access.event_log import append_events, log_of, logs_of
from data_access.events import Event, Received
from data_access.follow_up import FollowUp
from data_access.lead_rules import NotPossible
from data_access.lead_state import LeadState
from data_access.promises import ResponseClock
from data_access.replay import replay
from data_access.vocabulary import EXCLUDED_REASONS, CloseReason, ContactMethod

_STAYS_BEHIND = (
    happened.Received, happened.Closed, happened.Reopened, happened.Planned, happened.Stalled, happened.Assigned,
    happened.Transferred, happened.Reprioritised, happened.Promoted, happened.Voided,
)  # fmt: skip
"""What says how the other inquiry was handled, and not what became of the person."""

# ---------------------------------------------------------------- partners


def merge_partners(
    connection: Connection, partner_id: int, into_id: int, *, now: datetime, staff_id: int | None = None
) -> int:
    """Count a partner's leads, past and coming, for another one; the id of the merge.

    Raises
    ------
    NotPossible
        When they are one already, or one of them was merged before.
    """
    practice.lock(connection)
    roots = partners.roots(connection)
    if partner_id == into_id or roots.get(into_id, into_id) == partner_id:
        raise NotPossible("These are one partner already. Choose two.")
    if partner_id in roots or into_id in roots:
        raise NotPossible("One of these was merged before. Undo that first, or choose the partner that goes on.")
    group = _locked_group(connection, partner_id)
    values = {"partner_id": partner_id, "into_id": into_id, "merged_at": now, "staff_id": staff_id}
    merge = connection.execute(sa.insert(t.partner_merges).values(values).returning(t.partner_merges.c.id)).scalar_one()
    _count_anew(connection, group)
    return int(merge)


def undo_partner_merge(connection: Connection, merge_id: int, *, now: datetime) -> None:
    """Let a merged partner stand by itself again.

    Raises
    ------
    LookupError
        When there is no such merge that stands.
    """
    practice.lock(connection)
    c = t.partner_merges.c
    standing = sa.select(c.partner_id).where(c.id == merge_id, c.undone_at.is_(None))
    partner = connection.scalar(standing)
    if partner is None:
        raise LookupError("this merge was undone already")
    group = _locked_group(connection, partner)
    connection.execute(sa.update(t.partner_merges).where(c.id == merge_id).values(undone_at=now))
    _count_anew(connection, group)


def partner_merges(connection: Connection) -> list[dict[str, Any]]:
    """The merges that stand, the latest first: `id`, `partner`, `into` (names) and `merged_at`."""
    c, one, other = t.partner_merges.c, t.partners.alias(), t.partners.alias()
    query = (
        sa.select(c.id, one.c.name.label("partner"), other.c.name.label("into"), c.merged_at)
        .join(one, one.c.id == c.partner_id)
        .join(other, other.c.id == c.into_id)
        .where(c.undone_at.is_(None))
        .order_by(c.merged_at.desc(), c.id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _locked_group(connection: Connection, partner_id: int) -> list[int]:
    """A partner and all that were merged into it, held until the transaction ends: whoever writes facts of theirs waits."""
    group = partners.merged_into(connection, partner_id)
    lock = sa.select(t.partners.c.id).where(t.partners.c.id.in_(group)).order_by(t.partners.c.id).with_for_update()
    connection.execute(lock)
    return group


def _count_anew(connection: Connection, group: list[int]) -> None:
    """Count the leads of some partners, which go on as one, for the one for whom they count now."""
    roots = partners.roots(connection)
    mine = sa.select(t.leads.c.id).where(t.leads.c.partner_id.in_(group))
    for unit in facts.UNITS:
        values: dict[str, Any] = {"partner": roots.get(group[0], group[0])}
        if unit is facts.LEADS:
            values["revision"] = None  # stamped when the transaction ends
        connection.execute(sa.update(unit.table).where(unit.table.c.lead_id.in_(mine)).values(values))


# ---------------------------------------------------------------- inquiries


def merge_leads(
    connection: Connection,
    lead_id: int,
    into_id: int,
    *,
    now: datetime,
    version: int,
    staff_id: int | None = None,
    key: str | None = None,
) -> int:
    """Close an inquiry as a duplicate and let what was done on it go on with the other one; its new version.

    On the one that goes on, the receipt of the duplicate stands as "got in touch again", and answers are measured from its own
    receipt, which is the earlier one.

    Raises
    ------
    Stale, LookupError
        As for `leads.record`.
    NotPossible
        When the other one came later, does not go on itself, is the same one, or both have an appointment.
    """
    leads.lock(connection, [lead_id, into_id])
    if key and connection.scalar(sa.select(t.events.c.id).where(t.events.c.idempotency_key == key)):
        return leads.version_of(connection, lead_id)
    ours, theirs = (log_of(connection, one) for one in (lead_id, into_id))
    duplicate, state = replay(ours), replay(theirs)
    _require_mergeable(lead_id, duplicate, into_id, state)
    closed = happened.Closed(reason=CloseReason.DUPLICATE, duplicate_of=into_id)
    version = leads.record(
        connection, lead_id, closed, occurred_at=now, now=now, version=version, staff_id=staff_id, key=key
    )
    clock = ResponseClock(connection)
    copies = _copies(clock, state, ours, now)
    after = replay([*theirs, *(replace(event, id=theirs[-1].id + n) for n, event in enumerate(copies, 1))])
    owed = copies[0].what if duplicate.unanswered and not duplicate.closed_at else None
    if step := FollowUp(connection, clock).after(state, after, now, owed):
        copies.append(Event(step, now, now, staff_id=staff_id, copied_from=copies[0].copied_from))
    append_events(connection, [(into_id, event) for event in copies])
    leads.rebuild(connection, [into_id])
    return version


def _require_mergeable(lead_id: int, duplicate: LeadState, into_id: int, state: LeadState) -> None:
    if lead_id == into_id:
        raise NotPossible("An inquiry is no duplicate of itself. Give the number of the other one.")
    if state.close_reason in EXCLUDED_REASONS:
        raise NotPossible(f"Inquiry {into_id} does not go on itself. Give the number of the one that does.")
    if state.closed_at:
        raise NotPossible(f"Inquiry {into_id} is closed. Reopen it first.")
    if state.received_at > duplicate.received_at:
        raise NotPossible(
            f"Inquiry {into_id} came later. Close that one as the duplicate: the clock runs from the first."
        )
    if state.appointments and duplicate.appointments:
        raise NotPossible(
            f"Inquiries {lead_id} and {into_id} both have an appointment. Take back the one that was entered twice, then "
            "merge them."
        )


def reach(connection: Connection, lead_id: int, event_id: int) -> tuple[list[int], set[int]]:
    """What goes with an entry that is taken back: the lines whose copies go too, and the leads on which those stand.

    With the closing that merged it, that is all of the lead; else the entry itself.
    """
    log = log_of(connection, lead_id)
    wrong = next((event.what for event in log if event.id == event_id), None)
    merged = isinstance(wrong, happened.Closed) and wrong.duplicate_of is not None
    originals, found, c = [event.id for event in log] if merged else [event_id], set[int](), t.events.c
    there = originals
    while there:
        rows = connection.execute(sa.select(c.id, c.lead_id).where(c.copied_from_id.in_(there))).all()
        found |= {row.lead_id for row in rows}
        there = [row.id for row in rows]
    return originals, found


def take_back_copies(
    connection: Connection, originals: Collection[int], *, now: datetime, staff_id: int | None
) -> None:
    """Take the copies of some lines back, and the copies of those, wherever inquiries were merged."""
    c = t.events.c
    while originals:
        query = sa.select(c.id, c.lead_id).where(c.copied_from_id.in_(list(originals)))
        leads.lock(connection, set(connection.execute(query.with_only_columns(c.lead_id)).scalars()))
        copies = {row.id: row.lead_id for row in connection.execute(query)}
        gone = {copy for log in logs_of(connection, set(copies.values())).values() for copy in happened.voided(log)}
        copies = {copy: lead for copy, lead in copies.items() if copy not in gone}
        back = [
            (lead, Event(happened.Voided(event_id=copy), now, now, staff_id=staff_id)) for copy, lead in copies.items()
        ]
        append_events(connection, back)
        leads.rebuild(connection, set(copies.values()))
        originals = copies.keys()


def carry_on(connection: Connection, states: Mapping[int, LeadState], *, now: datetime) -> None:
    """Bring the copies of merged inquiries into step with them after an import revised those.

    Parameters
    ----------
    states : mapping
        The revised inquiries as they stand; those that are not merged are passed over.
    """
    for lead_id, state in states.items():
        into_id = state.parts[-1].duplicate_of
        if into_id is None:
            continue
        leads.lock(connection, [lead_id, into_id])
        ours, theirs = (log_of(connection, one) for one in (lead_id, into_id))
        voided = happened.voided(theirs)
        there = {event.copied_from for event in theirs if event.id not in voided} & {event.id for event in ours}
        wanted = _copies(ResponseClock(connection), replay(theirs), ours, now)
        gone = there - {event.copied_from for event in wanted}
        take_back_copies(connection, [original for original in gone if original], now=now, staff_id=None)
        append_events(connection, [(into_id, event) for event in wanted if event.copied_from not in there])
        leads.rebuild(connection, [into_id])


def _copies(clock: ResponseClock, state: LeadState, log: list[Event], now: datetime) -> list[Event]:
    """The lines of a duplicate as they go on with the other inquiry: answers measured from its receipt."""
    voided = happened.voided(log)
    standing = [event for event in log if event.id not in voided]
    received = next(event for event in reversed(standing) if isinstance(event.what, Received))
    asked = received.what
    made: list[Event] = []
    if isinstance(asked, Received):
        made.append(replace(received, what=happened.AskedAgain(channel=asked.channel, topic=asked.topic)))
        if asked.answered_live:
            made.append(replace(received, what=happened.Reached(method=ContactMethod.CALL)))
    made += [event for event in standing if not isinstance(event.what, _STAYS_BEHIND)]
    place, came = state.parts[0].asked.location_id, (state.received_at, state.received_precision)
    return [
        replace(
            event, what=clock.measured(event.what, place, came, (event.occurred_at, event.precision)), recorded_at=now,
            follow_up=None, batch_id=None, copied_from=event.id,
        )
        for event in made
    ]  # fmt: skip
